//! What became of a request, told once: a line of the log, and the same with the response for whoever counts.
//!
//! It names the route as it was declared, never the path or the query of the request: these hold the ids of persons.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Response};
use market_identity::Role;
use tokio::time::Instant;
use tracing::Span;

use super::endpoint::Route;

/// What became of a request; among the extensions of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The operation; `-` where no route is there.
    pub operation: &'static str,
    /// How it was asked for.
    pub method: Method,
    /// The route's path as it was declared; `-` where there is none.
    pub route: &'static str,
    /// What was answered.
    pub status: u16,
    /// As what the caller came; none where there was no token, or none that holds.
    pub role: Option<Role>,
    /// How long it took.
    pub took: Duration,
    began: Instant,
}

/// The span of one request. What refuses its token says so in it.
pub(super) fn request_span(operation: &'static str, request_id: &str) -> Span {
    tracing::info_span!("request", operation, request_id, refused = tracing::field::Empty)
}

impl Answered {
    /// A request that reached a route.
    pub(super) fn begin(route: &Route) -> Self {
        Self {
            operation: route.operation,
            method: route.method.clone(),
            route: route.path,
            status: 0,
            role: None,
            took: Duration::ZERO,
            began: Instant::now(),
        }
    }

    /// A request for which there is no route.
    pub(super) fn by_no_route(method: Method) -> Self {
        let began = Instant::now();
        Self { operation: "-", method, route: "-", status: 0, role: None, took: Duration::ZERO, began }
    }

    /// Tells it, within the request's span.
    pub(super) fn tell(mut self, response: &mut Response<Body>) {
        self.status = response.status().as_u16();
        self.took = self.began.elapsed();
        tracing::info!(
            method = %self.method,
            route = self.route,
            status = self.status,
            role = self.role.map_or("none", Role::name),
            ms = self.took.as_micros() as f64 / 1000.0,
            "answered"
        );
        response.extensions_mut().insert(self);
    }
}
