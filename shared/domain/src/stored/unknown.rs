//! What a newer version stored and this one does not know stays where it was.

use serde_json::{Map, Value};

/// Adds to `new` whatever `read` held beyond `known`, where `known` is what this version made of `read`.
///
/// Objects are followed field by field. An element of a list keeps its unknown fields with it: it is recognised
/// by what is known of it, or else, in a list of the same length, by its place.
pub fn keep_unknown(new: &mut Value, read: &Value, known: &Value) {
    match (new, read, known) {
        (Value::Object(new), Value::Object(read), Value::Object(known)) => keep_fields(new, read, known),
        (Value::Array(new), Value::Array(read), Value::Array(known)) => {
            let same_length = new.len() == known.len();
            for (place, element) in new.iter_mut().enumerate() {
                let same = known.iter().position(|known| known == element);
                let Some(before) = same.or_else(|| same_length.then_some(place)) else { continue };
                if let (Some(read), Some(known)) = (read.get(before), known.get(before)) {
                    keep_unknown(element, read, known);
                }
            }
        }
        _ => {}
    }
}

fn keep_fields(new: &mut Map<String, Value>, read: &Map<String, Value>, known: &Map<String, Value>) {
    for (name, before) in read {
        match (new.get_mut(name), known.get(name)) {
            (Some(now), Some(known)) => keep_unknown(now, before, known),
            // This version knew it, and has dropped it with a reason.
            (None, Some(_)) => {}
            // It gives the name a meaning of its own now.
            (Some(_), None) => {}
            (None, None) => {
                new.insert(name.clone(), before.clone());
            }
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
    }

    #[test]
    fn a_value_of_another_kind_is_left_alone() {
        assert_eq!(kept(json!("x"), &json!({ "a": 1 }), &json!({})), json!("x"));
    }
}
