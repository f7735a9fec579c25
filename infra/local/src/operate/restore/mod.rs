//! `market restore`: puts a deployed market on another table, with nothing lost on the way that could be kept.
//!
//! The table on which the market stands is fenced ([`fence`]) and stays so, as evidence. Another one is restored from its
//! point-in-time recovery, or taken as it is there; it gets what a restore leaves out, and a fence of its own; what is in it is
//! verified. With `--point` the stack is then changed to stand on it, and only when all of the stack does, the table takes writes:
//! no part of the market writes to one table while another part reads the other.
//!
//! What has been done is read off AWS, each time ([`plan`]). So the command may be broken off anywhere and given again, and a
//! step that was taken is taken once.

mod clock;
mod fence;
mod outcome;
mod plan;
mod tables;

use std::path::PathBuf;
use std::time::Duration;

use indicatif::ProgressBar;
use market_agreement::documents::Document;
use market_ambient::{Clock, SystemClock};
use market_kernel::Timestamp;
use market_kernel::aggregate::Aggregate;
use market_kernel::ids::DocumentId;
use market_kernel::keys::Partition;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_store::schema::{DESK_INDEX, DUE_INDEX, LISTS_INDEX};
use market_store::{Asked, Index, Store};

use self::outcome::{GivenUp, Restored, Taken};
use self::plan::{Needs, Seen, Step, Table, Wanted, Warm};
use self::tables::Tables;
use super::place::Place;
use super::stack::{Stack, StackState};
use super::verify::{Expected, Heads, Verification, verify_at};
use super::{Common, Ended, OperateError, given, progress, say, waiting};

/// How long it is waited before something that takes its time is looked at again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);
/// Accounts that are verified, of the newest and of the oldest.
const SAMPLE: u16 = 50;

/// The parameters of the stack that name its table.
const TABLE_NAME: &str = "TableName";
const MARKET_NAME: &str = "MarketName";
const STREAM_LABEL: &str = "TableStreamLabel";
/// Those that warm the table that is its own.
const WARM: [&str; 2] = ["WarmReadUnits", "WarmWriteUnits"];
/// Its name for what is deployed: under the same one, functions change and callers stay with those of before.
const DEPLOYMENT: &str = "Deployment";
/// How callers are moved to it. What rings while the market is fenced would move them back: they are moved at once.
const SHIFT: (&str, &str) = ("Shift", "none");

/// The part of the stack that makes its table.
const DATA: &str = "Data";
/// What no update does to that part: the policy under which `cargo xtask deploy` puts it.
const KEEPS_TABLE: &str = include_str!("../../../../data-stack-policy.json");
/// And while it lets go of its table, which stays.
const LETS_GO: &str =
    r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}"#;

/// What to restore.
#[derive(Debug, clap::Args)]
#[group(id = "what", required = true, multiple = false, args = ["to", "give_up"])]
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Arguments {
    /// The name of the restored table: a new one, or one that this command began to restore.
    #[arg(long, value_name = "TABLE", value_parser = table_name)]
    to: Option<String>,
    /// The instant to which it is restored; without it nothing is lost that was written before the fence.
    #[arg(long, value_name = "INSTANT", value_parser = given::instant, requires = "to", conflicts_with = "adopt")]
    at: Option<Timestamp>,
    /// Take the table as it is there, wherever it comes from: a backup, an export, the table from before.
    #[arg(long, requires = "to")]
    adopt: bool,
    /// Heads that were exported before that instant; what they are of is verified too.
    #[arg(long, value_name = "FILE", requires = "to")]
    against: Option<PathBuf>,
    /// Put the market on it when it was verified. Without this the command ends there, with the market fenced.
    #[arg(long, requires = "to")]
    point: bool,
    /// Put the market on it although something in it does not hold.
    #[arg(long, requires = "point")]
    despite_faults: bool,
    /// Let the market write again where it stands, and leave the restored table alone.
    #[arg(long)]
    give_up: bool,
    /// Say what would be done; change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) const fn common(&self) -> &Common {
        &self.common
    }
}

/// A name that the stack's parameter takes.
fn table_name(text: &str) -> Result<String, &'static str> {
    let has_length = (3..=50).contains(&text.len());
    let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if has_length && is_name {
        return Ok(text.to_owned());
    }
    Err("it is the name of a table: 3 to 50 letters, digits, dots, hyphens and underscores")
}

pub(super) async fn run(arguments: Arguments) -> Result<Ended, OperateError> {
    let common = &arguments.common;
    let not_there = |place| OperateError::NotThere {
        what: "restore".to_owned(),
        place,
        why: "it restores the table of a deployed stack; a folder is restored by copying it (docs/LOCAL.md)",
    };
    if common.at.data.is_some() {
        return Err(not_there("--data"));
    }
    if common.at.url()?.is_some() {
        return Err(not_there("--url"));
    }
    let Place::Stack(stack) = common.at.find().await? else { return Err(not_there("--url")) };
    let heads = arguments.against.as_deref().map(Heads::read).transpose()?;
    let tables = Tables::new(stack.tables());
    let Some(to) = &arguments.to else {
        return give_up(&stack, &tables, &arguments).await;
    };
    let wanted = Wanted {
        to: to.clone(),
        at: arguments.at,
        adopt: arguments.adopt,
        indexes: [DUE_INDEX, LISTS_INDEX, DESK_INDEX],
    };
    let bar = waiting(common.json);
    let restored =
        Restore { stack: *stack, tables, wanted, heads, arguments: &arguments, bar: &bar }.carry_out().await;
    bar.finish_and_clear();
    let restored = restored?;
    say(&restored, common.json)?;
    Ok(Ended::well(restored.ok))
}

/// Lifts the fence where the market stands.
async fn give_up(stack: &Stack, tables: &Tables, arguments: &Arguments) -> Result<Ended, OperateError> {
    let name = stack.table()?;
    // While it is being pointed a part of it stands on the other table already.
    let pointed_at = stack.parameter(TABLE_NAME).unwrap_or(name);
    if *stack.state() == StackState::AtWork || pointed_at != name {
        return Err(OperateError::NotRestored(format!(
            "the stack {} is being pointed at {pointed_at}: nothing is given up before that has ended",
            stack.name()
        )));
    }
    let table = tables.table(name).await?;
    let table = table.ok_or_else(|| OperateError::NotRestored(format!("there is no table {name}")))?;
    let was_fenced = table.fenced.is_some();
    if was_fenced && !arguments.dry_run {
        open(stack, tables, &table).await?;
    }
    say(&GivenUp { dry_run: arguments.dry_run, table: table.name, was_fenced }, arguments.common.json)?;
    Ok(Ended::Good)
}

/// The stack, once nobody changes it any more.
async fn at_rest(stack: &Stack) -> Result<Stack, OperateError> {
    let mut stack = stack.again().await?;
    while *stack.state() == StackState::AtWork {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        stack = stack.again().await?;
    }
    Ok(stack)
}

/// Lets the market write to a table. Before that the part of the stack that makes its table keeps it: where this was broken off
/// while the stack was pointed, it still lets go.
async fn open(stack: &Stack, tables: &Tables, table: &Table) -> Result<(), OperateError> {
    stack.set_policy(DATA, KEEPS_TABLE).await?;
    tables.lift(table).await
}

/// Begins to point the stack at a table.
async fn change(stack: &Stack, target: &Table, label: &str) -> Result<(), OperateError> {
    let deployment = format!("restore-{}", SystemClock.now().as_second());
    let changes =
        [(TABLE_NAME, target.name.as_str()), (STREAM_LABEL, label), (DEPLOYMENT, deployment.as_str()), SHIFT];
    stack.change(&changes).await
}

struct Restore<'a> {
    stack: Stack,
    tables: Tables,
    wanted: Wanted,
    heads: Option<Heads>,
    arguments: &'a Arguments,
    bar: &'a ProgressBar,
}

impl Restore<'_> {
    async fn carry_out(mut self) -> Result<Restored, OperateError> {
        let mut seen = self.see().await?;
        let mut outcome = Restored::new(&seen, &self.wanted, self.arguments.dry_run);
        if let Some(refusal) = seen.refusal(&self.wanted) {
            if !self.arguments.dry_run {
                return Err(OperateError::NotRestored(refusal));
            }
            return Ok(outcome.refused(refusal));
        }
        for step in Step::ALL {
            if matches!(step, Step::Point | Step::Open)
                && !self.arguments.point
                && !seen.is_taken(Step::Point, &self.wanted)
            {
                return Ok(outcome.waits_for_point(&seen));
            }
            if seen.is_taken(step, &self.wanted) {
                outcome.steps.push(Taken::before(step));
                continue;
            }
            if self.arguments.dry_run {
                outcome.steps.push(Taken::would(step));
                continue;
            }
            if step == Step::Verify {
                let verified = self.verify().await?;
                outcome.verified(verified, self.arguments.despite_faults);
                if !outcome.ok && !self.arguments.despite_faults {
                    return Ok(outcome);
                }
            } else {
                self.take(step, &seen).await?;
                outcome.steps.push(Taken::now(step));
            }
            // Each step takes minutes, in which somebody may have taken away what the next one rests on.
            seen = self.see().await?;
            if let Some(refusal) = seen.refusal(&self.wanted) {
                return Err(OperateError::NotRestored(refusal));
            }
            if let Some(unfenced) = seen.unfenced(step, &self.wanted) {
                return Err(OperateError::NotRestored(unfenced));
            }
        }
        Ok(outcome.ended(&seen))
    }

    /// What AWS says now.
    async fn see(&mut self) -> Result<Seen, OperateError> {
        self.stack = self.stack.again().await?;
        let market = self.stack.parameter(MARKET_NAME).unwrap_or_default().to_owned();
        let stands_on = self.stack.table()?.to_owned();
        let target = self.tables.table(&self.wanted.to).await?;
        let source = if stands_on == self.wanted.to {
            // The market stands there already, whole or in part: the table before is the one that it was restored from.
            let before = target.as_ref().and_then(|target| target.restored.as_ref());
            match before.and_then(|(arn, _)| arn.rsplit_once('/')) {
                Some((_, name)) if name != self.wanted.to => self.tables.table(name).await?,
                _ => None,
            }
        } else {
            self.tables.table(&stands_on).await?
        };
        let label = self.stack.parameter(STREAM_LABEL).map(str::to_owned);
        let units =
            |name| self.stack.parameter(name).and_then(|units| units.parse().ok()).unwrap_or_default();
        let warm = Warm { reads: units(WARM[0]), writes: units(WARM[1]) };
        let now = SystemClock.now();
        Ok(Seen { now, market, stands_on, label, stack: self.stack.state().clone(), warm, source, target })
    }

    /// Takes a step, and waits until it is taken.
    async fn take(&self, step: Step, seen: &Seen) -> Result<(), OperateError> {
        match (step, &seen.source, &seen.target) {
            (Step::Fence, Some(source), _) => self.fence(source).await,
            (Step::Restore, ..) => self.restore(seen).await,
            (Step::Repair, _, Some(target)) => self.repair(&seen.needs(), target).await,
            (Step::Hold, _, Some(target)) => self.fence(target).await,
            (Step::Point, _, Some(target)) => self.point(target).await,
            (Step::Open, _, Some(target)) => open(&self.stack, &self.tables, target).await,
            _ => Ok(()),
        }
    }

    async fn fence(&self, table: &Table) -> Result<(), OperateError> {
        self.bar.set_message(format!("fencing {}", table.name));
        self.tables.fence(table).await?;
        while self.looked_at(&table.name).await?.fenced.is_none() {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    async fn restore(&self, seen: &Seen) -> Result<(), OperateError> {
        let to = &self.wanted.to;
        if let (Some(source), None, Some(at)) = (&seen.source, &seen.target, seen.restores_to(&self.wanted)) {
            self.wait_for_recovery(&source.name, at).await?;
            self.tables.restore(&source.name, to, at).await?;
        }
        self.bar.set_message(format!("restoring {to}"));
        while !self.looked_at(to).await?.is_ready {
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// Waits until a table can be restored to an instant: what is written can be some minutes later.
    async fn wait_for_recovery(&self, table: &str, until: Timestamp) -> Result<(), OperateError> {
        self.bar.set_message(format!("waiting until {table} can be restored to {until}"));
        loop {
            match self.looked_at(table).await?.recovery {
                Some((_, latest)) if latest >= until => return Ok(()),
                Some(_) => tokio::time::sleep(BETWEEN_LOOKS).await,
                None => {
                    return Err(OperateError::NotRestored(format!(
                        "{table} has no point-in-time recovery any more"
                    )));
                }
            }
        }
    }

    /// Gives a table what a restore leaves out, one thing after the other: a table takes one change at a time.
    async fn repair(&self, needs: &Needs, target: &Table) -> Result<(), OperateError> {
        self.bar.set_message(format!("repairing {}", target.name));
        loop {
            let table = self.looked_at(&target.name).await?;
            if table.is_ready && !self.tables.repair(&table, needs).await? {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn point(&self, target: &Table) -> Result<(), OperateError> {
        self.bar.set_message(format!("pointing the stack {} at {}", self.stack.name(), target.name));
        let label = target.stream.as_deref().unwrap_or_default();
        let stands_there = |stack: &Stack| {
            let table = stack.parameter(TABLE_NAME) == Some(&target.name);
            table && stack.parameter(STREAM_LABEL) == Some(label)
        };
        let mut stack = at_rest(&self.stack).await?;
        if !stands_there(&stack) {
            stack.set_policy(DATA, LETS_GO).await?;
            let changed = change(&stack, target, label).await;
            stack = at_rest(&stack).await?;
            stack.set_policy(DATA, KEEPS_TABLE).await?;
            changed?;
        }
        let (status, reason) = match stack.state() {
            StackState::TakenBack { .. } if stands_there(&stack) => return Ok(()),
            StackState::Stands | StackState::AtWork => return Ok(()),
            StackState::TakenBack { reason } => ("UPDATE_ROLLBACK_COMPLETE", reason),
            StackState::Failed { status, reason } => (status.as_str(), reason),
        };
        Err(OperateError::NotRestored(format!(
            "the stack {} was not pointed at {}: it is {status}: {reason}\n(`aws cloudformation describe-stack-events \
             --stack-name {}` names what failed; the market is fenced where it stands)",
            stack.name(),
            target.name,
            stack.name()
        )))
    }

    async fn looked_at(&self, name: &str) -> Result<Table, OperateError> {
        let table = self.tables.table(name).await?;
        table.ok_or_else(|| OperateError::NotRestored(format!("the table {name} is gone")))
    }

    /// Verifies what heads are of, the agreement, and the newest and the oldest accounts.
    async fn verify(&self) -> Result<Verification, OperateError> {
        let store = Store::new(self.stack.tables(), self.wanted.to.clone());
        let bar = progress("Verifying", self.arguments.common.json);
        let expected = Expected { now: Some(SystemClock.now()), heads: self.heads.as_ref() };
        let mut partitions = sample(&store).await?;
        partitions.extend(self.heads.iter().flat_map(Heads::partitions));
        partitions.sort();
        partitions.dedup();
        let mut verified = Verification::default();
        for partition in &partitions {
            verified = verified.and(verify_at(&store, partition, &expected, &bar).await?);
        }
        bar.finish_and_clear();
        Ok(verified)
    }
}

/// The agreement, and accounts.
async fn sample(store: &Store) -> Result<Vec<Partition>, OperateError> {
    let mut found = vec![Document::partition(&DocumentId::market_agreement())];
    for status in [AccountStatus::Applied, AccountStatus::Active, AccountStatus::Terminated] {
        let lists = status.lists();
        for asked in [Asked::page(None, SAMPLE), Asked::page(None, SAMPLE).descending()] {
            let page = store.list_entries_merged::<MarketAccount>(Index::Lists, &lists, asked).await?;
            found.extend(page.items.iter().map(|item| item.state.key().partition));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_table_is_what_the_stacks_parameter_takes() {
        for name in ["market-restored", "market.2026-11-27", "abc", &"a".repeat(50)] {
            assert_eq!(table_name(name).as_deref(), Ok(name));
        }
        for name in ["", "ab", "market/restored", "市场市场", &"a".repeat(51)] {
            assert!(table_name(name).is_err(), "{name}");
        }
    }
}
