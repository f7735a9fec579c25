//! `infra/gateway.yaml`: the REST API, with a body made from the routes, its authorizer, its problem documents.

use std::collections::BTreeMap;
use std::fmt::Write;

use expect_test::expect_file;
use market_http::{Access, Code, EXPOSED_HEADERS, Problem, Repeats, Route};

use crate::resources::{Resources, pascal, path};
use crate::routes::{FUNCTION, ROLE, fill};

const HEAD: &str = include_str!("gateway.head.yaml");
const TAIL: &str = include_str!("gateway.tail.yaml");

/// What the gateway refuses by itself, and the code by which clients know it. Requests that reached a function
/// whose answer did not come back may have taken effect.
const RESPONSES: &[(&str, Code)] = &[
    ("ACCESS_DENIED", Code::Blocked),
    // So it answers where an authorizer fails otherwise than by `Unauthorized`.
    ("AUTHORIZER_CONFIGURATION_ERROR", Code::Unavailable),
    ("AUTHORIZER_FAILURE", Code::Unavailable),
    // The one parameter that it asks for.
    ("BAD_REQUEST_PARAMETERS", Code::MissingIdempotencyKey),
    // What has no line here, under the status that it has: the document names none.
    (DEFAULT_4XX, Code::Blocked),
    ("DEFAULT_5XX", Code::OutcomeUnknown),
    // Of signatures of AWS (IAM), which no method here asks for: it only looks for one where nothing is.
    ("EXPIRED_TOKEN", Code::NotFound),
    ("INTEGRATION_FAILURE", Code::OutcomeUnknown),
    ("INTEGRATION_TIMEOUT", Code::OutcomeUnknown),
    ("INVALID_API_KEY", Code::Blocked),
    // Likewise: a header of ours is no such signature.
    ("INVALID_SIGNATURE", Code::NotFound),
    // What AWS calls a path or method that is not there.
    ("MISSING_AUTHENTICATION_TOKEN", Code::NotFound),
    ("QUOTA_EXCEEDED", Code::TooManyRequests),
    ("REQUEST_TOO_LARGE", Code::BodyTooLarge),
    ("RESOURCE_NOT_FOUND", Code::NotFound),
    ("THROTTLED", Code::TooManyRequests),
    ("UNAUTHORIZED", Code::InvalidToken),
    ("UNSUPPORTED_MEDIA_TYPE", Code::UnsupportedMediaType),
    ("WAF_FILTERED", Code::Blocked),
];

const SUBJECT_KEY: &str = r"              - Sid: SubjectKey
                Effect: Allow
                Action: secretsmanager:GetSecretValue
                # The six characters are Secrets Manager's own.
                Resource: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SubjectKeySecret}-??????
";

const DEFAULT_4XX: &str = "DEFAULT_4XX";

fn response(kind: &str, code: Code) -> String {
    let document = Problem::new(code).document("$context.requestId");
    let mut document = serde_json::to_string(&document).unwrap().replace('\'', "''");
    let mut text = format!("          {kind}:\n");
    if kind == DEFAULT_4XX {
        document = document.replace(&format!(r#""status":{},"#, code.status()), "");
    } else {
        writeln!(text, "            statusCode: {}", code.status()).unwrap();
    }
    text += &format!(
        "            responseParameters:\n\
         \x20             gatewayresponse.header.Content-Type: \"'application/problem+json'\"\n\
         \x20             gatewayresponse.header.x-request-id: context.requestId\n\
         \x20             gatewayresponse.header.Access-Control-Allow-Origin: !If [Cors, !Sub \"'${{AllowedOrigin}}'\", !Ref AWS::NoValue]\n\
         \x20             gatewayresponse.header.Access-Control-Expose-Headers: !If [Cors, \"'{EXPOSED_HEADERS}'\", !Ref AWS::NoValue]\n",
    );
    let retry = matches!(code.status(), 429 | 503);
    for (header, value, wanted) in
        [("Retry-After", "1", retry), ("WWW-Authenticate", "Bearer", code.status() == 401)]
    {
        if wanted {
            writeln!(text, "              gatewayresponse.header.{header}: \"'{value}'\"").unwrap();
        }
    }
    text + &format!("            responseTemplates:\n              application/json: '{document}'\n")
}

fn parameter(name: &str, place: &str) -> String {
    format!("              - {{ name: {name}, in: {place}, required: true, schema: {{ type: string }} }}\n")
}

fn method(resource: &str, route: &Route) -> String {
    let mut text = format!(
        "            {}:\n              operationId: {}\n",
        route.method.as_str().to_lowercase(),
        route.operation
    );
    let mut parameters: String = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| "  ".to_owned() + &parameter(name, "path"))
        .collect();
    if route.repeats == Repeats::ByKey {
        parameters += &("  ".to_owned() + &parameter("Idempotency-Key", "header"));
    }
    if !parameters.is_empty() {
        text += &format!("              parameters:\n{parameters}");
    }
    text += match route.access {
        Access::Roles(_) => {
            "              security: !If [ApiKeys, [{ token: [] }, { api_key: [] }], [{ token: [] }]]\n"
        }
        Access::Public | Access::PaymentSignature => "              security: []\n",
    };
    text + &format!(
        "              responses:\n                default: {{ description: See docs/openapi.json. }}\n\
         \x20             x-amazon-apigateway-integration:\n                type: aws_proxy\n\
         \x20               httpMethod: POST\n                # Longer than the function's own timeout.\n\
         \x20               timeoutInMillis: 20000\n                credentials: !GetAtt Invoke{}.Arn\n\
         \x20               uri: !Sub arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{MarketName}}-{}/invocations\n",
        pascal(resource),
        route.operation,
    )
}

/// What a browser asks before a page of the allowed origin calls (CORS).
fn preflight(methods: &str) -> String {
    fill(include_str!("gateway.preflight.yaml"), &[("methods", methods)])
}

/// May invoke the functions of one resource, and no other.
fn invocation_role(resource: &str, routes: &[Route]) -> String {
    let mut text = fill(include_str!("gateway.invoke.yaml"), &[("Resource", &pascal(resource))]);
    for route in routes {
        writeln!(
            text,
            "                  - !Sub arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{MarketName}}-{}",
            route.operation
        )
        .unwrap();
    }
    text
}

fn template() -> String {
    let resources = Resources::all();
    let mut text = HEAD.to_owned();
    for (kind, code) in RESPONSES {
        text += &response(kind, *code);
    }
    text += "        paths:\n";
    let mut paths: BTreeMap<&str, Vec<(&str, &Route)>> = BTreeMap::new();
    for (resource, routes) in &resources.0 {
        for route in routes {
            paths.entry(route.path).or_default().push((resource, route));
        }
    }
    for (path, methods) in paths {
        writeln!(text, "          {path}:").unwrap();
        let names: Vec<&str> = methods.iter().map(|(_, route)| route.method.as_str()).collect();
        for (resource, route) in &methods {
            text += &method(resource, route);
        }
        text += &preflight(&names.join(","));
    }
    let blanks = [("Name", "Authorizer"), ("operation", "authorizer"), ("handler", "authorizer")];
    text.push('\n');
    text += &fill(ROLE, &blanks);
    text += SUBJECT_KEY;
    text += &fill(FUNCTION, &blanks);
    text += TAIL;
    for (resource, routes) in &resources.0 {
        text += &invocation_role(resource, routes);
    }
    text + include_str!("gateway.outputs.yaml")
}

#[test]
fn the_gateway_in_front_of_the_routes_is_what_the_code_says() {
    expect_file![path("infra/gateway.yaml")].assert_eq(&template());
}
