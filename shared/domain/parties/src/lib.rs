//! The parties of the market (clauses 2, 5.1): merchants' accounts and providers, who they are and how they are reached.
//!
//! Pure functions, as all rules of the market are (see `market_kernel`).

pub mod accounts;
pub mod applications;
pub mod contacts;
pub mod credit_code;
pub mod events;
pub mod messages;
pub mod providers;
pub mod samples;
pub mod stored;
pub mod vouching;
