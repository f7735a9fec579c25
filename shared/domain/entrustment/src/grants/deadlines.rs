//! What is due of a grant.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::reminders::days_left;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{EndCause, Ending, Grant, GrantStatus, REMINDERS};
use crate::events;

impl Grant {
    /// What is due of it: a reminder, or the recording of its end, which has a condition on the account's end.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        if loaded.status != GrantStatus::Active {
            return None;
        }
        if loaded.expires_at <= occasion.at {
            let (cause, ended_at) = match account.ends_at {
                Some(end) if end < loaded.expires_at => (EndCause::AgreementEnded, end),
                _ => (EndCause::Expired, loaded.expires_at),
            };
            let end = Self::end(loaded, account, provider, Ending { cause, ended_at }, occasion);
            return end.map(|(_, change)| change.relying_on(account));
        }
        let reminders = loaded.reminders.due(REMINDERS, loaded.expires_at, occasion.at)?;
        let days = days_left(loaded.expires_at, occasion.at);
        let reminded = Self { reminders, ..loaded.state.clone() };
        let message = loaded.expiring(provider, occasion.at);
        let event = Event::of(events::GrantExpiryReminded { days }).tell(Reach::Party(account), message);
        Some(Change::on(occasion).update(loaded, &reminded, event))
    }
}
