//! The OpenAPI 3.1 description, from the routes' own declarations and types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::endpoint::{Access, Endpoint, Repeats, Visitor, versioned};
use super::problem::{Code, ProblemDocument};
use super::problems;

/// Collects routes into a description.
#[derive(Debug)]
pub struct Describer {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    paths: Map<String, Value>,
}

impl Default for Describer {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            inputs: settings().into_generator(),
            outputs: settings().for_serialize().into_generator(),
            paths: Map::new(),
        }
    }
}

impl Describer {
    /// The whole description.
    #[must_use]
    pub fn document(mut self) -> Value {
        let mut schemas = Map::new();
        let problem = self.outputs.subschema_for::<ProblemDocument>();
        debug_assert!(problem.as_object().is_some());
        // What a type may leave out when it comes in, it may leave out in the description of both ways.
        schemas.extend(self.outputs.take_definitions(true));
        schemas.extend(self.inputs.take_definitions(true));
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Service market",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Merchants buy applications and services from providers, grant them data, take the grants back and have their data deleted, under one published agreement. Instants are RFC 3339; amounts are in fen. Every refusal is a problem document (RFC 9457) with a stable `code`.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
            },
            "servers": [{ "url": "/" }],
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                    "paymentSignature": {
                        "type": "apiKey", "in": "header", "name": "webhook-signature",
                        "description": "Standard Webhooks: HMAC-SHA256 over `webhook-id.webhook-timestamp.body`."
                    }
                }
            }
        })
    }
}

/// Each property of an object schema, and whether it is required.
fn properties<T: JsonSchema>(generator: &mut SchemaGenerator) -> Vec<(String, Value, bool)> {
    let schema = T::json_schema(generator).to_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(all) = schema["properties"].as_object() else { return Vec::new() };
    all.iter()
        .map(|(name, property)| (name.clone(), property.clone(), required.contains(&json!(name))))
        .collect()
}

impl Visitor for Describer {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        let mut parameters: Vec<Value> = Vec::new();
        for (name, schema, _) in properties::<E::Path>(&mut self.inputs) {
            parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        for (name, schema, required) in properties::<E::Query>(&mut self.inputs) {
            parameters.push(json!({ "name": name, "in": "query", "required": required, "schema": schema }));
        }
        let mut codes: Vec<Code> = route.problems.to_vec();
        if parameters.iter().any(|parameter| parameter["in"] == "path") {
            codes.push(problems::NOT_FOUND);
        }
        if parameters.iter().any(|parameter| parameter["in"] == "query") {
            codes.extend([problems::INVALID_QUERY, problems::INVALID_CURSOR]);
        }
        let security = match route.access {
            Access::Public => json!([]),
            Access::Roles(_) => {
                codes.extend([
                    problems::MISSING_TOKEN,
                    problems::INVALID_TOKEN,
                    problems::ROLE_NOT_ALLOWED,
                    problems::INSUFFICIENT_SCOPE,
                ]);
                json!([{ "bearer": [] }])
            }
            Access::PaymentSignature => {
                codes.push(problems::INVALID_SIGNATURE);
                json!([{ "paymentSignature": [] }])
            }
        };
        if route.repeats == Repeats::ByKey {
            codes.extend([
                problems::MISSING_IDEMPOTENCY_KEY,
                problems::INVALID_IDEMPOTENCY_KEY,
                problems::IDEMPOTENCY_KEY_REUSED,
                problems::CONTENDED,
            ]);
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": true,
                "description": "A fresh key for every new request; the same one to repeat it.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" }
            }));
        }
        if route.repeats == Repeats::ByContent {
            codes.push(problems::CONTENDED);
        }
        codes.extend([
            problems::UNAVAILABLE,
            problems::OUTCOME_UNKNOWN,
            problems::CORRUPT,
            problems::INTERNAL,
        ]);
        let mut operation = json!({
            "operationId": route.operation,
            "summary": route.summary,
            "tags": [route.path.split('/').nth(1).unwrap_or_default()],
            "security": security,
            "x-clauses": route.clauses,
            "parameters": parameters,
        });
        if let Access::Roles(roles) = route.access {
            operation["x-roles"] = json!(roles.iter().map(|role| role.name()).collect::<Vec<_>>());
            operation["x-scope"] = json!(route.scope());
        }
        if E::takes_body() && route.method != axum::http::Method::GET {
            codes.extend([
                problems::MALFORMED_JSON,
                problems::BODY_TOO_LARGE,
                problems::REQUEST_TIMEOUT,
                problems::UNSUPPORTED_MEDIA_TYPE,
                problems::INVALID_BODY,
            ]);
            let schema = self.inputs.subschema_for::<E::Body>();
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        let schema = self.outputs.subschema_for::<E::Reply>();
        let schema = schema.to_value();
        let media_type = match schema["type"].as_str() {
            Some("string") => schema["contentMediaType"].as_str().unwrap_or("text/plain").to_owned(),
            _ => "application/json".to_owned(),
        };
        let mut responses = Map::new();
        responses.insert(
            route.status.to_string(),
            json!({ "description": "Done.", "content": { media_type: { "schema": schema } } }),
        );
        codes.sort_by_key(|code| (code.status(), code.name()));
        codes.dedup();
        for chunk in codes.chunk_by(|a, b| a.status() == b.status()) {
            let names: Vec<&str> = chunk.iter().map(|code| code.name()).collect();
            let mut response = json!({
                "description": names.join(", "),
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
            });
            if chunk[0].status() == 401 {
                response["headers"] = json!({ "WWW-Authenticate": {
                    "description": "`Bearer`. On AWS it is `x-amzn-remapped-www-authenticate` where a function refused and not the gateway: a token that ended while the gateway still knew it, or a payment callback. Go by the code.",
                    "schema": { "type": "string" }
                } });
            }
            responses.insert(chunk[0].status().to_string(), response);
        }
        operation["responses"] = Value::Object(responses);
        let path = self.paths.entry(versioned(route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
}
