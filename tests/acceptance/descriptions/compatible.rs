//! Whether a client of the last release still finds what it was promised.
//!
//! What it sends may only be taken more widely: no operation, role, parameter, property or word goes, nothing
//! more is required, no bound is narrower. What it reads may only be more: no property goes or becomes optional,
//! nothing has another type, no answer or word appears that it was not told of. Names of components stay, for
//! they are names in clients that were generated.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Which way a schema goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// To the market.
    Sent,
    /// From the market.
    Read,
}

/// What breaks between two descriptions.
struct Comparison<'d> {
    before: &'d Value,
    today: &'d Value,
    seen: HashSet<(String, String, Way)>,
    found: BTreeSet<String>,
}

/// What of a client that goes by `before` breaks on a market that goes by `today`.
fn breaks(before: &Value, today: &Value) -> Vec<String> {
    let mut comparison = Comparison { before, today, seen: HashSet::new(), found: BTreeSet::new() };
    comparison.operations();
    let names = |description: &Value| -> BTreeSet<String> {
        description["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    for name in names(before).difference(&names(today)) {
        comparison.found.insert(format!("the schema {name} is gone"));
    }
    comparison.found.into_iter().collect()
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().unwrap_or_default().to_owned()).collect()
}

impl<'d> Comparison<'d> {
    fn find(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.insert(format!("{place}: {what}"));
    }

    fn operations(&mut self) {
        let (before, today) = (self.before, self.today);
        for (path, methods) in before["paths"].as_object().into_iter().flatten() {
            for (method, was) in methods.as_object().into_iter().flatten() {
                let place = format!("{} {path}", method.to_uppercase());
                let is = &today["paths"][path][method];
                if is.is_null() {
                    self.find(&place, "is gone");
                    continue;
                }
                if was["operationId"] != is["operationId"] {
                    self.find(&place, format!("is called {}", is["operationId"]));
                }
                self.callers(&place, was, is);
                self.parameters(&place, was, is);
                let content = |of: &'d Value| &of["content"];
                self.contents(
                    &format!("{place} body"),
                    content(&was["requestBody"]),
                    content(&is["requestBody"]),
                    Way::Sent,
                );
                self.answers(&place, was, is);
            }
        }
    }

    fn callers(&mut self, place: &str, was: &Value, is: &Value) {
        let (before, today) = (words(&was["x-roles"]), words(&is["x-roles"]));
        if before.is_empty() && !today.is_empty() {
            self.find(place, "takes a token");
        }
        for role in before.difference(&today).filter(|_| !today.is_empty()) {
            self.find(place, format!("is closed to {role}"));
        }
        if was["x-scope"] != is["x-scope"] && !was["x-scope"].is_null() {
            self.find(place, format!("takes the scope {}", is["x-scope"]));
        }
    }

    fn parameters(&mut self, place: &str, was: &'d Value, is: &'d Value) {
        let named = |of: &'d Value| -> BTreeMap<String, &'d Value> {
            let all = of["parameters"].as_array().into_iter().flatten();
            all.map(|one| (format!("{} {}", one["in"].as_str().unwrap_or_default(), one["name"]), one))
                .collect()
        };
        let (before, today) = (named(was), named(is));
        for (name, one) in &today {
            if one["required"] == true && before.get(name).is_none_or(|before| before["required"] != true) {
                self.find(place, format!("{name} is required"));
            }
        }
        for (name, one) in before {
            match today.get(&name) {
                Some(other) => {
                    self.schemas(&format!("{place} {name}"), &one["schema"], &other["schema"], Way::Sent);
                }
                None => self.find(place, format!("{name} is gone")),
            }
        }
    }

    fn answers(&mut self, place: &str, was: &'d Value, is: &'d Value) {
        let answers = |of: &'d Value| of["responses"].as_object().into_iter().flatten();
        for (status, answer) in answers(was) {
            let place = format!("{place} {status}");
            let other = &is["responses"][status];
            // A refusal that is not made any more breaks nobody.
            match other.is_null() {
                true if status.starts_with('2') => self.find(&place, "is gone"),
                true => {}
                false => {
                    self.contents(&place, &answer["content"], &other["content"], Way::Read);
                    for (header, _) in answer["headers"].as_object().into_iter().flatten() {
                        if other["headers"].get(header).is_none() {
                            self.find(&place, format!("{header} is gone"));
                        }
                    }
                }
            }
        }
        for (status, _) in answers(is).filter(|(status, _)| was["responses"].get(status).is_none()) {
            self.find(&format!("{place} {status}"), "is new");
        }
    }

    fn contents(&mut self, place: &str, was: &'d Value, is: &'d Value, way: Way) {
        for (media_type, content) in was.as_object().into_iter().flatten() {
            match is.get(media_type) {
                Some(other) => self.schemas(place, &content["schema"], &other["schema"], way),
                None => self.find(place, format!("{media_type} is gone")),
            }
        }
    }

    /// A schema, with what it refers to, and its name.
    fn resolved(description: &'d Value, schema: &'d Value) -> (&'d Value, String) {
        let reference = schema["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
        let component = reference.and_then(|pointer| description.pointer(pointer));
        (component.unwrap_or(schema), reference.unwrap_or_default().to_owned())
    }

    fn schemas(&mut self, place: &str, was: &'d Value, is: &'d Value, way: Way) {
        let (was, before) = Self::resolved(self.before, was);
        let (is, today) = Self::resolved(self.today, is);
        if !before.is_empty() && !self.seen.insert((before, today, way)) {
            return;
        }
        if was["type"] != is["type"] || was["format"] != is["format"] {
            let said = |schema: &Value| format!("{} {}", schema["type"], schema["format"]);
            self.find(place, format!("is {}, and was {}", said(is), said(was)));
        }
        self.choice(place, was, is, way);
        if way == Way::Sent {
            self.bounds(place, was, is);
        }
        self.properties(place, was, is, way);
        if was.get("items").is_some() {
            self.schemas(&format!("{place}/*"), &was["items"], &is["items"], way);
        }
        self.branches(place, was, is, way);
    }

    fn choice(&mut self, place: &str, was: &Value, is: &Value, way: Way) {
        let (before, today) = (words(&was["enum"]), words(&is["enum"]));
        match way {
            Way::Sent if before.is_empty() && !today.is_empty() => self.find(place, "takes only some words"),
            Way::Sent if !today.is_empty() => {
                for word in before.difference(&today) {
                    self.find(place, format!("does not take {word}"));
                }
            }
            Way::Read if today.is_empty() && !before.is_empty() => self.find(place, "may be any word"),
            Way::Read if !before.is_empty() => {
                for word in today.difference(&before) {
                    self.find(place, format!("may be {word}"));
                }
            }
            Way::Sent | Way::Read => {}
        }
    }

    fn bounds(&mut self, place: &str, was: &Value, is: &Value) {
        let number = |schema: &Value, name: &str| schema[name].as_f64();
        for name in ["minimum", "exclusiveMinimum", "minLength", "minItems"] {
            let (before, today) =
                (number(was, name).unwrap_or(f64::MIN), number(is, name).unwrap_or(f64::MIN));
            if today > before && !(name.starts_with("min") && name != "minimum" && today <= 0.0) {
                self.find(place, format!("{name} is {today}"));
            }
        }
        for name in ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] {
            let (before, today) =
                (number(was, name).unwrap_or(f64::MAX), number(is, name).unwrap_or(f64::MAX));
            if today < before {
                self.find(place, format!("{name} is {today}"));
            }
        }
        for name in ["pattern", "uniqueItems"] {
            if is.get(name).is_some() && was.get(name) != is.get(name) {
                self.find(place, format!("{name} is {}", is[name]));
            }
        }
        if is["additionalProperties"] == false && was["additionalProperties"] != false {
            self.find(place, "takes no other fields");
        }
    }

    fn properties(&mut self, place: &str, was: &'d Value, is: &'d Value, way: Way) {
        for (name, property) in was["properties"].as_object().into_iter().flatten() {
            match is["properties"].get(name) {
                Some(other) => self.schemas(&format!("{place}/{name}"), property, other, way),
                None => self.find(place, format!("{name} is gone")),
            }
        }
        let (before, today) = (words(&was["required"]), words(&is["required"]));
        match way {
            Way::Sent => {
                for name in today.difference(&before) {
                    self.find(place, format!("{name} is required"));
                }
            }
            Way::Read => {
                for name in
                    before.difference(&today).filter(|name| is["properties"].get(name.as_str()).is_some())
                {
                    self.find(place, format!("{name} may be absent"));
                }
            }
        }
    }

    fn branches(&mut self, place: &str, was: &'d Value, is: &'d Value, way: Way) {
        let (before, today) = (&was["discriminator"], &is["discriminator"]);
        if before["propertyName"] != today["propertyName"] {
            self.find(
                place,
                format!("is told apart by {}, and was by {}", today["propertyName"], before["propertyName"]),
            );
            return;
        }
        let mapping = |of: &'d Value| of["mapping"].as_object().into_iter().flatten();
        for (word, reference) in mapping(before) {
            match today["mapping"].get(word).and_then(Value::as_str) {
                Some(other) => {
                    let (was, is) = (self.before, self.today);
                    let component =
                        |of: &'d Value, name: &str| of.pointer(&name[1..]).unwrap_or(&Value::Null);
                    let place = format!("{place}[{word}]");
                    let reference = reference.as_str().unwrap_or("#");
                    if self.seen.insert((reference.to_owned(), other.to_owned(), way)) {
                        self.schemas(&place, component(was, reference), component(is, other), way);
                    }
                }
                None if way == Way::Sent => self.find(place, format!("does not take {word}")),
                None => {}
            }
        }
        if way == Way::Read {
            for (word, _) in mapping(today).filter(|(word, _)| before["mapping"].get(word).is_none()) {
                self.find(place, format!("may be {word}"));
            }
        }
    }
}

/// What releases described, the newest last.
fn kept() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/described");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    kept.sort_by_key(|path| release(path));
    kept
}

fn release(path: &Path) -> Vec<u32> {
    let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".json");
    name.split('.').map(|part| part.parse().unwrap()).collect()
}

#[test]
fn nothing_that_the_last_release_described_is_broken() {
    let excused = include_str!("../../described/broken.txt");
    let excused: BTreeSet<_> =
        excused.lines().filter_map(|line| line.split_once(" – ")).map(|(found, _)| found).collect();
    let found = kept().last().map_or_else(Vec::new, |last| {
        let before = serde_json::from_str(&std::fs::read_to_string(last).unwrap()).unwrap();
        breaks(&before, &market::pages::openapi())
    });
    let found: BTreeSet<_> = found.iter().map(String::as_str).collect();
    assert_eq!(found.difference(&excused).collect::<Vec<_>>(), [&""; 0], "see tests/described/README.md");
    assert_eq!(excused.difference(&found).collect::<Vec<_>>(), [&""; 0], "is excused and does not break");
}

/// From 0.5.0 on the paths have a version, and what is described under it stays.
#[test]
fn every_release_that_is_kept_has_its_description() {
    let described: Vec<_> = kept().iter().map(|path| release(path)).collect();
    for stored in crate::stored::releases().iter().map(|path| release(path)).filter(|of| **of >= [0, 5][..]) {
        assert!(described.contains(&stored), "tests/described has none of {stored:?}");
    }
}

/// A description that has one of everything.
fn sample() -> Value {
    let thing = |status: &str| {
        json!({
            "type": "object", "required": ["status", "id"],
            "properties": { "status": { "type": "string", "enum": [status] }, "id": { "type": "string" } }
        })
    };
    json!({
        "paths": { "/things": { "post": {
            "operationId": "make_thing", "x-roles": ["merchant", "operator"], "x-scope": "things:write",
            "parameters": [
                { "in": "query", "name": "limit", "required": false, "schema": { "type": "integer", "maximum": 100 } },
            ],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Given" } } } },
            "responses": { "201": {
                "headers": { "Location": {} },
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } }
            } }
        } } },
        "components": { "schemas": {
            "Given": {
                "type": "object", "required": ["name"],
                "properties": {
                    "name": { "type": "string", "maxLength": 120 },
                    "kind": { "type": "string", "enum": ["a", "b"] },
                    "parts": { "type": "array", "items": { "type": "integer" } },
                    "bound": { "$ref": "#/components/schemas/Thing" }
                }
            },
            "Thing": {
                "oneOf": [{ "$ref": "#/components/schemas/ThingNew" }, { "$ref": "#/components/schemas/ThingOld" }],
                "discriminator": { "propertyName": "status", "mapping": {
                    "new": "#/components/schemas/ThingNew", "old": "#/components/schemas/ThingOld"
                } }
            },
            "ThingNew": thing("new"), "ThingOld": thing("old")
        } }
    })
}

#[test]
fn what_is_the_same_or_more_breaks_nobody() {
    let mut more = sample();
    assert_eq!(breaks(&sample(), &more), [""; 0]);
    more["paths"]["/others"] = json!({ "get": { "operationId": "list_others" } });
    more["paths"]["/things"]["post"]["x-roles"] = json!(["merchant", "operator", "provider"]);
    let schemas = &mut more["components"]["schemas"];
    schemas["Given"]["properties"]["note"] = json!({ "type": "string" });
    schemas["Given"]["properties"]["name"]["maxLength"] = json!(200);
    schemas["Given"]["properties"]["kind"]["enum"] = json!(["a", "b", "c"]);
    schemas["Given"].as_object_mut().unwrap().remove("required");
    schemas["ThingNew"]["properties"]["size"] = json!({ "type": "integer" });
    schemas["ThingNew"]["required"] = json!(["status", "id", "size"]);
    // The same schema goes both ways here, and what is required more of what is sent is found.
    let found = breaks(&sample(), &more);
    assert_eq!(found, ["POST /things body/bound[new]: size is required"]);
}

#[test]
fn each_way_to_break_a_client_is_found() {
    const OPERATION: &str = "/paths/~1things/post";
    const SCHEMAS: &str = "/components/schemas";
    let cases: &[(&str, &str, Value, &str)] = &[
        ("", "/paths", json!({}), "POST /things: is gone"),
        (OPERATION, "/operationId", json!("put_thing"), "POST /things: is called \"put_thing\""),
        (OPERATION, "/x-roles", json!(["operator"]), "POST /things: is closed to merchant"),
        (OPERATION, "/x-scope", json!("others:write"), "POST /things: takes the scope \"others:write\""),
        (OPERATION, "/parameters", json!([]), "POST /things: query \"limit\" is gone"),
        (OPERATION, "/parameters/0/required", json!(true), "POST /things: query \"limit\" is required"),
        (OPERATION, "/parameters/0/schema/maximum", json!(50), "POST /things query \"limit\": maximum is 50"),
        (OPERATION, "/responses", json!({}), "POST /things 201: is gone"),
        (OPERATION, "/responses/201/headers", json!({}), "POST /things 201: Location is gone"),
        (OPERATION, "/responses/201/content", json!({}), "POST /things 201: application/json is gone"),
        (SCHEMAS, "/Given/required", json!(["name", "kind"]), "POST /things body: kind is required"),
        (SCHEMAS, "/Given/properties/name/maxLength", json!(60), "POST /things body/name: maxLength is 60"),
        (
            SCHEMAS,
            "/Given/properties/name/type",
            json!("integer"),
            "body/name: is \"integer\" null, and was \"string\" null",
        ),
        (SCHEMAS, "/Given/properties/kind/enum", json!(["a"]), "POST /things body/kind: does not take b"),
        (
            SCHEMAS,
            "/Given/properties/parts/items/type",
            json!("string"),
            "POST /things body/parts/*: is \"string\"",
        ),
        (SCHEMAS, "/Given/properties", json!({}), "POST /things body: parts is gone"),
        (
            SCHEMAS,
            "/ThingOld/properties/id/type",
            json!("integer"),
            "POST /things 201[old]/id: is \"integer\"",
        ),
        (SCHEMAS, "/ThingNew/required", json!(["status"]), "POST /things 201[new]: id may be absent"),
        (
            SCHEMAS,
            "/Thing/discriminator/propertyName",
            json!("kind"),
            "POST /things 201: is told apart by \"kind\"",
        ),
        (
            SCHEMAS,
            "/Thing/discriminator/mapping",
            json!({ "new": "#/components/schemas/ThingNew", "lost": "#/components/schemas/ThingOld" }),
            "POST /things 201: may be lost",
        ),
        (SCHEMAS, "/Thing/discriminator/mapping", json!({}), "POST /things body/bound: does not take old"),
        ("", "/components/schemas", json!({}), "the schema Given is gone"),
    ];
    for (of, place, value, wanted) in cases {
        let mut today = sample();
        *today.pointer_mut(&format!("{of}{place}")).unwrap() = value.clone();
        let found = breaks(&sample(), &today);
        assert!(found.iter().any(|found| found.contains(wanted)), "{place} {value}: {found:?}");
    }
    let mut today = sample();
    today["paths"]["/things"]["post"]["responses"]["202"] = json!({});
    today["components"]["schemas"]["Given"]["properties"]["name"]["pattern"] = json!("^a");
    today["components"]["schemas"]["Given"]["additionalProperties"] = json!(false);
    assert_eq!(
        breaks(&sample(), &today),
        [
            "POST /things 202: is new",
            "POST /things body/name: pattern is \"^a\"",
            "POST /things body: takes no other fields",
        ]
    );
}

#[test]
fn what_opened_to_anyone_and_takes_a_token_now_is_found() {
    let mut before = sample();
    before["paths"]["/things"]["post"].as_object_mut().unwrap().remove("x-roles");
    assert_eq!(breaks(&before, &sample()), ["POST /things: takes a token"]);
}
