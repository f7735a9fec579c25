//! What stands for the queues of a stack in a `market` that was built without AWS, which finds no stack.

use indicatif::ProgressBar;

use super::outcomes::{Count, Inspected, Redriven};
use super::queue::Queue;
use crate::operate::OperateError;
use crate::operate::stack::Stack;

/// The dead letters of a market: of none.
#[derive(Debug, Clone)]
pub enum DeadLetterQueues {}

impl DeadLetterQueues {
    /// Those of a stack.
    ///
    /// # Errors
    /// None: there is no such stack.
    pub fn of(stack: &Stack) -> Result<Self, OperateError> {
        match *stack {}
    }

    /// See those of a stack.
    ///
    /// # Errors
    /// None: there are no such queues.
    pub async fn count(&self, _: Queue) -> Result<Count, OperateError> {
        match *self {}
    }

    /// See those of a stack.
    ///
    /// # Errors
    /// None: there are no such queues.
    pub async fn inspect(&self, _: Queue, _: u16) -> Result<Inspected, OperateError> {
        match *self {}
    }

    /// See those of a stack.
    ///
    /// # Errors
    /// None: there are no such queues.
    pub async fn redrive(&self, _: Queue, _: u32, _: &ProgressBar) -> Result<Redriven, OperateError> {
        match *self {}
    }
}
