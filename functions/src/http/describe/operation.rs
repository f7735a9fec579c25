//! A route as an operation of the description.

use axum::http::Method;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::super::endpoint::{Access, Endpoint, Repeats, Route, Visitor};
use super::super::problem::Code;
use super::super::problems;
use super::{Describer, headers, shape};

/// Each property of an object schema, and whether it is required.
fn properties<T: JsonSchema>(generator: &mut SchemaGenerator) -> Vec<(String, Value, bool)> {
    let schema = T::json_schema(generator).to_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(all) = schema["properties"].as_object() else { return Vec::new() };
    all.iter()
        .map(|(name, property)| {
            let mut schema = shape::schema(property.clone());
            if let Some(about) = about(&schema, generator) {
                schema["description"] = about;
            }
            (name.clone(), schema, required.contains(&json!(name)))
        })
        .collect()
}

/// What a schema, or the component that it names, says of itself.
fn about(schema: &Value, generator: &SchemaGenerator) -> Option<Value> {
    let component = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let component = component.and_then(|name| generator.definitions().get(name));
    schema.get("description").or_else(|| component?.get("description")).cloned()
}

/// A parameter; what its schema says of it is said of the parameter.
fn parameter(place: &str, name: &str, mut schema: Value, required: bool) -> Value {
    let mut parameter = json!({ "name": name, "in": place, "required": required });
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter["schema"] = schema;
    parameter
}

/// What every operation can answer with, and what it can by what it declares.
fn codes(route: &Route, has_path: bool, is_list: bool, takes_body: bool) -> Vec<Code> {
    let mut codes: Vec<Code> = route.problems.to_vec();
    if has_path {
        codes.push(problems::NOT_FOUND);
    }
    // A query that an operation does not take is refused by each.
    codes.push(problems::INVALID_QUERY);
    if is_list {
        codes.push(problems::INVALID_CURSOR);
    }
    match route.access {
        Access::Public => {}
        Access::Roles(_) => codes.extend([
            problems::MISSING_TOKEN,
            problems::INVALID_TOKEN,
            problems::ROLE_NOT_ALLOWED,
            problems::INSUFFICIENT_SCOPE,
        ]),
        Access::PaymentSignature => codes.push(problems::INVALID_SIGNATURE),
    }
    match route.repeats {
        Repeats::Harmless => {}
        Repeats::ByKey => codes.extend([
            problems::MISSING_IDEMPOTENCY_KEY,
            problems::INVALID_IDEMPOTENCY_KEY,
            problems::IDEMPOTENCY_KEY_REUSED,
            problems::TOO_LARGE_TO_KEEP,
            problems::CONTENDED,
        ]),
        Repeats::ByContent => codes.extend([problems::TOO_LARGE_TO_KEEP, problems::CONTENDED]),
    }
    if route.method != Method::GET {
        codes.extend([
            problems::MALFORMED_JSON,
            problems::BODY_TOO_LARGE,
            problems::REQUEST_TIMEOUT,
            problems::INVALID_BODY,
        ]);
    }
    if takes_body {
        codes.push(problems::UNSUPPORTED_MEDIA_TYPE);
    }
    codes.extend([problems::UNAVAILABLE, problems::OUTCOME_UNKNOWN, problems::CORRUPT, problems::INTERNAL]);
    codes.sort_by_key(|code| (code.status(), code.name()));
    codes.dedup();
    codes
}

/// Of those, the ones by which something that fits the schemas is refused all the same, and not by the state of things: rules
/// that no schema says, which clients cannot check by it.
fn refusing(route: &Route, codes: &[Code]) -> Vec<&'static str> {
    let of_its_own = |code: &&Code| matches!(code.status(), 400 | 422) && route.problems.contains(*code);
    let of_many = |code: &&Code| [problems::INVALID_CURSOR, problems::TOO_LARGE_TO_KEEP].contains(*code);
    let is_one = |code: &&Code| of_many(code) || of_its_own(code);
    codes.iter().filter(is_one).map(|code| code.name()).collect()
}

/// The answers that are problems, by their statuses.
fn refusals(route: &Route, codes: &[Code]) -> Map<String, Value> {
    let answers = codes.chunk_by(|a, b| a.status() == b.status()).map(|chunk| {
        let names: Vec<&str> = chunk.iter().map(|code| code.name()).collect();
        let status = chunk[0].status();
        let answer = json!({
            "description": names.join(", "),
            "headers": headers::of(route, status, false),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
        });
        (status.to_string(), answer)
    });
    answers.collect()
}

impl Describer {
    fn parameters<E: Endpoint>(&mut self, route: &Route) -> (Vec<Value>, bool) {
        let path = properties::<E::Path>(&mut self.inputs);
        let query = properties::<E::Query>(&mut self.inputs);
        let has_path = !path.is_empty();
        let mut parameters: Vec<Value> =
            path.into_iter().map(|(name, schema, _)| parameter("path", &name, schema, true)).collect();
        parameters.extend(
            query.into_iter().map(|(name, schema, required)| parameter("query", &name, schema, required)),
        );
        parameters.extend(headers::asked(route));
        (parameters, has_path)
    }
}

impl Visitor for Describer {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        let (parameters, has_path) = self.parameters::<E>(&route);
        let mut operation = json!({
            "operationId": route.operation,
            "summary": route.summary,
            "description": route.about,
            "tags": [route.resource],
            "security": match route.access {
                Access::Public => json!([]),
                Access::Roles(_) => json!([{ "bearer": [] }]),
                Access::PaymentSignature => json!([{ "paymentSignature": [] }]),
            },
            "x-clauses": route.clauses,
            "parameters": parameters,
        });
        if let Access::Roles(roles) = route.access {
            operation["x-roles"] = json!(roles.iter().map(|role| role.name()).collect::<Vec<_>>());
            operation["x-scope"] = json!(route.scope());
        }
        let takes_body = E::takes_body() && route.method != Method::GET;
        if takes_body {
            let schema = self.inputs.subschema_for::<E::Body>();
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        let schema = self.outputs.subschema_for::<E::Reply>().to_value();
        let media_type = match schema["type"].as_str() {
            Some("string") => schema["contentMediaType"].as_str().unwrap_or("text/plain").to_owned(),
            _ => "application/json".to_owned(),
        };
        let is_list = parameters.iter().any(|parameter| parameter["name"] == "cursor");
        let codes = codes(&route, has_path, is_list, takes_body);
        let refusing = refusing(&route, &codes);
        if !refusing.is_empty() {
            operation["x-refusals"] = json!(refusing);
        }
        let mut responses = refusals(&route, &codes);
        if headers::is_tagged(&route) {
            let headers = headers::of(&route, 304, is_list);
            responses.insert(
                "304".to_owned(),
                json!({ "description": "It is what the caller has already.", "headers": headers }),
            );
        }
        responses.insert(
            route.status.to_string(),
            json!({
                "description": "Done.",
                "headers": headers::of(&route, route.status, is_list),
                "content": { media_type: { "schema": schema } },
            }),
        );
        operation["responses"] = Value::Object(responses);
        self.resources.insert(route.resource);
        let path = self.paths.entry(route.address()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
}
