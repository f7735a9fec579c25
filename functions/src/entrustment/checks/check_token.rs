//! `check_token` – may data of this scope be used with this token, now? Every check is counted in the
//! grant's ledger before it is answered: a check that cannot be counted is not allowed. Of a busy grant it is counted in
//! one of the ledger's other partitions; that the ledger has them is noted before.

use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, CheckOutcome, Use, check, other_partitions};
use market_entrustment::grants::ledger::Ledger;
use market_entrustment::grants::token::{GrantToken, GrantTokens};
use market_identity::Role;
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::occasion::Occasion;
use market_parties::accounts::MarketAccount;
use market_store::{CommitError, Counted, StoreError, of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entrustment::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::time::Instant;

/// What to check.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokenToCheck")]
pub struct Body {
    /// The token that the application presented.
    token: String,
    /// The scope of the data that it asks for.
    scope: ScopeName,
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
}

/// See the module.
#[derive(Debug)]
pub struct CheckToken;

impl Endpoint for CheckToken {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Body;
    type Reply = CheckReply;

    fn route() -> Route {
        Route::post("check_token", "checks", "/checks")
            .summary("Check a provider's token for a scope, and count the check.")
            .about(
                "Whether the token opens data of this scope at this moment (4.4.1). Every check \
                    is counted in the grant's ledger, which the merchant reads (4.4.3); what cannot \
                    be counted is not allowed. Ask for every use: a revocation holds from its reply \
                    on. A token that is none of the market's answers `allowed: false` and nothing \
                    more.",
            )
            .class(Class::Checks)
            .clauses(&["4.4.1", "4.4.3"])
            .roles(&[Role::DataGateway])
            .repeats(Repeats::Harmless)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<CheckReply>, Problem> {
        let Ok(token) = call.body.token.parse::<GrantToken>() else {
            return Ok(Outcome::Reply(CheckReply::default()));
        };
        let id = (token.account_id.clone(), token.grant_id.clone());
        let wishes =
            (of::<MarketAccount>(token.account_id.clone()), of::<Grant>(id.clone()), of::<GrantTokens>(id));
        let (Some(account), Some(grant), tokens) = market.store.load(wishes).await? else {
            return Ok(Outcome::Reply(CheckReply::default()));
        };
        let (scope, now) = (&call.body.scope, call.occasion.at);
        let asked = Use { token: &token, scope };
        let outcome = check(asked, &grant, tokens.as_deref(), &account, now);
        let made = Check { grant: &grant, scope, outcome, at: now };
        let others = other_partitions(market.random());
        let mut counted = market.store.count_access(made, others).await?;
        if let Counted::NotBegun(partition) = counted {
            spread_ledger(&grant, &call.occasion, market).await?;
            counted = market.store.begin_line(made, partition).await?;
        }
        if counted == Counted::First {
            open_ledger_day(&grant, &call.occasion, market).await;
        }
        let Grant { id, account_id, provider_id, expires_at, .. } = grant.state;
        Ok(Outcome::Reply(CheckReply {
            allowed: outcome == CheckOutcome::Allowed,
            outcome: Some(outcome),
            account_id: Some(account_id),
            grant_id: Some(id),
            provider_id: Some(provider_id),
            expires_at: (outcome == CheckOutcome::Allowed).then_some(expires_at.into()),
        }))
    }
}

/// How often a check tries to note that its ledger is spread. Others may be at it at the same moment, and one that is
/// done is all it takes.
const TRIES: u8 = 4;

/// Notes that the ledger has lines in every partition. Nothing is counted there before: no reader would know of it.
async fn spread_ledger(grant: &Grant, occasion: &Occasion, market: &Market) -> Result<(), Problem> {
    let id = (grant.account_id.clone(), grant.id.clone());
    let mut occasion = occasion.clone();
    for _ in 0..TRIES {
        let ledger = market.store.get::<Ledger>(&id).await?;
        let Some(change) = Ledger::spread(ledger.as_ref(), grant, &occasion) else { return Ok(()) };
        match market.store.commit(&change, None).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict | CommitError::AlreadyAnswered) => {}
            Err(CommitError::Behind(newest)) => occasion.at = newest,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Problem::new(problems::UNAVAILABLE))
}

/// Notes that today has a line, so that the day is sealed when it is over. A line that begins asks; no check fails for it:
/// what could not be noted is noted by the next line, or sealed with the next day.
async fn open_ledger_day(grant: &Grant, occasion: &Occasion, market: &Market) {
    let id = (grant.account_id.clone(), grant.id.clone());
    let note = async || {
        let ledger = market.store.get::<Ledger>(&id).await?;
        match Ledger::open_day(ledger.as_ref(), grant, occasion) {
            Some(change) => market.store.commit(&change, None).await,
            None => Ok(()),
        }
    };
    let mut noted = note().await;
    // Another check noted it at the same moment, or the job took an older day off.
    if matches!(noted, Err(CommitError::Conflict)) {
        noted = note().await;
    }
    match noted {
        Ok(()) => {}
        Err(error) => {
            if let CommitError::Store(StoreError::Corrupt { .. }) = error {
                (market.corruption_alarm)(occasion.at);
            }
            tracing::warn!(%error, "a day of a ledger was not noted");
        }
    }
}
