//! Pages: how long they are, and where the next one begins.
//!
//! A cursor is bound to its query by a hash, so that one of another query is told as such. The hash has no key: it is
//! no proof, and a forged cursor may carry anything. What it carries is held against the query where the query is made
//! (`market_store::read`), so that it reads nothing that its query would not, or is refused.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_store::{Asked, Page, Sorted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Call, Endpoint};
use super::market::Market;
use super::problem::Problem;
use super::problems;

/// The query of a list that runs one way.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Where to go on: `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// At most how many items, 1 to 100; 50 by default.
    #[serde(default)]
    pub limit: Limit,
}

impl PageQuery {
    /// The page that a call asks for.
    #[must_use]
    pub fn asked<'a>(&self, after: Option<&'a str>) -> Asked<'a> {
        Asked::page(after, self.limit.get())
    }
}

/// The query of a list in the order of instants; also a part of the queries that choose among what is in a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Where to go on: `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
    /// At most how many items, 1 to 100; 50 by default. A page may have fewer, or none, with more to come: go by
    /// `next_cursor`.
    #[serde(default)]
    pub limit: Limit,
    /// Which first.
    #[serde(default)]
    pub order: SortOrder,
    /// Only what was made at this instant or later.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
}

impl ListQuery {
    /// The page that a call asks for, of a list whose places sort as `first` of their instants does.
    #[must_use]
    pub fn asked<'a>(&self, after: Option<&'a str>, first: impl FnOnce(Timestamp) -> String) -> Asked<'a> {
        let sorted = match self.order {
            SortOrder::Asc => Sorted::Ascending,
            SortOrder::Desc => Sorted::Descending,
        };
        Asked { after, limit: self.limit.get(), sorted, from: self.since.map(first) }
    }
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// The oldest first.
    #[default]
    Asc,
    /// The newest first.
    Desc,
}

/// How many items a page has.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
// A query has texts only, and a part of one is not read as numbers.
#[serde(try_from = "String")]
#[schemars(with = "Option<u16>", extend("minimum" = 1, "maximum" = 100, "default" = 50))]
pub struct Limit(u16);

impl Limit {
    /// As a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<String> for Limit {
    type Error = &'static str;

    fn try_from(limit: String) -> Result<Self, Self::Error> {
        match limit.parse() {
            Ok(limit @ 1..=100) => Ok(Self(limit)),
            _ => Err("must be 1 to 100"),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct List<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many items of this page could not be read, where there are any; the operator was alerted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<usize>,
}

impl<T> List<T> {
    /// The page of a call's list. An item that cannot be read does not hide the others; it is counted, and raises the
    /// alarm.
    pub fn of<E: Endpoint, S>(
        call: &Call<E>,
        market: &Market,
        page: Page<S>,
        show: impl FnMut(S) -> T,
    ) -> Self {
        Self {
            unreadable: market.count_unreadable(&page.unreadable),
            items: page.items.into_iter().map(show).collect(),
            next_cursor: page
                .next
                .map(|after| call.next.get_or_init(|| seal(&call.query_id, &after)).clone()),
        }
    }
}

fn bind(query_id: &Sha256Hash, after: &str) -> String {
    Sha256Hash::of(format!("{query_id}\n{after}").as_bytes()).as_str()[..16].to_owned()
}

fn seal(query_id: &Sha256Hash, after: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}{after}", bind(query_id, after)))
}

pub(crate) fn open(query_id: &Sha256Hash, cursor: &str) -> Result<String, Problem> {
    let invalid = || Problem::new(problems::INVALID_CURSOR);
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    match text.split_at_checked(16) {
        Some((bound, after)) if !after.is_empty() && bound == bind(query_id, after) => Ok(after.to_owned()),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_own_query() {
        let (one, other) = (Sha256Hash::of(b"one"), Sha256Hash::of(b"other"));
        let cursor = seal(&one, "grant#grt_1");
        assert_eq!(open(&one, &cursor).unwrap(), "grant#grt_1");
        assert_eq!(open(&other, &cursor).unwrap_err().code, problems::INVALID_CURSOR);
        for forged in ["", "x", "AAAA", &BASE64_URL_SAFE_NO_PAD.encode("0123456789abcdefgrant#"), "äö"] {
            assert_eq!(open(&one, forged).unwrap_err().code, problems::INVALID_CURSOR);
        }
    }
}
