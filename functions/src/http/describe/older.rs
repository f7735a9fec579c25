//! The description for tools that know no OpenAPI 3.1: the same, in the words of 3.0.
//!
//! In 3.0 a schema's `type` is one word and null a flag, `$ref` stands alone, a bound is exclusive by a flag, nothing is said
//! of names, and a licence has an address.

use serde_json::{Map, Value, json};

/// The same description as OpenAPI 3.0.
#[must_use]
pub fn older(mut description: Value) -> Value {
    description["openapi"] = json!("3.0.3");
    if let Some(info) = description["info"].as_object_mut() {
        info.remove("summary");
        info.insert(
            "license".to_owned(),
            json!({ "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" }),
        );
    }
    said(description)
}

/// Any part of it.
fn said(part: Value) -> Value {
    match part {
        Value::Array(all) => all.into_iter().map(said).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, field)| (name, said(field))).collect();
            Value::Object(alone(exclusive(nullable(without_names(without_media_type(fields))))))
        }
        other => other,
    }
}

/// 3.0 has no such word; what the reply is, its media type says.
fn without_media_type(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.get("contentMediaType").is_some_and(Value::is_string) {
        fields.remove("contentMediaType");
    }
    fields
}

/// 3.0 has no such word; who sends another name is told which there are.
fn without_names(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.get("propertyNames").is_some_and(|names| names["enum"].is_array()) {
        fields.remove("propertyNames");
    }
    fields
}

fn nullable(mut fields: Map<String, Value>) -> Map<String, Value> {
    let Some(types) = fields.get("type").and_then(Value::as_array) else { return fields };
    let (null, mut others): (Vec<_>, Vec<_>) = types.iter().cloned().partition(|one| one == "null");
    if let Some(only) = others.pop().filter(|_| others.is_empty()) {
        fields.insert("type".to_owned(), only);
        if !null.is_empty() {
            fields.insert("nullable".to_owned(), json!(true));
        }
    }
    fields
}

fn exclusive(mut fields: Map<String, Value>) -> Map<String, Value> {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(value) = fields.get(exclusive).filter(|value| value.is_number()).cloned() {
            fields.insert(bound.to_owned(), value);
            fields.insert(exclusive.to_owned(), json!(true));
        }
    }
    fields
}

/// What stands beside a reference goes around it.
fn alone(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.len() > 1
        && let Some(reference) = fields.get("$ref").filter(|reference| reference.is_string()).cloned()
    {
        fields.remove("$ref");
        fields.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_0_says_otherwise_is_said_its_way() {
        let said = older(json!({
            "openapi": "3.1.0",
            "info": { "summary": "x", "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } },
            "a": { "type": ["string", "null"], "x-null": "none" },
            "b": { "$ref": "#/a", "description": "That." },
            "c": { "$ref": "#/a" },
            "d": { "type": "integer", "exclusiveMinimum": 0 },
            "e": { "properties": { "type": { "type": "string", "contentMediaType": "text/html" } } },
            "f": { "type": "object", "propertyNames": { "enum": ["1"] } },
        }));
        assert_eq!(
            said,
            json!({
                "openapi": "3.0.3",
                "info": { "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" } },
                "a": { "type": "string", "nullable": true, "x-null": "none" },
                "b": { "allOf": [{ "$ref": "#/a" }], "description": "That." },
                "c": { "$ref": "#/a" },
                "d": { "type": "integer", "minimum": 0, "exclusiveMinimum": true },
                "e": { "properties": { "type": { "type": "string" } } },
                "f": { "type": "object" },
            })
        );
    }
}
