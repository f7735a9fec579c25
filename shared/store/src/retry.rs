//! What the SDK does not know to be worth another attempt: a write that met a transaction, and a transaction that was
//! cancelled because the table took no more. Nothing was written, and the SDK's own bounded retry sends it again. And what
//! the SDK would try again that is better done elsewhere.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

use crate::error::{Cancelled, Meaning, meaning};

/// Adds them to what the SDK retries by itself.
#[derive(Debug)]
pub(crate) struct Momentary;

impl ClassifyRetry for Momentary {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err);
        let Some(error) = error.and_then(OrchestratorError::as_operation_error) else {
            return RetryAction::NoActionIndicated;
        };
        match error.downcast_ref::<TransactWriteItemsError>() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled))
                if matches!(Cancelled::of(cancelled), Cancelled::Throttled) =>
            {
                return RetryAction::throttling_error();
            }
            // An attempt before this one, which was given up, is still at work.
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
                return RetryAction::transient_error();
            }
            _ => {}
        }
        let code = error
            .downcast_ref::<PutItemError>()
            .and_then(ProvideErrorMetadata::code)
            .or_else(|| error.downcast_ref::<UpdateItemError>().and_then(ProvideErrorMetadata::code));
        match code.map(meaning) {
            Some(Meaning::Contended) => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "market: what lasts a moment"
    }
}

/// Has a count that the table does not take for now fail at once: it is tried in another partition instead.
#[derive(Debug)]
pub(crate) struct Elsewhere;

impl ClassifyRetry for Elsewhere {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err);
        let error = error.and_then(OrchestratorError::as_operation_error);
        let error = error.and_then(|error| error.downcast_ref::<UpdateItemError>());
        match error.and_then(ProvideErrorMetadata::code).map(meaning) {
            Some(Meaning::Throttled) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "market: what is counted elsewhere"
    }
}
