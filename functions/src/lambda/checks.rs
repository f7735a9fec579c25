//! Batches of checks for gateways inside the account, which invoke this function itself (`lambda:Invoke`) with the body of
//! `check_tokens` as the event. The public API is not between: neither its gateway nor the caller's token.
//!
//! Who may invoke it is IAM's to decide; whoever may is a data gateway to the market, and Lambda does not say which. The
//! event goes the way of the route's requests, so that what is read, refused, counted and logged is the same. What a client
//! sent never makes a function error: a refusal is a reply, `{"problem": …}` with the problem's document. No access log has
//! these calls, so one that leaves a check unanswered by a fault of ours is counted here, for the alarm.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use http_body_util::BodyExt;
use lambda_runtime::tower::ServiceExt;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::entrustment::checks::CheckTokens;
use market_functions::http::{Callers, Endpoint, Market, router};
use market_functions::metrics::Metric;
use market_functions::{routes, settings};
use market_identity::{Principal, Role, Scopes, VerifiedCaller};
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let route = CheckTokens::route();
    let market = Market { callers: Callers::Gateway, ..settings::market(sdk, Some(route.operation))? };
    let router: Router = router(Arc::new(market), Some(route.operation), |routes| routes::visit(routes));
    let address = route.address();
    let metrics = settings::metrics();
    // As it came: read into values and written again, a field that is there twice would be there once.
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
        let mut request = Request::post(&address)
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(event.payload.get().to_owned()))?;
        request.extensions_mut().insert(data_gateway());
        let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let is_our_fault = response.status().is_server_error();
        let reply = reply(response).await?;
        if is_our_fault || leaves_one_unanswered(&reply) {
            metrics.put(SystemClock.now(), &[(Metric::ChecksUnanswered, 1.0)]);
        }
        Ok::<_, Error>(reply)
    }))
    .await
}

/// Whoever may invoke this, for as long as IAM lets it.
fn data_gateway() -> VerifiedCaller {
    let principal =
        Principal { role: Role::DataGateway, subject: "inside".to_owned(), scopes: Scopes::Whole };
    VerifiedCaller { principal, expires_at: i64::MAX }
}

/// The route's reply, or the problem that it answered with.
async fn reply(response: Response) -> Result<Value, Error> {
    let (parts, body) = response.into_parts();
    let reply: Value = serde_json::from_slice(&body.collect().await?.to_bytes())?;
    Ok(if parts.status.is_success() { reply } else { json!({ "problem": reply }) })
}

/// Whether a reply says of one of the checks that it was not answered.
fn leaves_one_unanswered(reply: &Value) -> bool {
    let answers = reply.get("answers").and_then(Value::as_array);
    answers.is_some_and(|answers| answers.iter().any(|answer| answer.get("problem").is_some()))
}
