//! What has been done and what is to be done, by what AWS says now. Nothing else remembers it, so a command that was broken off
//! anywhere goes on from there, on any machine.

use std::time::Duration;

use market_kernel::Timestamp;
use serde::Serialize;

use crate::operate::stack::StackState;

/// By how much the clocks of AWS may differ among themselves. No other clock is reckoned with: a fence is dated by AWS's.
const SKEW: Duration = Duration::from_secs(10);
/// Within so long of its date a fence is set, with all repeats of the call.
const IS_SET: Duration = Duration::from_mins(1);
/// Within so long a policy that is set holds everywhere: AWS says seconds.
const SPREADS: Duration = Duration::from_mins(1);

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Nobody writes to the table on which the market stands any more.
    Fence,
    /// The other table is there, with its indexes.
    Restore,
    /// It has what a restore leaves out.
    Repair,
    /// Nobody writes to it before the whole market stands on it.
    Hold,
    /// It holds what its evidence says.
    Verify,
    /// The market stands on it.
    Point,
    /// It takes writes.
    Open,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Fence, Self::Restore, Self::Repair, Self::Hold, Self::Verify, Self::Point, Self::Open];
}

/// A table, as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) arn: String,
    /// It can be asked, and so can each of its indexes.
    pub(super) is_ready: bool,
    /// When it was made: a restored table, when its restore was begun.
    pub(super) made: Timestamp,
    /// Its hash and range key.
    pub(super) keys: Vec<String>,
    /// The names of its indexes.
    pub(super) indexes: Vec<String>,
    /// The ARN of the table that it was restored from, and the instant to which.
    pub(super) restored: Option<(String, Timestamp)>,
    /// The label of its stream, where it has one of what was written.
    pub(super) stream: Option<String>,
    /// Saved replies go when they have served.
    pub(super) has_ttl: bool,
    /// From when and until when it can be restored to any second; none where it cannot.
    pub(super) recovery: Option<(Timestamp, Timestamp)>,
    /// DynamoDB does not delete it.
    pub(super) is_protected: bool,
    pub(super) tags: Vec<(String, String)>,
    /// How many reads and writes a second it takes at once.
    pub(super) warm: Warm,
    /// The policy that lies on it.
    pub(super) policy: Option<Policy>,
    /// Since when nobody writes to it.
    pub(super) fenced: Option<Timestamp>,
}

/// How many reads and writes a second a table takes at once; nothing where nobody says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Warm {
    pub(super) reads: i64,
    pub(super) writes: i64,
}

impl Warm {
    /// What takes as much as either.
    pub(super) fn or_more(self, other: Self) -> Self {
        Self { reads: self.reads.max(other.reads), writes: self.writes.max(other.writes) }
    }

    /// Whether it takes as much as the other.
    fn reaches(self, other: Self) -> bool {
        self.or_more(other) == self
    }
}

/// A policy of a table, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) text: String,
    /// Whoever changes it names this: if somebody else did so meanwhile, nothing is changed.
    pub(super) revision: String,
}

/// What a restored table is to have of the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) tags: Vec<(String, String)>,
    pub(super) warm: Warm,
}

impl Table {
    /// Whether it has what a restore leaves out.
    fn is_whole(&self, needs: &Needs) -> bool {
        let has_tags = needs.tags.iter().all(|tag| self.tags.contains(tag));
        let is_kept = self.has_ttl && self.recovery.is_some() && self.is_protected;
        self.stream.is_some() && is_kept && has_tags && self.warm.reaches(needs.warm)
    }
}

/// What AWS says of the stack and of both tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// When it was looked.
    pub(super) now: Timestamp,
    /// The name of the market. Its roles reach its own table, and those whose names begin with its name and a hyphen.
    pub(super) market: String,
    /// The table on which the stack stands.
    pub(super) stands_on: String,
    /// The label of the stream by which it is pointed there: empty for the table that is its own, none where the stack's
    /// release knows no such parameter.
    pub(super) label: Option<String>,
    pub(super) stack: StackState,
    /// For how much the stack's parameters warm its own table: another one it does not reach.
    pub(super) warm: Warm,
    /// The table from which it is restored; none where it is gone.
    pub(super) source: Option<Table>,
    /// The one that is restored; none where it is not there yet.
    pub(super) target: Option<Table>,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The name of the table.
    pub(super) to: String,
    /// The instant to which; none is the latest that there is.
    pub(super) at: Option<Timestamp>,
    /// The table is taken as it is there, wherever it comes from.
    pub(super) adopt: bool,
    /// Every index that this release reads.
    pub(super) indexes: [&'static str; 3],
}

impl Seen {
    /// The market stands on the restored table, and nothing of it on another any more.
    pub(super) fn is_pointed(&self, wanted: &Wanted) -> bool {
        let label = self.target.as_ref().and_then(|target| target.stream.as_deref());
        self.stands_on == wanted.to
            && label.is_some()
            && self.label.as_deref() == label
            && matches!(self.stack, StackState::Stands | StackState::TakenBack { .. })
    }

    /// What the restored table is to have of the one before.
    pub(super) fn needs(&self) -> Needs {
        let Some(source) = &self.source else { return Needs { warm: self.warm, ..Needs::default() } };
        Needs { tags: source.tags.clone(), warm: self.warm.or_more(source.warm) }
    }

    /// The instant to which it is restored. Without one that is wanted, it is one at which nobody wrote any more, so that what
    /// was written while the fence was set is there too; AWS restores to it to the second, or refuses.
    pub(super) fn restores_to(&self, wanted: &Wanted) -> Option<Timestamp> {
        let fenced = self.source.as_ref().and_then(|source| source.fenced);
        wanted.at.or_else(|| Some(fenced? + SKEW + IS_SET + SPREADS))
    }

    /// Whether a step has been taken. It is verified anew each time, until the market stands there.
    pub(super) fn is_taken(&self, step: Step, wanted: &Wanted) -> bool {
        let is_pointed = self.is_pointed(wanted);
        let target = self.target.as_ref();
        match step {
            Step::Fence => self.source.as_ref().is_none_or(|source| source.fenced.is_some()),
            Step::Restore => target.is_some_and(|target| target.is_ready),
            Step::Repair => target.is_some_and(|target| target.is_whole(&self.needs())),
            Step::Hold => is_pointed || target.is_some_and(|target| target.fenced.is_some()),
            Step::Verify | Step::Point => is_pointed,
            Step::Open => is_pointed && target.is_some_and(|target| target.fenced.is_none()),
        }
    }

    /// The table that takes writes although a step before this one fenced it: somebody lifted the fence meanwhile, and what
    /// was restored or verified is not all there is.
    pub(super) fn unfenced(&self, after: Step, wanted: &Wanted) -> Option<String> {
        let open = if !self.is_taken(Step::Fence, wanted) {
            &self.stands_on
        } else if after >= Step::Hold && !self.is_taken(Step::Hold, wanted) {
            &wanted.to
        } else {
            return None;
        };
        Some(format!(
            "the fence of {open} was lifted meanwhile, so it may have been written to: give the command again"
        ))
    }

    /// Why it cannot be gone on with what stands there.
    pub(super) fn refusal(&self, wanted: &Wanted) -> Option<String> {
        let Wanted { to, .. } = wanted;
        if self.label.is_none() {
            return Some(
                "the stack has no parameter TableStreamLabel, so it cannot be pointed at another table: deploy 0.6.0 or a \
                 later release first"
                    .to_owned(),
            );
        }
        if self.stands_on != *to && !self.is_reached(to) {
            return Some(format!(
                "the roles of the market reach no table {to}: name it {market}-…, as in {market}-restored",
                market = self.market
            ));
        }
        if self.stands_on == *to && self.label.as_deref() == Some("") {
            return Some(format!(
                "the market stands on {to}, and that is its own: name the restored table otherwise"
            ));
        }
        if let StackState::Failed { status, reason } = &self.stack {
            return Some(format!("the stack is {status} and takes no update: {reason}"));
        }
        match (&self.target, &self.source) {
            (Some(target), source) => self.wrong_target(target, source.as_ref(), wanted),
            (None, None) => Some(format!(
                "the table {} is gone: restore a backup of it as {to}, and say --adopt",
                self.stands_on
            )),
            (None, Some(_)) if wanted.adopt => Some(format!("there is no table {to} that could be adopted")),
            (None, Some(source)) => self.unreachable(source, wanted),
        }
    }

    /// Whether the roles of the market, where they are bounded, and those of people reach a table of that name
    /// (`infra/apart/access.yaml`).
    fn is_reached(&self, table: &str) -> bool {
        table.strip_prefix(&self.market).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// Why the table cannot be restored to that instant.
    fn unreachable(&self, source: &Table, wanted: &Wanted) -> Option<String> {
        let Table { name, recovery, .. } = source;
        let Some((earliest, _)) = recovery else {
            return Some(format!(
                "{name} has no point-in-time recovery: restore a backup of it as {}, and say --adopt",
                wanted.to
            ));
        };
        match wanted.at {
            Some(at) if at > self.now => Some(format!("{at} is still to come")),
            Some(at) if at < *earliest => {
                Some(format!("{name} can be restored to {earliest} and later, not to {at}"))
            }
            _ => None,
        }
    }

    fn wrong_target(&self, target: &Table, source: Option<&Table>, wanted: &Wanted) -> Option<String> {
        let Wanted { to, at, adopt, indexes } = wanted;
        let is_of_source = source.is_none_or(|source| {
            target.restored.as_ref().is_some_and(|(restored_from, _)| *restored_from == source.arn)
        });
        if !is_of_source && !adopt && self.stands_on != *to {
            return Some(format!(
                "there is a table {to} already, and it was not restored from {}: name another, or say --adopt",
                self.stands_on
            ));
        }
        // A fence that was lifted, or is younger: what was written meanwhile is not in the restored table.
        let is_behind = |source: &Table| source.fenced.is_some_and(|fenced| fenced <= target.made + SKEW);
        if !adopt && self.stands_on != *to && source.is_some_and(|source| !is_behind(source)) {
            return Some(format!(
                "{} was written to after {to} was restored from it: restore it again under another name, or take {to} as it is \
                 with --adopt",
                self.stands_on
            ));
        }
        if let (Some(at), Some((_, restored_to)), false) = (at, &target.restored, adopt)
            && at.as_second() != restored_to.as_second()
        {
            return Some(format!(
                "the table {to} was restored to {restored_to}: leave --at out, or name another table"
            ));
        }
        let missing: Vec<_> =
            indexes.iter().filter(|index| !target.indexes.iter().any(|there| there == *index)).collect();
        if target.is_ready && (!missing.is_empty() || target.keys != ["pk", "sk"]) {
            return Some(format!(
                "the table {to} is no market's of this release: its keys are {:?}, and it lacks the indexes {missing:?}",
                target.keys
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "arn:aws:dynamodb:r:0:table/market";

    fn at() -> Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }

    fn earliest() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn wanted() -> Wanted {
        Wanted { to: "market-restored".to_owned(), at: None, adopt: false, indexes: ["due", "lists", "desk"] }
    }

    fn own() -> Table {
        Table {
            name: "market".to_owned(),
            arn: OLD.to_owned(),
            is_ready: true,
            recovery: Some((earliest(), at())),
            tags: vec![("team".to_owned(), "market".to_owned())],
            ..Table::default()
        }
    }

    fn before() -> Seen {
        Seen {
            now: at(),
            market: "market".to_owned(),
            stands_on: "market".to_owned(),
            label: Some(String::new()),
            stack: StackState::Stands,
            warm: Warm::default(),
            source: Some(own()),
            target: None,
        }
    }

    /// As AWS restores it.
    fn restored() -> Table {
        Table {
            name: "market-restored".to_owned(),
            arn: "arn:aws:dynamodb:r:0:table/market-restored".to_owned(),
            is_ready: true,
            made: at(),
            keys: vec!["pk".to_owned(), "sk".to_owned()],
            indexes: ["desk", "due", "lists"].map(str::to_owned).to_vec(),
            restored: Some((OLD.to_owned(), at())),
            ..Table::default()
        }
    }

    fn repaired() -> Table {
        Table {
            stream: Some("2026-11-27T12:30:00.000".to_owned()),
            has_ttl: true,
            recovery: Some((earliest(), at())),
            is_protected: true,
            tags: own().tags,
            ..restored()
        }
    }

    fn fenced(table: Table) -> Table {
        Table { fenced: Some(at()), ..table }
    }

    fn pointed(target: Table) -> Seen {
        let label = target.stream.clone();
        Seen {
            stands_on: "market-restored".to_owned(),
            label,
            source: Some(fenced(own())),
            target: Some(target),
            ..before()
        }
    }

    fn to_do(seen: &Seen) -> Vec<Step> {
        assert_eq!(seen.refusal(&wanted()), None);
        Step::ALL.into_iter().filter(|step| !seen.is_taken(*step, &wanted())).collect()
    }

    #[test]
    fn wherever_it_was_broken_off_it_goes_on_with_what_is_left() {
        use Step::*;
        let behind = |target| Seen { source: Some(fenced(own())), target, ..before() };
        let restoring = Table { is_ready: false, indexes: Vec::new(), keys: Vec::new(), ..restored() };
        for (what, seen, left) in [
            ("nothing was begun", before(), &Step::ALL[..]),
            ("the fence stands", behind(None), &[Restore, Repair, Hold, Verify, Point, Open]),
            ("it is being restored", behind(Some(restoring)), &[Restore, Repair, Hold, Verify, Point, Open]),
            ("it is restored", behind(Some(restored())), &[Repair, Hold, Verify, Point, Open]),
            ("it is repaired", behind(Some(repaired())), &[Hold, Verify, Point, Open]),
            ("it is held", behind(Some(fenced(repaired()))), &[Verify, Point, Open]),
            (
                "the stack is at it",
                Seen { stack: StackState::AtWork, ..pointed(fenced(repaired())) },
                &[Verify, Point, Open],
            ),
            ("the stack was pointed", pointed(fenced(repaired())), &[Open]),
            ("all is done", pointed(repaired()), &[]),
        ] {
            assert_eq!(to_do(&seen), left, "{what}");
        }
    }

    #[test]
    fn each_thing_that_a_restore_leaves_out_is_a_repair() {
        let without = [
            Table { stream: None, ..repaired() },
            Table { has_ttl: false, ..repaired() },
            Table { recovery: None, ..repaired() },
            Table { is_protected: false, ..repaired() },
            Table { tags: Vec::new(), ..repaired() },
            Table { warm: Warm { reads: 60_000, writes: 4_000 }, ..repaired() },
            Table { warm: Warm { reads: 12_000, writes: 25_000 }, ..repaired() },
        ];
        let warm = Warm { reads: 60_000, writes: 4_000 };
        let warmed = || Warm { reads: 12_000, writes: 25_000 };
        for target in without {
            let source = Table { warm: warmed(), ..fenced(own()) };
            let seen = Seen { target: Some(target.clone()), source: Some(source), warm, ..before() };
            assert!(!seen.is_taken(Step::Repair, &wanted()), "{target:?}");
        }
        // By what the table before took, or the stack's parameters say, whichever is more; and by these alone where it is gone.
        let both = Warm { reads: 60_000, writes: 25_000 };
        let target = Table { warm: both, ..repaired() };
        let source = Table { warm: warmed(), ..fenced(own()) };
        let whole = Seen { target: Some(target), source: Some(source), warm, ..before() };
        assert_eq!(whole.needs().warm, both);
        assert!(whole.is_taken(Step::Repair, &wanted()));
        assert_eq!(Seen { source: None, ..whole }.needs().warm, warm);
    }

    #[test]
    fn without_an_instant_it_is_restored_to_one_at_which_nobody_wrote_any_more_by_the_clock_of_aws() {
        let behind = Seen { source: Some(fenced(own())), ..before() };
        let to = behind.restores_to(&wanted()).unwrap();
        assert!(to >= at() + SKEW + IS_SET + SPREADS);
        // Whoever gives the command may have any clock.
        let slow = Seen { now: "2026-11-27T11:55:00Z".parse().unwrap(), ..behind.clone() };
        assert_eq!(slow.restores_to(&wanted()), Some(to));
        let wanted = Wanted { at: Some(earliest()), ..wanted() };
        assert_eq!(behind.restores_to(&wanted), Some(earliest()));
    }

    #[test]
    fn a_fence_that_is_lifted_meanwhile_is_noticed_before_the_stack_is_pointed() {
        let seen = |source, target| Seen { source: Some(source), target: Some(target), ..before() };
        let whole = seen(fenced(own()), fenced(repaired()));
        for step in Step::ALL {
            assert_eq!(whole.unfenced(step, &wanted()), None, "{step:?}");
        }
        let written_to = seen(own(), fenced(repaired())).unfenced(Step::Verify, &wanted()).unwrap();
        assert!(written_to.contains("fence of market"), "{written_to}");
        let open = seen(fenced(own()), repaired());
        assert_eq!(open.unfenced(Step::Repair, &wanted()), None, "it is not held yet");
        assert!(open.unfenced(Step::Verify, &wanted()).unwrap().contains("fence of market-restored"));
        assert_eq!(
            pointed(repaired()).unfenced(Step::Open, &wanted()),
            None,
            "it is open because it is to be"
        );
    }

    #[test]
    fn a_stack_whose_update_was_taken_back_is_pointed_again_and_one_that_hangs_is_not() {
        let stack = || StackState::TakenBack { reason: "no".to_owned() };
        let target = Some(fenced(repaired()));
        let behind = Seen { source: Some(fenced(own())), ..before() };
        let taken_back = Seen { stack: stack(), target: target.clone(), ..behind };
        assert_eq!(taken_back.refusal(&wanted()), None);
        assert!(!taken_back.is_taken(Step::Point, &wanted()));
        let hanging =
            StackState::Failed { status: "UPDATE_ROLLBACK_FAILED".to_owned(), reason: "no".to_owned() };
        let hangs = Seen { stack: hanging, target, ..before() };
        assert!(hangs.refusal(&wanted()).unwrap().contains("UPDATE_ROLLBACK_FAILED"));
        // A later update was taken back onto the restored table: the market stands there all the same.
        let later = Seen { stack: stack(), ..pointed(fenced(repaired())) };
        assert_eq!(to_do(&later), [Step::Open]);
    }

    #[test]
    fn what_cannot_be_restored_or_gone_on_with_is_refused() {
        let other = Table { restored: None, ..repaired() };
        let lacking = Table { indexes: vec!["due".to_owned()], ..restored() };
        let behind = || Seen { source: Some(fenced(own())), ..before() };
        let with = |target: &Table| Seen { target: Some(target.clone()), ..behind() };
        let lifted = Seen { source: Some(own()), ..with(&restored()) };
        let younger = Table { made: "2026-11-27T11:59:49Z".parse().unwrap(), ..restored() };
        let later = Wanted { at: Some("2026-11-27T12:00:01Z".parse().unwrap()), ..wanted() };
        let adopting = Wanted { adopt: true, ..wanted() };
        let gone = Seen { source: None, ..before() };
        let unkept = Seen { source: Some(Table { recovery: None, ..own() }), ..before() };
        let to_come = later.clone();
        let too_early = Wanted { at: Some("2026-11-20T11:59:59Z".parse().unwrap()), ..wanted() };
        for (seen, wanted, why) in [
            (Seen { label: None, ..before() }, wanted(), "TableStreamLabel"),
            (before(), Wanted { to: "market".to_owned(), ..wanted() }, "is its own"),
            (before(), Wanted { to: "restored".to_owned(), ..wanted() }, "name it market-…"),
            (before(), Wanted { to: "market2-restored".to_owned(), ..adopting.clone() }, "name it market-…"),
            (with(&other), wanted(), "was not restored from market"),
            (with(&restored()), later, "was restored to"),
            (with(&lacking), wanted(), "lacks the indexes"),
            (lifted.clone(), wanted(), "was written to after market-restored"),
            (with(&younger), wanted(), "was written to after market-restored"),
            (before(), adopting.clone(), "could be adopted"),
            (gone.clone(), wanted(), "restore a backup of it as market-restored"),
            (unkept, wanted(), "has no point-in-time recovery"),
            (before(), to_come, "is still to come"),
            (before(), too_early, "to 2026-11-20T12:00:00Z and later"),
        ] {
            let refusal = seen.refusal(&wanted).unwrap_or_else(|| panic!("not refused: {why}"));
            assert!(refusal.contains(why), "{refusal}");
        }
        assert_eq!(with(&other).refusal(&adopting), None, "it is adopted");
        assert_eq!(lifted.refusal(&adopting), None, "that too");
        let first = Table { name: "market".to_owned(), arn: OLD.to_owned(), ..repaired() };
        let back = Seen { target: Some(first), source: Some(restored()), ..pointed(repaired()) };
        let to_first = Wanted { to: "market".to_owned(), ..adopting };
        assert_eq!(back.refusal(&to_first), None, "it goes back to the table that was its own");
        let without_source = Seen { target: Some(restored()), ..gone };
        assert_eq!(without_source.refusal(&wanted()), None, "a deleted table fences nobody");
        assert!(without_source.is_taken(Step::Fence, &wanted()));
    }
}
