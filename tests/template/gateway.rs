//! `infra/made/gateway.yaml`: the REST API, with a body made from the routes, its authorizer, its problem documents.

use std::collections::BTreeMap;

use expect_test::expect_file;
use market_functions::http::{Access, Asked, Code, EXPOSED_HEADERS, Problem, Repeats, Route, problems};

use crate::bounded::bounded;
use crate::classes::throttles;
use crate::functions::{allow, complete, function, of_route, of_secret};
use crate::made::{Node, at, call, fill, items, join, map, number, read, remove, repeat, text, write};
use crate::resources::{Resources, methods_of, pascal, path};

/// What the gateway refuses by itself, and the code by which clients know it. Requests that reached a function
/// whose answer did not come back may have taken effect.
const RESPONSES: &[(&str, Code)] = &[
    ("ACCESS_DENIED", problems::BLOCKED),
    // So it answers where an authorizer fails otherwise than by `Unauthorized`.
    ("AUTHORIZER_CONFIGURATION_ERROR", problems::UNAVAILABLE),
    ("AUTHORIZER_FAILURE", problems::UNAVAILABLE),
    // The one parameter that it asks for.
    ("BAD_REQUEST_PARAMETERS", problems::MISSING_IDEMPOTENCY_KEY),
    // What has no line here, under the status that it has: the document names none.
    (DEFAULT_4XX, problems::BLOCKED),
    ("DEFAULT_5XX", problems::OUTCOME_UNKNOWN),
    // Of signatures of AWS (IAM), which no method here asks for: it only looks for one where nothing is.
    ("EXPIRED_TOKEN", problems::NOT_FOUND),
    ("INTEGRATION_FAILURE", problems::OUTCOME_UNKNOWN),
    ("INTEGRATION_TIMEOUT", problems::OUTCOME_UNKNOWN),
    ("INVALID_API_KEY", problems::BLOCKED),
    // Likewise: a header of ours is no such signature.
    ("INVALID_SIGNATURE", problems::NOT_FOUND),
    // What AWS calls a path or method that is not there.
    ("MISSING_AUTHENTICATION_TOKEN", problems::NOT_FOUND),
    ("QUOTA_EXCEEDED", problems::TOO_MANY_REQUESTS),
    ("REQUEST_TOO_LARGE", problems::BODY_TOO_LARGE),
    ("RESOURCE_NOT_FOUND", problems::NOT_FOUND),
    ("THROTTLED", problems::TOO_MANY_REQUESTS),
    ("UNAUTHORIZED", problems::INVALID_TOKEN),
    ("UNSUPPORTED_MEDIA_TYPE", problems::UNSUPPORTED_MEDIA_TYPE),
    ("WAF_FILTERED", problems::BLOCKED),
];

const DEFAULT_4XX: &str = "DEFAULT_4XX";

fn response(code: Code, keeps_its_status: bool) -> Node {
    let document = Problem::new(code).document(&Asked { id: "$context.requestId", api: "${Api}" });
    let mut document = serde_json::to_string(&document).unwrap();
    if keeps_its_status {
        document = document.replace(&format!(r#""status":{},"#, code.status()), "");
    }
    let blanks = [("exposed", EXPOSED_HEADERS), ("document", &document)];
    let mut response = fill(read(include_str!("parts/response.yaml")), &blanks);
    if !keeps_its_status {
        join(&mut response, map([("statusCode", number(code.status().into()))]));
    }
    let headers = at(&mut response, &["responseParameters"]);
    if matches!(code.status(), 429 | 503) {
        join(headers, map([("gatewayresponse.header.Retry-After", text("'1'"))]));
    }
    if code.status() == 401 {
        join(headers, map([("gatewayresponse.header.WWW-Authenticate", text("'Bearer'"))]));
    }
    response
}

fn parameter(name: &str, place: &str) -> Node {
    let schema = map([("type", text("string"))]);
    let required = saphyr::Yaml::Value(saphyr::Scalar::Boolean(true));
    map([("name", text(name)), ("in", text(place)), ("required", required), ("schema", schema)])
}

fn method(resource: &str, route: &Route) -> Node {
    let blanks = [("operation", route.operation), ("resource", resource), ("Resource", &pascal(resource))];
    let mut method = fill(read(include_str!("parts/method.yaml")), &blanks);
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> = in_path.map(|name| parameter(name, "path")).collect();
    if route.repeats == Repeats::ByKey {
        parameters.push(parameter("Idempotency-Key", "header"));
    }
    if parameters.is_empty() {
        remove(&mut method, "parameters");
    } else {
        items(at(&mut method, &["parameters"])).extend(parameters);
    }
    match route.access {
        Access::Roles(_) => *at(&mut method, &["security"]) = read(include_str!("parts/secured.yaml")),
        Access::Public | Access::PaymentSignature => {}
    }
    method
}

fn template() -> Node {
    let resources = Resources::all();
    let names: Vec<_> = resources.0.keys().map(|resource| pascal(resource)).collect();
    let each: Vec<_> = names.iter().map(|name| vec![("Resource", name.as_str())]).collect();
    let mut template = repeat(read(include_str!("parts/gateway.yaml")), &each);
    let body = at(&mut template, &["Resources", "Api", "Properties", "DefinitionBody"]);
    for (kind, code) in RESPONSES {
        let responses = at(body, &["x-amazon-apigateway-gateway-responses"]);
        join(responses, map([(*kind, response(*code, *kind == DEFAULT_4XX))]));
    }
    let mut paths: BTreeMap<String, Vec<(&str, &Route)>> = BTreeMap::new();
    for (resource, routes) in &resources.0 {
        for route in routes {
            paths.entry(route.address()).or_default().push((resource, route));
        }
    }
    for (path, routes) in paths {
        let names: Vec<&str> = routes.iter().map(|(_, route)| route.method.as_str()).collect();
        let mut methods = fill(read(include_str!("parts/preflight.yaml")), &[("methods", &names.join(","))]);
        for (resource, route) in &routes {
            for (at, name) in methods_of(route).into_iter().enumerate() {
                let mut method = method(resource, route);
                // An operation has one id.
                if at > 0 {
                    remove(&mut method, "operationId");
                }
                join(&mut methods, map([(name, method)]));
            }
        }
        join(at(body, &["paths"]), map([(path, methods)]));
    }
    items(at(&mut template, &["Resources", "Api", "Properties", "MethodSettings"]))
        .extend(throttles(&resources));
    let mut authorizer = function("Authorizer", "authorizer", "authorizer");
    allow(&mut authorizer, "Authorizer", [of_secret("SubjectKey")]);
    let own = remove(at(&mut template, &["Resources"]), "Authorizer").expect("its own settings");
    join(at(&mut authorizer, &["Authorizer"]), own);
    join(at(&mut template, &["Resources"]), authorizer);
    for (resource, routes) in &resources.0 {
        let role = format!("Invoke{}", pascal(resource));
        let path = [
            "Resources",
            &role,
            "Properties",
            "Policies",
            "0",
            "PolicyDocument",
            "Statement",
            "0",
            "Resource",
        ];
        items(at(&mut template, &path)).extend(routes.iter().map(|route| {
            let function = format!("function:${{MarketName}}-{}:live", of_route(resource, route.operation));
            call(
                "Sub",
                format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:{function}"),
            )
        }));
    }
    complete(&mut template, None);
    bounded(template)
}

#[test]
fn the_gateway_in_front_of_the_routes_is_what_the_code_says() {
    expect_file![path("infra/made/gateway.yaml")].assert_eq(&write(template()));
}
