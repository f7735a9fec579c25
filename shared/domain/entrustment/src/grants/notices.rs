//! What the parties are told of a grant, and for how long it holds.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::notices::{Message, Notice, Notified, Validity};
use market_kernel::party::Party;
use market_kernel::reminders::days_left;

use super::{Grant, GrantStatus, REMINDERS};
use crate::messages;

impl Grant {
    /// That it expires soon.
    pub(super) fn expiring(&self, provider: &dyn Party, now: Timestamp) -> messages::GrantExpiring {
        messages::GrantExpiring {
            provider: provider.legal_name().to_string(),
            listing: self.listing_name.to_string(),
            grant: self.id.to_string(),
            days: days_left(self.expires_at, now),
            expires_at: self.expires_at,
        }
    }
}

impl Notified for Grant {
    fn validity(&self, notice: &Notice, now: Timestamp) -> Validity {
        let is_active = self.status == GrantStatus::Active && now < self.expires_at;
        match notice.about.as_str() {
            messages::GrantActivated::ABOUT => Validity::while_so(is_active),
            messages::GrantExpiring::ABOUT if is_active => {
                Validity::of_reminder(REMINDERS, self.expires_at, notice, now, days_left)
            }
            messages::GrantExpiring::ABOUT => Validity::Gone,
            _ => Validity::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, Some(&self.provider_id)))
    }

    fn reminder(
        &self,
        _: &str,
        _: &dyn Party,
        provider: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        Some(Box::new(self.expiring(provider?, now)))
    }
}
