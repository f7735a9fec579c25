//! What stands for a stack in a `market` that was built without AWS: none is ever found.

use market_store::Store;

use super::{StackName, StackState};
use crate::operate::OperateError;

/// A stack that was found: there is none.
#[derive(Debug)]
pub enum Stack {}

impl Stack {
    /// Finds none.
    ///
    /// # Errors
    /// Always, and says what does find one.
    pub async fn find(named: &StackName) -> Result<Self, OperateError> {
        Err(OperateError::WithoutAws(format!("the stack {}", named.name())))
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub fn api_url(&self) -> Result<&str, OperateError> {
        match *self {}
    }

    /// See the one that is found.
    #[must_use]
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub fn table(&self) -> Result<&str, OperateError> {
        match *self {}
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub fn store(&self) -> Result<Store, OperateError> {
        match *self {}
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub(in crate::operate) async fn again(&self) -> Result<Self, OperateError> {
        match *self {}
    }

    /// See the one that is found.
    pub(in crate::operate) fn parameter(&self, _: &str) -> Option<&str> {
        match *self {}
    }

    /// See the one that is found.
    pub(in crate::operate) const fn state(&self) -> &StackState {
        match *self {}
    }

    /// See the one that is found.
    pub(in crate::operate) fn tables(&self) -> aws_sdk_dynamodb::Client {
        match *self {}
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub(in crate::operate) async fn change(&self, _: &[(&str, &str)]) -> Result<(), OperateError> {
        match *self {}
    }

    /// See the one that is found.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub(in crate::operate) async fn set_policy(&self, _: &str, _: &str) -> Result<(), OperateError> {
        match *self {}
    }
}
