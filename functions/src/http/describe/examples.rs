//! Examples beside the bodies and answers that they are of.

use serde_json::Value;

/// Said of a body whose example names what is nowhere.
const DRAWN: &str = "The ids, hashes and tokens of the example are drawn: put in your own.";

/// The description with examples: by an operation's id what was `sent`, whether that has something `drawn` in it, and the
/// `answers` by their statuses.
#[must_use]
pub fn with_examples(mut description: Value, examples: &Value) -> Value {
    let paths = description["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.filter_map(|(_, methods)| methods.as_object_mut()).flatten();
    for (_, operation) in operations {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some(example) = examples.get(&id) else { continue };
        if let (Some(sent), Some(body)) = (example.get("sent"), operation.get_mut("requestBody")) {
            put(body, sent);
            if example["drawn"] == true {
                body["description"] = DRAWN.into();
            }
        }
        for (status, answer) in example["answers"].as_object().into_iter().flatten() {
            if let Some(described) = operation["responses"].get_mut(status) {
                put(described, answer);
            }
        }
    }
    description
}

fn put(into: &mut Value, example: &Value) {
    for (_, content) in into["content"].as_object_mut().into_iter().flatten() {
        content["example"] = example.clone();
    }
}
