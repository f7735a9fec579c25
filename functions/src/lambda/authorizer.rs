//! The gateway's authorizer: verifies the bearer token, and tells the functions behind the gateway who is
//! calling. The gateway keeps the answer by token; who may call which route is decided there, where the routes
//! say it.

use aws_lambda_events::event::apigw::{
    ApiGatewayCustomAuthorizerPolicy, ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerResponse,
};
use aws_lambda_events::event::iam::IamPolicyStatement;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::metrics::Metric;
use market_functions::settings;
use market_identity::{IdentityError, VerifiedCaller, bearer};
use serde_json::{Map, Value};

/// The very word that makes the gateway answer 401; whatever else is an error of the authorizer's own.
const UNAUTHORIZED: &str = "Unauthorized";

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let (verifier, metrics) = (settings::verifier(sdk)?, settings::metrics());
    lambda_runtime::run(service_fn(async |event: LambdaEvent<ApiGatewayCustomAuthorizerRequest>| {
        let request = event.payload;
        let token = request.authorization_token.as_deref().and_then(bearer).ok_or(UNAUTHORIZED)?;
        let now = SystemClock.now();
        match verifier.verify(token, now).await {
            Ok(verified) => {
                Ok::<_, Error>(allowed(&verified, request.method_arn.as_deref().unwrap_or_default()))
            }
            Err(IdentityError::Invalid(reason)) => {
                tracing::info!(%reason, "a token was refused");
                Err(UNAUTHORIZED.into())
            }
            Err(IdentityError::Unavailable(reason)) => {
                tracing::error!(%reason, "tokens cannot be verified");
                metrics.put(now, &[(Metric::TokensUnverified, 1.0)]);
                Err("the issuer's keys cannot be had".into())
            }
            Err(IdentityError::NoSubjectKey(reason)) => {
                tracing::error!(%reason, "subjects cannot become ids");
                metrics.put(now, &[(Metric::TokensUnverified, 1.0)]);
                Err("the key of subjects cannot be had".into())
            }
        }
    }))
    .await
}

fn allowed(verified: &VerifiedCaller, method_arn: &str) -> ApiGatewayCustomAuthorizerResponse {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".to_owned()];
    statement.resource = vec![every_route(method_arn)];
    let mut policy = ApiGatewayCustomAuthorizerPolicy::default();
    policy.version = Some("2012-10-17".to_owned());
    policy.statement = vec![statement];
    let mut response = ApiGatewayCustomAuthorizerResponse::default();
    response.principal_id = Some(format!("{}#{}", verified.principal.role, verified.principal.subject));
    response.policy_document = policy;
    let context = verified.to_context().into_iter().map(|(name, text)| (name.to_owned(), text.into()));
    response.context = Value::Object(context.collect::<Map<_, _>>());
    response
}

/// Every route of the stage that a method's ARN (`arn:…:api/stage/GET/path`) belongs to: the answer is kept for
/// the token, whichever route it was first shown at.
fn every_route(method_arn: &str) -> String {
    let stage: Vec<&str> = method_arn.splitn(3, '/').take(2).collect();
    format!("{}/*", stage.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_holds_for_every_route_of_the_stage_and_of_no_other() {
        let arn = "arn:aws-cn:execute-api:cn-north-1:000000000000:abc/prod/GET/accounts/shop-1";
        assert_eq!(every_route(arn), "arn:aws-cn:execute-api:cn-north-1:000000000000:abc/prod/*");
    }
}
