//! An acceptance as stored.

use jiff::Timestamp;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trusted, restored_each, trusted_each};
use market_kernel::text::{Line, Text};
use market_parties::stored::in_the_first_period;
use serde::{Deserialize, Serialize};

use crate::documents::acceptance::{Acceptance, Method, Signer};

#[derive(Debug, Serialize, Deserialize)]
struct StoredSigner {
    name: Trusted<Line>,
    authority: Trusted<Line>,
}

/// See [`Acceptance`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredAcceptance {
    account_id: Trusted<AccountId>,
    agreement_period: u32,
    document_id: Trusted<DocumentId>,
    version: u32,
    sha256: Trusted<Sha256Hash>,
    method: Name<Method>,
    signer: StoredSigner,
    prominent_shown: Vec<Trusted<ClauseAddress>>,
    rendered_sha256: Trusted<Sha256Hash>,
    address: Option<Trusted<Text<64>>>,
    user_agent: Option<Trusted<Text<400>>>,
    accepted_at: Timestamp,
}

impl Storable for Acceptance {
    type Form = StoredAcceptance;
}

impl StoredForm for StoredAcceptance {
    type State = Acceptance;
    const UPCASTERS: &'static [Upcaster] = &[in_the_first_period];
    const IS_PERSONAL: bool = true;

    fn of(acceptance: Acceptance) -> Self {
        let Acceptance {
            account_id,
            agreement_period,
            document_id,
            version,
            sha256,
            method,
            signer: Signer { name, authority },
            prominent_shown,
            rendered_sha256,
            address,
            user_agent,
            accepted_at,
        } = acceptance;
        Self {
            account_id: Trusted(account_id),
            agreement_period,
            document_id: Trusted(document_id),
            version,
            sha256: Trusted(sha256),
            method: Name(method),
            signer: StoredSigner { name: Trusted(name), authority: Trusted(authority) },
            prominent_shown: trusted_each(prominent_shown),
            rendered_sha256: Trusted(rendered_sha256),
            address: address.map(Trusted),
            user_agent: user_agent.map(Trusted),
            accepted_at,
        }
    }

    fn restore(self) -> Acceptance {
        Acceptance {
            account_id: self.account_id.0,
            agreement_period: self.agreement_period,
            document_id: self.document_id.0,
            version: self.version,
            sha256: self.sha256.0,
            method: self.method.0,
            signer: Signer { name: self.signer.name.0, authority: self.signer.authority.0 },
            prominent_shown: restored_each(self.prominent_shown),
            rendered_sha256: self.rendered_sha256.0,
            address: self.address.map(|address| address.0),
            user_agent: self.user_agent.map(|agent| agent.0),
            accepted_at: self.accepted_at,
        }
    }
}
