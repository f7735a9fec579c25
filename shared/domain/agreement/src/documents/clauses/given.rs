//! An outline that the publisher gives in place of what is read off the text: its author knows
//! where its clauses are.

use std::collections::HashSet;

use market_kernel::clause::ClauseAddress;

use super::labelled::{Labelled, labelled};
use super::lines;
use super::outline::{MAX_CLAUSES, Outline};
use super::placement::MAX_DEPTH;
use super::spans::{Start, spans};

/// A clause, as its publisher says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenClause {
    /// The line that it begins with, from 1. A line ends at LF, at CRLF or at a CR alone.
    pub line: u32,
    /// 1, and 1 more for each clause around it; at most 12.
    pub depth: u8,
    /// Its address.
    pub address: ClauseAddress,
}

/// The clauses of a text, as its publisher says they are; they are in the order of their lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given(pub Vec<GivenClause>);

/// Why an outline that was given is not one of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenRefusal {
    /// It has no clause, or more than a version can have.
    #[error("an outline has 1 to {MAX_CLAUSES} clauses")]
    Count,
    /// The text has no such line, or the line is empty.
    #[error("line {0} of the text does not exist or is empty")]
    NoSuchLine(u32),
    /// Lines go down the text.
    #[error("line {0} comes after a later one")]
    NotAscending(u32),
    /// A clause lies directly in the one around it.
    #[error(
        "the depth of the clause in line {0} is not 1 to {MAX_DEPTH}, or more than 1 beyond that of the clause before it"
    )]
    Depth(u32),
    /// An address is one clause's.
    #[error("address {0} is given twice")]
    AddressTwice(ClauseAddress),
}

impl Given {
    /// The outline of a text that has these clauses.
    ///
    /// # Errors
    /// See [`GivenRefusal`].
    pub fn outline(&self, text: &str) -> Result<Outline, GivenRefusal> {
        let lines = lines::read(text);
        if !(1..=MAX_CLAUSES).contains(&self.0.len()) {
            return Err(GivenRefusal::Count);
        }
        let mut addresses = HashSet::new();
        let mut before: (u32, u8) = (0, 0);
        for clause in &self.0 {
            let at = usize::try_from(clause.line).unwrap_or(usize::MAX).wrapping_sub(1);
            if lines.get(at).is_none_or(lines::Line::is_blank) {
                return Err(GivenRefusal::NoSuchLine(clause.line));
            }
            if clause.line <= before.0 {
                return Err(GivenRefusal::NotAscending(clause.line));
            }
            let deepest = before.1.saturating_add(1).min(u8::try_from(MAX_DEPTH).unwrap_or(u8::MAX));
            if !(1..=deepest).contains(&clause.depth) {
                return Err(GivenRefusal::Depth(clause.line));
            }
            if !addresses.insert(&clause.address) {
                return Err(GivenRefusal::AddressTwice(clause.address.clone()));
            }
            before = (clause.line, clause.depth);
        }
        let found = labelled(&lines);
        let start = |clause: &GivenClause| {
            let at = clause.line as usize - 1;
            Start {
                at,
                depth: clause.depth,
                label: Labelled::printed(&found, &lines, at).to_owned(),
                heading: found.heading(&lines, at),
                address: clause.address.clone(),
            }
        };
        let clauses = spans(text, &lines, &found.labels, self.0.iter().map(start).collect());
        // What the publisher has said needs no findings.
        Ok(Outline { clauses, ..Outline::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::clause_text;
    use super::*;

    fn given(clauses: &[(u32, u8, &str)]) -> Result<Outline, GivenRefusal> {
        let clause = |(line, depth, address): &(u32, u8, &str)| GivenClause {
            line: *line,
            depth: *depth,
            address: address.parse().unwrap(),
        };
        Given(clauses.iter().map(clause).collect()).outline("约定\n\n甲\r乙\r\n丙")
    }

    #[test]
    fn a_publisher_says_where_the_clauses_are() {
        let outline = given(&[(3, 1, "甲"), (4, 2, "甲.1"), (5, 1, "2")]).unwrap();
        let text = "约定\n\n甲\r乙\r\n丙";
        let texts: Vec<_> = outline.clauses.iter().map(|clause| clause_text(text, clause)).collect();
        assert_eq!(texts, ["约定\n\n", "甲\r", "乙\r\n", "丙"]);
        assert_eq!(outline.clauses[2].depth, 2);
    }

    #[test]
    fn an_outline_that_is_none_of_the_text_is_refused() {
        assert_eq!(given(&[]), Err(GivenRefusal::Count));
        assert_eq!(given(&[(0, 1, "1")]), Err(GivenRefusal::NoSuchLine(0)));
        assert_eq!(given(&[(2, 1, "1")]), Err(GivenRefusal::NoSuchLine(2)));
        assert_eq!(given(&[(6, 1, "1")]), Err(GivenRefusal::NoSuchLine(6)));
        assert_eq!(given(&[(3, 1, "1"), (3, 1, "2")]), Err(GivenRefusal::NotAscending(3)));
        assert_eq!(given(&[(3, 2, "1")]), Err(GivenRefusal::Depth(3)));
        assert_eq!(given(&[(3, 1, "1"), (4, 0, "2")]), Err(GivenRefusal::Depth(4)));
        assert_eq!(given(&[(3, 1, "1"), (4, 3, "2")]), Err(GivenRefusal::Depth(4)));
        assert_eq!(given(&[(3, 1, "1"), (4, 1, "1")]), Err(GivenRefusal::AddressTwice("1".parse().unwrap())));
    }
}
