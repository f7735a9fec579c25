//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here. (Those of lanes stand in their list, `aggregate.rs`.)

use crate::notices::{Hindrance, OtherWay};
use crate::party::Channel;
use crate::party::Language;

/// Declares under which names the values of enumerations are stored.
#[macro_export]
macro_rules! names {
    ($($kind:ident { $($value:ident = $name:literal),+ $(,)? })+) => {
        $(impl $crate::stored::values::Named for $kind {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }
        })+
    };
}

names! {
    Language { Chinese = "zh", English = "en" }
    Hindrance {
        Throttled = "throttled",
        Misconfigured = "misconfigured",
        Unreachable = "unreachable",
        Failing = "failing",
        Unanswered = "unanswered",
    }
    OtherWay { Letter = "letter", Telephone = "telephone", InPerson = "in_person", Other = "other" }
    Channel { Announcement = "announcement", InSite = "in_site", Email = "email", Sms = "sms" }
}
