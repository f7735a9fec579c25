//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use crate::aggregate::Job;
use crate::notices::Channel;
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
    Job {
        Notify = "notify",
        ExpireGrant = "expire_grant",
        RemindDeletion = "remind_deletion",
        TerminateAccount = "terminate_account",
        AdvanceCase = "advance_case",
        SealLedger = "seal_ledger",
    }
    Channel { Announcement = "announcement", InSite = "in_site", Email = "email", Sms = "sms" }
}
