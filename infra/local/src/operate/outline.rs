//! The clauses of a text, as the market read them, told to whoever publishes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The clauses, and what was noticed in reading them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineAnswer {
    /// The clauses in order, after what stands before the first.
    pub clauses: Vec<ClauseAnswer>,
    /// Where the numbers do not follow each other.
    gaps: Vec<Gap>,
    /// Lines that begin like clauses and were not taken for any.
    not_clauses: Vec<NotClause>,
    /// How many more findings there are.
    more_findings: u32,
    /// The clauses whose text is bold.
    pub proposed_prominent: Vec<String>,
}

/// A clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseAnswer {
    /// Its address; empty for what stands before the first clause.
    pub address: String,
    depth: u8,
    heading: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Gap {
    line: u32,
    label: String,
    kind: String,
    #[serde(flatten)]
    more: serde_json::Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NotClause {
    line: u32,
    text: String,
    reason: String,
}

impl Gap {
    /// What is the matter: `missing 2.2`.
    fn told(&self) -> String {
        let listed = |name: &str| match &self.more.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        match self.kind.as_str() {
            "skipped" => format!("missing {}", listed("missing")),
            "repeated" => format!("repeated, first in line {}", listed("first_line")),
            "out_of_order" => format!("out of order, after {}", listed("after")),
            other => other.replace('_', " "),
        }
    }
}

impl OutlineAnswer {
    /// The clauses, a line each.
    #[must_use]
    pub fn listed(&self) -> String {
        let line = |clause: &ClauseAnswer| {
            let indent = "  ".repeat(usize::from(clause.depth));
            format!("{indent}{}  {}\n", clause.address, clause.heading)
        };
        self.clauses.iter().filter(|clause| !clause.address.is_empty()).map(line).collect()
    }
}

impl fmt::Display for OutlineAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.clauses.iter().filter(|clause| !clause.address.is_empty()).count();
        writeln!(f, "  clauses       {count}")?;
        if !self.proposed_prominent.is_empty() {
            let proposed = self.proposed_prominent.join(",");
            writeln!(f, "  bold          {proposed}")?;
            writeln!(f, "                (--prominent names those of them that limit or exclude liability)")?;
        }
        for gap in &self.gaps {
            writeln!(f, "  line {}: {} – {}", gap.line, gap.label, gap.told())?;
        }
        for line in &self.not_clauses {
            let reason = line.reason.replace('_', " ");
            writeln!(f, "  line {}: no clause ({reason}): {}", line.line, line.text)?;
        }
        match self.more_findings {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more findings"),
        }
    }
}
