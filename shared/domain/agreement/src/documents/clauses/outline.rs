//! The clauses of a text by place, and what was noticed in reading it.

use std::collections::HashSet;

use market_kernel::clause::ClauseAddress;

use super::doubts::Reason;

/// How many clauses a version has at most: with their addresses they are one item of the table.
pub const MAX_CLAUSES: usize = 2000;

/// How many findings of each kind are kept. Whoever looks at a hundred knows that the text needs another look.
pub const MAX_FINDINGS: usize = 100;

/// A clause of a text, by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its address, `4.4.5`; none for what stands before the first clause.
    pub address: Option<ClauseAddress>,
    /// Its number as it is printed, `4.4.5`, `第五条`; empty where none is.
    pub label: String,
    /// 1, and 1 more for each clause around it; 0 for what stands before the first clause.
    pub depth: u8,
    /// The beginning of its first line, after the number.
    pub heading: String,
    /// Whether most of its text is bold.
    pub is_bold: bool,
    /// Where it begins in the text, in bytes.
    pub start: u32,
    /// Where it ends, in bytes: where the next one begins.
    pub end: u32,
}

/// A place where the numbers of a text do not follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The line, from 1.
    pub line: u32,
    /// The number that stands there.
    pub label: String,
    /// What is the matter.
    pub kind: GapKind,
}

/// What is the matter with a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapKind {
    /// Numbers before it are missing.
    Skipped {
        /// Those, as they would be printed.
        missing: Vec<String>,
    },
    /// It was there before.
    Repeated {
        /// The line of the first one.
        first_line: u32,
    },
    /// It is smaller than the one before it.
    OutOfOrder {
        /// The one before it.
        after: String,
    },
}

/// A line that begins like a clause and was not taken for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotClause {
    /// The line, from 1.
    pub line: u32,
    /// How it begins.
    pub text: String,
    /// What it was taken for.
    pub reason: Reason,
}

/// The clauses of a text, and what was noticed in reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The clauses in order, after what stands before the first (if anything does).
    pub clauses: Vec<Clause>,
    /// Where the numbers do not follow each other.
    pub gaps: Vec<Gap>,
    /// The lines that begin like clauses and are none.
    pub not_clauses: Vec<NotClause>,
    /// How many findings there are beyond those that are kept.
    pub more_findings: u32,
}

impl Outline {
    /// The clause with this address.
    #[must_use]
    pub fn clause(&self, address: &ClauseAddress) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.address.as_ref() == Some(address))
    }

    /// The first of these addresses that no clause has.
    #[must_use]
    pub fn first_unknown<'a>(&self, addresses: &'a [ClauseAddress]) -> Option<&'a ClauseAddress> {
        let known: HashSet<&ClauseAddress> =
            self.clauses.iter().filter_map(|clause| clause.address.as_ref()).collect();
        addresses.iter().find(|address| !known.contains(address))
    }

    /// The same with as many clauses as a version can have.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.clauses.truncate(MAX_CLAUSES + 1);
        self
    }

    /// How many clauses have an address.
    #[must_use]
    pub fn count(&self) -> usize {
        self.clauses.iter().filter(|clause| clause.address.is_some()).count()
    }

    /// The clauses that the text marks as bold: the publisher confirms which of them are prominent.
    #[must_use]
    pub fn proposed_prominent(&self) -> Vec<ClauseAddress> {
        self.clauses
            .iter()
            .filter(|clause| clause.is_bold)
            .filter_map(|clause| clause.address.clone())
            .collect()
    }
}

/// The exact text of a clause; empty if the clause is not one of this text.
#[must_use]
pub fn clause_text<'a>(text: &'a str, clause: &Clause) -> &'a str {
    text.get(clause.start as usize..clause.end as usize).unwrap_or_default()
}
