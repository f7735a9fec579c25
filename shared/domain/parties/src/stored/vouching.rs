//! A vouching for a credit code as stored.

use jiff::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::Trusted;
use market_kernel::text::Prose;
use serde::{Deserialize, Serialize};

use crate::credit_code::CreditCode;
use crate::vouching::Vouching;

/// See [`Vouching`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredVouching {
    code: Trusted<CreditCode>,
    reason: Trusted<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document_sha256: Option<Trusted<Sha256Hash>>,
    vouched_at: Timestamp,
}

impl Storable for Vouching {
    type Form = StoredVouching;
}

impl StoredForm for StoredVouching {
    type State = Vouching;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = true;

    fn of(vouching: Vouching) -> Self {
        let Vouching { code, reason, document_sha256, vouched_at } = vouching;
        Self {
            code: Trusted(code),
            reason: Trusted(reason),
            document_sha256: document_sha256.map(Trusted),
            vouched_at,
        }
    }

    fn restore(self) -> Vouching {
        Vouching {
            code: self.code.0,
            reason: self.reason.0,
            document_sha256: self.document_sha256.map(|hash| hash.0),
            vouched_at: self.vouched_at,
        }
    }
}
