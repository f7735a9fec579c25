//! Typed identifiers: an order's id cannot be handed in where a grant's is wanted.
//!
//! Two sorts. *Made* ids (`ord_…`) carry the instant they were made at, so that they sort by it, and 80
//! random bits that the caller supplies. *Given* ids are names that another party chose: a merchant's
//! platform account, a provider, a document. Neither sort can contain the `#` that separates the parts
//! of a key in the table.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256Hash;

/// Why an id was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of this kind")]
pub struct IdError;

/// What every id can do, whatever it names.
macro_rules! id_basics {
    ($name:ident) => {
        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        crate::trusted!($name, String);

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(raw: &str) -> Result<Self, IdError> {
                raw.to_owned().try_into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Twelve hexadecimal digits of milliseconds, then the given twenty.
fn made(prefix: &str, at: Timestamp, tail: [u8; 10]) -> String {
    let ms = u64::try_from(at.as_millisecond()).unwrap_or(0) & 0xffff_ffff_ffff;
    format!("{prefix}_{ms:012x}{}", hex::encode(tail))
}

macro_rules! made_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = concat!("^", $prefix, "_[0-9a-f]{32}$")))]
        pub struct $name(String);

        id_basics!($name);

        impl $name {
            /// What sorts before every id that is made at `at` or later.
            #[must_use]
            pub fn first_of(at: Timestamp) -> Self {
                Self(made($prefix, at, [0; 10]))
            }

            /// An id made at `at`; `tail` tells apart what was made in the same millisecond.
            #[must_use]
            pub fn new(at: Timestamp, tail: [u8; 10]) -> Self {
                Self(made($prefix, at, tail))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(raw: String) -> Result<Self, IdError> {
                let hex = raw.strip_prefix(concat!($prefix, "_")).ok_or(IdError)?;
                let lawful = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if lawful { Ok(Self(raw)) } else { Err(IdError) }
            }
        }
    };
}

macro_rules! given_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"))]
        pub struct $name(String);

        id_basics!($name);

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(raw: String) -> Result<Self, IdError> {
                let lawful = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
                let begins = raw.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
                if begins && raw.len() <= 64 && raw.bytes().all(lawful) { Ok(Self(raw)) } else { Err(IdError) }
            }
        }
    };
}

given_id!(
    /// A market account. It is the merchant's platform account that has opened the market, one to one, so
    /// it carries the id that this account's tokens name it by: a second market account cannot be named.
    AccountId
);
given_id!(
    /// A provider, by the id that its tokens name it by.
    ProviderId
);
given_id!(
    /// A document of the registry. An operator's has no dot (`market-agreement`); a provider's is the provider's id, a
    /// dot, and a name without one (`northwind.terms`), so that the two can never meet.
    DocumentId
);
given_id!(
    /// A plan within its listing.
    PlanId
);
given_id!(
    /// A named piece of platform data that a grant can cover, for example `orders.read`.
    ScopeName
);
given_id!(
    /// An event of another system; seeing it again changes nothing.
    EventId
);
/// A record of money that arrived: the payment's own id; with what tells them apart where another report used the id
/// for something else; a hash alone where no id could be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?(~[0-9a-f]{32})?$"))]
pub struct PaymentRecordId(String);

id_basics!(PaymentRecordId);

impl PaymentRecordId {
    /// Beside the payment's own record.
    #[must_use]
    pub fn beside(payment: &EventId, report: &Sha256Hash) -> Self {
        Self(format!("{payment}~{}", &report.as_str()[..32]))
    }

    /// Of a return, by its own id: one return ends one duty.
    #[must_use]
    pub fn of_return(return_id: &EventId) -> Self {
        Self(format!("~{}", &Sha256Hash::of(format!("return\n{return_id}").as_bytes()).as_str()[..32]))
    }

    /// Of a report that cannot be read, by the id of its message.
    #[must_use]
    pub fn of_message(message_id: &str) -> Self {
        Self(format!("~{}", &Sha256Hash::of(format!("message\n{message_id}").as_bytes()).as_str()[..32]))
    }
}

impl From<&EventId> for PaymentRecordId {
    fn from(payment: &EventId) -> Self {
        Self(payment.0.clone())
    }
}

impl TryFrom<String> for PaymentRecordId {
    type Error = IdError;

    fn try_from(raw: String) -> Result<Self, IdError> {
        let (payment, report) = match raw.split_once('~') {
            Some((payment, report)) => (payment, Some(report)),
            None => (raw.as_str(), None),
        };
        let is_hash =
            |text: &str| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let lawful = report.is_none_or(is_hash)
            && (payment.parse::<EventId>().is_ok() || payment.is_empty() && report.is_some());
        if lawful { Ok(Self(raw)) } else { Err(IdError) }
    }
}

made_id!(
    /// A listing of the catalogue.
    ListingId, "lst"
);
made_id!(
    /// An order.
    OrderId, "ord"
);
made_id!(
    /// A grant; its deletion demand carries the same id, so there is never a second one.
    GrantId, "grt"
);
made_id!(
    /// A termination of a market account's agreement.
    TerminationId, "trm"
);
made_id!(
    /// A notice to one recipient on one channel.
    NoticeId, "ntc"
);

impl DocumentId {
    /// The body of the agreement between operator and merchant.
    #[must_use]
    pub fn market_agreement() -> Self {
        Self("market-agreement".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_sort_by_the_instant_they_were_made_at() {
        let early = OrderId::new(Timestamp::from_second(1_700_000_000).unwrap(), [0xff; 10]);
        let late = OrderId::new(Timestamp::from_second(1_700_000_001).unwrap(), [0; 10]);
        assert!(early < late);
        assert_eq!(early.as_str().parse::<OrderId>(), Ok(early));
    }

    #[test]
    fn an_id_cannot_carry_the_separator_of_a_key() {
        for bad in ["", "a#b", "-a", "a/b", "ü", &"x".repeat(65)] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad:?}");
        }
        assert!("ord_0123".parse::<OrderId>().is_err());
        assert!(format!("grt_{}", "0".repeat(32)).parse::<OrderId>().is_err());
    }
}
