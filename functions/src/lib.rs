//! What runs as Lambda: a route for each operation ([`routes`]), a worker for each lane ([`workers`]), the sweep, the
//! relay, the gateway's authorizer, and what SES tells of its mail ([`feedback`]). One artifact; the handler's name chooses
//! ([`handler`]). The local market runs the very same functions in one process.
//!
//! Routes, views and jobs stand in the folder of their context, and are declared in its `mod.rs`.

pub mod agreement;
pub mod entrustment;
pub mod feedback;
pub mod handler;
pub mod http;
pub mod kinds;
pub mod market;
pub mod metrics;
pub mod parties;
pub mod register;
pub mod routes;
pub mod schedules;
pub mod settings;
pub mod trade;
pub mod wire;
pub mod workers;
