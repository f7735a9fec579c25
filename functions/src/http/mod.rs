//! The way of a request: decode → authenticate → load → decide → commit → encode.
//!
//! A route is an [`Endpoint`]: types for what comes in and goes out, and one function that decides.
//! Everything else, the same for every route, is done once, around it ([`serve`]): limits, tokens and
//! roles, ownership, idempotency, deciding again when the state moved, and errors as problem documents
//! (RFC 9457) that can carry no internal text. Routing, the OpenAPI description and the tests that walk
//! every route are made from the same declarations.
//!
//! Nothing here knows a context: the contexts' routes, their codes and what becomes of their refusals come to it.

mod answered;
pub mod cursor;
pub mod describe;
mod endpoint;
mod faults;
mod json;
pub mod market;
mod numbers;
mod objects;
mod payments;
pub mod problem;
pub mod problems;
mod query;
mod repeats;
mod reply;
mod serve;

pub use answered::Answered;
pub use endpoint::{
    Access, Call, CallerAddress, Class, Copies, Endpoint, MAX_BODY_BYTES, Nothing, Outcome, Owned, PublicUrl,
    Repeats, Route, VERSION, Visitor, unversioned, versioned,
};
pub use json::Signed;
pub use market::{Callers, CorruptionAlarm, Market};
pub use payments::{PaymentKeys, SIGNATURE_TOLERANCE_SECONDS, message_id};
pub use problem::{Asked, Code, FieldError, Problem};
pub use serve::{BODY_WITHIN, EXPOSED_HEADERS, router};
