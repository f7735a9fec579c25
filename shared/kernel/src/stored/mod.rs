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
//! - **Unknown fields survive** a rewrite by a version that does not know them (`unknown`): during a
//!   deployment two versions share a table, and after one that was taken back, too.
//! - A state hash is of the stored bytes. Nothing here touches what is stored until the item is changed.
//!
//! How a field, a state or a kind is added, renamed or retired is told in `docs/EVOLUTION.md`.

pub mod citations;
mod evidence;
pub mod form;
mod names;
mod notice;
pub mod party;
pub mod period;
pub mod reminders;
#[cfg(test)]
mod tests;
mod unknown;
pub mod values;

pub use citations::StoredCitations;
pub use evidence::StoredEvidence;
pub use form::{
    AsRead, FIRST_SCHEMA, Storable, StoredForm, Unreadable, Upcaster, bytes, form, read, schema, write,
};
pub use values::{Name, Named, Trust, Trusted};
