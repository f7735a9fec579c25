//! What the parties do with a demand.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::periods::{self, Calendar};
use market_kernel::reminders::Reminders;
use market_kernel::text::Prose;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{
    ANSWER, Attestation, DeletionDemand, DemandRefusal, DemandStatus, Ended, MAX_NAMED, TO_MERCHANT,
    TO_PROVIDER,
};
use crate::events;
use crate::messages;

impl DeletionDemand {
    /// Drafts the demand that follows an entrustment that ended.
    #[must_use]
    pub fn draft(ended: Ended, occasion: &Occasion) -> Change {
        let Ended { grant_id, account_id, provider_id, listing_name, scopes, ended_at } = ended;
        let demand = Self {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes,
            ended_at,
            to_merchant: Reminders::beginning(TO_MERCHANT, ended_at, occasion.at),
            to_provider: Reminders::default(),
            status: DemandStatus::Draft,
        };
        let event = Event::of(events::DemandDrafted { ended_at });
        Change::on(occasion).create(&demand, event)
    }

    /// The merchant serves it, in one action.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn serve(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if loaded.status != DemandStatus::Draft {
            return Err(DemandRefusal::AlreadyServed);
        }
        let period =
            periods::reckon(occasion.at, ANSWER, calendar).map_err(|_| DemandRefusal::Unreckonable)?;
        let due = period.ends_at;
        let event = Event::of(events::DemandServed { due, period: period.to_string() }).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandServed {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
                ended_at: loaded.ended_at,
                due,
            },
        );
        Ok(Self::step(
            loaded,
            Self {
                to_provider: Reminders::beginning(TO_PROVIDER, due, occasion.at),
                status: DemandStatus::Served { period, acknowledged: false, overdue: false },
                ..loaded.state.clone()
            },
            event,
            occasion,
        ))
    }

    /// The provider confirms that it has the demand.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn acknowledge(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        let DemandStatus::Served { period, acknowledged, overdue } = &loaded.status else {
            return Err(DemandRefusal::NotWaiting);
        };
        if *acknowledged {
            return Err(DemandRefusal::AlreadyAcknowledged);
        }
        let event = Event::of(events::DemandAcknowledged {}).tell(
            Reach::Party(account),
            messages::DemandAcknowledged {
                provider: provider.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                due: period.ends_at,
            },
        );
        let status = DemandStatus::Served { period: period.clone(), acknowledged: true, overdue: *overdue };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The provider declares what it did.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn attest(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        attestation: Attestation,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if !matches!(loaded.status, DemandStatus::Served { .. }) {
            return Err(DemandRefusal::NotWaiting);
        }
        let lawful = (1..=MAX_NAMED).contains(&attestation.datasets.len())
            && attestation.sub_processors.len() <= MAX_NAMED
            && (loaded.ended_at..=occasion.at).contains(&attestation.done_at);
        if !lawful {
            return Err(DemandRefusal::Attestation);
        }
        let answer = attestation.answer.words();
        let event = Event::of(events::DemandAttested { answer: answer.english }).tell(
            Reach::Party(account),
            messages::DemandAttested {
                provider: provider.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                answer,
            },
        );
        let status = DemandStatus::Attested { attestation, attested_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The merchant confirms the attestation.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn close(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        let DemandStatus::Attested { attestation, .. } = &loaded.status else {
            return Err(DemandRefusal::NotAttested);
        };
        let event = Event::of(events::DemandClosed {}).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandClosed {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
            },
        );
        let status = DemandStatus::Closed { attestation: attestation.clone(), closed_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The merchant records that the parties agreed otherwise.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn waive(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        agreement: Prose,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if matches!(loaded.status, DemandStatus::Closed { .. } | DemandStatus::Waived { .. }) {
            return Err(DemandRefusal::Over);
        }
        let event = Event::of(events::DemandWaived {}).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandWaived {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
            },
        );
        let status = DemandStatus::Waived { agreement, waived_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    fn step(loaded: &Loaded<Self>, demand: Self, event: Event<'_>, occasion: &Occasion) -> (Self, Change) {
        let change = Change::on(occasion).update(loaded, &demand, event);
        (demand, change)
    }
}
