//! What was accepted, as the parties read it. A field is shown only if it is named here.

use market_agreement::documents::acceptance::{Acceptance, Method, Signer};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId};
use market_kernel::text::Text;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::parties::SignerForm;
use crate::wire::time::Instant;

impl From<SignerForm> for Signer {
    fn from(form: SignerForm) -> Self {
        let SignerForm { name, authority } = form;
        Self { name, authority }
    }
}

impl From<Signer> for SignerForm {
    fn from(signer: Signer) -> Self {
        let Signer { name, authority } = signer;
        Self { name, authority }
    }
}

/// One merchant's acceptance of one version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Acceptance")]
pub struct AcceptanceView {
    /// The merchant.
    account_id: AccountId,
    /// The document.
    document_id: DocumentId,
    /// Its version.
    version: u32,
    /// The hash of the text accepted.
    sha256: Sha256Hash,
    /// How.
    method: Method,
    /// Who.
    signer: SignerForm,
    /// The prominent clauses that were shown.
    prominent_shown: Vec<ClauseAddress>,
    /// The hash of the page as it was rendered.
    rendered_sha256: Sha256Hash,
    /// The network address that it came from, as the gateway saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Text<64>>,
    /// The user agent that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Text<400>>,
    /// When.
    accepted_at: Instant,
}

impl From<Acceptance> for AcceptanceView {
    fn from(acceptance: Acceptance) -> Self {
        let Acceptance {
            account_id,
            document_id,
            version,
            sha256,
            method,
            signer,
            prominent_shown,
            rendered_sha256,
            address,
            user_agent,
            accepted_at,
            agreement_period: _,
        } = acceptance;
        Self {
            account_id,
            document_id,
            version,
            sha256,
            method,
            signer: signer.into(),
            prominent_shown,
            rendered_sha256,
            address,
            user_agent,
            accepted_at: accepted_at.into(),
        }
    }
}
