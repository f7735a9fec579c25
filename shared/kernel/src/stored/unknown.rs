//! What a newer version stored and this one does not know stays where it was.

use serde_json::{Map, Value};

/// Adds to `new` whatever `read` held beyond `known`, where `known` is what this version made of `read`.
///
/// Objects are followed field by field. An element of a list takes its unknown fields with it: it is recognised by
/// what is known of it. One that was changed is recognised by its place, where nothing else claims that place.
pub(super) fn keep_unknown(new: &mut Value, read: &Value, known: &Value) {
    match (new, read, known) {
        (Value::Object(new), Value::Object(read), Value::Object(known)) => keep_fields(new, read, known),
        (Value::Array(new), Value::Array(read), Value::Array(known)) => {
            let places = former_places(new, known);
            for (element, before) in new.iter_mut().zip(places) {
                if let Some((read, known)) = before.and_then(|place| read.get(place).zip(known.get(place))) {
                    keep_unknown(element, read, known);
                }
            }
        }
        _ => {}
    }
}

/// Where each element of a list stood before: the place of an equal element, its own before any other, and each
/// place once. A changed element has its own place, in a list of the same length, if no equal one claimed it.
fn former_places(new: &[Value], known: &[Value]) -> Vec<Option<usize>> {
    let mut claimed = vec![false; known.len()];
    let mut places = vec![None; new.len()];
    let mut claim = |place: usize, by: &mut Option<usize>| {
        if by.is_none() && !std::mem::replace(&mut claimed[place], true) {
            *by = Some(place);
        }
    };
    for (place, (element, before)) in new.iter().zip(known).enumerate() {
        if element == before {
            claim(place, &mut places[place]);
        }
    }
    for (element, found) in new.iter().zip(&mut places) {
        for place in (0..known.len()).filter(|place| known[*place] == *element) {
            claim(place, found);
        }
    }
    if new.len() == known.len() {
        for (place, found) in places.iter_mut().enumerate() {
            claim(place, found);
        }
    }
    places
}

fn keep_fields(new: &mut Map<String, Value>, read: &Map<String, Value>, known: &Map<String, Value>) {
    for (name, before) in read {
        match (new.get_mut(name), known.get(name)) {
            (Some(now), Some(known)) => keep_unknown(now, before, known),
            (None, None) => {
                new.insert(name.clone(), before.clone());
            }
            // This version removed it on purpose, or writes it for the first time.
            (None, Some(_)) | (Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(new: Value, read: &Value, known: &Value) -> Value {
        let mut new = new;
        keep_unknown(&mut new, read, known);
        new
    }

    #[test]
    fn an_unknown_field_survives_at_every_depth() {
        let read = json!({ "a": 1, "b": { "c": 2, "new": [3] }, "newer": "x" });
        let known = json!({ "a": 1, "b": { "c": 2 } });
        let new = json!({ "a": 9, "b": { "c": 8 } });
        assert_eq!(kept(new, &read, &known), json!({ "a": 9, "b": { "c": 8, "new": [3] }, "newer": "x" }));
    }

    #[test]
    fn what_was_known_and_dropped_does_not_come_back() {
        let read = json!({ "status": "placed", "pay_by": "t" });
        assert_eq!(kept(json!({ "status": "closed" }), &read, &read), json!({ "status": "closed" }));
    }

    #[test]
    fn elements_of_a_list_keep_their_own_unknown_fields_when_others_come_go_or_change() {
        let read = json!([{ "n": 1, "u": "a" }, { "n": 2, "u": "b" }]);
        let known = json!([{ "n": 1 }, { "n": 2 }]);
        let appended = json!([{ "n": 1 }, { "n": 2 }, { "n": 3 }]);
        assert_eq!(
            kept(appended, &read, &known),
            json!([{ "n": 1, "u": "a" }, { "n": 2, "u": "b" }, { "n": 3 }])
        );
        assert_eq!(kept(json!([{ "n": 2 }]), &read, &known), json!([{ "n": 2, "u": "b" }]));
        assert_eq!(
            kept(json!([{ "n": 5 }, { "n": 2 }]), &read, &known),
            json!([{ "n": 5, "u": "a" }, { "n": 2, "u": "b" }])
        );
        assert_eq!(
            kept(json!([{ "n": 2 }, { "n": 3 }]), &read, &known),
            json!([{ "n": 2, "u": "b" }, { "n": 3 }]),
            "a new element takes nobody's fields, though the list is as long as before"
        );
        assert_eq!(
            kept(json!([{ "n": 2 }, { "n": 1 }]), &read, &known),
            json!([{ "n": 2, "u": "b" }, { "n": 1, "u": "a" }])
        );
    }

    #[test]
    fn equal_elements_keep_each_its_own() {
        let read = json!([{ "n": 1, "u": "a" }, { "n": 1, "u": "b" }, { "n": 2 }]);
        let known = json!([{ "n": 1 }, { "n": 1 }, { "n": 2 }]);
        assert_eq!(
            kept(json!([{ "n": 1 }, { "n": 1 }, { "n": 3 }]), &read, &known),
            json!([{ "n": 1, "u": "a" }, { "n": 1, "u": "b" }, { "n": 3 }])
        );
        assert_eq!(
            kept(json!([{ "n": 0 }, { "n": 1 }, { "n": 1 }, { "n": 1 }]), &read, &known),
            json!([{ "n": 0 }, { "n": 1, "u": "b" }, { "n": 1, "u": "a" }, { "n": 1 }]),
            "and no third one takes any of them"
        );
    }

    #[test]
    fn a_value_of_another_kind_is_left_alone() {
        assert_eq!(kept(json!("x"), &json!({ "a": 1 }), &json!({})), json!("x"));
    }
}
