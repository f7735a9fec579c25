//! A vouching as the operator reads it. A field is shown only if it is named here.

use market_kernel::hash::Sha256Hash;
use market_kernel::text::Prose;
use market_parties::credit_code::CreditCode;
use market_parties::vouching::Vouching;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::Instant;

/// A credit code that breaks the rule and is a legal entity's all the same, by the operator's word.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Vouching")]
pub struct VouchingView {
    /// The code.
    credit_code: CreditCode,
    /// What the operator saw, and where.
    reason: Prose,
    /// The hash of the document that it saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_sha256: Option<Sha256Hash>,
    /// When it vouched.
    vouched_at: Instant,
}

impl From<Vouching> for VouchingView {
    fn from(vouching: Vouching) -> Self {
        let Vouching { code, reason, document_sha256, vouched_at } = vouching;
        Self { credit_code: code, reason, document_sha256, vouched_at: vouched_at.into() }
    }
}
