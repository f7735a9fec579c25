//! The shipped binary, as Lambda runs it: a process with an environment, a runtime API that hands it events,
//! and the services around it.
//!
//! Nothing of the market's code decides here: a test starts `bootstrap` with a handler's name, gives it the
//! very events that API Gateway, SQS and the table's stream send, and looks at what it posts, stores and
//! sends. All of it is on loopback: the table is the embedded engine, the issuer signs with a key of its own,
//! the queues and the mail are small fakes that remember what they were asked. No test sleeps; every wait is
//! bounded by [`PATIENCE`].
//!
//! `MARKET_BOOTSTRAP` names another binary to test (an absolute path): the release artifact, say.

mod authorizer;
mod calls;
mod checks;
mod feedback;
mod function;
mod gateway;
mod handouts;
// The same accessor as in the tests of the crate `market`, which this crate does not know.
#[path = "../../infra/local/src/json.rs"]
mod json;
mod logs;
mod mail;
mod routes;
mod runtime;
mod starting;
mod surroundings;
mod workers;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;

/// How long anything may take before its test fails: far more than it needs, on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that must happen.
async fn awaited<T>(what: &str, future: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(PATIENCE, future).await;
    happened.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}

/// Serves on a loopback port of its own until the test ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has ports");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
