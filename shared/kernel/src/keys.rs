//! Keys: whose something is, and what it is.
//!
//! A partition and a sort key are made of a prefix, which is a constant, and what names the one; those of an aggregate by its
//! [`Place`], from an owner and an id. Only what reads the table back takes them as they were stored. No id contains the `#`
//! that separates the parts.

use std::borrow::{Borrow, Cow};
use std::fmt::{self, Display};
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256Hash;
use crate::ids::{AccountId, ProviderId};

/// What the sort key of a thing is that has a partition of its own.
const STATE: &str = "state";

macro_rules! part {
    ($(#[$doc:meta])+ $name:ident) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A kind's prefix, which ends with `#`, and what names the one within it.
            #[must_use]
            pub fn new(prefix: &'static str, name: impl Display) -> Self {
                Self(format!("{prefix}{name}"))
            }

            /// As it was stored.
            #[must_use]
            pub fn stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// As it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

part! {
    /// Whose something is: `account#…`, `provider#…`, `document#…`, `listing#…`, `announcements`.
    Partition
}

part! {
    /// What something is within its partition: `state`, `order#…`, `grant#…`.
    Sort
}

/// The primary key of an item. Everything of one party lives in that party's partition, so that a
/// party's things are read together, strongly consistent, and never contend with another party's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The owner.
    pub partition: Partition,
    /// The thing.
    pub sort: Sort,
}

impl Key {
    /// A key from its two parts.
    #[must_use]
    pub const fn new(partition: Partition, sort: Sort) -> Self {
        Self { partition, sort }
    }

    /// As it was stored.
    #[must_use]
    pub fn stored(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self::new(Partition::stored(partition), Sort::stored(sort))
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.sort)
    }
}

/// A key as logs tell it: `account#…/notice#ntc_…`. It says what the item is and not whose, so that no line names a party.
#[derive(Debug, Clone, Copy)]
pub struct ToldKey<'a>(&'a Key);

impl Key {
    /// For logs: without whose it is.
    #[must_use]
    pub const fn told(&self) -> ToldKey<'_> {
        ToldKey(self)
    }
}

/// Partitions that are no party's, and whose names hold nothing of one.
const OF_NO_PARTY: [&str; 3] = ["announcements", "listing#", "holidays#"];
/// What stands in a log for what names a party.
const UNTOLD: &str = "…";

impl Display for ToldKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Key { partition, sort }) = self;
        // A document's id tells its provider before a dot; an operator's has none.
        let is_of_nobody = OF_NO_PARTY.iter().any(|free| partition.starts_with(free))
            || partition.starts_with("document#") && !partition.contains('.');
        match partition.split_once('#') {
            Some((kind, _)) if !is_of_nobody => write!(f, "{kind}#{UNTOLD}/")?,
            _ => write!(f, "{partition}/")?,
        }
        // The key of a request is its sender's own text.
        let is_sent = sort.starts_with("key#");
        for (place, part) in sort.split('#').enumerate() {
            let told = if part.contains('.') || (is_sent && place > 0) { UNTOLD } else { part };
            write!(f, "{}{told}", if place > 0 { "#" } else { "" })?;
        }
        Ok(())
    }
}

/// Where the things of a kind lie. No two kinds share a place, so a key tells the kind of the thing without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Each in a partition of its own, whose name begins so, as its `state`: `listing#`.
    Own(&'static str),
    /// In the partition of whoever has them, under sort keys that begin so: `order#`.
    Within(&'static str),
}

impl Place {
    /// Whether a thing of the kind lies under this key, if anything does.
    #[must_use]
    pub fn holds(self, key: &Key) -> bool {
        match self {
            Self::Own(prefix) => *key.sort == *STATE && key.partition.starts_with(prefix),
            Self::Within(prefix) => key.sort.starts_with(prefix),
        }
    }

    /// What the sort keys of the kind's things begin with, within a partition.
    #[must_use]
    pub const fn sorts(self) -> &'static str {
        match self {
            Self::Own(_) => STATE,
            Self::Within(prefix) => prefix,
        }
    }

    /// The key of the one with this id, which has a partition of its own.
    #[must_use]
    pub fn own(self, id: impl Display) -> Key {
        Key::new(Partition::new(self.prefix(), id), Sort(STATE.to_owned()))
    }

    /// The key of the one with this id, which lies among its owner's things.
    #[must_use]
    pub fn within(self, owner: &impl Owner, id: impl Display) -> Key {
        Key::new(owner.partition(), Sort::new(self.prefix(), id))
    }

    const fn prefix(self) -> &'static str {
        let (Self::Own(prefix) | Self::Within(prefix)) = self;
        prefix
    }
}

/// Whoever has things of its own.
pub trait Owner {
    /// Where they lie.
    fn partition(&self) -> Partition;
}

/// What a merchant's partition begins with.
pub const ACCOUNT: &str = "account#";
/// What a provider's partition begins with.
pub const PROVIDER: &str = "provider#";

impl Owner for AccountId {
    fn partition(&self) -> Partition {
        Partition::new(ACCOUNT, self)
    }
}

impl Owner for ProviderId {
    fn partition(&self) -> Partition {
        Partition::new(PROVIDER, self)
    }
}

/// A list that all things of a kind stand in is spread over so many, told apart by a hexadecimal digit, so that none takes the
/// writes of all.
const PARTS: &str = "0123456789abcdef";

/// The name of a list that another party than the owner reads (a provider's grants, the catalogue).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListName(Cow<'static, str>);

impl ListName {
    /// One that there is once: what waits for the operator, say.
    #[must_use]
    pub const fn of_market(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// One of several, told apart by what follows the prefix.
    #[must_use]
    pub fn new(prefix: &'static str, name: impl Display) -> Self {
        Self(Cow::Owned(format!("{prefix}{name}")))
    }

    /// A party's list of this name: `provider#…#orders`.
    #[must_use]
    pub fn of(party: &impl Owner, name: &'static str) -> Self {
        Self(Cow::Owned(format!("{}#{name}", party.partition())))
    }

    /// The list of what happened in a merchant's partition, where it is one's.
    #[must_use]
    pub fn timeline(partition: &Partition) -> Option<Self> {
        partition.starts_with(ACCOUNT).then(|| Self(Cow::Owned(format!("{partition}#timeline"))))
    }

    /// All parts of a list that is spread; together they have each thing once.
    #[must_use]
    pub fn parts(prefix: &'static str, name: impl Display) -> Vec<Self> {
        PARTS.chars().map(|part| Self::new(prefix, format_args!("{name}#{part}"))).collect()
    }

    /// The part of such a list in which the thing with this id stands.
    #[must_use]
    pub fn part_of(prefix: &'static str, name: impl Display, id: &str) -> Self {
        let hash = Sha256Hash::of(id.as_bytes());
        Self::new(prefix, format_args!("{name}#{}", &hash.as_str()[..1]))
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What sorts before every place that begins with this instant or a later one.
#[must_use]
pub fn instant_place(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The list.
    pub list: ListName,
    /// The place in it, by which the list is sorted.
    pub place: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: Place = Place::Within("order#");
    const LISTINGS: Place = Place::Own("listing#");

    #[test]
    fn a_key_is_told_in_logs_without_whose_it_is() {
        for (partition, sort, told) in [
            ("account#shop-1", "notice#ntc_1", "account#…/notice#ntc_1"),
            ("provider#acme", "state", "provider#…/state"),
            ("account#shop-1", "acceptance#acme.terms#000001", "account#…/acceptance#…#000001"),
            ("ledger#shop-1#grt_1#0", "2026-01-01T00", "ledger#…/2026-01-01T00"),
            ("document#acme.terms", "text#000001", "document#…/text#000001"),
            ("document#rules", "text#000001", "document#rules/text#000001"),
            ("credit-code#911100008021004331", "state", "credit-code#…/state"),
            ("reply#merchant#shop-1", "key#wang@example.com", "reply#…/key#…"),
            ("listing#lst_1", "state", "listing#lst_1/state"),
            ("announcements", "notice#ntc_1", "announcements/notice#ntc_1"),
            ("holidays#2027", "state", "holidays#2027/state"),
        ] {
            assert_eq!(Key::stored(partition, sort).told().to_string(), told);
        }
    }

    #[test]
    fn a_key_is_stored_as_its_owner_its_kind_and_its_id() {
        let (account, provider): (AccountId, ProviderId) =
            ("shop-1".parse().unwrap(), "acme".parse().unwrap());
        assert_eq!(ORDERS.within(&account, "o-1").to_string(), "account#shop-1/order#o-1");
        assert_eq!(ORDERS.within(&provider, "o-1").to_string(), "provider#acme/order#o-1");
        assert_eq!(LISTINGS.own("l-1").to_string(), "listing#l-1/state");
        assert_eq!(ListName::of(&provider, "orders").as_str(), "provider#acme#orders");
        let part = ListName::part_of("orders#", "placed", "o-1");
        assert!(ListName::parts("orders#", "placed").contains(&part), "{part:?}");
        assert_eq!(ListName::parts("orders#", "placed").len(), 16);
    }

    #[test]
    fn a_place_holds_its_own_keys_and_no_others() {
        let (order, listing) = (Key::stored("account#shop-1", "order#o-1"), LISTINGS.own("l-1"));
        assert!(ORDERS.holds(&order) && LISTINGS.holds(&listing));
        assert!(!ORDERS.holds(&listing) && !LISTINGS.holds(&order));
        assert!(!ORDERS.holds(&Key::stored("account#shop-1", "evidence#order#o-1#0000000001")));
        assert!(!LISTINGS.holds(&Key::stored("listing#l-1", "evidence#state#0000000001")));
    }
}
