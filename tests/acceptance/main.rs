//! The market as its parties meet it: real routes, real workers, real tokens and bytes, on a clock that
//! stands still until a test sets it ahead.

mod accounts;
mod callers;
mod checks;
mod clauses;
mod commands;
mod contacts;
mod corpus;
mod cursors;
mod deletion;
mod descriptions;
mod documents;
mod evidence;
mod figures;
mod grants;
mod harness;
mod holidays;
mod http;
mod input;
mod instants;
mod invisible;
mod jobs;
mod ledger;
mod listings;
mod lists;
mod logs;
mod names;
mod notices;
mod one_machine;
mod operate;
mod orders;
mod ownership;
mod payments;
mod permissions;
mod process;
mod records;
mod refusals;
mod repeats;
mod restart;
#[path = "../sampled.rs"]
mod sampled;
mod sealing;
#[path = "../seen.rs"]
mod seen;
mod sizes;
mod start_page;
mod starting;
mod stored;
mod story;
mod termination;
#[path = "../told.rs"]
mod told;
mod tour;
mod undelivered;
mod unreadable;
mod verify;
mod witness;
