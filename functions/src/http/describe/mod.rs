//! The OpenAPI 3.1 description, from the routes' own declarations and types.
//!
//! Types are described by schemars, and what that says is put in the words that generators of clients know ([`shape`]);
//! a route becomes an operation in [`operation`].

mod examples;
mod headers;
mod older;
mod operation;
mod shape;

use schemars::SchemaGenerator;
use std::collections::HashSet;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::ProblemDocument;

pub use examples::with_examples;
pub use older::older;
pub(crate) use shape::NULL;

/// What is the same for every operation.
const ABOUT: &str = "Merchants buy applications and services from providers, grant them data, take the grants back and \
have their data deleted, under one published agreement.\n\n\
**Values.** Instants are RFC 3339: they are shown in UTC with exactly three decimals, and read in any offset. Days are those \
of China Standard Time. Amounts are in fen. What is not there is left out, \
never null; a null that is sent for what has no default is taken for what is left out, unless the field says what it means.\n\n\
**Lists** are pages of `items`, with a `next_cursor` where there are more.\n\n\
**Repeats.** An operation that names the header `Idempotency-Key` takes it with every request. Sent again with the same key, a \
request is answered as it was, and nothing happens twice. An operation that changes something and does not name it may be sent \
again as it is, and says what comes of that.\n\n\
**Refusals** are problem documents (RFC 9457) with a stable `code`. What fits an operation's schemas is refused by the state of \
things (404, 409, 429), or by a rule that no schema says: a code in its `x-refusals`, or, in `errors`, a text whose schema names \
the rule (`x-rule`). Beside these stand a body with too many bytes (413), and an `Idempotency-Key` that another request had \
(422 `idempotency-key-reused`). Objects may get more fields in later \
releases: a client passes over what it does not know.";

/// Collects routes into a description.
#[derive(Debug)]
pub struct Describer {
    inputs: SchemaGenerator,
    outputs: SchemaGenerator,
    paths: Map<String, Value>,
    resources: HashSet<&'static str>,
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
            resources: HashSet::new(),
        }
    }
}

impl Describer {
    /// The schemas of what goes out and of what comes in, by their names.
    pub(crate) fn schemas(&mut self) -> (Map<String, Value>, Map<String, Value>) {
        let problem = self.outputs.subschema_for::<ProblemDocument>();
        debug_assert!(problem.as_object().is_some());
        (
            shape::components(self.outputs.take_definitions(true)),
            shape::components(self.inputs.take_definitions(true)),
        )
    }

    /// The whole description. `resources` says what each resource is, in the order in which they are shown.
    #[must_use]
    pub fn document(mut self, resources: &[(&str, &str)]) -> Value {
        let (going_out, coming_in) = self.schemas();
        let mut schemas = going_out;
        // A name that is used both ways says the same both ways; a test holds it to that.
        schemas.extend(coming_in);
        let tags = resources.iter().filter(|(name, _)| self.resources.contains(name));
        let tags: Vec<_> = tags.map(|(name, text)| json!({ "name": name, "description": text })).collect();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Service market",
                "version": env!("CARGO_PKG_VERSION"),
                "summary": "Applications, services and the data that they may use, under one published agreement.",
                "description": ABOUT,
                "contact": { "name": "The operator of this market" },
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
            },
            "servers": [{ "url": "/", "description": "The market that serves this description." }],
            "tags": tags,
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "headers": headers::components(),
                "securitySchemes": {
                    "bearer": {
                        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                        "description": "A token of the market's issuer. `x-roles` says whose opens an operation, and `x-scope` what one that has scopes must have."
                    },
                    "paymentSignature": {
                        "type": "apiKey", "in": "header", "name": "webhook-signature",
                        "description": "Standard Webhooks: HMAC-SHA256 over `webhook-id.webhook-timestamp.body`."
                    }
                }
            }
        })
    }
}
