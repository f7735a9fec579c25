//! `/_local/dead-letters`: what a market on one machine tells of its dead letters, for `market dead-letters --url`. The queues
//! in memory have none: what they give up on comes back when its lease ends. Those of an SQS-compatible server may.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::operate::OperateError;
use crate::operate::dead_letters::{Count, DeadLetterQueues, Inspected, Queue, Redriven};
use crate::routes::{Local, problem};

/// The most that one request shows.
const MOST_SHOWN: u16 = 100;
/// The most that one request sends back.
const MOST_MOVED: u32 = 10_000;

type Here = State<Arc<Local>>;
type Asked = Result<Query<Limit>, QueryRejection>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: Option<u32>,
}

pub fn router() -> Router<Arc<Local>> {
    Router::new()
        .route("/_local/dead-letters", get(list))
        .route("/_local/dead-letters/{queue}", get(inspect))
        .route("/_local/dead-letters/{queue}/redrive", post(redrive))
}

/// The queues, where they are SQS's and this one is among them: there are the lanes' alone.
fn queues(local: &Local, queue: Queue) -> Option<DeadLetterQueues> {
    match queue {
        Queue::Lane(_) => local.queues.dead_letters(),
        Queue::MailFeedback | Queue::Relay | Queue::Sweep => None,
    }
}

fn answered(outcome: Result<impl Serialize, OperateError>) -> Response {
    match outcome {
        Ok(found) => Json(found).into_response(),
        Err(error) => problem(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

fn refused(detail: &str) -> Response {
    problem(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

async fn list(State(local): Here) -> Response {
    let mut items = Vec::new();
    for queue in Queue::all() {
        let count = match queues(&local, queue) {
            Some(queues) => queues.count(queue).await,
            None => Ok(Count::none(queue)),
        };
        match count {
            Ok(count) => items.push(count),
            Err(error) => return problem(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        }
    }
    Json(json!({ "items": items })).into_response()
}

async fn inspect(State(local): Here, Path(queue): Path<String>, limit: Asked) -> Response {
    let Ok(queue) = queue.parse::<Queue>() else { return refused("there is no such queue") };
    let limit = limit.ok().and_then(|Query(Limit { limit })| u16::try_from(limit.unwrap_or(10)).ok());
    let Some(limit) = limit.filter(|limit| (1..=MOST_SHOWN).contains(limit)) else {
        return refused("limit is a number from 1 to 100");
    };
    answered(match queues(&local, queue) {
        Some(queues) => queues.inspect(queue, limit).await,
        None => Ok(Inspected::none(queue)),
    })
}

async fn redrive(State(local): Here, Path(queue): Path<String>, limit: Asked) -> Response {
    let Ok(queue) = queue.parse::<Queue>() else { return refused("there is no such queue") };
    if let Err(error) = queue.check_redriven() {
        return refused(&error.to_string());
    }
    let limit = limit.ok().map(|Query(Limit { limit })| limit.unwrap_or(MOST_MOVED));
    let Some(limit) = limit.filter(|limit| (1..=MOST_MOVED).contains(limit)) else {
        return refused("limit is a number from 1 to 10000");
    };
    answered(match queues(&local, queue) {
        Some(queues) => queues.redrive(queue, limit, &ProgressBar::hidden()).await,
        None => Ok(Redriven::none(queue)),
    })
}
