//! What is asked for of a list: where a page begins, how long it is, which way it runs.

/// Which way a list runs. Places and ids begin with an instant, so this is also "the oldest first" or "the newest first".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sorted {
    /// By the place, the smallest first.
    #[default]
    Ascending,
    /// By the place, the greatest first.
    Descending,
}

/// A page of a list, as it is asked for.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Where it goes on: `next` of the page before, in the same direction.
    pub after: Option<&'a str>,
    /// At most how many items, at least one.
    pub limit: u16,
    /// Which way the list runs.
    pub sorted: Sorted,
    /// Nothing that sorts before this: a place, or what follows a sort key's prefix.
    pub from: Option<String>,
}

impl<'a> Asked<'a> {
    /// A page of everything, in ascending order.
    #[must_use]
    pub const fn page(after: Option<&'a str>, limit: u16) -> Self {
        Self { after, limit, sorted: Sorted::Ascending, from: None }
    }

    /// The same, the other way round.
    #[must_use]
    pub fn descending(self) -> Self {
        Self { sorted: Sorted::Descending, ..self }
    }

    /// The same, of what does not sort before this.
    #[must_use]
    pub fn from(self, from: impl Into<String>) -> Self {
        Self { from: Some(from.into()), ..self }
    }

    pub(crate) fn is_ascending(&self) -> bool {
        self.sorted == Sorted::Ascending
    }
}

/// One more than a page shows: whether it is there tells whether the page is the last.
pub(super) fn one_more(limit: usize) -> i32 {
    i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX)
}
