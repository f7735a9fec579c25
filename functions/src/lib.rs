//! What runs as Lambda: a route for each operation ([`api`]), a worker for each job ([`workers`]), the
//! sweep, the relay, the gateway's authorizer, and what SES tells of its mail ([`feedback`]). One artifact; the handler's name chooses ([`handler`]). The local market runs the
//! very same functions in one process.

pub mod api;
pub mod feedback;
pub mod handler;
pub mod metrics;
pub mod register;
pub mod schedules;
pub mod settings;
pub mod workers;
