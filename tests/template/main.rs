//! The templates that are made from the code: a function for each route and the gateway in front of them, a queue and a
//! worker for each lane.
//!
//! `cargo xtask generate` writes them anew. What is written by hand beside them, and what the SAM transform makes of all of it,
//! is tested by the Python here: a file `test_<subject>.py` for each subject, of what `conftest.py` expands once for all of them.

mod bounded;
mod classes;
mod functions;
mod gateway;
mod lanes;
mod made;
mod objectives;
mod permissions;
mod resources;
mod routes;
#[path = "../seen.rs"]
mod seen;
