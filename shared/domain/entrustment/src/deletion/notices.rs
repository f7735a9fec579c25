//! What the parties are told of a demand, and for how long it holds.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::notices::{Message, Notice, Notified, Validity};
use market_kernel::party::Party;
use market_kernel::reminders::{days_left, days_since};

use super::{DeletionDemand, DemandStatus, TO_MERCHANT, TO_PROVIDER};
use crate::messages;

impl DeletionDemand {
    /// That the provider's answer is due soon.
    pub(super) fn answer_due(
        &self,
        account: &dyn Party,
        due: Timestamp,
        now: Timestamp,
    ) -> messages::DemandDue {
        messages::DemandDue {
            merchant: account.legal_name().to_string(),
            listing: self.listing_name.to_string(),
            grant: self.grant_id.to_string(),
            scopes: self.scope_names(),
            days: days_left(due, now),
            due,
        }
    }

    /// What is still open on the merchant's side, as a reminder is about it.
    const fn open_for_the_merchant(&self) -> Option<&'static str> {
        match &self.status {
            DemandStatus::Draft => Some(messages::DeletionReminder::ABOUT),
            DemandStatus::Served { .. } => Some(messages::DemandUnanswered::ABOUT),
            DemandStatus::Attested { .. } => Some(messages::DemandUnconfirmed::ABOUT),
            DemandStatus::Closed { .. } | DemandStatus::Waived { .. } => None,
        }
    }

    /// The reminder of what is still open on the merchant's side.
    pub(super) fn asks_of_the_merchant(
        &self,
        provider: &dyn Party,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        let (provider, listing) = (provider.legal_name().to_string(), self.listing_name.to_string());
        let (grant, scopes) = (self.grant_id.to_string(), self.scope_names());
        let (ended_at, days) = (self.ended_at, days_since(self.ended_at, now));
        match &self.status {
            DemandStatus::Draft => Some(Box::new(messages::DeletionReminder {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
            })),
            DemandStatus::Served { period, overdue, .. } => Some(Box::new(messages::DemandUnanswered {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
                due: period.ends_at,
                is_overdue: *overdue,
            })),
            DemandStatus::Attested { attestation, .. } => Some(Box::new(messages::DemandUnconfirmed {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
                answer: attestation.answer.words(),
            })),
            DemandStatus::Closed { .. } | DemandStatus::Waived { .. } => None,
        }
    }
}

impl Notified for DeletionDemand {
    fn validity(&self, notice: &Notice, now: Timestamp) -> Validity {
        let is_served = matches!(self.status, DemandStatus::Served { .. });
        match (notice.about.as_str(), &self.status) {
            (asked, _) if self.open_for_the_merchant() == Some(asked) => {
                Validity::of_reminder(TO_MERCHANT, self.ended_at, notice, now, days_since)
            }
            (
                messages::DeletionReminder::ABOUT
                | messages::DemandUnanswered::ABOUT
                | messages::DemandUnconfirmed::ABOUT,
                _,
            ) => Validity::Gone,
            (messages::DemandDue::ABOUT, DemandStatus::Served { period, overdue: false, .. })
                if now < period.ends_at =>
            {
                Validity::of_reminder(TO_PROVIDER, period.ends_at, notice, now, days_left)
            }
            (messages::DemandDue::ABOUT, _) => Validity::Gone,
            (
                messages::DemandServed::ABOUT | messages::DemandMoved::ABOUT | messages::DemandOverdue::ABOUT,
                _,
            ) => Validity::while_so(is_served),
            // It asks for a confirmation.
            (messages::DemandAttested::ABOUT, status) => {
                Validity::while_so(matches!(status, DemandStatus::Attested { .. }))
            }
            _ => Validity::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, Some(&self.provider_id)))
    }

    fn reminder(
        &self,
        about: &str,
        account: &dyn Party,
        provider: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        match &self.status {
            DemandStatus::Served { period, .. } if about == messages::DemandDue::ABOUT => {
                Some(Box::new(self.answer_due(account, period.ends_at, now)))
            }
            _ => self.asks_of_the_merchant(provider?, now),
        }
    }
}
