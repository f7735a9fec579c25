//! How the SDK reaches AWS: timeouts, a bounded retry, and the endpoint where one is given.
//!
//! An attempt that hangs is given up after two seconds and repeated at most twice; a whole operation is
//! given up before the API gateway gives up on us.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// To establish a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
/// For one attempt.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2_000);
/// For an operation with all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(8_000);
/// Attempts of an operation.
pub const MAX_ATTEMPTS: u32 = 3;

/// The timeouts of every call.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// The retry of every call.
#[must_use]
pub fn retry() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500))
}

/// The SDK's configuration from the environment (region, credentials, `AWS_ENDPOINT_URL`).
pub async fn from_environment() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts())
        .retry_config(retry())
        .load()
        .await
}
