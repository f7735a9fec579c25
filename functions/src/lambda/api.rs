//! Routes behind the gateway: what its authorizer found goes on with the request.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use lambda_runtime::Error;
use market_functions::http::{CallerAddress, EXPOSED_HEADERS, PublicUrl};
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
        if let Some(url) = public_url(&request) {
            request.extensions_mut().insert(url);
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

/// Where the API is, by the gateway: at a domain of its own, or under its stage at the one that AWS gave it.
fn public_url(request: &Request) -> Option<PublicUrl> {
    let RequestContext::ApiGatewayV1(context) = request.request_context_ref()? else { return None };
    let domain = context.domain_name.as_ref()?;
    let stage = context.stage.as_ref().filter(|_| domain.contains(".execute-api."));
    Some(PublicUrl(
        format!("https://{domain}{}", stage.map_or_else(String::new, |stage| format!("/{stage}"))).into(),
    ))
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
