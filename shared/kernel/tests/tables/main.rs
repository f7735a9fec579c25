//! Every edge of the state machines of this crate, and every non-edge, in tables.

mod notices;
