//! Dead letters as a market on one machine tells them, beside its API.

use market_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::outcomes::{Count, DeadLetter, Inspected, Redriven};
use super::queue::Queue;
use crate::operate::OperateError;
use crate::operate::api::{Answer, Api};

#[derive(Deserialize)]
struct CountAnswer {
    queue: Queue,
    waiting: u64,
    held: u64,
}

#[derive(Deserialize)]
struct InspectedAnswer {
    messages: Vec<LetterAnswer>,
}

#[derive(Deserialize)]
struct LetterAnswer {
    message_id: String,
    first_sent: Option<Timestamp>,
    received: u32,
    body: Value,
}

#[derive(Deserialize)]
struct RedrivenAnswer {
    moved: u32,
    twice: u32,
    limited: bool,
    #[serde(default)]
    stopped: Option<String>,
}

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
        items: Vec<CountAnswer>,
    }
    let Counts { items } = asked(api, "GET", "").await?.told("counts")?;
    let count =
        |CountAnswer { queue, waiting, held }: CountAnswer| Count { queue: queue.name(), waiting, held };
    Ok(items.into_iter().map(count).collect())
}

pub(super) async fn inspect(api: &Api, queue: Queue, limit: u16) -> Result<Inspected, OperateError> {
    let path = format!("/{}?limit={limit}", queue.name());
    let InspectedAnswer { messages } = asked(api, "GET", &path).await?.told("messages")?;
    let letter = |LetterAnswer { message_id, first_sent, received, body }: LetterAnswer| DeadLetter {
        message_id,
        first_sent,
        received,
        body,
    };
    Ok(Inspected { queue: queue.name(), messages: messages.into_iter().map(letter).collect() })
}

pub(super) async fn redrive(api: &Api, queue: Queue, limit: u32) -> Result<Redriven, OperateError> {
    let path = format!("/{}/redrive?limit={limit}", queue.name());
    let RedrivenAnswer { moved, twice, limited, stopped } =
        asked(api, "POST", &path).await?.told("outcome")?;
    Ok(Redriven { queue: queue.name(), moved, twice, limited, stopped })
}
