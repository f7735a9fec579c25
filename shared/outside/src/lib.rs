//! What stands outside the market and is asked over HTTPS: AWS's services, an issuer's keys, secrets, a supplier's
//! gateway.
//!
//! Every call has a timeout and a bounded retry, the SDK's ([`sdk`]) and our own ([`web`]), whose answers are
//! bounded too; why none came is said in words ([`no_answer`]). What changes rarely is kept for a while and goes on serving while its source is down ([`kept`]).
//! Secrets are named in the settings and fetched from Secrets Manager ([`secret`]), so that rotating one needs no
//! deploy. Keys that sign or verify are read by one rule ([`signing`]).

pub mod kept;
pub mod no_answer;
pub mod sdk;
pub mod secret;
pub mod signing;
pub mod web;

pub use kept::{Kept, Unavailable};
pub use no_answer::{NoAnswer, words};
pub use secret::Secret;
pub use web::{Web, WebError};
