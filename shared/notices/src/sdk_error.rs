//! What an error of the SDK says of a notice that was handed to a gateway of AWS.

use std::error::Error;
use std::iter;

use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use market_kernel::notices::{Hindrance, Sending};
use market_outside::NoAnswer;

use crate::status::hindrance;

/// What a service's own codes say. What is in none of its lists is told by its status.
pub struct Codes {
    /// It will never take this message.
    pub refused: &'static [&'static str],
    /// It takes no more for now.
    pub throttled: &'static [&'static str],
    /// Our account or our sender may not send.
    pub ours: &'static [&'static str],
}

/// What every service of AWS says where it takes no more for now.
const THROTTLED: &[&str] = &[
    "RequestLimitExceeded",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// What every service of AWS says of credentials and permissions that it does not accept.
const OURS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What an SDK error means for a notice: refused for good where the service said so of this message, worth another
/// attempt where it said anything else or was not reached at all, and unknown where it may have taken the message.
/// The text names the kind of error only: gateways echo addresses.
pub fn failed<E>(error: &SdkError<E, HttpResponse>, codes: &Codes) -> Sending
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failed = |by, reason: &str| Sending::Failed { by, reason: reason.to_owned() };
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("unknown");
            let is_in = |lists: [&[&str]; 2]| lists.iter().any(|list| list.contains(&code));
            if codes.refused.contains(&code) {
                return Sending::Refused { reason: code.to_owned() };
            }
            let by = match service.raw().status().as_u16() {
                _ if is_in([THROTTLED, codes.throttled]) => Hindrance::Throttled,
                _ if is_in([OURS, codes.ours]) => Hindrance::Misconfigured,
                status => hindrance(status),
            };
            failed(by, code)
        }
        _ => match NoAnswer::of(error) {
            Some(NoAnswer::NoCredentials) => failed(Hindrance::Misconfigured, "no credentials"),
            why if never_left(error) => match why {
                Some(NoAnswer::NotTrusted) => failed(Hindrance::Misconfigured, "not trusted"),
                _ => failed(Hindrance::Unreachable, "unreachable"),
            },
            _ if matches!(error, SdkError::ConstructionFailure(_)) => {
                failed(Hindrance::Failing, "cannot be written as a request")
            }
            _ => Sending::Unknown,
        },
    }
}

/// Whether a call failed before there was a connection on which anything could have left.
fn never_left<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let SdkError::DispatchFailure(failure) = error else { return false };
    let first = failure.as_connector_error().map(|error| error as &(dyn Error + 'static));
    iter::successors(first, |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
