//! The whole market on one machine: the same routes, the same domain, the same store against an embedded
//! DynamoDB engine, the same workers. What AWS does around them is done here: the relay and the sweep
//! (woken by commits and by the clock), the queues, an issuer of tokens, a payment system, and channels that end in a folder.
//!
//! The market's clock runs with the machine's, and can be advanced: everything due in between then
//! happens, in order. None of this exists in what is deployed.

pub mod bench;
pub mod client;
pub mod clock;
pub mod commands;
mod commits;
mod dead_letters;
pub mod demo;
mod engine;
mod figures;
mod folder;
mod gate;
pub mod issuer;
pub mod json;
mod listening;
pub mod logging;
pub mod machine;
pub mod operate;
mod outbox;
pub mod pages;
pub mod payments;
pub mod permissions;
mod queues;
mod reads;
pub mod requests;
mod routes;
mod running;
mod serving;
pub mod stage;
#[cfg(feature = "stack")]
mod stream;
pub mod subject_key;

pub use engine::{Endpoint, Engine, EngineError, sdk_at};
pub use folder::in_words;
pub use gate::{NotAnOrigin, Origin};
pub use listening::{Listen, NotAPlace};
pub use running::{Clockwork, Options, Running, StartError, TABLE, WITHOUT_AWS};
