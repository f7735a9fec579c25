//! One small aggregate through three schemas: 1 has `who`, 2 calls it `name`, 3 adds `count`.

use super::*;
use crate::aggregate::Key;
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    name: String,
    count: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredNote {
    name: String,
    count: u32,
}

fn who_is_a_name(fields: &mut Map<String, Value>) {
    if let Some(who) = fields.remove("who") {
        fields.entry("name").or_insert(who);
    }
}

fn counts_from_none(fields: &mut Map<String, Value>) {
    fields.entry("count").or_insert(0.into());
}

impl StoredForm for StoredNote {
    type State = Note;
    const UPCASTERS: &'static [Upcaster] = &[who_is_a_name, counts_from_none];
    /// The next schema is announced.
    const READS: u32 = Self::SCHEMA + 1;
    const IS_PERSONAL: bool = true;

    fn of(Note { name, count }: Note) -> Self {
        Self { name, count }
    }

    fn restore(self) -> Note {
        Note { name: self.name, count: self.count }
    }
}

impl Aggregate for Note {
    type Id = ();
    type Stored = StoredNote;
    const KIND: &'static str = "note";

    fn key_of((): &()) -> Key {
        Key::new("notes", "note")
    }

    fn key(&self) -> Key {
        Self::key_of(&())
    }
}

fn note(name: &str, count: u32) -> Note {
    Note { name: name.to_owned(), count }
}

fn read_json(body: Value, schema: u32) -> Result<(Note, AsRead), Unreadable> {
    read(&body.to_string(), schema)
}

#[test]
fn every_schema_that_was_ever_written_is_read() {
    assert_eq!(StoredNote::SCHEMA, 3);
    for (schema, body, expected) in [
        (1, json!({ "who": "a" }), note("a", 0)),
        (2, json!({ "name": "b" }), note("b", 0)),
        (3, json!({ "name": "c", "count": 7 }), note("c", 7)),
        (4, json!({ "name": "d", "count": 8, "more": true }), note("d", 8)),
    ] {
        assert_eq!(read_json(body, schema).unwrap().0, expected, "schema {schema}");
    }
}

#[test]
fn a_schema_that_is_not_known_is_refused_and_never_guessed_at() {
    for found in [0, 5, u32::MAX] {
        let refused = read_json(json!({ "name": "c", "count": 7 }), found).unwrap_err();
        assert_eq!(refused, Unreadable::UnknownSchema { found, newest: 4 });
    }
}

#[test]
fn what_is_not_of_its_schema_is_refused_and_the_reason_repeats_nothing_of_it() {
    for (body, category) in [
        (r#"{"name":"secret","#, "it breaks off"),
        (r#"{"name":"secret" "count":1}"#, "no JSON"),
        (r#"{"name":"secret","count":"secret"}"#, "a field is missing or of another type"),
        (r#"{"name":"secret"}"#, "a field is missing or of another type"),
    ] {
        let refused = read::<Note>(body, 3).unwrap_err();
        assert!(
            matches!(refused, Unreadable::Malformed { category: found, .. } if found == category),
            "{refused}"
        );
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    // An older schema without what its upcasters need.
    assert!(matches!(read_json(json!({}), 1), Err(Unreadable::Malformed { .. })));
}

#[test]
fn an_older_item_is_written_back_in_todays_schema_with_what_nobody_knows_and_without_what_was_renamed() {
    let (state, as_read) = read_json(json!({ "who": "a", "x": { "y": 1 } }), 1).unwrap();
    let written: Value = serde_json::from_str(&write(&state, &as_read, None)).unwrap();
    assert_eq!(written, json!({ "name": "a", "count": 0, "x": { "y": 1 } }));
}

#[test]
fn a_version_that_was_taken_back_keeps_what_the_newer_one_wrote() {
    let newer = json!({ "name": "a", "count": 1, "color": "red" });
    let (state, as_read) = read_json(newer, 4).unwrap();
    let older = write(&Note { count: 2, ..state }, &as_read, None);
    assert_eq!(
        serde_json::from_str::<Value>(&older).unwrap(),
        json!({ "name": "a", "count": 2, "color": "red" })
    );
}

#[test]
fn a_salt_is_fresh_at_every_write_and_part_of_what_is_hashed() {
    let salts = crate::salt::Salts::drawn([1; 32]);
    let first = write(&note("a", 1), &AsRead::default(), Some(salts.of("one")));
    let (state, as_read) = read::<Note>(&first, 3).unwrap();
    let second = write(&state, &as_read, Some(salts.of("two")));
    let salt = |body: &str| serde_json::from_str::<Value>(body).unwrap()["salt"].clone();
    assert_eq!(salt(&first), salts.of("one").to_string());
    assert_eq!(salt(&second), salts.of("two").to_string());
}

#[test]
fn a_name_that_is_stored_is_one_of_the_list() {
    use crate::party::Language;
    assert_eq!(serde_json::to_value(Name(Language::Chinese)).unwrap(), "zh");
    assert_eq!(serde_json::from_str::<Name<Language>>("\"en\"").unwrap(), Name(Language::English));
    for unknown in ["\"fr\"", "\"\"", "1", "null", "[\"zh\"]"] {
        assert!(serde_json::from_str::<Name<Language>>(unknown).is_err(), "{unknown}");
    }
}
