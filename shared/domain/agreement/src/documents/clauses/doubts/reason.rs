//! What a line is that begins like a clause and is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a line is that begins like a clause and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A sum of money.
    Amount,
    /// A length of time.
    Period,
    /// A part of a hundred.
    Percentage,
    /// A date or a time of day.
    DateOrTime,
    /// Another quantity, or a plain number.
    Quantity,
    /// The version of a program.
    VersionNumber,
    /// A clause that the text speaks of.
    CrossReference,
    /// A line of a table of contents.
    ContentsTable,
    /// An item of a list inside a clause, numbered as the clauses around it are.
    ListItem,
    /// A cell of a table.
    TableData,
    /// Words that begin with a number.
    OrdinaryWords,
    /// Initials.
    PersonsName,
    /// A character that looks like another one.
    Misprint,
    /// A number that cannot follow those before it.
    OutOfSequence,
}
