//! What is stored, and how it is read by every later version.
//!
//! A state has three kinds of types. *Domain* types decide. *Wire* types are the API's. The *stored* types
//! here are what lies in the table, and nothing else uses them, so none of the three changes because another
//! does.
//!
//! - **Reading trusts** what was checked when it was written ([`Trusted`]): a rule that is tightened binds new
//!   input alone and locks nobody out.
//! - **Every item carries the number of its schema.** An older one is upgraded on reading by its form's
//!   [`StoredForm::UPCASTERS`], and written back when it is next changed. One that this version does not know
//!   is refused, never guessed at.
//! - **Unknown fields survive** a rewrite by a version that does not know them ([`keep_unknown`]): during a
//!   deployment two versions share a table, and after one that was taken back, too.
//! - A state hash is of the stored bytes. Nothing here touches what is stored until the item is changed.
//!
//! How a field, a state or a kind is added, renamed or retired is told in `docs/EVOLUTION.md`.

mod acceptance;
mod account;
mod demand;
mod document;
mod evidence;
mod grant;
mod listing;
mod names;
mod notice;
mod order;
mod party;
mod period;
mod provider;
mod termination;
#[cfg(test)]
mod tests;
mod unknown;

use std::fmt;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::aggregate::Aggregate;
use crate::salt::Salt;

pub use acceptance::StoredAcceptance;
pub use account::StoredAccount;
pub use demand::StoredDemand;
pub use document::{StoredDocument, StoredVersion};
pub use evidence::StoredEvidence;
pub use grant::StoredGrant;
pub use listing::StoredListing;
pub use notice::StoredNotice;
pub use order::StoredOrder;
pub use provider::StoredProvider;
pub use termination::StoredTermination;
pub use unknown::keep_unknown;

/// The number of the first schema, which is also that of items written before schemas had numbers.
pub const FIRST_SCHEMA: u32 = 1;
/// The field of a stored body that makes its hash say nothing of what it holds.
const SALT: &str = "salt";

/// Turns a body of one schema into one of the next. It is pure, and leaves alone what it does not know.
pub type Upcaster = fn(&mut Map<String, Value>);

/// The form in which a state lies in the table. No form denies unknown fields, and none is described by the API.
pub trait StoredForm: Serialize + DeserializeOwned {
    /// The state.
    type State;
    /// From schema 1 to 2, from 2 to 3, and so on: every schema that was ever written stays readable.
    const UPCASTERS: &'static [Upcaster];
    /// Whether a body of the schema after the one that is written can already be read as one of that. A release says
    /// so before the next one writes it.
    const READS_THE_NEXT: bool = false;
    /// Whether it can hold what identifies a person. Its body is then salted, so that the hashes in its evidence
    /// say nothing of what it held once it is erased.
    const IS_PERSONAL: bool;

    /// The form of a state.
    fn of(state: Self::State) -> Self;
    /// The state again.
    fn restore(self) -> Self::State;
}

/// The number of the schema that is written of a form.
#[must_use]
pub const fn schema<F: StoredForm>() -> u32 {
    FIRST_SCHEMA + F::UPCASTERS.len() as u32
}

/// A body that cannot be read. The reason names places and numbers, never what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its schema is not one of those that this version reads.
    #[error("its schema is {found}, and this version reads 1 to {newest}")]
    UnknownSchema {
        /// The number that it carries.
        found: u32,
        /// The newest that is read.
        newest: u32,
    },
    /// It is not what its schema says.
    #[error("the body does not match its schema: {fault}, at {place}")]
    Malformed {
        /// What sort of fault.
        fault: &'static str,
        /// Where: a field by its path, or a column.
        place: String,
    },
}

impl Unreadable {
    /// A body that is no JSON.
    fn no_json(error: &serde_json::Error) -> Self {
        let fault = if error.is_eof() { "it breaks off" } else { "it is not JSON" };
        Self::Malformed { fault, place: format!("column {}", error.column()) }
    }

    /// A body that is JSON and not of its form. The reason names the field and not what is in it.
    fn not_of_its_form<F: StoredForm>(body: &Value) -> Self {
        let place = match serde_path_to_error::deserialize::<_, F>(body) {
            Err(error) => error.path().to_string(),
            Ok(_) => String::new(),
        };
        Self::Malformed { fault: "a field is missing or of another type", place }
    }
}

/// An aggregate's body as it was read. It goes into the next write, so that what this version does not know is
/// kept. A new aggregate has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AsRead(Option<Value>);

/// Reads a state from its stored body, and upgrades it where its schema is an older one.
///
/// # Errors
/// See [`Unreadable`].
pub fn read<A: Aggregate>(body: &str, schema: u32) -> Result<(A, AsRead), Unreadable> {
    let body = upgraded::<A::Stored>(body, schema)?;
    let form: A::Stored = of_value(&body)?;
    Ok((form.restore(), AsRead(Some(body))))
}

/// Reads a stored form by itself: a record, a part of a state.
///
/// # Errors
/// See [`Unreadable`].
pub fn form<F: StoredForm>(body: &str, schema: u32) -> Result<F, Unreadable> {
    of_value(&upgraded::<F>(body, schema)?)
}

fn of_value<F: StoredForm>(body: &Value) -> Result<F, Unreadable> {
    // Keeping track of the place costs time, so it is found when it is wanted.
    F::deserialize(body).map_err(|_| Unreadable::not_of_its_form::<F>(body))
}

/// A body, upgraded to the schema that is written. It is read as a value first: what cannot be kept as one is
/// refused here, and not lost at the next write.
fn upgraded<F: StoredForm>(body: &str, schema: u32) -> Result<Value, Unreadable> {
    let written = self::schema::<F>();
    let newest = written + u32::from(F::READS_THE_NEXT);
    if !(FIRST_SCHEMA..=newest).contains(&schema) {
        return Err(Unreadable::UnknownSchema { found: schema, newest });
    }
    let mut body: Value = serde_json::from_str(body).map_err(|error| Unreadable::no_json(&error))?;
    if let Value::Object(fields) = &mut body {
        for upcast in F::UPCASTERS.iter().skip(schema as usize - FIRST_SCHEMA as usize) {
            upcast(fields);
        }
    }
    Ok(body)
}

/// The bytes that are stored and hashed of a state, with what its former body held and this version does not know.
#[must_use]
pub fn write<A: Aggregate>(state: &A, before: &AsRead, salt: Option<Salt>) -> String {
    let mut body = value(&A::Stored::of(state.clone()));
    if let (Value::Object(fields), Some(salt)) = (&mut body, salt) {
        fields.insert(SALT.to_owned(), salt.to_string().into());
    }
    if let AsRead(Some(read)) = before
        && let Ok(known) = A::Stored::deserialize(read)
    {
        keep_unknown(&mut body, read, &value(&known));
    }
    body.to_string()
}

/// The bytes of a stored form by itself.
#[must_use]
pub fn bytes<F: StoredForm>(form: &F) -> String {
    value(form).to_string()
}

fn value<T: Serialize>(form: &T) -> Value {
    serde_json::to_value(form).expect("stored forms serialize to JSON: string keys, no failing impl")
}

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
macro_rules! trusted {
    ($name:ident $(<const $max:ident: usize>)?, $raw:ty) => {
        impl $(<const $max: usize>)? $crate::stored::Trust for $name $(<$max>)? {
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
pub(crate) use trusted;

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
                let known = T::ALL.iter().copied().find(|value| value.name() == name);
                known.map(Name).ok_or_else(|| E::custom("no such name"))
            }
        }

        deserializer.deserialize_str(ByName(std::marker::PhantomData)).map_err(D::Error::custom)
    }
}

/// Each of a list, in another form.
fn each<T, U>(items: Vec<T>, form: impl FnMut(T) -> U) -> Vec<U> {
    items.into_iter().map(form).collect()
}

/// Each of a list of checked values, as stored.
fn trusted_each<T>(items: Vec<T>) -> Vec<Trusted<T>> {
    each(items, Trusted)
}

/// Each of a stored list of checked values.
fn restored_each<T>(items: Vec<Trusted<T>>) -> Vec<T> {
    each(items, |item| item.0)
}
