//! Lambda's side of the runtime API (version 2018-06-01): the function asks for an event, and posts what came
//! of it under the event's id. There is one event in hand at a time, as in Lambda.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{Mutex, mpsc};

use crate::json::Json;
use crate::serve;

/// Beyond any test's end, so that no test depends on the clock.
const FAR_AHEAD_MS: i64 = 4_102_444_800_000;

/// The runtime API that one function sees.
pub struct Runtime {
    /// Its `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Event>,
    posts: mpsc::UnboundedReceiver<Post>,
    handed_out: u32,
    /// When what is handed out next has to be done.
    pub deadline_ms: i64,
}

/// What the function posted.
pub struct Post {
    /// The event's id; empty for `init/error`.
    pub id: String,
    /// `response`, `error` or `init/error`.
    pub to: String,
    pub body: Json,
}

/// An event's id, its text, and its deadline.
type Event = (String, String, i64);

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    posts: mpsc::UnboundedSender<Post>,
    asked: AtomicBool,
}

impl Runtime {
    pub async fn start() -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let (posted, posts) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { events: Mutex::new(waiting), posts: posted, asked: AtomicBool::new(false) });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{to}", post(take))
            .route(
                "/2018-06-01/runtime/init/error",
                post(|state, body| take(state, Path((String::new(), "init/error".to_owned())), body)),
            )
            .with_state(Arc::clone(&shared));
        let address = serve(router).await.to_string();
        Self { address, shared, events, posts, handed_out: 0, deadline_ms: FAR_AHEAD_MS }
    }

    /// Hands out an event, as the text that it is, and tells its id.
    pub fn hand_out(&mut self, event: String) -> String {
        self.handed_out += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.handed_out);
        self.events
            .send((id.clone(), event, self.deadline_ms))
            .expect("the runtime API serves as long as the test");
        id
    }

    /// The next thing that the function posts.
    pub async fn posted(&mut self) -> Post {
        self.posts.recv().await.expect("the runtime API serves as long as the test")
    }

    /// Whether the function has ever asked for an event.
    pub fn was_asked(&self) -> bool {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.asked.store(true, Ordering::SeqCst);
    let event = shared.events.lock().await.recv().await;
    let (id, event, deadline_ms) = event.expect("the test holds the other end");
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", deadline_ms.to_string()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws-cn:lambda:cn-north-1:000000000000:function:market".to_owned(),
        ),
    ];
    (headers, [("content-type", "application/json")], event)
}

async fn take(
    State(shared): State<Arc<Shared>>,
    Path((id, to)): Path<(String, String)>,
    body: Bytes,
) -> impl IntoResponse {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    shared.posts.send(Post { id, to, body }).expect("the test holds the other end");
    (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" })))
}
