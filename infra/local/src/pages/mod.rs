//! The API's description, and the pages for whoever opens the market in a browser: the way in, and the description to read
//! and to try. Nothing on them comes from another place, and no other site may frame them.

mod plain;
mod site;
mod start;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use market_functions::http::describe::{Describer, older};
use market_functions::routes;
use serde_json::Value;

use crate::routes::Local;

/// The OpenAPI 3.1 description.
#[must_use]
pub fn openapi() -> Value {
    let mut describer = Describer::default();
    routes::visit(&mut describer);
    describer.document(&routes::resources())
}

/// The same for tools that know no OpenAPI 3.1.
#[must_use]
pub fn openapi_3_0() -> Value {
    older(openapi())
}

/// What the market's own pages may do: nothing but what is served here.
const OWN: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// The viewer's: it styles its parts one by one, and draws from `data:` addresses.
const OF_THE_VIEWER: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
                             img-src 'self' data:; font-src 'self' data:; form-action 'none'; frame-ancestors 'none'; \
                             base-uri 'none'";

/// The pages, and what they are made of.
pub(crate) fn router() -> Router<Arc<Local>> {
    Router::new()
        .route("/", get(start::start))
        .route("/reference", get(async || page(&Reference, OF_THE_VIEWER)))
        .route("/reference.html", get(async || page(&plain::Plain::of(&openapi()), OWN)))
        .route("/_local/site/{file}", get(site::file))
}

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference;

/// A page, and what it may do.
fn page(template: &impl Template, policy: &'static str) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Html(html)).into_response()
}

/// Every operation of a description, in its order: path, method, and what is said of it.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods
            .filter(|(_, operation)| operation["operationId"].is_string())
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}
