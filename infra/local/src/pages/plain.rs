//! The description on one plain page, for whoever has no script.

use askama::Template;
use serde_json::Value;

use super::operations;

#[derive(Template)]
#[template(path = "plain.html")]
pub(super) struct Plain {
    tags: Vec<Tag>,
}

struct Tag {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    who: String,
    clauses: String,
    body: Option<String>,
    responses: Vec<(String, String)>,
}

impl Plain {
    pub(super) fn of(document: &Value) -> Self {
        let mut tags: Vec<Tag> = Vec::new();
        for (path, method, operation) in operations(document) {
            let name = operation["tags"][0].as_str().unwrap_or_default();
            let shown = Operation::of(document, path, method, operation);
            match tags.iter_mut().find(|tag| tag.name == name) {
                Some(tag) => tag.operations.push(shown),
                None => tags.push(Tag { name: name.to_owned(), operations: vec![shown] }),
            }
        }
        Self { tags }
    }
}

impl Operation {
    fn of(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
        let words = |name: &str| {
            let list = operation[name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        };
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let responses = operation["responses"].as_object().into_iter().flatten();
        let roles = words("x-roles");
        Self {
            id: text("operationId"),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text("summary"),
            who: if roles.is_empty() { "without a token".to_owned() } else { roles },
            clauses: words("x-clauses"),
            body: (!body.is_null()).then(|| schema_text(body, document)),
            responses: responses
                .map(|(status, response)| {
                    (status.clone(), response["description"].as_str().unwrap_or_default().to_owned())
                })
                .collect(),
        }
    }
}

/// A schema as text; a reference is followed once.
fn schema_text(schema: &Value, document: &Value) -> String {
    let target = schema["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema);
    format!("{target:#}")
}
