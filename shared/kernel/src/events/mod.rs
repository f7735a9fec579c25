//! The register of events: every name that evidence can carry, the clause that it carries out, and its facts
//! with their types.
//!
//! A name, a clause or a fact that is hashed into a chain is there for ever, so none is written as a text where
//! it is used: an event is a type, and a slip does not compile. The register is also what providers will be
//! sent, and `docs/EVENTS.md` is made from it. Facts are ids, hashes, dates, amounts and words of ours; nothing
//! that identifies a person.
//!
//! An event is never renamed and never changes what it means. One that is no longer written stays here.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

mod own;

use crate::hash::Sha256Hash;
use crate::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, PlanId};
use crate::money::Fen;

/// What sort of value a fact is. In evidence all but numbers and flags are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactType {
    /// An id.
    Id,
    /// A SHA-256 hash in hexadecimal.
    Hash,
    /// An instant (RFC 3339).
    Instant,
    /// A day in Shanghai (2026-01-05).
    Day,
    /// A whole number.
    Number,
    /// An amount in fen.
    Fen,
    /// True or false.
    Flag,
    /// Words of the market's own.
    Words,
    /// Words or an id of another system's, as it gave them.
    Foreign,
}

/// Words or an id that another system gave.
#[derive(Debug, Clone)]
pub struct Foreign(pub String);

impl FactType {
    /// Its name in the description of events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Hash => "SHA-256",
            Self::Instant => "instant",
            Self::Day => "day",
            Self::Number => "number",
            Self::Fen => "fen",
            Self::Flag => "flag",
            Self::Words => "words",
            Self::Foreign => "another system's words",
        }
    }

    /// Whether a recorded value is of this type.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number | Self::Fen, Value::Number(number)) => number.is_u64(),
            (Self::Flag, Value::Bool(_)) => true,
            (Self::Id | Self::Words | Self::Foreign, Value::String(text)) => !text.is_empty(),
            (Self::Hash, Value::String(text)) => Sha256Hash::try_from(text.clone()).is_ok(),
            (Self::Day, Value::String(text)) => text.parse::<Date>().is_ok(),
            (Self::Instant, Value::String(text)) => text.parse::<Timestamp>().is_ok(),
            _ => false,
        }
    }
}

/// A fact of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// What sort of value it is.
    pub r#type: FactType,
    /// Whether it may be absent.
    pub is_optional: bool,
}

/// An event of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Its name, in the past tense.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    /// The clauses that it can carry out.
    pub clauses: &'static [&'static str],
    /// Its facts.
    pub facts: &'static [Fact],
}

/// The facts of an event, by name.
pub type Facts = Map<String, Value>;

/// Something that happened, as evidence records it.
pub trait Happening {
    /// How it is registered.
    const REGISTERED: Registered;

    /// The clause that it carries out.
    fn clause(&self) -> &'static str;
    /// Its facts by name; those that are absent are left out.
    fn facts(self) -> Facts;
}

/// A value that can be a fact.
pub trait FactValue {
    /// Its type.
    const TYPE: FactType;
    /// Whether it may be absent.
    const IS_OPTIONAL: bool = false;

    /// What is recorded of it.
    fn value(self) -> Option<Value>;
}

macro_rules! fact_values {
    ($($type:ty => $kind:ident, |$value:ident| $json:expr;)+) => {
        $(impl FactValue for $type {
            const TYPE: FactType = FactType::$kind;

            fn value(self) -> Option<Value> {
                let $value = self;
                Some($json.into())
            }
        })+
    };
}

fact_values! {
    AccountId => Id, |id| id.as_str();
    DocumentId => Id, |id| id.as_str();
    EventId => Id, |id| id.as_str();
    ListingId => Id, |id| id.as_str();
    OrderId => Id, |id| id.as_str();
    PlanId => Id, |id| id.as_str();
    Sha256Hash => Hash, |hash| hash.as_str();
    Timestamp => Instant, |at| at.to_string();
    Date => Day, |day| day.to_string();
    u32 => Number, |number| number;
    u64 => Number, |number| number;
    Fen => Fen, |amount| amount.get();
    bool => Flag, |flag| flag;
    String => Words, |words| words;
    &'static str => Words, |words| words;
    Foreign => Foreign, |words| words.0;
}

impl<T: FactValue> FactValue for Option<T> {
    const TYPE: FactType = T::TYPE;
    const IS_OPTIONAL: bool = true;

    fn value(self) -> Option<Value> {
        self.and_then(T::value)
    }
}

/// Declares the events of a context, and its part of the register (`REGISTER`).
#[macro_export]
macro_rules! events {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident $clauses:tt { $($fact:ident: $type:ty),* $(,)? }
    )+) => {
        $(
            $(#[doc = $meaning])+
            #[derive(Debug, Clone)]
            #[allow(missing_docs, reason = "a fact is named by what it is")]
            pub struct $name { $(pub $fact: $type,)* }
            $crate::events!(@happening $name $clauses (concat!($($meaning),+).trim_ascii()) { $($fact: $type),* });
        )+

        /// Every event, in the order of the register.
        pub const REGISTER: &[$crate::events::Registered] = &[$(<$name as $crate::events::Happening>::REGISTERED),+];
    };
    (@happening $name:ident $clause:literal ($meaning:expr) { $($fact:ident: $type:ty),* }) => {
        impl $crate::events::Happening for $name {
            const REGISTERED: $crate::events::Registered = $crate::events!(@registered $name ($meaning) [$clause] { $($fact: $type),* });

            fn clause(&self) -> &'static str {
                $clause
            }

            fn facts(self) -> $crate::events::Facts {
                $crate::events!(@facts self { $($fact),* })
            }
        }
    };
    // An event of several clauses is handed the one that it carries out, as its first fact.
    (@happening $name:ident [$of:ident] ($meaning:expr) { $($fact:ident: $type:ty),* }) => {
        impl $crate::events::Happening for $name {
            const REGISTERED: $crate::events::Registered = $crate::events!(@registered $name ($meaning) $of { $($fact: $type),* });

            fn clause(&self) -> &'static str {
                self.under.clause()
            }

            fn facts(self) -> $crate::events::Facts {
                $crate::events!(@facts self { $($fact),* })
            }
        }
    };
    (@registered $name:ident ($meaning:expr) [$clause:literal] { $($fact:ident: $type:ty),* }) => {
        $crate::events::Registered { name: stringify!($name), meaning: $meaning, clauses: &[$clause], facts: $crate::events!(@types { $($fact: $type),* }) }
    };
    (@registered $name:ident ($meaning:expr) $of:ident { under: $under:ty $(, $fact:ident: $type:ty)* }) => {
        $crate::events::Registered { name: stringify!($name), meaning: $meaning, clauses: $of::CLAUSES, facts: $crate::events!(@types { $($fact: $type),* }) }
    };
    (@types { $($fact:ident: $type:ty),* }) => {
        &[$($crate::events::Fact {
            name: stringify!($fact),
            r#type: <$type as $crate::events::FactValue>::TYPE,
            is_optional: <$type as $crate::events::FactValue>::IS_OPTIONAL,
        }),*]
    };
    (@facts $self:ident {}) => { $crate::events::Facts::new() };
    (@facts $self:ident { under $(, $fact:ident)* }) => { $crate::events!(@facts $self { $($fact),* }) };
    (@facts $self:ident { $($fact:ident),* }) => {{
        let mut facts = $crate::events::Facts::new();
        $(if let Some(value) = $crate::events::FactValue::value($self.$fact) {
            facts.insert(stringify!($fact).to_owned(), value);
        })*
        facts
    }};
}

/// Declares which clauses an event can carry out.
#[macro_export]
macro_rules! clauses {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $clause:literal),+ $(,)? })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $name { $($(#[doc = $variant_doc])+ $variant),+ }

            impl $name {
                pub(crate) const CLAUSES: &'static [&'static str] = &[$($clause),+];

                pub(crate) const fn clause(self) -> &'static str {
                    match self { $(Self::$variant => $clause),+ }
                }
            }
        )+
    };
}

pub use own::*;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    mod declared {
        use jiff::Timestamp;

        use crate::ids::EventId;
        use crate::money::Fen;

        crate::clauses! {
            /// How it ends.
            EndedUnder {
                /// By itself.
                Natural = "10.1.1",
                /// By notice.
                Notice = "10.1.2",
            }
        }

        crate::events! {
            /// Paid.
            Paid "4.6" { payment: EventId, amount_fen: Fen, valid_until: Option<Timestamp> }
            /// Over.
            Ended [EndedUnder] { under: EndedUnder, ended_at: Timestamp }
        }
    }
    use declared::{Ended, EndedUnder, Paid};

    #[test]
    fn what_is_declared_is_registered_in_its_order() {
        let names: Vec<_> = declared::REGISTER.iter().map(|registered| registered.name).collect();
        assert_eq!(names, ["Paid", "Ended"]);
        assert_eq!(declared::REGISTER[0].meaning.trim(), "Paid.");
    }

    #[test]
    fn a_happening_writes_the_facts_that_it_is_registered_with_and_leaves_out_what_is_absent() {
        let paid = Paid {
            payment: "pay-1".parse().unwrap(),
            amount_fen: 19_900.try_into().unwrap(),
            valid_until: None,
        };
        let (clause, facts) = (paid.clause(), paid.facts());
        assert_eq!(Value::from(facts), json!({ "payment": "pay-1", "amount_fen": 19_900 }));
        assert_eq!(clause, "4.6");
        assert_eq!(EndedUnder::Natural.clause(), "10.1.1");
        let ended = Ended { under: EndedUnder::Notice, ended_at: Timestamp::UNIX_EPOCH };
        assert_eq!(ended.clause(), "10.1.2");
        assert_eq!(Ended::REGISTERED.clauses, ["10.1.1", "10.1.2"]);
        assert_eq!(Value::from(ended.facts()), json!({ "ended_at": "1970-01-01T00:00:00Z" }));
    }
}
