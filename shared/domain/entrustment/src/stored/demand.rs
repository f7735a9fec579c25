//! A deletion demand as stored.

use jiff::Timestamp;
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::period::StoredTrace;
use market_kernel::stored::reminders::StoredReminders;
use market_kernel::stored::values::{Name, Trusted, restored_each, trusted_each};
use market_kernel::text::{Line, Prose};
use serde::{Deserialize, Serialize};

use crate::deletion::{Answer, Attestation, DeletionDemand, DemandStatus};

#[derive(Debug, Serialize, Deserialize)]
struct StoredAttestation {
    answer: Name<Answer>,
    datasets: Vec<Trusted<Line>>,
    copies: Trusted<Prose>,
    sub_processors: Vec<Trusted<Line>>,
    done_at: Timestamp,
    method: Trusted<Line>,
    signer: Trusted<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authority: Option<Trusted<Line>>,
}

impl StoredAttestation {
    fn of(attestation: Attestation) -> Self {
        let Attestation { answer, datasets, copies, sub_processors, done_at, method, signer, authority } =
            attestation;
        Self {
            answer: Name(answer),
            datasets: trusted_each(datasets),
            copies: Trusted(copies),
            sub_processors: trusted_each(sub_processors),
            done_at,
            method: Trusted(method),
            signer: Trusted(signer),
            authority: authority.map(Trusted),
        }
    }

    fn restore(self) -> Attestation {
        Attestation {
            answer: self.answer.0,
            datasets: restored_each(self.datasets),
            copies: self.copies.0,
            sub_processors: restored_each(self.sub_processors),
            done_at: self.done_at,
            method: self.method.0,
            signer: self.signer.0,
            authority: self.authority.map(|authority| authority.0),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredStatus {
    Draft,
    Served { period: StoredTrace, acknowledged: bool, overdue: bool },
    Attested { attestation: StoredAttestation, attested_at: Timestamp },
    Closed { attestation: StoredAttestation, closed_at: Timestamp },
    Waived { agreement: Trusted<Prose>, waived_at: Timestamp },
}

impl StoredStatus {
    fn of(status: DemandStatus) -> Self {
        match status {
            DemandStatus::Draft => Self::Draft,
            DemandStatus::Served { period, acknowledged, overdue } => {
                Self::Served { period: StoredTrace::of(period), acknowledged, overdue }
            }
            DemandStatus::Attested { attestation, attested_at } => {
                Self::Attested { attestation: StoredAttestation::of(attestation), attested_at }
            }
            DemandStatus::Closed { attestation, closed_at } => {
                Self::Closed { attestation: StoredAttestation::of(attestation), closed_at }
            }
            DemandStatus::Waived { agreement, waived_at } => {
                Self::Waived { agreement: Trusted(agreement), waived_at }
            }
        }
    }

    fn restore(self) -> DemandStatus {
        match self {
            Self::Draft => DemandStatus::Draft,
            Self::Served { period, acknowledged, overdue } => {
                DemandStatus::Served { period: period.restore(), acknowledged, overdue }
            }
            Self::Attested { attestation, attested_at } => {
                DemandStatus::Attested { attestation: attestation.restore(), attested_at }
            }
            Self::Closed { attestation, closed_at } => {
                DemandStatus::Closed { attestation: attestation.restore(), closed_at }
            }
            Self::Waived { agreement, waived_at } => {
                DemandStatus::Waived { agreement: agreement.0, waived_at }
            }
        }
    }
}

/// See [`DeletionDemand`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredDemand {
    grant_id: Trusted<GrantId>,
    account_id: Trusted<AccountId>,
    provider_id: Trusted<ProviderId>,
    listing_name: Trusted<Line>,
    scopes: Vec<Trusted<ScopeName>>,
    ended_at: Timestamp,
    to_merchant: StoredReminders,
    to_provider: StoredReminders,
    #[serde(flatten)]
    status: StoredStatus,
}

impl Storable for DeletionDemand {
    type Form = StoredDemand;
}

impl StoredForm for StoredDemand {
    type State = DeletionDemand;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = true;

    fn of(demand: DeletionDemand) -> Self {
        let DeletionDemand {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes,
            ended_at,
            to_merchant,
            to_provider,
            status,
        } = demand;
        Self {
            grant_id: Trusted(grant_id),
            account_id: Trusted(account_id),
            provider_id: Trusted(provider_id),
            listing_name: Trusted(listing_name),
            scopes: trusted_each(scopes),
            ended_at,
            to_merchant: StoredReminders::of(to_merchant),
            to_provider: StoredReminders::of(to_provider),
            status: StoredStatus::of(status),
        }
    }

    fn restore(self) -> DeletionDemand {
        DeletionDemand {
            grant_id: self.grant_id.0,
            account_id: self.account_id.0,
            provider_id: self.provider_id.0,
            listing_name: self.listing_name.0,
            scopes: restored_each(self.scopes),
            ended_at: self.ended_at,
            to_merchant: self.to_merchant.restore(),
            to_provider: self.to_provider.restore(),
            status: self.status.restore(),
        }
    }
}
