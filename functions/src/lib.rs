//! What runs as Lambda: a route for each operation ([`api`]), a worker for each job ([`workers`]), the
//! sweep and the relay. One artifact; the handler's name chooses ([`handler`]). The local market runs the
//! very same functions in one process.

pub mod api;
pub mod handler;
pub mod settings;
pub mod workers;
