//! What an error of the SDK says of a notice that was handed to a gateway of AWS.

use std::error::Error;
use std::iter;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use market_kernel::notices::Sending;

/// What an SDK error means for a notice: refused for good where the service said so of this message, worth another
/// attempt where it said anything else or was not reached at all, and unknown where it may have taken the message.
/// The text names the kind of error only: gateways echo addresses.
pub fn failed<E, R>(error: &SdkError<E, R>, refusals: &[&str]) -> Sending
where
    E: ProvideErrorMetadata,
{
    let reason = match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown").to_owned(),
        SdkError::ConstructionFailure(_) => "cannot be written as a request".to_owned(),
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| was_never_connected(error)) =>
        {
            "unreachable".to_owned()
        }
        _ => return Sending::Unknown,
    };
    if refusals.contains(&reason.as_str()) { Sending::Refused { reason } } else { Sending::Failed { reason } }
}

/// Whether a call failed before there was a connection on which anything could have left.
fn was_never_connected(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
