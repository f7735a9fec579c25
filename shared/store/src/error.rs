//! What can be known of a call that did not succeed.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use market_domain::aggregate::Key;

/// A call to the table that did not succeed. The text is for logs; it never reaches a client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table takes no more for now; nothing was written.
    #[error("throttled: {0}")]
    Throttled(String),
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
    #[error("corrupt item {key}: {reason}")]
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
            Self::Throttled(_) | Self::Unavailable(_) | Self::UnknownOutcome(_) => true,
            Self::Rejected(_) | Self::OutsideQuery | Self::TooLarge(_) | Self::Corrupt { .. } => false,
        }
    }

    /// What came of a write that was conditioned: `false` where its condition did not hold.
    pub(crate) fn of_condition<E>(error: &SdkError<E>) -> Result<bool, Self>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error.code() {
            Some("ConditionalCheckFailedException") => Ok(false),
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
            Some("ValidationException") if begins_after => Self::OutsideQuery,
            _ => Self::from_sdk(error, false),
        }
    }

    /// Whether the call was a read or a write decides what a missing answer means.
    pub(crate) fn from_sdk<E>(error: &SdkError<E>, is_write: bool) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let text = aws_sdk_dynamodb::error::DisplayErrorContext(error).to_string();
        let lost = |text| if is_write { Self::UnknownOutcome(text) } else { Self::Unavailable(text) };
        match error {
            SdkError::ConstructionFailure(_) => Self::Rejected(text),
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) | SdkError::DispatchFailure(_) => {
                lost(text)
            }
            SdkError::ServiceError(service) => match service.err().code() {
                Some(
                    "ProvisionedThroughputExceededException"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "LimitExceededException",
                ) => Self::Throttled(text),
                Some("ValidationException") if is_size(service.err().message()) => Self::TooLarge(text),
                // A failure of the table's own says nothing of what became of a write.
                _ if service.raw().status().is_server_error() => lost(text),
                None => lost(text),
                Some(_) => Self::Rejected(text),
            },
            _ => lost(text),
        }
    }
}

/// Whether the table speaks of an item's size: it has no code of its own for it.
pub(crate) fn is_size(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.to_ascii_lowercase().contains("item size"))
}
