//! What schemars says of types, in the words that generators of clients know.
//!
//! A choice of words is a `string` with an `enum`. A choice of objects is a `oneOf` of whole components with a
//! `discriminator`: a property beside a `oneOf` is lost in most languages. What may be absent is absent and never null,
//! so no type is said to be null; what means something by null says so ([`NULL`]). What has a default need not be sent.

use serde_json::{Map, Value, json};

/// What null means where it is sent and is not the same as leaving out: an extension of the one schema that has it.
pub(crate) const NULL: &str = "x-null";

/// Components in those words. The branches of a choice become components beside it.
pub(super) fn components(schemas: Map<String, Value>) -> Map<String, Value> {
    schemas.into_iter().flat_map(|(name, said)| whole(name, schema(said))).collect()
}

/// One schema in those words, and all that are within it.
pub(super) fn schema(said: Value) -> Value {
    match said {
        Value::Array(all) => all.into_iter().map(schema).collect(),
        Value::Object(fields) if !fields.contains_key(NULL) => {
            let fields = fields.into_iter().map(|(name, field)| (name, schema(field))).collect();
            Value::Object(optional(choice(present(fields))))
        }
        other => other,
    }
}

/// Without null.
fn present(mut fields: Map<String, Value>) -> Map<String, Value> {
    let null = json!({ "type": "null" });
    if let Some(any) = fields.get("anyOf").and_then(Value::as_array)
        && any.contains(&null)
    {
        let mut there = any.iter().filter(|one| **one != null).cloned().collect::<Vec<_>>();
        match (there.pop(), there.is_empty()) {
            (Some(Value::Object(only)), true) => {
                fields.remove("anyOf");
                // What is said at this place goes before what is said of the type.
                for (name, field) in only {
                    fields.entry(name).or_insert(field);
                }
            }
            (last, _) => {
                there.extend(last);
                fields.insert("anyOf".to_owned(), Value::Array(there));
            }
        }
    }
    if let Some(types) = fields.get_mut("type")
        && let Some(one) = types.as_array().and_then(|all| all.iter().find(|one| **one != "null")).cloned()
    {
        *types = one;
    }
    if fields.get("default") == Some(&Value::Null) {
        fields.remove("default");
    }
    fields
}

/// The words of a choice that has nothing else.
fn words(one: &Value) -> Option<Vec<Value>> {
    match (one.get("const"), one.get("enum")) {
        (Some(word), _) if word.is_string() => Some(vec![word.clone()]),
        (_, Some(Value::Array(words))) => Some(words.clone()),
        _ => None,
    }
}

/// A choice of words as an `enum`, with what each of them means.
fn choice(mut fields: Map<String, Value>) -> Map<String, Value> {
    if let Some(word) = fields.get("const").filter(|word| word.is_string()).cloned() {
        fields.remove("const");
        fields.insert("enum".to_owned(), json!([word]));
    }
    let Some(branches) = fields.get("oneOf").and_then(Value::as_array) else { return fields };
    let Some(each) = branches.iter().map(words).collect::<Option<Vec<_>>>() else { return fields };
    if branches.iter().any(|branch| branch["type"] != "string") {
        return fields;
    }
    let meanings: Vec<Value> = branches
        .iter()
        .zip(&each)
        .flat_map(|(branch, words)| {
            words.iter().map(|_| branch.get("description").cloned().unwrap_or_default())
        })
        .map(|meaning| if meaning.is_null() { json!("") } else { meaning })
        .collect();
    let words = each.concat();
    let mut text = fields.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (word, meaning) in words.iter().zip(&meanings) {
        let (word, meaning) = (word.as_str().unwrap_or_default(), meaning.as_str().unwrap_or_default());
        text.push_str(if text.ends_with('\n') || text.is_empty() { "" } else { "\n" });
        text.push_str(if text.contains("\n- `") { "" } else { "\n" });
        text.push_str(&format!("- `{word}`: {meaning}"));
    }
    fields.remove("oneOf");
    fields.insert("type".to_owned(), json!("string"));
    fields.insert("enum".to_owned(), Value::Array(words));
    fields.insert("x-enum-descriptions".to_owned(), Value::Array(meanings));
    fields.insert("description".to_owned(), json!(text.trim_start()));
    fields
}

/// What has a default need not be there.
fn optional(mut fields: Map<String, Value>) -> Map<String, Value> {
    let has_default =
        |name: &Value| name.as_str().is_some_and(|name| fields["properties"][name].get("default").is_some());
    if !fields.contains_key("properties") {
        return fields;
    }
    let Some(required) = fields.get("required").and_then(Value::as_array) else { return fields };
    let required: Vec<_> = required.iter().filter(|name| !has_default(name)).cloned().collect();
    if required.is_empty() {
        fields.remove("required");
    } else {
        fields.insert("required".to_owned(), Value::Array(required));
    }
    fields
}

/// The property by whose one word a branch is known, in every branch.
fn tag(branches: &[Value]) -> Option<String> {
    let one_word = |branch: &Value, name: &str| {
        branch["properties"][name]["enum"].as_array().is_some_and(|words| words.len() == 1)
    };
    let first = branches.first()?["properties"].as_object()?;
    first.keys().find(|name| branches.iter().all(|branch| one_word(branch, name))).cloned()
}

/// A component, and for a choice of objects each of its branches, whole.
fn whole(name: String, schema: Value) -> Vec<(String, Value)> {
    let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let Some(tag) = tag(&branches) else { return vec![(name, schema)] };
    let (mut components, mut references, mut mapping) = (Vec::new(), Vec::new(), Map::new());
    for mut branch in branches {
        let word = branch["properties"][&tag]["enum"][0].as_str().unwrap_or_default().to_owned();
        let component = format!("{name}{}", pascal(&word));
        let reference = format!("#/components/schemas/{component}");
        let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
        properties.extend(branch["properties"].as_object().cloned().unwrap_or_default());
        let mut required = schema["required"].as_array().cloned().unwrap_or_default();
        required.extend(branch["required"].as_array().cloned().unwrap_or_default());
        branch["properties"] = Value::Object(properties);
        branch["required"] = Value::Array(required);
        components.push((component, branch));
        references.push(json!({ "$ref": reference }));
        mapping.insert(word, json!(reference));
    }
    let mut base = json!({
        "oneOf": references,
        "discriminator": { "propertyName": tag, "mapping": mapping },
    });
    if let Some(description) = schema.get("description") {
        base["description"] = description.clone();
    }
    components.push((name, base));
    components
}

/// `in_service` as `InService`.
fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    word.split(['_', '-']).filter_map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(said: Value) -> Value {
        let Value::Object(said) = said else { panic!("not an object") };
        Value::Object(components(said))
    }

    #[test]
    fn a_choice_of_words_is_an_enum_that_says_what_each_means() {
        let said = json!({ "Method": { "description": "How.", "oneOf": [
            { "const": "click", "type": "string", "description": "On a page." },
            { "const": "signed", "type": "string", "description": "By hand." },
        ] } });
        assert_eq!(
            shaped(said),
            json!({ "Method": {
                "type": "string", "enum": ["click", "signed"], "x-enum-descriptions": ["On a page.", "By hand."],
                "description": "How.\n\n- `click`: On a page.\n- `signed`: By hand.",
            } })
        );
    }

    #[test]
    fn a_choice_of_objects_names_whole_components() {
        let said = json!({ "Order": {
            "description": "A purchase.", "type": "object",
            "properties": { "id": { "type": "string" } }, "required": ["id"],
            "oneOf": [
                { "type": "object", "properties": { "status": { "const": "placed", "type": "string" } },
                  "required": ["status"] },
                { "type": "object", "properties": { "status": { "const": "in_service", "type": "string" },
                  "paid": { "type": ["string", "null"] } }, "required": ["status"] },
            ],
        } });
        let shaped = shaped(said);
        assert_eq!(
            shaped["OrderInService"],
            json!({ "type": "object", "required": ["id", "status"], "properties": {
                "id": { "type": "string" }, "paid": { "type": "string" },
                "status": { "type": "string", "enum": ["in_service"] },
            } })
        );
        assert_eq!(
            shaped["Order"]["discriminator"],
            json!({ "propertyName": "status", "mapping": {
                "placed": "#/components/schemas/OrderPlaced",
                "in_service": "#/components/schemas/OrderInService",
            } })
        );
        assert_eq!(shaped["Order"].get("properties"), None);
    }

    #[test]
    fn null_is_said_only_where_it_means_something() {
        let said = json!({ "Change": { "type": "object", "required": ["language"], "properties": {
            "email": { "anyOf": [{ "$ref": "#/x" }, { "type": "null" }], "default": null, "description": "E-mail." },
            "language": { "type": "string", "default": "zh" },
            "phone": { "type": ["string", "null"], "x-null": "There is none any more." },
        } } });
        assert_eq!(
            shaped(said)["Change"],
            json!({ "type": "object", "properties": {
                "email": { "$ref": "#/x", "description": "E-mail." },
                "language": { "type": "string", "default": "zh" },
                "phone": { "type": ["string", "null"], "x-null": "There is none any more." },
            } })
        );
    }
}
