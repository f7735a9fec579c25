//! What is due of a running notice.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::reminders::days_left;
use market_parties::accounts::MarketAccount;

use super::{Cascade, Next, REMINDERS, Termination, TerminationStatus, ended};
use crate::events::{self, EndedUnder};
use crate::messages;

impl Termination {
    /// What is due of a running notice: a reminder, or its effect. Whoever makes it effective goes on with the cascade.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let TerminationStatus::Served { reminders } = loaded.status else { return None };
        let reach = Reach::Party(account);
        if loaded.ends_at <= occasion.at {
            let cascade = Cascade { since: Next::Same.due(occasion.at), ..Cascade::default() };
            let ending = Self { status: TerminationStatus::Ending(cascade), ..loaded.state.clone() };
            let event = Event::of(events::TerminationEffective { ends_at: loaded.ends_at })
                .tell(reach, messages::AgreementEnded { ended_at: loaded.ends_at, upstream: None });
            return Some(Change::on(occasion).update(loaded, &ending, event).update(
                account,
                &ended(account, loaded.ends_at),
                Event::of(events::AgreementEnded { under: EndedUnder::Notice, ended_at: loaded.ends_at }),
            ));
        }
        let reminders = reminders.due(REMINDERS, loaded.ends_at, occasion.at)?;
        let days = days_left(loaded.ends_at, occasion.at);
        let reminded = Self { status: TerminationStatus::Served { reminders }, ..loaded.state.clone() };
        let event = Event::of(events::TerminationReminded { days }).tell(reach, loaded.coming(occasion.at));
        Some(Change::on(occasion).update(loaded, &reminded, event).relying_on(account))
    }
}
