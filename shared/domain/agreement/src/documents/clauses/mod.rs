//! An agreement's text as addressable clauses, without losing a byte of it.
//!
//! The text is what was accepted and hashed, so reading it only marks places in it: the spans of an [`Outline`] follow
//! each other without a gap and cover the whole, and joining them gives the text back. Every clause has an address of
//! its own, as people cite it. What is not recognised is reported and never guessed, and the publisher can say
//! otherwise ([`Given`]).
//!
//! A text is read in four steps: its lines without their markup ([`lines`]); what each begins with ([`labels`]);
//! which of them are a table of contents ([`contents`]) or speak of something else ([`doubts`]); and which follow each
//! other ([`placement`]). Their addresses come last ([`naming`]).
//!
//! The outline is kept with its version, so a clause keeps its address when reading gets better. Versions from before
//! outlines were kept are read by the rule of their day ([`decimal`]).

mod contents;
mod decimal;
mod doubts;
mod given;
mod headings;
mod labelled;
mod labels;
mod lines;
mod markup;
mod naming;
mod numerals;
mod outline;
mod placement;
mod spans;

pub use self::decimal::outline as outline_by_decimals;
pub use self::doubts::Reason;
pub use self::given::{Given, GivenClause, GivenRefusal};
use self::headings::headings;
use self::labelled::{Labelled, labelled};
use self::lines::Line;
pub use self::outline::{Clause, Gap, GapKind, MAX_CLAUSES, MAX_FINDINGS, NotClause, Outline, clause_text};
use self::placement::Placement;
pub use self::spans::HEADING_CHARS;
use self::spans::{Start, beginning, spans};

impl Outline {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lines = lines::read(text);
        let found = labelled(&lines);
        let mut outline = Self::default();
        let mut starts: Vec<Start> = if found.placement.clauses.is_empty() {
            headings(&lines)
        } else {
            let labels: Vec<&str> =
                found.placement.clauses.iter().map(|clause| found.printed(&lines, clause.at)).collect();
            let addresses = naming::addresses(&found.placement.clauses, &labels);
            let placed = found.placement.clauses.iter().zip(labels).zip(addresses);
            placed
                .map(|((clause, label), address)| Start {
                    at: clause.at,
                    depth: u8::try_from(clause.depth).unwrap_or(u8::MAX),
                    label: label.to_owned(),
                    heading: found.heading(&lines, clause.at),
                    address,
                })
                .collect()
        };
        starts.truncate(MAX_CLAUSES + 1);
        outline.clauses = spans(text, &lines, &found.labels, starts);
        outline.report(&lines, found);
        outline
    }

    fn report(&mut self, lines: &[Line], found: Labelled) {
        let Placement { gaps, refused, .. } = found.placement;
        let mut more = gaps.len().saturating_sub(MAX_FINDINGS);
        self.gaps = gaps.into_iter().take(MAX_FINDINGS).collect();
        let mut reasons = found.reasons;
        for (at, reason) in refused {
            reasons[at] = Some(reason);
        }
        let not_clauses =
            reasons.into_iter().enumerate().filter_map(|(at, reason)| reason.map(|reason| (at, reason)));
        for (at, reason) in not_clauses {
            if self.not_clauses.len() == MAX_FINDINGS {
                more += 1;
                continue;
            }
            let text = beginning(&lines[at].plain);
            self.not_clauses.push(NotClause { line: line_number(at), text, reason });
        }
        self.more_findings = u32::try_from(more).unwrap_or(u32::MAX);
    }
}

fn line_number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
