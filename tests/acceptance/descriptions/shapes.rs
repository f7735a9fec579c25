//! The shapes of the description are ones that every generator of clients understands.

use serde_json::{Map, Value, json};

/// Calls with each value of the description that is an object, and where it is.
pub fn walk(place: &str, value: &Value, see: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(place, fields);
            for (name, field) in fields {
                walk(&format!("{place}/{name}"), field, see);
            }
        }
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                walk(&format!("{place}/{index}"), one, see);
            }
        }
        _ => {}
    }
}

/// Names that a language, or a client that is generated for one, has for itself.
const TAKEN: &[&str] = &[
    "Any",
    "ApiClient",
    "Array",
    "Bool",
    "Boolean",
    "Byte",
    "Client",
    "Configuration",
    "Date",
    "Dict",
    "Enum",
    "Error",
    "Exception",
    "Field",
    "Float",
    "Function",
    "Int",
    "Integer",
    "Iterable",
    "List",
    "Literal",
    "Long",
    "Map",
    "Model",
    "None",
    "Null",
    "Number",
    "Object",
    "Optional",
    "Promise",
    "Record",
    "Request",
    "Response",
    "Self",
    "Set",
    "String",
    "Symbol",
    "Tuple",
    "Type",
    "Undefined",
    "Union",
    "Unset",
];

#[test]
fn no_name_of_a_schema_is_numbered_or_shadows_a_word_of_a_language() {
    let description = market::pages::openapi();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    assert!(schemas.len() > 150, "{}", schemas.len());
    for name in schemas.keys() {
        let numbered = name.ends_with(|letter: char| letter.is_ascii_digit());
        assert!(!numbered && !TAKEN.contains(&name.as_str()), "{name}");
        assert!(name.starts_with(|letter: char| letter.is_ascii_uppercase()), "{name}");
    }
}

#[test]
fn every_choice_is_an_enum_or_has_a_discriminator_whose_branches_are_whole() {
    let description = market::pages::openapi();
    let mut choices = 0;
    walk("", &description, &mut |place, fields| {
        for word in ["anyOf", "allOf", "const", "prefixItems"] {
            assert!(fields.get(word).is_none_or(Value::is_object), "{place}: {word}");
        }
        let Some(branches) = fields.get("oneOf").and_then(Value::as_array) else { return };
        choices += 1;
        assert!(!fields.contains_key("properties"), "{place}");
        let tag = fields["discriminator"]["propertyName"].as_str().unwrap();
        let mapping = fields["discriminator"]["mapping"].as_object().unwrap();
        assert_eq!(mapping.len(), branches.len(), "{place}");
        for (word, reference) in mapping {
            assert!(branches.contains(&json!({ "$ref": reference })), "{place}: {word}");
            let branch = description.pointer(&reference.as_str().unwrap()[1..]).unwrap();
            assert_eq!(branch["properties"][tag]["enum"], json!([word]), "{place}: {word}");
            assert!(branch["required"].as_array().unwrap().contains(&json!(tag)), "{place}: {word}");
        }
    });
    assert!(choices > 10, "{choices}");
}

#[test]
fn null_is_said_in_one_place() {
    let mut places = Vec::new();
    walk("", &market::pages::openapi(), &mut |place, fields| {
        let types = fields.get("type").filter(|types| types.is_array() || *types == "null");
        if types.is_some() || fields.get("default").is_some_and(Value::is_null) {
            places.push(place.to_owned());
        }
    });
    assert_eq!(places, ["/components/schemas/ContactsToChange/properties/phone"]);
}

#[test]
fn what_has_a_default_need_not_be_sent() {
    let mut defaults = 0;
    walk("", &market::pages::openapi(), &mut |place, fields| {
        let required = fields.get("required").and_then(Value::as_array);
        for (name, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if property.get("default").is_some() {
                defaults += 1;
                assert!(!required.is_some_and(|all| all.contains(&json!(name))), "{place}/{name}");
            }
        }
    });
    assert!(defaults > 10, "{defaults}");
}

#[test]
fn every_field_that_ends_in_at_is_an_instant_and_every_day_a_day() {
    let (mut instants, mut days) = (0, 0);
    walk("", &market::pages::openapi(), &mut |place, fields| {
        for (name, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_instant = name.ends_with("_at") || ["pay_by", "valid_until"].contains(&name.as_str());
            let is_day = name.ends_with("_day")
                || (place.contains("Holiday") && ["from", "to", "date"].contains(&&**name));
            let format = &property["format"];
            assert_eq!(is_instant, format == "date-time", "{place}/{name}");
            assert_eq!(
                is_day || (place.ends_with("/Move") && name == "date"),
                format == "date",
                "{place}/{name}"
            );
            instants += usize::from(is_instant);
            days += usize::from(is_day);
        }
    });
    assert!(instants > 60 && days > 5, "{instants} {days}");
}
