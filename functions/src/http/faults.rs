//! Every fault of a request at once. A parser stops at the first; so where it refused a body or a query, what was sent is
//! held against the schema that the API description shows, and everything that does not fit is named with its place and
//! with what was expected there. The parser stays the judge: nothing is refused here that it takes.

use std::collections::BTreeSet;

use market_kernel::clause::ClauseAddress;
use market_kernel::notices::Address;
use market_kernel::text::{EmailAddress, Line, PhoneNumber, Prose, Text, TextError};
use market_parties::credit_code::GivenCode;
use regex_lite::Regex;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::numbers;
use super::problem::FieldError;

/// The most faults that are named; what follows them shows when these are mended.
const MOST: usize = 50;
/// The most characters of a place, and of what was sent, that are repeated.
const SHOWN: usize = 120;

/// The schema of what a route takes, as the API description has it.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// What does not fit of a value that arrived.
pub(super) fn of(schema: &Value, value: &Value) -> Vec<FieldError> {
    let mut faults = Faults { root: schema, at: String::new(), found: Vec::new() };
    faults.check(schema, value);
    faults.found
}

/// Whether what has this name is a number or a truth value, and no text.
pub(super) fn is_plain(schema: &Value, name: &str) -> bool {
    let faults = Faults { root: schema, at: String::new(), found: Vec::new() };
    let options = schema["properties"].get(name).map_or_else(Vec::new, |property| faults.options(property));
    let any_takes = |kind| options.iter().any(|option| !is_null(option) && takes(option, kind));
    !any_takes("string") && (any_takes("integer") || any_takes("boolean"))
}

/// What is expected at a place, in words; none where the schema has no such place.
pub(super) fn expected_at(schema: &Value, pointer: &str) -> Option<String> {
    let faults = Faults { root: schema, at: String::new(), found: Vec::new() };
    let mut parts = pointer.split('/').skip(1);
    let place = parts.try_fold(schema, |schema, part| {
        let schema = faults.options(schema).into_iter().find(|option| !is_null(option))?;
        schema["properties"].get(part).or_else(|| schema.get("items"))
    });
    place.map(|schema| faults.expected(schema))
}

struct Faults<'a> {
    root: &'a Value,
    /// JSON Pointer of what is looked at.
    at: String,
    found: Vec<FieldError>,
}

impl<'a> Faults<'a> {
    fn resolved(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            schema = &self.root["$defs"][name];
        }
        schema
    }

    /// What a schema leaves to choose from; itself, where it leaves nothing.
    fn options(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolved(schema);
        match schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            Some(options) => options.iter().flat_map(|option| self.options(option)).collect(),
            None => vec![schema],
        }
    }

    fn fault(&mut self, detail: impl Into<String>, expected: Option<String>) {
        if self.found.len() < MOST {
            let pointer = Some(cut(&self.at));
            self.found.push(FieldError { pointer, parameter: None, detail: detail.into(), expected });
        }
    }

    /// Looks at what lies below, under its name.
    fn below(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        look(self);
        self.at.truncate(length);
    }

    fn check(&mut self, schema: &'a Value, value: &Value) {
        if self.found.len() == MOST {
            return;
        }
        let whole = self.resolved(schema);
        let mut options = self.options(schema);
        let takes_null = options.iter().any(|option| is_null(option));
        if value.is_null() && takes_null {
            return;
        }
        options.retain(|option| option["type"] != "null");
        if let Some(words) = words(&options) {
            if value.as_str().is_none_or(|word| !words.contains(&word)) {
                self.fault(shown(value), Some(self.expected(whole)));
            }
        } else if let [only] = options[..] {
            self.plain(only, value);
        } else if let Some(tag) = tag_of(&options) {
            self.tagged(whole, &options, tag, value);
        }
        // Other choices no body has; the parser alone knows them.
    }

    /// A choice between objects, told apart by the word in one field.
    fn tagged(&mut self, whole: &'a Value, options: &[&'a Value], tag: &str, value: &Value) {
        let Some(fields) = value.as_object() else { return self.fault(shown(value), Some(AN_OBJECT.into())) };
        let chosen =
            options.iter().find(|option| word_of(option, tag) == fields.get(tag).and_then(Value::as_str));
        match chosen.filter(|_| fields.contains_key(tag)) {
            Some(option) => self.object(&[whole, option], fields),
            None => {
                let words: Vec<_> = options.iter().filter_map(|option| word_of(option, tag)).collect();
                let detail = fields.get(tag).map_or_else(|| MISSING.to_owned(), shown);
                self.below(tag, |faults| faults.fault(detail, Some(one_of(&words))));
            }
        }
    }

    /// One that leaves no choice.
    fn plain(&mut self, schema: &'a Value, value: &Value) {
        let fits = match value {
            Value::Null => takes(schema, "null"),
            Value::Bool(_) => takes(schema, "boolean"),
            Value::Number(number) => takes(schema, "integer") && whole(number).is_some(),
            Value::String(_) => takes(schema, "string"),
            Value::Array(_) => takes(schema, "array"),
            Value::Object(_) => takes(schema, "object"),
        };
        if !fits {
            return self.fault(shown(value), Some(self.expected(schema)));
        }
        match value {
            Value::Number(number) => {
                let [least, most] = range(schema);
                let number = whole(number).unwrap_or(i128::MAX);
                if number < least || number > most {
                    self.fault(shown(value), Some(self.expected(schema)));
                }
            }
            Value::String(text) => {
                if let Some(detail) = wrong_in(schema, text) {
                    self.fault(detail, Some(self.expected(schema)));
                }
            }
            Value::Array(entries) => self.array(schema, entries),
            Value::Object(fields) => self.object(&[schema], fields),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn array(&mut self, schema: &'a Value, entries: &[Value]) {
        let [least, most] = bounds(schema, "minItems", "maxItems");
        if entries.len() < least || entries.len() > most {
            return self.fault(format!("has {} entries", entries.len()), Some(self.expected(schema)));
        }
        let mut seen = BTreeSet::new();
        for (index, entry) in entries.iter().enumerate() {
            self.below(&index.to_string(), |faults| {
                if schema["uniqueItems"] == true && !seen.insert(entry.to_string()) {
                    faults.fault("is there before", None);
                } else {
                    faults.check(&schema["items"], entry);
                }
            });
        }
    }

    /// An object by all the schemas that it has to keep.
    fn object(&mut self, schemas: &[&'a Value], fields: &Map<String, Value>) {
        let property = |name: &str| schemas.iter().find_map(|schema| schema["properties"].get(name));
        let is_closed = |schema: &&Value| {
            schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false
        };
        let others = schemas.iter().find_map(|schema| schema.get("additionalProperties"));
        // The names that others may have, where there are not any.
        let names = schemas.iter().find_map(|schema| words(&[&schema["propertyNames"]]));
        for (name, value) in fields {
            self.below(name, |faults| match (property(name), others) {
                (Some(schema), _) => faults.check(schema, value),
                (None, _) if names.as_ref().is_some_and(|names| !names.contains(&name.as_str())) => {
                    faults.fault(UNKNOWN, names.as_deref().map(one_of));
                }
                (None, Some(schema)) if schema.is_object() => faults.check(schema, value),
                (None, _) if schemas.iter().any(is_closed) => {
                    let known = schemas.iter().filter_map(|schema| schema["properties"].as_object());
                    let known: BTreeSet<&str> = known.flat_map(Map::keys).map(String::as_str).collect();
                    faults.fault(UNKNOWN, Some(one_of(&known.into_iter().collect::<Vec<_>>())));
                }
                (None, _) => {}
            });
        }
        let required = schemas.iter().filter_map(|schema| schema["required"].as_array()).flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
            let expected = property(name).map(|schema| self.expected(schema));
            self.below(name, |faults| faults.fault(MISSING, expected));
        }
    }

    /// What a schema expects, in words.
    fn expected(&self, schema: &'a Value) -> String {
        let mut options = self.options(schema);
        options.retain(|option| !is_null(option));
        if let Some(words) = words(&options) {
            return one_of(&words);
        }
        let [schema] = options[..] else { return AN_OBJECT.to_owned() };
        if takes(schema, "string") {
            expected_text(schema)
        } else if takes(schema, "integer") {
            match range(schema) {
                [least, i128::MAX] => format!("a whole number, {least} or more"),
                [least, most] => format!("a whole number from {least} to {most}"),
            }
        } else if takes(schema, "boolean") {
            "true or false".to_owned()
        } else if takes(schema, "array") {
            match bounds(schema, "minItems", "maxItems") {
                [0, usize::MAX] => "a list".to_owned(),
                [0, most] => format!("a list of at most {most} entries"),
                [least, usize::MAX] => format!("a list of {least} or more entries"),
                [least, most] => format!("a list of {least} to {most} entries"),
            }
        } else {
            AN_OBJECT.to_owned()
        }
    }
}

const AN_OBJECT: &str = super::objects::AN_OBJECT;
pub(super) const MISSING: &str = "is missing";
pub(super) const UNKNOWN: &str = "is not known here";
pub(super) const TWICE: &str = "is given twice";

/// The words that may stand where there is a choice between words only.
fn words<'a>(options: &[&'a Value]) -> Option<Vec<&'a str>> {
    let words = options.iter().map(|option| match (&option["const"], &option["enum"]) {
        (Value::String(word), _) => Some(vec![word.as_str()]),
        (_, Value::Array(words)) => words.iter().map(Value::as_str).collect(),
        _ => None,
    });
    Some(words.collect::<Option<Vec<_>>>()?.concat())
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

/// Whether a schema takes values of a kind; one that names none takes all.
fn takes(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        _ => true,
    }
}

/// The field by whose word objects are told apart.
fn tag_of<'a>(options: &[&'a Value]) -> Option<&'a str> {
    let names = options.first()?["properties"].as_object()?.keys();
    let is_tag = |name: &&String| options.iter().all(|option| word_of(option, name).is_some());
    names.into_iter().find(is_tag).map(String::as_str)
}

fn word_of<'a>(option: &'a Value, tag: &str) -> Option<&'a str> {
    option["properties"][tag]["const"].as_str()
}

/// The least and the most that a number may be. A format bounds it where nothing else does.
fn range(schema: &Value) -> [i128; 2] {
    let of_format = match schema["format"].as_str() {
        Some("uint8") => [0, u8::MAX.into()],
        Some("uint16") => [0, u16::MAX.into()],
        Some("uint32") => [0, u32::MAX.into()],
        Some("uint64") => [0, u64::MAX.into()],
        Some("int64") => [i64::MIN.into(), i64::MAX.into()],
        _ => [i128::MIN, i128::MAX],
    };
    let said = |name: &str| schema[name].as_number().and_then(serde_json::Number::as_i128);
    [said("minimum").unwrap_or(of_format[0]), said("maximum").unwrap_or(of_format[1])]
}

/// A number without a fraction, be it written with one: `30.0` is 30.
fn whole(number: &serde_json::Number) -> Option<i128> {
    number.as_i128().or_else(|| number.as_f64().and_then(numbers::whole).map(i128::from))
}

fn bounds(schema: &Value, least: &str, most: &str) -> [usize; 2] {
    let said = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
    [said(least).unwrap_or(0), said(most).unwrap_or(usize::MAX)]
}

/// What is wrong with a text. Where a rule is named (`x-rule`), the rule itself says it.
fn wrong_in(schema: &Value, text: &str) -> Option<String> {
    let [least, most] = bounds(schema, "minLength", "maxLength");
    if let Some(rule) = schema["x-rule"].as_str() {
        return broken(rule, text, most);
    }
    let does_not_fit = || Some(shown(&Value::from(text)));
    match schema["format"].as_str() {
        Some("date-time") if text.parse::<market_kernel::Timestamp>().is_err() => return does_not_fit(),
        Some("date") if text.parse::<market_kernel::Date>().is_err() => return does_not_fit(),
        _ => {}
    }
    let length = text.chars().count();
    if length < least || length > most {
        return Some(format!("has {length} characters"));
    }
    let pattern = schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok());
    pattern.filter(|pattern| !pattern.is_match(text)).and_then(|_| does_not_fit())
}

/// What a text has against a rule of ours; of a line or prose, its field has so many characters at most.
fn broken(rule: &str, text: &str, most: usize) -> Option<String> {
    let text = text.to_owned();
    match rule {
        "line" => beyond(most, Line::try_from(text)),
        "prose" => beyond(most, Prose::try_from(text)),
        "email" => EmailAddress::try_from(text).err().map(str::to_owned),
        "phone" => PhoneNumber::try_from(text).err().map(str::to_owned),
        "address" => Address::try_from(text).err().map(str::to_owned),
        "credit-code" => GivenCode::try_from(text).err().map(|error| error.to_string()),
        "clause-address" => ClauseAddress::try_from(text).err().map(|error| error.to_string()),
        _ => None,
    }
}

/// What is wrong with a text that was read by the widest type of its rule, and whose field may be narrower.
fn beyond<const WIDEST: usize>(most: usize, read: Result<Text<WIDEST>, TextError>) -> Option<String> {
    match read {
        Ok(text) if text.as_str().chars().nth(most).is_none() => None,
        Ok(_) | Err(TextError::TooLong { .. }) => Some(TextError::TooLong { max: most }.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// What a text is expected to be.
fn expected_text(schema: &Value) -> String {
    let named = match (schema["x-rule"].as_str(), schema["format"].as_str()) {
        (Some("email"), _) => Some("an e-mail address, such as legal@example.com"),
        (Some("phone"), _) => Some("a telephone number in E.164 form, such as +8613800000001"),
        (Some("address"), _) => Some("an e-mail address, or a telephone number such as +8613800000001"),
        (Some("credit-code"), _) => {
            Some("a unified social credit code (GB 32100): 18 digits and capital letters")
        }
        (Some("clause-address"), _) => Some("the address of a clause, such as 4.4.5 or 第五条"),
        (_, Some("date-time")) => Some("an instant (RFC 3339), such as 2026-12-01T00:00:00+08:00"),
        (_, Some("date")) => Some("a day, such as 2026-12-01"),
        _ => None,
    };
    match (named, schema["pattern"].as_str(), bounds(schema, "minLength", "maxLength")) {
        (Some(named), ..) => named.to_owned(),
        (_, Some(pattern), _) => format!("a text that matches {pattern}"),
        (.., [0 | 1, usize::MAX]) => "a text".to_owned(),
        (.., [least, most]) => format!("a text of {least} to {most} characters"),
    }
}

pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        words => format!("one of {}", words.join(", ")),
    }
}

/// What was sent, as far as it helps to know it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "is null".to_owned(),
        Value::Bool(_) => "is true or false".to_owned(),
        Value::Number(number) => format!("is {}", cut(&number.to_string())),
        Value::String(text) => format!("is {:?}", cut(text)),
        Value::Array(_) => "is a list".to_owned(),
        Value::Object(_) => "is an object".to_owned(),
    }
}

/// As much of it as is repeated to who sent it.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
