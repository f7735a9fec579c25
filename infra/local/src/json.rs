//! JSON as tests look at it: what is asked for and not there ends the test. `Value` answers null for a mistyped name,
//! so that an assertion about it can hold for ever. Absence is asserted by name: [`Json::lacks`], or `get(…)`.

use std::fmt;
use std::ops::{Deref, Index};

use ref_cast::RefCast;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A value whose indexing panics where there is nothing. Otherwise it is a [`Value`].
#[derive(Debug, Default, Clone, Eq, RefCast, Serialize, Deserialize)]
#[serde(transparent)]
#[repr(transparent)]
pub struct Json(Value);

impl Json {
    /// What a JSON pointer leads to.
    ///
    /// # Panics
    /// Where it leads nowhere.
    #[must_use]
    pub fn at(&self, pointer: &str) -> &Self {
        let found = self.0.pointer(pointer);
        Self::ref_cast(found.unwrap_or_else(|| panic!("there is no {pointer} in {self}")))
    }

    /// Whether an object has no such field.
    ///
    /// # Panics
    /// Where it is no object.
    #[must_use]
    pub fn lacks(&self, field: &str) -> bool {
        match &self.0 {
            Value::Object(fields) => !fields.contains_key(field),
            other => panic!("{other} has no fields"),
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_array(&self) -> Option<Vec<&Self>> {
        self.0.as_array().map(|items| items.iter().map(Self::ref_cast).collect())
    }
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Index<&str> for Json {
    type Output = Self;

    fn index(&self, field: &str) -> &Self {
        let found = self.0.get(field);
        Self::ref_cast(found.unwrap_or_else(|| panic!("there is no {field:?} in {self}")))
    }
}

impl Index<usize> for Json {
    type Output = Self;

    fn index(&self, place: usize) -> &Self {
        let found = self.0.get(place);
        Self::ref_cast(found.unwrap_or_else(|| panic!("there is no item {place} in {self}")))
    }
}

impl<T: ?Sized> PartialEq<T> for Json
where
    Value: PartialEq<T>,
{
    fn eq(&self, other: &T) -> bool {
        self.0 == *other
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        json.0
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account() -> Json {
        json!({ "status": "active", "ends_at": null, "items": [{ "id": "a" }] }).into()
    }

    #[test]
    fn what_is_there_is_found_by_name_place_and_pointer() {
        let account = account();
        assert_eq!(account["status"], "active");
        assert_eq!(account["items"][0]["id"], *account.at("/items/0/id"));
        assert!(account["ends_at"].is_null() && account.lacks("began_at"));
        assert!(account["items"].as_array().unwrap().iter().all(|item| item["id"] == "a"));
    }

    #[test]
    #[should_panic(expected = "there is no \"state\"")]
    fn a_mistyped_name_ends_the_test() {
        assert_eq!(account()["state"], Value::Null);
    }

    #[test]
    #[should_panic(expected = "there is no item 1")]
    fn a_place_beyond_the_last_ends_the_test() {
        assert_eq!(account()["items"][1], Value::Null);
    }

    #[test]
    #[should_panic(expected = "there is no /items/0/name")]
    fn a_mistyped_pointer_ends_the_test() {
        assert_eq!(*account().at("/items/0/name"), Value::Null);
    }
}
