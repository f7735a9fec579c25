//! Dead letters as a market on one machine tells them, beside its API.

use serde::Deserialize;

use super::outcomes::{Count, Inspected, Redriven};
use super::queue::Queue;
use crate::operate::OperateError;
use crate::operate::api::{Answer, Api};

/// Asks; a market that is deployed has nothing there.
async fn asked(api: &Api, method: &'static str, path: &str) -> Result<Answer, OperateError> {
    let answer = api.beside(method, &format!("/_local/dead-letters{path}")).await?;
    if answer.status == 404 {
        return Err(OperateError::NotShown {
            url: api.url().to_owned(),
            what: "its queues",
            remedy: "name the stack; a market on one machine does from 0.6.0 on",
        });
    }
    Ok(answer)
}

pub(super) async fn counts(api: &Api) -> Result<Vec<Count>, OperateError> {
    #[derive(Deserialize)]
    struct Counts {
        items: Vec<Count>,
    }
    let Counts { items } = asked(api, "GET", "").await?.told("counts")?;
    Ok(items)
}

pub(super) async fn inspect(api: &Api, queue: Queue, limit: u16) -> Result<Inspected, OperateError> {
    asked(api, "GET", &format!("/{queue}?limit={limit}")).await?.told("messages")
}

pub(super) async fn redrive(api: &Api, queue: Queue, limit: u32) -> Result<Redriven, OperateError> {
    asked(api, "POST", &format!("/{queue}/redrive?limit={limit}")).await?.told("outcome")
}
