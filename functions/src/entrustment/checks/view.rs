//! What is asked of a token, and what is answered.

use market_entrustment::grants::access::{Check, CheckOutcome};
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::Problem;
use crate::wire::time::Instant;

/// What to check.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenToCheck {
    /// The token that the application presented.
    pub(super) token: String,
    /// The scope of the data that it asks for.
    pub(super) scope: ScopeName,
}

/// The answer. A token that is not one of the market's answers `allowed: false` and nothing more.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct CheckReply {
    /// Whether the data may be used.
    allowed: bool,
    /// Why, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<CheckOutcome>,
    /// Whose data.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    /// Under which grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<GrantId>,
    /// By which provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<ProviderId>,
    /// Until when the answer can hold at most, where it is allowed; ask again for every use.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    /// Among several answers: this check failed, and this is the code of the problem by which it would have been refused by
    /// itself. Nothing is said of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    /// After how many seconds it is worth to ask for this one again, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

impl CheckReply {
    /// The answer to a check that was made and counted.
    pub(super) fn of(check: &Check<'_>) -> Self {
        let is_allowed = check.outcome == CheckOutcome::Allowed;
        Self {
            allowed: is_allowed,
            outcome: Some(check.outcome),
            account_id: Some(check.grant.account_id.clone()),
            grant_id: Some(check.grant.id.clone()),
            provider_id: Some(check.grant.provider_id.clone()),
            expires_at: is_allowed.then_some(check.grant.expires_at.into()),
            problem: None,
            retry_after_seconds: None,
        }
    }

    /// The answer, among others, to a check that failed: it is not allowed.
    pub(super) fn failed(problem: &Problem) -> Self {
        Self {
            problem: Some(problem.code.name()),
            retry_after_seconds: problem.code.retry_after_seconds(),
            ..Self::default()
        }
    }
}
