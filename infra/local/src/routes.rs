//! What a market on one machine has beside its routes: tokens for whoever asks, a clock that can be set
//! ahead, a payment system, and pages about the API.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{Span, Timestamp};
use market_ambient::{Clock, SystemEntropy, random};
use market_functions::http::{Access, BODY_WITHIN, Endpoint, MAX_BODY_BYTES, Visitor, versioned};
use market_functions::waiting;
use market_identity::{Role, Scopes};
use market_kernel::hash::Sha256Hash;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dead_letters;
use crate::figures::{self, Figures};
use crate::issuer::{Issuer, LIFETIME_SECONDS};
use crate::machine::Machine;
use crate::pages;
use crate::payments::PaymentSystem;
use crate::queues::LocalQueues;

/// What these routes have at hand.
#[derive(Debug)]
pub struct Local {
    pub machine: Arc<Machine>,
    pub issuer: Arc<Issuer>,
    pub payments: PaymentSystem,
    pub url: String,
    pub figures: Arc<Figures>,
    pub queues: LocalQueues,
}

type Here = State<Arc<Local>>;

pub fn router(local: Local) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(dead_letters::router())
        .route("/metrics", get(metrics))
        .route("/_local/jwks.json", get(async |State(local): Here| Json(local.issuer.key_set())))
        .route("/_local/token", get(token))
        .route("/_local/clock", get(read_clock).post(advance_clock))
        .route("/_local/payment", axum::routing::post(pay))
        .layer(from_fn(whole))
        .with_state(Arc::new(local))
}

/// Waits for all of a request, as the API does: one whose body is kept back is let go.
async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let route = parts.extensions.get::<MatchedPath>().cloned();
    let response = match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body.into())).await,
        Ok(Err(_)) => problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large, or broke off"),
        Err(_) => problem(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
    };
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    tracing::debug!(%method, route, status = response.status().as_u16(), "answered beside the API");
    response
}

/// A problem of what exists on one machine only.
pub fn problem(status: StatusCode, detail: impl Into<String>) -> Response {
    let body = json!({
        "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(),
        "detail": detail.into(),
    });
    let media_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, media_type, body.to_string()).into_response()
}

fn refused(detail: impl Into<String>) -> Response {
    problem(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

/// The figures of now.
async fn metrics(State(local): Here) -> Response {
    for (metric, counted) in waiting::counted(&local.machine.store).await {
        // What could not be counted is as it was.
        match counted {
            Ok(waiting) => local.figures.note(metric, waiting as f64),
            Err(error) => tracing::warn!(%error, ?metric, "what waits could not be counted"),
        }
    }
    match local.figures.text() {
        Ok(text) => ([(header::CONTENT_TYPE, figures::CONTENT_TYPE)], text).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    role: Option<String>,
    sub: Option<String>,
    /// What the token may do of what its role may: `orders:read grants:write`.
    scope: Option<String>,
}

/// The scopes that open an operation.
fn known_scopes() -> BTreeSet<String> {
    #[derive(Default)]
    struct Known(BTreeSet<String>);
    impl Visitor for Known {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            if matches!(route.access, Access::Roles(_)) {
                self.0.insert(route.scope());
            }
        }
    }
    let mut known = Known::default();
    market_functions::routes::visit(&mut known);
    known.0
}

async fn token(State(local): Here, query: Result<Query<TokenQuery>, QueryRejection>) -> Response {
    let Ok(Query(query)) = query else { return refused("it takes role, sub and scope, each once") };
    let role = query.role.as_deref().map(str::parse::<Role>);
    let (Some(Ok(role)), Some(subject)) = (role, query.sub) else {
        let roles = Role::ALL.map(Role::name).join(", ");
        return refused(format!(
            "say who you are: /_local/token?role=merchant&sub=shop-1 (roles: {roles}; for a merchant or provider, sub is its account's or its own id)"
        ));
    };
    if query.scope.as_deref().is_some_and(|list| Scopes::parse(list).is_err()) {
        return refused("scope names what the token may do, with blanks between: orders:read grants:write");
    }
    let known = known_scopes();
    let mut asked = query.scope.iter().flat_map(|list| list.split_ascii_whitespace());
    if let Some(unknown) = asked.find(|scope| !known.contains(*scope)) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        let unknown: String = unknown.chars().take(80).collect();
        return problem(
            StatusCode::BAD_REQUEST,
            format!("no operation has the scope {unknown:?}, so it opens nothing; there are {known}"),
        );
    }
    let now = local.machine.clock.now();
    let token = local.issuer.narrowed(role, &subject, query.scope, now);
    Json(json!({
        "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS,
        "role": role, "sub": subject,
    }))
    .into_response()
}

async fn read_clock(State(local): Here) -> Json<Value> {
    Json(shown(local.machine.clock.now()))
}

/// An instant as the API writes it: in UTC, to the millisecond.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn shown(now: Timestamp) -> Value {
    json!({ "now": instant(now) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: String,
}

async fn advance_clock(State(local): Here, body: String) -> Response {
    let Ok(Advance { advance }) = serde_json::from_str(&body) else {
        return refused(r#"send {"advance": "P15D"}: an ISO 8601 duration"#);
    };
    let advanced = match advance.parse::<Span>() {
        Ok(span) => local.machine.advance_by(span).await,
        Err(_) => Ok(None),
    };
    match advanced {
        Ok(None) => refused(format!(
            "{advance:?} is not an ISO 8601 duration that leads on from here, such as P15D or PT1H, and not past the year 2999"
        )),
        Ok(Some(advanced)) => {
            let mut reply = shown(advanced.to);
            reply["from"] = json!(instant(advanced.from));
            reply["wake_ups"] = json!(advanced.wake_ups);
            Json(reply).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the clock could not be advanced");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "detail": error.to_string() }))).into_response()
        }
    }
}

/// Pays as the payment system would: signs the report and sends it to the market.
async fn pay(State(local): Here, body: String) -> Response {
    let now = local.machine.clock.now();
    let mut report: Value = match serde_json::from_str(&body) {
        Ok(Value::Object(report)) => Value::Object(report),
        _ => return refused(r#"send {"account_id": …, "order_id": …, "amount_fen": …}"#),
    };
    let is_named = |name: &str| report[name].as_str().is_some_and(|text| !text.is_empty());
    if !is_named("account_id") || !is_named("order_id") || !report["amount_fen"].is_u64() {
        return refused(
            r#"send {"account_id": "…", "order_id": "…", "amount_fen": 19900}; "payment_id" and "paid_at" if you like"#,
        );
    }
    // A payment of its own, unless one is told again.
    let id = format!("pay-{:016x}", u64::from_be_bytes(random(&SystemEntropy)));
    for (name, value) in [("payment_id", json!(id)), ("paid_at", json!(instant(now)))] {
        if report.get(name).is_none() {
            report[name] = value;
        }
    }
    let body = report.to_string();
    // The same report is the same message.
    let message = Sha256Hash::of(body.as_bytes());
    let headers = local.payments.sign(message.as_str(), now, body.as_bytes());
    let sent = reqwest::Client::new()
        .post(format!("{}{}", local.url, versioned("/payments")))
        .headers(headers)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .send()
        .await;
    match sent {
        Ok(answer) => {
            let status = answer.status();
            let body = answer.bytes().await.unwrap_or_default();
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(error) => refused(error.to_string()),
    }
}
