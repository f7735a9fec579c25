//! The market as its parties meet it: real routes, real workers, real tokens and bytes, on a clock that
//! stands still until a test sets it ahead.

mod corpus;
mod deletion;
mod descriptions;
mod documents;
mod evidence;
mod grants;
mod harness;
mod input;
mod instants;
mod ledger;
mod listings;
mod notices;
mod operate;
mod orders;
mod ownership;
mod permissions;
mod records;
mod repeats;
mod restart;
mod sealing;
mod stored;
mod story;
mod termination;
mod unreadable;
mod verify;
