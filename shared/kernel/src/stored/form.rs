//! Forms: how a state lies in the table, in which schema, and how it is read back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::unknown::keep_unknown;
use crate::salt::Salt;

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

/// What can be stored. It is said beside its form, so that the domain does not depend on forms.
pub trait Storable: Clone {
    /// The form in which it is stored.
    type Form: StoredForm<State = Self>;
}

/// The number of the schema that is written of a state.
#[must_use]
pub const fn schema<S: Storable>() -> u32 {
    written::<S::Form>()
}

const fn written<F: StoredForm>() -> u32 {
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
    /// A body that is not JSON.
    fn no_json(error: &serde_json::Error) -> Self {
        let fault = if error.is_eof() { "it breaks off" } else { "it is not JSON" };
        Self::Malformed { fault, place: format!("column {}", error.column()) }
    }

    /// A body that is JSON and not of its form. The reason names the field and not what is in it.
    fn not_of_its_form<F: StoredForm>(body: &Value) -> Self {
        let Err(error) = serde_path_to_error::deserialize::<_, F>(body) else {
            return Self::Malformed { fault: "a field is missing or of another type", place: String::new() };
        };
        let place = error.path().to_string();
        // Of the library's own words only these name nothing that is stored.
        match error.inner().to_string().strip_prefix("missing field `").and_then(|rest| rest.split_once('`'))
        {
            Some((field, _)) => {
                Self::Malformed { fault: "a field is missing", place: format!("{field} of {place}") }
            }
            None => Self::Malformed { fault: "a field is of another type", place },
        }
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
pub fn read<S: Storable>(body: &str, schema: u32) -> Result<(S, AsRead), Unreadable> {
    let body = upgraded::<S::Form>(body, schema)?;
    let form: S::Form = of_value(&body)?;
    Ok((form.restore(), AsRead(Some(body))))
}

/// Reads what never changes from its stored bytes.
///
/// # Errors
/// See [`Unreadable`].
pub fn form<S: Storable>(body: &str, schema: u32) -> Result<S, Unreadable> {
    let form: S::Form = of_value(&upgraded::<S::Form>(body, schema)?)?;
    Ok(form.restore())
}

fn of_value<F: StoredForm>(body: &Value) -> Result<F, Unreadable> {
    // Keeping track of the place costs time, so it is found when it is wanted.
    F::deserialize(body).map_err(|_| Unreadable::not_of_its_form::<F>(body))
}

/// A body, upgraded to the schema that is written. It is read as a value first: what cannot be kept as one is
/// refused here, and not lost at the next write.
fn upgraded<F: StoredForm>(body: &str, schema: u32) -> Result<Value, Unreadable> {
    let written = written::<F>();
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
pub fn write<S: Storable>(state: &S, before: &AsRead, salt: Option<Salt>) -> String {
    let mut body = value(&S::Form::of(state.clone()));
    if let (Value::Object(fields), Some(salt)) = (&mut body, salt) {
        fields.insert(SALT.to_owned(), salt.to_string().into());
    }
    if let AsRead(Some(read)) = before
        && let Ok(known) = S::Form::deserialize(read)
    {
        keep_unknown(&mut body, read, &value(&known));
    }
    body.to_string()
}

/// The bytes that are stored of what never changes.
#[must_use]
pub fn bytes<S: Storable>(state: S) -> String {
    value(&S::Form::of(state)).to_string()
}

fn value<T: Serialize>(form: &T) -> Value {
    serde_json::to_value(form).expect("stored forms serialize to JSON: string keys, no failing impl")
}
