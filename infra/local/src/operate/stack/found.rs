//! A stack, as `CloudFormation` describes it.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::{Capability, Parameter};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use market_outside::sdk::retry;
use market_store::Store;

use super::{StackName, StackState};
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
    region: String,
    outputs: HashMap<String, String>,
    parameters: HashMap<String, String>,
    state: StackState,
}

impl Stack {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not there, or cannot be asked about.
    pub async fn find(named: &StackName) -> Result<Self, OperateError> {
        let sdk = sdk(named).await;
        let region = sdk.region().map(ToString::to_string).ok_or(OperateError::NoRegion)?;
        Self::described(sdk, named.name().to_owned(), region).await
    }

    /// What has become of it since.
    ///
    /// # Errors
    /// As where it is looked for.
    pub(in crate::operate) async fn again(&self) -> Result<Self, OperateError> {
        Self::described(self.sdk.clone(), self.name.clone(), self.region.clone()).await
    }

    async fn described(sdk: SdkConfig, name: String, region: String) -> Result<Self, OperateError> {
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
        let given = stack.parameters().iter();
        let parameters = given
            .filter_map(|one| Some((one.parameter_key()?.to_owned(), one.parameter_value()?.to_owned())))
            .collect();
        let state = StackState::of(
            stack.stack_status().map_or("", |status| status.as_str()),
            stack.stack_status_reason().unwrap_or_default(),
        );
        Ok(Self { name, sdk, region, outputs, parameters, state })
    }

    /// What a parameter of it is; none where its template has no such parameter.
    pub(in crate::operate) fn parameter(&self, parameter: &str) -> Option<&str> {
        self.parameters.get(parameter).map(String::as_str)
    }

    /// Whether it is at work, and how its last work ended.
    pub(in crate::operate) const fn state(&self) -> &StackState {
        &self.state
    }

    /// The API of tables, where it is deployed.
    pub(in crate::operate) fn tables(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk)
    }

    /// Begins to change parameters, those of them that its template has, and leaves everything else as it is.
    ///
    /// # Errors
    /// Where `CloudFormation` does not take it.
    pub(in crate::operate) async fn change(&self, changes: &[(&str, &str)]) -> Result<(), OperateError> {
        let parameters = self.parameters.keys().map(|key| {
            let parameter = Parameter::builder().parameter_key(key);
            match changes.iter().find(|(changed, _)| changed == key) {
                Some((_, value)) => parameter.parameter_value(*value).build(),
                None => parameter.use_previous_value(true).build(),
            }
        });
        let client = aws_sdk_cloudformation::Client::new(&self.sdk);
        let update = client.update_stack().stack_name(&self.name).use_previous_template(true);
        let update = update.set_parameters(Some(parameters.collect()));
        let capabilities =
            [Capability::CapabilityIam, Capability::CapabilityNamedIam, Capability::CapabilityAutoExpand];
        let begun = update.set_capabilities(Some(capabilities.to_vec())).send().await;
        begun.map_err(|error| aws_error(format!("the stack {} could not be updated", self.name), &error))?;
        Ok(())
    }

    /// Puts a stack that it nests under a policy: what updates may do to what is in it.
    ///
    /// # Errors
    /// Where `CloudFormation` does not take it.
    pub(in crate::operate) async fn set_policy(
        &self,
        nested: &str,
        policy: &str,
    ) -> Result<(), OperateError> {
        let client = aws_sdk_cloudformation::Client::new(&self.sdk);
        let asked = client.describe_stack_resource().stack_name(&self.name).logical_resource_id(nested);
        let about = asked.send().await.map_err(|error| {
            aws_error(format!("{nested} of the stack {} could not be described", self.name), &error)
        })?;
        let id = about.stack_resource_detail.and_then(|about| about.physical_resource_id);
        let asked = client.set_stack_policy().set_stack_name(id).stack_policy_body(policy).send().await;
        asked.map_err(|error| {
            aws_error(format!("{nested} of the stack {} could not be put under a policy", self.name), &error)
        })?;
        Ok(())
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
