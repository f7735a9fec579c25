//! What a merchant is told of a termination, and for how long it holds.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::notices::{Message, Notice, Notified, Validity};
use market_kernel::party::Party;
use market_kernel::reminders::days_left;

use super::{REMINDERS, Termination, TerminationStatus};
use crate::messages;

impl Termination {
    pub(super) fn coming(&self, now: Timestamp) -> messages::TerminationComing {
        messages::TerminationComing { days: days_left(self.ends_at, now), ends_at: self.ends_at }
    }
}

impl Notified for Termination {
    fn validity(&self, notice: &Notice, now: Timestamp) -> Validity {
        let is_off =
            matches!(self.status, TerminationStatus::Withdrawn { .. } | TerminationStatus::Superseded { .. });
        match notice.about.as_str() {
            messages::TerminationComing::ABOUT if !is_off && now < self.ends_at => {
                Validity::of_reminder(REMINDERS, self.ends_at, notice, now, days_left)
            }
            messages::TerminationComing::ABOUT => Validity::Gone,
            messages::TerminationServed::ABOUT | messages::TerminationMoved::ABOUT => {
                Validity::while_so(!is_off)
            }
            // If an event with an earlier end arrived later, the notices state the earlier end.
            messages::AgreementEnded::ABOUT => {
                Validity::while_so(!matches!(self.status, TerminationStatus::Superseded { .. }))
            }
            _ => Validity::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, None))
    }

    fn reminder(
        &self,
        _: &str,
        _: &dyn Party,
        _: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        Some(Box::new(self.coming(now)))
    }
}
