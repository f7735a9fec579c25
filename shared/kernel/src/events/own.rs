//! The events of notices, and of periods that are reckoned again.

use super::FactType;
use crate::events::Foreign;
use crate::hash::Sha256Hash;
use crate::{Timestamp, clauses, events};

clauses! {
    /// What a period is of that is reckoned again.
    ReckonedUnder {
        /// The notice of a termination.
        Notice = "10.1.2",
        /// The provider's answer to a deletion demand.
        Answer = "4.4.5",
    }
}

events! {
    /// The holiday schedule that a period waits for is not published yet. It is looked for again then.
    ScheduleAwaited [ReckonedUnder] { under: ReckonedUnder, until: Timestamp }
    /// The holiday schedule was published, and the end of a period stands.
    PeriodConfirmed [ReckonedUnder] { under: ReckonedUnder, period: String }
    /// A period was reckoned again, and ends later.
    PeriodMoved [ReckonedUnder] { under: ReckonedUnder, ends_at: Timestamp, period: String }
    /// A channel is about to be asked to take a notice. Without a later record nobody knows what became of it.
    NoticeAttempted "11.1" { attempts: u32 }
    /// A channel took a notice: from then on it counts as served.
    NoticeServed "11.1" { content: Sha256Hash, gateway_id: Option<Foreign>, attempts: u32 }
    /// A channel did not take a notice; it is tried again.
    NoticeDelayed "11.1" { attempts: u32, by: Option<&'static str> }
    /// A notice waits: an earlier one of the same thing has not left yet.
    NoticeHeldBack "11.1" {}
    /// A notice no longer stood when it was about to leave, and was not sent.
    NoticeSuperseded "11.1" { attempts: u32 }
    /// A mailbox answered for the moment; it may still take the notice.
    NoticeCameBack "11.1" { reason: Foreign }
    /// A notice cannot be sent; a human has to.
    NoticeUndeliverable "11.1" { attempts: u32 }
    /// The operator sent a notice again that did not arrive: another one, in its place.
    NoticeResent "11.1" {}
    /// The operator recorded that a notice that did not arrive was served another way.
    NoticeServedOtherwise "11.1" { way: &'static str, served_at: Timestamp }
    /// The operator corrected what it had recorded of another service: it was served so instead, or not at all.
    NoticeServiceCorrected "11.1" { way: Option<&'static str>, served_at: Option<Timestamp> }
    /// A notice arrived.
    NoticeDelivered "11.1" {}
    /// A notice came back.
    NoticeBounced "11.1" { reason: Foreign }
    /// The recipient called a notice a nuisance.
    NoticeComplainedOf "11.1" {}
}

/// A fact that stands in older records and is no longer written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// The event that had it.
    pub event: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What sort of value it was.
    pub r#type: FactType,
    /// The fact that took its place.
    pub now: &'static str,
}

/// Every fact that is no longer written.
pub const RETIRED: &[Retired] = &[
    // The plain hash of a notice's text; the commitment to it took its place.
    Retired { event: "NoticeServed", name: "content_sha256", r#type: FactType::Hash, now: "content" },
];
