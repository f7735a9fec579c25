//! Values as they are stored: what was checked once is trusted from then on, and enumerations go by names that
//! never change.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that proves a check, and the plain value that is stored of it.
pub trait Trust: Clone {
    /// What is stored.
    type Raw: Serialize + DeserializeOwned;

    /// What is stored of it.
    fn raw(self) -> Self::Raw;
    /// The value again. It was checked when it was written, by the rules of that day.
    fn trust(raw: Self::Raw) -> Self;
}

/// Implements [`Trust`] for a type with one field. Call it in the type's own module, where the field is visible.
#[macro_export]
macro_rules! trusted {
    ($name:ident $(<const $max:ident: usize>)?, $raw:ty) => {
        impl $(<const $max: usize>)? $crate::stored::values::Trust for $name $(<$max>)? {
            type Raw = $raw;

            fn raw(self) -> $raw {
                self.0
            }

            fn trust(raw: $raw) -> Self {
                Self(raw)
            }
        }
    };
}

/// A checked value as it is stored: it is not checked again when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted<T>(pub T);

impl<T: Trust> Serialize for Trusted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.clone().raw().serialize(serializer)
    }
}

impl<'de, T: Trust> Deserialize<'de> for Trusted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::Raw::deserialize(deserializer).map(T::trust).map(Self)
    }
}

/// An enumeration without data, and the names under which its values are stored.
pub trait Named: Copy + 'static {
    /// Its values.
    const ALL: &'static [Self];

    /// The name under which one is stored. It never changes.
    fn name(self) -> &'static str;

    /// The one that is stored under a name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// A value of an enumeration as it is stored: by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<T>(pub T);

impl<T: Named> Serialize for Name<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de, T: Named> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName<T>(std::marker::PhantomData<T>);

        impl<T: Named> serde::de::Visitor<'_> for ByName<T> {
            type Value = Name<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a stored name")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name<T>, E> {
                T::named(name).map(Name).ok_or_else(|| E::custom("no such name"))
            }
        }

        deserializer.deserialize_str(ByName(std::marker::PhantomData)).map_err(D::Error::custom)
    }
}

/// Each of a list, in another form.
pub fn each<T, U>(items: Vec<T>, form: impl FnMut(T) -> U) -> Vec<U> {
    items.into_iter().map(form).collect()
}

/// Each of a list of checked values, as stored.
pub fn trusted_each<T>(items: Vec<T>) -> Vec<Trusted<T>> {
    each(items, Trusted)
}

/// Each of a stored list of checked values.
#[must_use]
pub fn restored_each<T>(items: Vec<Trusted<T>>) -> Vec<T> {
    each(items, |item| item.0)
}
