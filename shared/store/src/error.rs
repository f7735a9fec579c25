//! What can be known of a call that did not succeed.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use market_kernel::keys::Key;
use market_outside::words;

/// Who did not answer, as it is said.
pub(crate) const TABLE: &str = "the table's endpoint";

/// A call to the table that did not succeed. The text is for logs; it never reaches a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table takes no more for now; nothing was written.
    #[error("throttled: {0}")]
    Throttled(String),
    /// Another write of the same item was under way, again and again; nothing was written.
    #[error("contended: {0}")]
    Contended(String),
    /// The table could not be reached or failed; nothing was written.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A write was sent and its answer did not arrive: it may or may not have happened. Sending the same
    /// request again is safe.
    #[error("outcome unknown: {0}")]
    UnknownOutcome(String),
    /// The call itself is wrong (a missing permission or table, a limit passed): repeating it is useless.
    #[error("rejected: {0}")]
    Rejected(String),
    /// A page cannot begin there: the place is none of the query's.
    #[error("a page of this query cannot begin there")]
    OutsideQuery,
    /// An item would be larger than the table takes; nothing was written.
    #[error("too large: {0}")]
    TooLarge(String),
    /// What is stored cannot be read.
    #[error("corrupt item {told}: {reason}", told = .key.told())]
    Corrupt {
        /// The item.
        key: Key,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Throttled(_) | Self::Contended(_) | Self::Unavailable(_) | Self::UnknownOutcome(_) => true,
            Self::Rejected(_) | Self::OutsideQuery | Self::TooLarge(_) | Self::Corrupt { .. } => false,
        }
    }

    /// What came of a write that was conditioned: `false` where its condition did not hold.
    pub(crate) fn of_condition<E>(error: &SdkError<E>) -> Result<bool, Self>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error.code().map(meaning) {
            Some(Meaning::ConditionFailed) => Ok(false),
            _ => Err(Self::from_sdk(error, true)),
        }
    }

    /// What a query that failed means. The call is always the same but for the place where its page begins: what is
    /// wrong with it is wrong with that.
    pub(crate) fn of_page<E>(error: &SdkError<E>, begins_after: bool) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error.code() {
            // The table is still to be completed for this release.
            Some("ValidationException") if lacks_index(error.message()) => {
                Self::Unavailable(words(TABLE, error))
            }
            Some("ValidationException") if begins_after => Self::OutsideQuery,
            _ => Self::from_sdk(error, false),
        }
    }

    /// Whether the call was a read or a write decides what a missing answer means.
    pub(crate) fn from_sdk<E>(error: &SdkError<E>, is_write: bool) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let text = words(TABLE, error);
        let lost = |text| if is_write { Self::UnknownOutcome(text) } else { Self::Unavailable(text) };
        match error {
            SdkError::ConstructionFailure(_) => Self::Rejected(text),
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) | SdkError::DispatchFailure(_) => {
                lost(text)
            }
            SdkError::ServiceError(service) => match service.err().code().map(meaning) {
                Some(Meaning::Throttled) => Self::Throttled(text),
                Some(Meaning::Contended) => Self::Contended(text),
                Some(Meaning::Failed) | None => lost(text),
                Some(_) if is_size(service.err().message()) => Self::TooLarge(text),
                Some(_) if is_fenced(service.err().message()) => Self::Unavailable(text),
                // A failure of the table's own says nothing of what became of a write.
                Some(_) if service.raw().status().is_server_error() => lost(text),
                Some(_) => Self::Rejected(text),
            },
            _ => lost(text),
        }
    }
}

/// What an error of the table's says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A write's condition did not hold; nothing was written.
    ConditionFailed,
    /// A write met a transaction or another region's; nothing was written, and a moment later it may be.
    Contended,
    /// The table takes no more for now; nothing was written.
    Throttled,
    /// The table failed, or is still at it: what became of a write is not known.
    Failed,
    /// The call is wrong, or not allowed.
    Refused,
}

/// What each error means, by its code. What a transaction was cancelled for is [`Cancelled`]'s to say.
pub(crate) fn meaning(code: &str) -> Meaning {
    match code {
        "ConditionalCheckFailedException" => Meaning::ConditionFailed,
        "TransactionConflictException" | "ReplicatedWriteConflictException" => Meaning::Contended,
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "LimitExceededException" => Meaning::Throttled,
        "InternalServerError"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "TransactionInProgressException" => Meaning::Failed,
        _ => Meaning::Refused,
    }
}

/// Why a transaction was cancelled: of several reasons, the one that decides what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// The condition of its first item did not hold.
    FirstCondition,
    /// The state moved, or is moving: decide again.
    Conflict,
    /// The table takes no more for now.
    Throttled,
    /// An item would be too large.
    TooLarge,
    /// Anything else: the call is wrong.
    Refused,
}

impl Cancelled {
    pub(crate) fn of(error: &TransactionCanceledException) -> Self {
        let reasons = error.cancellation_reasons();
        let has = |codes: &[&str]| {
            reasons.iter().any(|reason| reason.code().is_some_and(|code| codes.contains(&code)))
        };
        if reasons.first().and_then(CancellationReason::code) == Some("ConditionalCheckFailed") {
            Self::FirstCondition
        } else if has(&["ConditionalCheckFailed", "TransactionConflict"]) {
            Self::Conflict
        } else if has(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
            Self::Throttled
        } else if reasons.iter().any(|reason| is_size(reason.message())) {
            Self::TooLarge
        } else {
            Self::Refused
        }
    }
}

/// Whether the error is about an index that the table does not have, for which DynamoDB has no code.
fn lacks_index(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains("does not have the specified index"))
}

/// Whether the table's own policy takes no writes from anyone, as while another table is restored in its place. That is over
/// some time, unlike a permission that a role lacks; DynamoDB has one code for both.
fn is_fenced(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains("explicit deny in a resource-based policy"))
}

/// Whether the error is about an item's size, for which DynamoDB has no code.
pub(crate) fn is_size(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.to_ascii_lowercase().contains("item size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_the_table_documents_has_its_meaning() {
        for (expected, codes) in [
            (Meaning::ConditionFailed, &["ConditionalCheckFailedException"][..]),
            (Meaning::Contended, &["TransactionConflictException", "ReplicatedWriteConflictException"]),
            (
                Meaning::Throttled,
                &[
                    "ProvisionedThroughputExceededException",
                    "ThrottlingException",
                    "RequestLimitExceeded",
                    "LimitExceededException",
                ],
            ),
            (
                Meaning::Failed,
                &[
                    "InternalServerError",
                    "InternalFailure",
                    "ServiceUnavailable",
                    "TransactionInProgressException",
                ],
            ),
            (
                Meaning::Refused,
                &[
                    "AccessDeniedException",
                    "ExpiredTokenException",
                    "IdempotentParameterMismatchException",
                    "IncompleteSignatureException",
                    "InvalidEndpointException",
                    "InvalidSignatureException",
                    "ItemCollectionSizeLimitExceededException",
                    "MissingAuthenticationTokenException",
                    "ResourceInUseException",
                    "ResourceNotFoundException",
                    "SerializationException",
                    "UnrecognizedClientException",
                    "ValidationException",
                ],
            ),
        ] {
            for code in codes {
                assert_eq!(meaning(code), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_fence_is_lifted_again_and_a_permission_that_a_role_lacks_is_not_given() {
        use aws_sdk_dynamodb::error::ErrorMetadata;
        use aws_sdk_dynamodb::operation::put_item::PutItemError;
        use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
        use aws_smithy_runtime_api::http::StatusCode;
        let of = |why: &str| {
            let message =
                format!("User: a is not authorized to perform: dynamodb:PutItem on resource: t {why}");
            let told = ErrorMetadata::builder().code("AccessDeniedException").message(message).build();
            let answer: HttpResponse = HttpResponse::new(StatusCode::try_from(400).unwrap(), "".into());
            StoreError::from_sdk(&SdkError::service_error(PutItemError::generic(told), answer), true)
        };
        let fenced = of("with an explicit deny in a resource-based policy");
        assert!(matches!(fenced, StoreError::Unavailable(_)) && fenced.retryable(), "{fenced}");
        for why in [
            "because no identity-based policy allows it",
            "with an explicit deny in an identity-based policy",
        ] {
            assert!(matches!(of(why), StoreError::Rejected(_)), "{why}");
        }
    }

    #[test]
    fn of_several_reasons_the_one_that_has_it_decided_again_counts_most() {
        let of = |codes: &[&str]| {
            let reasons =
                codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
            let error =
                TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
            Cancelled::of(&error)
        };
        assert_eq!(of(&["ConditionalCheckFailed", "ThrottlingError"]), Cancelled::FirstCondition);
        assert_eq!(of(&["None", "ConditionalCheckFailed"]), Cancelled::Conflict);
        assert_eq!(of(&["ThrottlingError", "TransactionConflict"]), Cancelled::Conflict);
        assert_eq!(of(&["None", "ThrottlingError"]), Cancelled::Throttled);
        assert_eq!(of(&["ProvisionedThroughputExceeded", "ValidationError"]), Cancelled::Throttled);
        for refused in ["ValidationError", "ItemCollectionSizeLimitExceeded", "DuplicateItem", "None"] {
            assert_eq!(of(&["None", refused]), Cancelled::Refused, "{refused}");
        }
    }
}
