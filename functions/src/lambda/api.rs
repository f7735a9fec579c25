//! Routes behind the gateway: what its authorizer found goes on with the request.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use lambda_runtime::Error;
use market_functions::http::{CallerAddress, EXPOSED_HEADERS};
use market_functions::{routes, settings};
use market_identity::VerifiedCaller;

pub async fn serve(operation: Option<&str>, sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let market = Arc::new(settings::market(sdk, operation)?);
    let origin = settings::allowed_origin().map(|origin| HeaderValue::from_str(&origin)).transpose()?;
    let router = market_functions::http::router(market, operation, |routes| routes::visit(routes));
    let router = router.layer(from_fn(async |mut request: Request, next: Next| {
        if let Some(verified) = verified(&request) {
            request.extensions_mut().insert(verified);
        }
        if let Some(address) = address(&request) {
            request.extensions_mut().insert(address);
        }
        next.run(request).await
    }));
    let router = router.layer(from_fn(move |request: Request, next: Next| {
        let origin = origin.clone();
        async move { allow(next.run(request).await, origin) }
    }));
    lambda_http::run(router).await
}

/// The caller, as the gateway's authorizer verified it.
fn verified(request: &Request) -> Option<VerifiedCaller> {
    let RequestContext::ApiGatewayV1(context) = request.request_context_ref()? else { return None };
    // What is there and no text says nothing, where what is not there may say a lot.
    VerifiedCaller::from_context(|name| {
        Some(context.authorizer.fields.get(name)?.as_str().unwrap_or_default())
    })
}

/// Where the request came from, as the gateway saw it. What a client says of it in a header is not looked at.
fn address(request: &Request) -> Option<CallerAddress> {
    let RequestContext::ApiGatewayV1(context) = request.request_context_ref()? else { return None };
    context.identity.source_ip.as_ref()?.parse().ok().map(CallerAddress)
}

/// Lets pages of one origin read the reply (CORS); of none, where none is set.
fn allow(mut response: Response, origin: Option<HeaderValue>) -> Response {
    if let Some(origin) = origin {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}
