//! What a market on one machine has beside its routes: tokens for whoever asks, a clock that can be set
//! ahead, a payment system, and pages about the API.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{Span, Timestamp};
use market_ambient::{Clock, SystemEntropy, random};
use market_functions::http::{BODY_WITHIN, MAX_BODY_BYTES};
use market_identity::{Role, Scopes};
use market_kernel::hash::Sha256Hash;
use market_kernel::periods;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::issuer::{Issuer, LIFETIME_SECONDS};
use crate::machine::Machine;
use crate::pages;
use crate::payments::PaymentSystem;

/// What these routes have at hand.
#[derive(Debug)]
pub struct Local {
    pub machine: Arc<Machine>,
    pub issuer: Arc<Issuer>,
    pub payments: PaymentSystem,
    pub url: String,
}

type Here = State<Arc<Local>>;

pub fn router(local: Local) -> Router {
    Router::new()
        .route("/", get(async |State(local): Here| Html(pages::index(&local.url))))
        .route("/openapi.json", get(async || Json(pages::openapi())))
        .route("/openapi-3.0.json", get(async || Json(pages::openapi_3_0())))
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
    match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body.into())).await,
        Ok(Err(_)) => problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large, or broke off"),
        Err(_) => problem(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
    }
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    role: Option<String>,
    sub: Option<String>,
    /// What the token may do of what its role may: `orders:read grants:write`.
    scope: Option<String>,
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

fn shown(now: Timestamp) -> Value {
    json!({ "now": now, "local": periods::ZONE.to_datetime(now).to_string(), "zone": "Asia/Shanghai" })
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
            reply["from"] = json!(advanced.from);
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
    for (name, value) in [("payment_id", json!(id)), ("paid_at", json!(now))] {
        if report.get(name).is_none() {
            report[name] = value;
        }
    }
    let body = report.to_string();
    // The same report is the same message.
    let message = Sha256Hash::of(body.as_bytes());
    let headers = local.payments.sign(message.as_str(), now, body.as_bytes());
    let sent = reqwest::Client::new()
        .post(format!("{}/payments", local.url))
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
