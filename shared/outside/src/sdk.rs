//! How the SDK reaches AWS: timeouts, a bounded retry, and the endpoint where one is given.
//!
//! An attempt that hangs is given up after two seconds and repeated at most twice; a whole operation is
//! given up before the API gateway gives up on us.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

#[cfg(feature = "aws")]
pub use self::environment::from_environment;

/// To establish a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// For one attempt.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// For an operation with all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
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

/// How long a call that is made once may take: the service has all the time that its slowest answer needs.
pub const ONCE_TIMEOUT: Duration = Duration::from_secs(20);

/// The same configuration for calls that are made once. Their effect cannot be undone, and the service cannot detect
/// a repeat, so the caller that keeps the record decides whether to repeat.
#[must_use]
pub fn once(sdk: &SdkConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ONCE_TIMEOUT)
        .operation_timeout(ONCE_TIMEOUT)
        .build();
    sdk.to_builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts).build()
}

#[cfg(feature = "aws")]
mod environment {
    use aws_config::BehaviorVersion;
    use aws_config::environment::EnvironmentVariableCredentialsProvider;
    use aws_types::SdkConfig;
    use aws_types::region::Region;
    use aws_types::sdk_config::SharedCredentialsProvider;
    use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

    use super::{retry, timeouts};

    /// The SDK's configuration from the environment that Lambda gives: the region, credentials, and an endpoint
    /// where one is named (`AWS_ENDPOINT_URL`, or `AWS_ENDPOINT_URL_DYNAMODB` for one service).
    ///
    /// From nowhere else: the default chain also looks for files, containers and instances, which a function does
    /// not have, and each cold start would pay for the search.
    #[must_use]
    pub fn from_environment() -> SdkConfig {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(std::env::var("AWS_REGION").ok().map(Region::new))
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ))
            .timeout_config(timeouts())
            .retry_config(retry())
            .service_config(ServiceVariables);
        config.set_endpoint_url(std::env::var("AWS_ENDPOINT_URL").ok());
        config.build()
    }

    /// Settings of one service, as the SDKs name them: a variable with the service's name at its end.
    #[derive(Debug)]
    struct ServiceVariables;

    impl LoadServiceConfig for ServiceVariables {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let service = key.service_id().replace(' ', "_").to_uppercase();
            std::env::var(format!("{}_{service}", key.env())).ok()
        }
    }
}
