//! How what is agreed lies in the table. Nothing else uses these types.

mod acceptance;
mod document;
mod holidays;
mod names;
mod outline;
mod termination;
