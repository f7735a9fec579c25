//! What the table tests of the aggregates share.
//!
//! A table is a `match` over every state, every command and every instant that matters, without a wildcard over the
//! states: what is new does not compile until it has its row. A cell is the event that is recorded with the state after
//! it, or the refusal, or that nothing is due.

mod samples;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::Change;
use market_kernel::evidence::Evidence;
use market_kernel::hash::Sha256Hash;
use market_kernel::stored::form::read;

pub use self::samples::*;

/// An enum, with the list of everything in it.
#[macro_export]
macro_rules! every {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$about])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

every! {
    /// An instant, by where it lies to a boundary.
    When { JustBefore, At, JustAfter }
}

impl When {
    #[must_use]
    pub fn of(self, boundary: Timestamp) -> Timestamp {
        let a_moment = SignedDuration::from_nanos(1);
        match self {
            Self::JustBefore => boundary - a_moment,
            Self::At => boundary,
            Self::JustAfter => boundary + a_moment,
        }
    }
}

/// What becomes of a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Cell<S, R> {
    /// The event is recorded, and it stands so afterwards.
    To(&'static str, S),
    /// It is refused.
    No(R),
    /// There is nothing to do.
    Nothing,
}

impl<S, R> Cell<S, R> {
    /// The cell of what was decided of an aggregate.
    pub fn decided<A: Aggregate>(change: &Change, stand_of: impl FnOnce(&A) -> S) -> Self {
        let (event, state) = recorded::<A>(change);
        Self::To(event, stand_of(&state))
    }

    /// The same of a command that can be refused.
    pub fn answered<A: Aggregate + PartialEq + fmt::Debug>(
        outcome: Result<(A, Change), R>,
        stand_of: impl FnOnce(&A) -> S,
    ) -> Self {
        match outcome {
            Ok((state, change)) => {
                assert_eq!(recorded::<A>(&change).1, state, "what is answered is what is written");
                Self::decided(&change, stand_of)
            }
            Err(refusal) => Self::No(refusal),
        }
    }

    /// The same of a job, or of a command that may change nothing.
    pub fn due<A: Aggregate>(change: Option<Change>, stand_of: impl FnOnce(&A) -> S) -> Self {
        change.map_or(Self::Nothing, |change| Self::decided(&change, stand_of))
    }
}

/// The event that a change records of its aggregate of this kind, and the state that it writes.
#[must_use]
pub fn recorded<A: Aggregate>(change: &Change) -> (&'static str, A) {
    let mut writes = change.writes.iter().filter(|write| write.kind == A::KIND && write.record.is_some());
    let write = writes.next().unwrap_or_else(|| panic!("nothing of {} is written", A::KIND));
    assert!(writes.next().is_none(), "{} is written once", A::KIND);
    let event = Evidence::read(write.record.as_ref().unwrap()).unwrap().event.leak();
    (event, read(&write.body, write.schema).unwrap().0)
}

/// Holds every cell of a table against what is so, and tells all that differ.
pub fn hold<S, C, R>(
    states: &[S],
    commands: &[C],
    expected: impl Fn(S, C, When) -> Cell<S, R>,
    actual: impl Fn(S, C, When) -> Cell<S, R>,
) where
    S: Copy + fmt::Debug + PartialEq,
    C: Copy + fmt::Debug,
    R: fmt::Debug + PartialEq,
{
    let cells = states.iter().flat_map(|state| commands.iter().map(move |command| (*state, *command)));
    let cells = cells.flat_map(|(state, command)| When::ALL.iter().map(move |when| (state, command, *when)));
    let wrong: Vec<_> = cells
        .filter_map(|(state, command, when)| {
            let (expected, actual) = (expected(state, command, when), actual(state, command, when));
            let differs = expected != actual;
            differs.then(|| format!("{state:?} × {command:?} {when:?}: {actual:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// An aggregate as it was read.
pub fn loaded<A>(state: A) -> Loaded<A> {
    Loaded::new(state, 3, Sha256Hash::origin())
}
