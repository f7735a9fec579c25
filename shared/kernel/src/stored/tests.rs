//! One small aggregate through three schemas: 1 has `who`, 2 calls it `name`, 3 adds `count`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::form::*;
use super::values::Name;

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

/// The old name wins: a release that does not know the new one changes the old and keeps the new as it found it.
fn who_is_a_name(fields: &mut Map<String, Value>) {
    if let Some(who) = fields.remove("who") {
        fields.insert("name".to_owned(), who);
    }
}

fn counts_from_none(fields: &mut Map<String, Value>) {
    fields.entry("count").or_insert(0.into());
}

impl Storable for Note {
    type Form = StoredNote;
}

impl StoredForm for StoredNote {
    type State = Note;
    const UPCASTERS: &'static [Upcaster] = &[who_is_a_name, counts_from_none];
    const READS_THE_NEXT: bool = true;
    const IS_PERSONAL: bool = true;

    fn of(Note { name, count }: Note) -> Self {
        Self { name, count }
    }

    fn restore(self) -> Note {
        Note { name: self.name, count: self.count }
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
    assert_eq!(schema::<Note>(), 3);
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
    for (body, reason) in [
        (r#"{"name":"secret","#, "it breaks off, at column 17"),
        (r#"{"name":"secret" "count":1}"#, "it is not JSON, at column 18"),
        (r#"{"name":"secret","count":"secret"}"#, "a field is of another type, at count"),
        (r#"{"name":"secret"}"#, "a field is missing, at count of ."),
        (r#"["secret"]"#, "a field is of another type, at ."),
    ] {
        let refused = read::<Note>(body, 3).unwrap_err().to_string();
        assert_eq!(refused, format!("the body does not match its schema: {reason}"), "{body}");
    }
    // What could not be kept as a value is not read either: it would be lost at the next write.
    let deep = format!(r#"{{"name":"a","count":1,"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for body in
        [deep.as_str(), r#"{"name":"a","count":1,"x":1e999}"#, r#"{"name":"a","count":1,"x":"\ud800"}"#]
    {
        assert!(matches!(read::<Note>(body, 3), Err(Unreadable::Malformed { .. })), "{body}");
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

/// A rename in two releases, as docs/EVOLUTION.md tells it. The release before knows `who`.
mod renaming {
    use super::*;

    macro_rules! release {
        ($(#[$doc:meta])* $state:ident { $($field:ident: $type:ty),* } $upcasters:expr, $next:literal, $of:expr, $restore:expr) => {
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $state(String);

            const _: () = {
                #[derive(Serialize, Deserialize)]
                pub struct Stored { $(#[serde(default, skip_serializing_if = "Option::is_none")] $field: $type),* }

                impl StoredForm for Stored {
                    type State = $state;
                    const UPCASTERS: &'static [Upcaster] = $upcasters;
                    const READS_THE_NEXT: bool = $next;
                    const IS_PERSONAL: bool = false;

                    fn of($state(name): $state) -> Self {
                        let of: fn(String) -> Self = $of;
                        of(name)
                    }

                    fn restore(self) -> $state {
                        let restore: fn(Self) -> Option<String> = $restore;
                        $state(restore(self).unwrap_or_default())
                    }
                }

                impl Storable for $state {
                    type Form = Stored;
                }
            };
        };
    }

    release! {
        Before { who: Option<String> } &[], false,
        |name| Stored { who: Some(name) }, |stored| stored.who
    }
    release! {
        /// Writes both, reads the old one first, and announces the schema of the release after it.
        First { who: Option<String>, name: Option<String> } &[], true,
        |name| Stored { who: Some(name.clone()), name: Some(name) }, |stored| stored.who.or(stored.name)
    }
    release! {
        /// Writes the new one alone.
        Second { name: Option<String> } &[who_is_a_name], false,
        |name| Stored { name: Some(name) }, |stored| stored.name
    }

    fn written<A: Storable>(state: &A) -> (String, u32) {
        (write(state, &AsRead::default(), None), schema::<A>())
    }

    #[test]
    fn each_release_reads_what_the_ones_beside_it_write() {
        let name = || "a".to_owned();
        let (before, first, second) =
            (written(&Before(name())), written(&First(name())), written(&Second(name())));
        assert_eq!((before.1, first.1, second.1), (1, 1, 2));
        assert_eq!(read::<First>(&before.0, before.1).unwrap().0, First(name()));
        assert_eq!(read::<Before>(&first.0, first.1).unwrap().0, Before(name()));
        assert_eq!(read::<Second>(&first.0, first.1).unwrap().0, Second(name()));
        assert_eq!(read::<First>(&second.0, second.1).unwrap().0, First(name()));
        assert_eq!(read::<Second>(&before.0, before.1).unwrap().0, Second(name()), "and older ones for ever");
    }

    #[test]
    fn what_one_release_changes_the_next_one_sees_though_the_other_name_is_still_there() {
        let (state, as_read) = read::<First>(&written(&Second("a".to_owned())).0, 2).unwrap();
        assert_eq!(state, First("a".to_owned()));
        let changed = write(&First("b".to_owned()), &as_read, None);
        assert_eq!(read::<Second>(&changed, 1).unwrap().0, Second("b".to_owned()));
        let (_, as_read) = read::<Second>(&changed, 1).unwrap();
        let changed = write(&Second("c".to_owned()), &as_read, None);
        assert!(!changed.contains("who"), "the old name is gone: {changed}");
        assert_eq!(read::<First>(&changed, 2).unwrap().0, First("c".to_owned()));
    }

    #[test]
    fn what_the_release_before_changes_is_never_hidden_by_the_new_name_that_it_kept() {
        let (state, as_read) = read::<Before>(&written(&First("a".to_owned())).0, 1).unwrap();
        assert_eq!(state, Before("a".to_owned()));
        let changed = write(&Before("b".to_owned()), &as_read, None);
        assert!(changed.contains(r#""name":"a""#), "it kept what it does not know: {changed}");
        assert_eq!(read::<First>(&changed, 1).unwrap().0, First("b".to_owned()));
        assert_eq!(read::<Second>(&changed, 1).unwrap().0, Second("b".to_owned()));
    }

    #[test]
    fn two_releases_apart_are_refused() {
        let second = written(&Second("a".to_owned()));
        let refused = read::<Before>(&second.0, second.1).unwrap_err();
        assert_eq!(refused, Unreadable::UnknownSchema { found: 2, newest: 1 });
    }
}
