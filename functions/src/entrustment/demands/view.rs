//! A deletion demand as the parties see it, without what counts its reminders, and the provider's
//! declaration. A field is shown only if it is named here.

use market_entrustment::deletion::{Answer, Attestation, DeletionDemand, DemandStatus, MAX_NAMED};
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::text::{Line, Prose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::lists::AtMost;
use crate::wire::parties::SignerForm;
use crate::wire::periods::TraceView;
use crate::wire::time::Instant;

/// The provider's declaration, as it sends it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AttestationGiven")]
pub struct AttestationForm {
    /// What was done.
    answer: Answer,
    /// The datasets concerned.
    #[schemars(length(min = 1))]
    datasets: AtMost<Line, MAX_NAMED>,
    /// Copies and backups, and what happened to them.
    copies: Prose,
    /// Sub-processors that had the data.
    #[serde(default)]
    sub_processors: AtMost<Line, MAX_NAMED>,
    /// When it was done.
    done_at: Instant,
    /// How it was done.
    method: Line,
    /// Who declares it.
    signer: SignerForm,
}

impl From<AttestationForm> for Attestation {
    fn from(form: AttestationForm) -> Self {
        let AttestationForm { answer, datasets, copies, sub_processors, done_at, method, signer } = form;
        let (datasets, sub_processors) = (datasets.into_vec(), sub_processors.into_vec());
        let SignerForm { name: signer, authority } = signer;
        let (done_at, authority) = (done_at.into(), Some(authority));
        Self { answer, datasets, copies, sub_processors, done_at, method, signer, authority }
    }
}

/// The person who declared.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AttestationSigner")]
struct DeclarerView {
    /// Name.
    name: Line,
    /// By what authority; declarations from before 0.5.0 do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<Line>,
}

/// The provider's declaration.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Attestation")]
struct AttestationView {
    /// What was done.
    answer: Answer,
    /// The datasets concerned.
    datasets: Vec<Line>,
    /// Copies and backups, and what happened to them.
    copies: Prose,
    /// Sub-processors that had the data.
    sub_processors: Vec<Line>,
    /// When it was done.
    done_at: Instant,
    /// How it was done.
    method: Line,
    /// Who declared it.
    signer: DeclarerView,
}

impl From<Attestation> for AttestationView {
    fn from(attestation: Attestation) -> Self {
        let Attestation { answer, datasets, copies, sub_processors, done_at, method, signer, authority } =
            attestation;
        let signer = DeclarerView { name: signer, authority };
        Self { answer, datasets, copies, sub_processors, done_at: done_at.into(), method, signer }
    }
}

/// Where a demand stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "DemandStatus")]
enum DemandStatusView {
    /// Waits for the merchant to serve it.
    Draft,
    /// The provider has it.
    Served {
        /// When it was served, and by when it has to be answered.
        period: TraceView,
        /// Whether the provider has acknowledged it.
        acknowledged: bool,
        /// Whether the answer is overdue.
        overdue: bool,
    },
    /// The provider has answered.
    Attested {
        /// Its declaration.
        attestation: AttestationView,
        /// When it arrived.
        attested_at: Instant,
    },
    /// The merchant has confirmed the answer.
    Closed {
        /// The provider's declaration.
        attestation: AttestationView,
        /// When it was confirmed.
        closed_at: Instant,
    },
    /// The parties agreed otherwise.
    Waived {
        /// What they agreed.
        agreement: Prose,
        /// When it was recorded.
        waived_at: Instant,
    },
}

impl From<DemandStatus> for DemandStatusView {
    fn from(status: DemandStatus) -> Self {
        match status {
            DemandStatus::Draft => Self::Draft,
            DemandStatus::Served { period, acknowledged, overdue } => {
                Self::Served { period: period.into(), acknowledged, overdue }
            }
            DemandStatus::Attested { attestation, attested_at } => {
                Self::Attested { attestation: attestation.into(), attested_at: attested_at.into() }
            }
            DemandStatus::Closed { attestation, closed_at } => {
                Self::Closed { attestation: attestation.into(), closed_at: closed_at.into() }
            }
            DemandStatus::Waived { agreement, waived_at } => {
                Self::Waived { agreement, waived_at: waived_at.into() }
            }
        }
    }
}

/// The demand that follows an ended grant; it carries the grant's id.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeletionDemand")]
pub struct DemandView {
    grant_id: GrantId,
    account_id: AccountId,
    provider_id: ProviderId,
    listing_name: Line,
    /// What had been granted.
    scopes: Vec<ScopeName>,
    /// When the entrustment ended.
    ended_at: Instant,
    #[serde(flatten)]
    status: DemandStatusView,
}

impl From<DeletionDemand> for DemandView {
    fn from(demand: DeletionDemand) -> Self {
        let DeletionDemand {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes,
            ended_at,
            to_merchant: _,
            to_provider: _,
            status,
        } = demand;
        Self {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes,
            ended_at: ended_at.into(),
            status: status.into(),
        }
    }
}
