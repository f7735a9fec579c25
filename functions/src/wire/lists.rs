//! Lists in bodies: bounded while they are read, so that nothing behind the edge holds more than it can keep.
//!
//! The bound is in the API description, and what passes it is named by its place. What a list must hold at least, and
//! what its entries mean together, the domain says.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// At most `MAX` entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AtMost<T, const MAX: usize>(Vec<T>);

/// At least one entry, and at most `MAX`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OneTo<T, const MAX: usize>(Vec<T>);

/// At most `MAX` entries, none of them twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Distinct<T, const MAX: usize>(Vec<T>);

macro_rules! list {
    ($name:ident) => {
        impl<T, const MAX: usize> $name<T, MAX> {
            /// Its entries.
            #[must_use]
            pub fn into_vec(self) -> Vec<T> {
                self.0
            }
        }

        impl<T, const MAX: usize> Default for $name<T, MAX> {
            fn default() -> Self {
                Self(Vec::new())
            }
        }

        /// What is shown was bounded when it was taken in.
        impl<T, const MAX: usize> FromIterator<T> for $name<T, MAX> {
            fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
                Self(entries.into_iter().collect())
            }
        }
    };
}
list!(AtMost);
list!(Distinct);

impl<T, const MAX: usize> OneTo<T, MAX> {
    /// Its entries.
    #[must_use]
    pub fn entries(&self) -> &[T] {
        &self.0
    }
}

/// Reads entries up to a bound, each only where it is admitted.
struct Bounded<T, F, const MAX: usize> {
    admits: F,
    entries: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(&T) -> bool, const MAX: usize> Visitor<'de> for Bounded<T, F, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while entries.len() < MAX {
            match list.next_element()? {
                Some(entry) if (self.admits)(&entry) => entries.push(entry),
                Some(_) => {
                    return Err(A::Error::custom("must not have an entry twice"));
                }
                None => return Ok(entries),
            }
        }
        match list.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom(format!("must have at most {MAX} entries"))),
            None => Ok(entries),
        }
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for AtMost<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bounded = Bounded::<T, _, MAX> { admits: |_: &T| true, entries: PhantomData };
        deserializer.deserialize_seq(bounded).map(Self)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for OneTo<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AtMost(entries) = AtMost::<T, MAX>::deserialize(deserializer)?;
        if entries.is_empty() {
            return Err(D::Error::custom("must have at least one entry"));
        }
        Ok(Self(entries))
    }
}

impl<'de, T: Deserialize<'de> + Clone + Eq + Hash, const MAX: usize> Deserialize<'de> for Distinct<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut seen = HashSet::new();
        let bounded =
            Bounded::<T, _, MAX> { admits: |entry: &T| seen.insert(entry.clone()), entries: PhantomData };
        deserializer.deserialize_seq(bounded).map(Self)
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for AtMost<T, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("AtMost{MAX}{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>(), "maxItems": MAX })
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for OneTo<T, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("OneTo{MAX}{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array", "items": generator.subschema_for::<T>(), "minItems": 1, "maxItems": MAX,
        })
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for Distinct<T, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Distinct{MAX}{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array", "items": generator.subschema_for::<T>(), "maxItems": MAX, "uniqueItems": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_its_bound_and_not_one_more() {
        let read = |text: &str| serde_json::from_str::<AtMost<u8, 2>>(text).map(AtMost::into_vec);
        assert_eq!(read("[1,1]").unwrap(), [1, 1]);
        assert_eq!(read("[]").unwrap(), [0; 0]);
        assert!(read("[1,2,3]").unwrap_err().to_string().contains("at most 2 entries"));
        let read =
            |text: &str| serde_json::from_str::<OneTo<u8, 2>>(text).map(|list| list.entries().to_vec());
        assert_eq!(read("[1,1]").unwrap(), [1, 1]);
        assert!(read("[]").unwrap_err().to_string().contains("at least one entry"));
        assert!(read("[1,2,3]").unwrap_err().to_string().contains("at most 2 entries"));
        let read = |text: &str| serde_json::from_str::<Distinct<u8, 2>>(text).map(Distinct::into_vec);
        assert_eq!(read("[1,2]").unwrap(), [1, 2]);
        assert!(read("[1,1]").unwrap_err().to_string().contains("must not have an entry twice"));
        assert!(read("[1,2,2]").unwrap_err().to_string().contains("at most 2 entries"));
    }
}
