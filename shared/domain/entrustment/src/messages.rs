//! What is said of data grants and of the demands that follow them. `merchant` and `provider` are full names;
//! `days` before a date are the calendar days that are left when the notice is drafted (0 is today), `days` after
//! an end those that have passed since.

use jiff::Timestamp;
use market_kernel::message;
use market_kernel::notices::Words;
use market_kernel::periods::Trace;
use market_parties::samples::{Cast, Sample};

message! {
    /// A grant is given.
    GrantActivated = "grant_activated" {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        expires_at: Timestamp,
    }
    texts: "zh/grant_activated.merchant.txt", "en/grant_activated.merchant.txt";
    to provider: "zh/grant_activated.provider.txt", "en/grant_activated.provider.txt";
}

message! {
    /// A grant expires soon.
    GrantExpiring = "grant_expiring" {
        provider: String,
        listing: String,
        grant: String,
        days: u32,
        expires_at: Timestamp,
    }
    texts: "zh/grant_expiring.txt", "en/grant_expiring.txt";
}

message! {
    /// A grant is over.
    GrantEnded = "grant_ended" {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        ended_at: Timestamp,
        reason: Words,
    }
    texts: "zh/grant_ended.merchant.txt", "en/grant_ended.merchant.txt";
    to provider: "zh/grant_ended.provider.txt", "en/grant_ended.provider.txt";
}

message! {
    /// The demand is not served yet: asks to serve it.
    DeletionReminder = "deletion_reminder" {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
    }
    texts: "zh/deletion_reminder.txt", "en/deletion_reminder.txt";
}

message! {
    /// A demand is served.
    DemandServed = "demand_served" {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
        ended_at: Timestamp,
        due: Timestamp,
    }
    texts: "zh/demand_served.txt", "en/demand_served.txt";
}

message! {
    /// The provider's answer is due soon.
    DemandDue = "demand_due" {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        due: Timestamp,
    }
    texts: "zh/demand_due.txt", "en/demand_due.txt";
}

message! {
    /// The holiday schedule that the period waited for has moved the provider's due date.
    DemandMoved = "demand_moved" {
        merchant: String,
        listing: String,
        grant: String,
        period: Trace,
    }
    texts: "zh/demand_moved.merchant.txt", "en/demand_moved.merchant.txt";
    to provider: "zh/demand_moved.provider.txt", "en/demand_moved.provider.txt";
}

message! {
    /// The provider did not answer in time.
    DemandOverdue = "demand_overdue" {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        due: Timestamp,
    }
    texts: "zh/demand_overdue.merchant.txt", "en/demand_overdue.merchant.txt";
    to provider: "zh/demand_overdue.provider.txt", "en/demand_overdue.provider.txt";
}

message! {
    /// The provider has received the demand.
    DemandAcknowledged = "demand_acknowledged" {
        provider: String,
        listing: String,
        grant: String,
        due: Timestamp,
    }
    texts: "zh/demand_acknowledged.txt", "en/demand_acknowledged.txt";
}

message! {
    /// The provider has answered.
    DemandAttested = "demand_attested" {
        provider: String,
        listing: String,
        grant: String,
        answer: Words,
    }
    texts: "zh/demand_attested.txt", "en/demand_attested.txt";
}

message! {
    /// It is served, and the provider has not answered: asks to follow it up.
    DemandUnanswered = "demand_unanswered" {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
        due: Timestamp,
        is_overdue: bool,
    }
    texts: "zh/demand_unanswered.txt", "en/demand_unanswered.txt";
}

message! {
    /// The provider has answered: asks to confirm the answer, or to object to it.
    DemandUnconfirmed = "demand_unconfirmed" {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
        answer: Words,
    }
    texts: "zh/demand_unconfirmed.txt", "en/demand_unconfirmed.txt";
}

message! {
    /// The merchant has confirmed the answer.
    DemandClosed = "demand_closed" {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
    }
    texts: "zh/demand_closed.txt", "en/demand_closed.txt";
}

message! {
    /// The parties agreed otherwise.
    DemandWaived = "demand_waived" {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
    }
    texts: "zh/demand_waived.txt", "en/demand_waived.txt";
}

/// Samples of it all.
#[must_use]
pub fn samples(cast: &Cast) -> Vec<Sample> {
    let (merchant, provider, listing) = (|| cast.merchant(), || cast.seller(), || cast.listing.clone());
    let (grant, scopes) = (|| cast.grant(), || cast.scopes());
    let (noon, midnight) = (cast.noon(), cast.midnight());
    let deleted = Words { english: "deleted", chinese: "已删除" };
    let retained = Words { english: "legally retained", chinese: "依法留存" };
    let unanswered = |days, is_overdue| {
        let message = DemandUnanswered {
            provider: provider(),
            listing: listing(),
            grant: grant(),
            scopes: scopes(),
            days,
            ended_at: noon,
            due: midnight,
            is_overdue,
        };
        Sample::new("4.4.5", message, cast.merchants())
    };
    vec![
        Sample::new(
            "4.4.2",
            GrantActivated {
                merchant: merchant(),
                provider: provider(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                expires_at: midnight,
            },
            cast.both(),
        ),
        Sample::new(
            "4.4.3",
            GrantExpiring {
                provider: provider(),
                listing: listing(),
                grant: grant(),
                days: 7,
                expires_at: midnight,
            },
            cast.merchants(),
        ),
        Sample::new(
            "4.4.2",
            GrantEnded {
                merchant: merchant(),
                provider: provider(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                ended_at: noon,
                reason: Words { english: "the merchant revoked it", chinese: "商户撤回授权" },
            },
            cast.both(),
        ),
        Sample::new(
            "4.4.5",
            DeletionReminder {
                provider: provider(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 3,
                ended_at: noon,
            },
            cast.merchants(),
        ),
        Sample::new(
            "4.4.5",
            DemandServed {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                ended_at: noon,
                due: midnight,
            },
            cast.its_provider(),
        ),
        Sample::new(
            "4.4.5",
            DemandDue {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 0,
                due: midnight,
            },
            cast.its_provider(),
        ),
        Sample::new(
            "4.4.5",
            DemandMoved { merchant: merchant(), listing: listing(), grant: grant(), period: cast.period() },
            cast.both(),
        ),
        Sample::new(
            "4.4.5",
            DemandOverdue {
                merchant: merchant(),
                provider: provider(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                due: midnight,
            },
            cast.both(),
        ),
        Sample::new(
            "4.4.5",
            DemandAcknowledged { provider: provider(), listing: listing(), grant: grant(), due: midnight },
            cast.merchants(),
        ),
        Sample::new(
            "4.4.5",
            DemandAttested { provider: provider(), listing: listing(), grant: grant(), answer: deleted },
            cast.merchants(),
        ),
        unanswered(7, false),
        unanswered(30, true),
        Sample::new(
            "4.4.5",
            DemandUnconfirmed {
                provider: provider(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 30,
                ended_at: noon,
                answer: retained,
            },
            cast.merchants(),
        ),
        Sample::new(
            "4.4.5",
            DemandClosed { merchant: merchant(), listing: listing(), grant: grant(), scopes: scopes() },
            cast.its_provider(),
        ),
        Sample::new(
            "4.4.5",
            DemandWaived { merchant: merchant(), listing: listing(), grant: grant(), scopes: scopes() },
            cast.its_provider(),
        ),
    ]
}
