//! A stack, as `CloudFormation` describes it.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use market_outside::sdk::retry;
use market_store::Store;

use super::StackName;
use crate::operate::OperateError;
use crate::operate::error::aws_error;

/// An operator is farther from AWS than a function is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
const OPERATION_TIMEOUT: Duration = Duration::from_mins(1);

/// A stack that was found.
#[derive(Debug)]
pub struct Stack {
    name: String,
    pub(in crate::operate) sdk: SdkConfig,
    outputs: HashMap<String, String>,
}

impl Stack {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not there, or cannot be asked about.
    pub async fn find(named: &StackName) -> Result<Self, OperateError> {
        let sdk = sdk(named).await;
        let region = sdk.region().map(ToString::to_string).ok_or(OperateError::NoRegion)?;
        let name = named.name().to_owned();
        let asked =
            aws_sdk_cloudformation::Client::new(&sdk).describe_stacks().stack_name(&name).send().await;
        let described = asked.map_err(|error| match error.code() {
            // What CloudFormation calls a stack that does not exist.
            Some("ValidationError") => OperateError::NoStack { stack: name.clone(), region: region.clone() },
            _ => aws_error(format!("the stack {name} could not be described"), &error),
        })?;
        let Some(stack) = described.stacks().first() else {
            return Err(OperateError::NoStack { stack: name, region });
        };
        let outputs = stack
            .outputs()
            .iter()
            .filter_map(|output| Some((output.output_key()?.to_owned(), output.output_value()?.to_owned())))
            .collect();
        Ok(Self { name, sdk, outputs })
    }

    pub(in crate::operate) fn output(&self, output: &'static str) -> Result<&str, OperateError> {
        self.outputs
            .get(output)
            .map(String::as_str)
            .ok_or_else(|| OperateError::NoOutput { stack: self.name.clone(), output })
    }

    /// Where its API is.
    ///
    /// # Errors
    /// Where the stack does not say.
    pub fn api_url(&self) -> Result<&str, OperateError> {
        self.output("ApiUrl")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its table.
    ///
    /// # Errors
    /// Where the stack does not say.
    pub fn table(&self) -> Result<&str, OperateError> {
        self.output("TableName")
    }

    /// Its table.
    ///
    /// # Errors
    /// Where the stack does not say.
    pub fn store(&self) -> Result<Store, OperateError> {
        Ok(Store::new(aws_sdk_dynamodb::Client::new(&self.sdk), self.table()?))
    }
}

/// The SDK's configuration by all the ways that the AWS CLI knows.
async fn sdk(named: &StackName) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).retry_config(retry());
    if let Some(region) = &named.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let Some(profile) = &named.profile else { return loader.load().await };
    let sdk = loader.profile_name(profile).load().await;
    // The SDK would put credentials of the environment before those of the profile; the CLI does not.
    let here = ProviderConfig::without_region().with_region(sdk.region().cloned());
    let credentials =
        ProfileFileCredentialsProvider::builder().configure(&here).profile_name(profile).build();
    sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build()
}
