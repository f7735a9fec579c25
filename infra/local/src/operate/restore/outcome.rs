//! What was done, what is still to be done, and by whom.

use std::fmt;

use market_kernel::Timestamp;
use serde::Serialize;

use super::plan::{Seen, Step, Wanted};
use crate::operate::counted;
use crate::operate::verify::{Fault, Verification};

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was taken now.
    Done,
    /// It had been taken before.
    WasDone,
    /// It would be taken.
    Would,
}

/// A step, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub how: How,
}

impl Taken {
    pub(super) const fn now(step: Step) -> Self {
        Self { step, how: How::Done }
    }

    pub(super) const fn before(step: Step) -> Self {
        Self { step, how: How::WasDone }
    }

    pub(super) const fn would(step: Step) -> Self {
        Self { step, how: How::Would }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// That nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Whether nothing was found that a human has to look at.
    pub ok: bool,
    /// The table on which the market stood, or stands.
    pub from: String,
    /// The restored table.
    pub to: String,
    /// The instant to which it was restored, as far as it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The steps.
    pub steps: Vec<Taken>,
    /// What of the restored table was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// What the stack is deployed with from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
    /// Why it would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What is to be done next, by whoever gave the command.
    pub next: Vec<String>,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Chains.
    pub chains: u64,
    /// Records in them.
    pub records: u64,
    /// What does not hold.
    pub faults: Vec<Fault>,
}

/// Parameters of the stack, by their names there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameters {
    /// The table.
    pub table_name: String,
    /// Its stream.
    pub table_stream_label: String,
}

impl Restored {
    pub(super) fn new(seen: &Seen, wanted: &Wanted, dry_run: bool) -> Self {
        let from = match &seen.source {
            Some(source) => source.name.clone(),
            None => seen.stands_on.clone(),
        };
        Self {
            dry_run,
            ok: true,
            from,
            to: wanted.to.clone(),
            at: wanted.at,
            steps: Vec::new(),
            verified: None,
            parameters: None,
            refused: None,
            next: Vec::new(),
        }
    }

    pub(super) fn refused(mut self, why: String) -> Self {
        self.ok = false;
        self.refused = Some(why);
        self
    }

    pub(super) fn verified(&mut self, verified: Verification, despite_faults: bool) {
        let Verification { chains, records, faults, .. } = verified;
        self.ok = faults.is_empty();
        if self.ok {
            self.steps.push(Taken::now(Step::Verify));
        } else if !despite_faults {
            self.next.push(
                "see whether what does not hold was so before: then give the command again with --point \
                 --despite-faults; otherwise restore to an earlier instant, under another name"
                    .to_owned(),
            );
        }
        self.verified = Some(Verified { chains, records, faults });
    }

    /// It ends before the market is put on the table.
    pub(super) fn waits_for_point(mut self, seen: &Seen) -> Self {
        self.tell_instant(seen);
        if !self.dry_run {
            self.next.push(format!(
                "the market writes nothing meanwhile; give the command again with --point to put it on {}",
                self.to
            ));
            self.next.push(format!("or let it write to {} again with `market restore --give-up`", self.from));
        }
        self
    }

    pub(super) fn ended(mut self, seen: &Seen) -> Self {
        self.tell_instant(seen);
        let Some(target) = seen.target.as_ref().filter(|_| !self.dry_run) else { return self };
        let label = target.stream.clone().unwrap_or_default();
        self.next.push(format!(
            "deploy with TableName={} TableStreamLabel={label} from now on: put both where the stack's parameters are kept",
            target.name
        ));
        self.parameters = Some(Parameters { table_name: target.name.clone(), table_stream_label: label });
        self.next.push(format!("make good what was written to {} after that instant; it is kept as evidence, and takes no writes", self.from));
        self
    }

    fn tell_instant(&mut self, seen: &Seen) {
        let restored = seen.target.as_ref().and_then(|target| target.restored.as_ref());
        if let Some((_, at)) = restored {
            self.at = Some(*at);
        }
    }

    fn says(&self, step: Step) -> String {
        let Self { from, to, .. } = self;
        let at = self.at.map_or_else(String::new, |at| format!(", as of {at}"));
        match step {
            Step::Fence => format!("nobody writes to {from}"),
            Step::Restore => format!("{to} is there with its indexes{at}"),
            Step::Repair => {
                format!(
                    "{to} has its stream, time to live, point-in-time recovery, deletion protection, tags and warm throughput"
                )
            }
            Step::Hold => format!("nobody writes to {to} before the whole market stands on it"),
            Step::Verify => self.verified.as_ref().map_or_else(
                || "the agreement and a sample of accounts hold".to_owned(),
                |verified| {
                    let chains = counted(verified.chains, "chain", "chains");
                    format!("{chains} with {} hold", counted(verified.records, "record", "records"))
                },
            ),
            Step::Point => format!("the market stands on {to}"),
            Step::Open => format!("{to} takes writes"),
        }
    }
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.refused {
            writeln!(f, "It would be refused: {why}")?;
        }
        for Taken { step, how } in &self.steps {
            let how = match how {
                How::Done => "done",
                How::WasDone => "was done",
                How::Would => "would do",
            };
            writeln!(f, "{how:<9} {}", self.says(*step))?;
        }
        for Fault { item, wrong } in self.verified.iter().flat_map(|verified| &verified.faults) {
            writeln!(f, "{item}\n  {wrong}")?;
        }
        for next in &self.next {
            writeln!(f, "Next: {next}.")?;
        }
        if self.dry_run { write!(f, "Nothing was changed.") } else { Ok(()) }
    }
}

/// A fence that was lifted, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GivenUp {
    /// That nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Where the market stands.
    pub table: String,
    /// Whether there was a fence.
    pub was_fenced: bool,
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dry_run, table, was_fenced } = self;
        match (was_fenced, dry_run) {
            (false, _) => write!(f, "{table} is not fenced: the market writes to it."),
            (true, true) => write!(f, "The fence of {table} would be lifted. Nothing was changed."),
            (true, false) => write!(f, "The fence of {table} is lifted: the market writes to it again."),
        }
    }
}
