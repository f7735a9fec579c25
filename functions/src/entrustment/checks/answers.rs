//! Answers checks, one or many, for the market's gateways.
//!
//! What all of them rest on is read at once, each thing once, strongly consistent and after the request has arrived: a
//! revocation holds from its reply on. They are decided at one instant. Each is counted in its grant's ledger before it is
//! answered: a check that cannot be counted is not allowed.
//!
//! What cannot be read or counted fails the checks that rest on it and no other; it is the caller's to refuse them or to say
//! so among answers. Where none that rests on a grant was answered, and one may be when it is asked again, all are refused:
//! with `outcome-unknown` where one of them may have been counted, for every other code says that nothing was written
//! (docs/decisions/0095).
//!
//! An answer is in time, or none: reading and counting have an end of their own, well before the function's and the gateway's,
//! which would leave the caller without a word (docs/decisions/0107).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, Use, check, sum_up};
use market_entrustment::grants::token::{GrantToken, GrantTokens};
use market_kernel::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::ids::{AccountId, GrantId, ScopeName};
use market_kernel::occasion::Occasion;
use market_parties::accounts::MarketAccount;
use market_store::of;
use tokio::time::timeout;

use super::{CheckReply, TokenToCheck, ledger};
use crate::http::problems::{CORRUPT, OUTCOME_UNKNOWN, UNAVAILABLE};
use crate::http::{Market, Problem};

/// How long all that checks rest on may take to be read. With what the ledger takes these are eleven seconds, within the
/// time of the function (`tests/template/test_deadlines.py`).
const READ_WITHIN: Duration = Duration::from_secs(5);

/// The answers to these checks, in their order.
pub(super) async fn answer(
    asked: &[TokenToCheck],
    occasion: &Occasion,
    market: &Market,
) -> Result<Vec<Result<CheckReply, Problem>>, Problem> {
    let tokens: Vec<Option<GrantToken>> = asked.iter().map(|asked| asked.token.parse().ok()).collect();
    let entrusted = timeout(READ_WITHIN, load(tokens.iter().flatten(), market)).await.map_err(|_| {
        tracing::warn!(checks = asked.len(), "what checks rest on was not read in time");
        Problem::new(UNAVAILABLE)
    })??;
    let made: Vec<Result<Option<Check<'_>>, Problem>> = asked
        .iter()
        .zip(&tokens)
        .map(|(asked, token)| {
            let Some(token) = token else { return Ok(None) };
            match entrusted.get(&named_by(token)) {
                Some(Ok(found)) => Ok(Some(found.check(token, &asked.scope, occasion.at))),
                Some(Err(unreadable)) => Err(unreadable.clone()),
                None => Ok(None),
            }
        })
        .collect();
    let lines = sum_up(made.iter().flatten().copied().flatten());
    let counted = ledger::count(&lines, occasion, market).await;
    let uncounted: BTreeMap<_, _> =
        lines.iter().zip(counted).filter_map(|(line, counted)| Some((line.line(), counted.err()?))).collect();
    let answers: Vec<_> = made
        .iter()
        .map(|made| match made {
            Ok(Some(check)) => match uncounted.get(&check.line()) {
                Some(problem) => Err(problem.clone()),
                None => Ok(CheckReply::of(check)),
            },
            Ok(None) => Ok(CheckReply::default()),
            Err(unreadable) => Err(unreadable.clone()),
        })
        .collect();
    let resting = made.iter().zip(&answers).filter(|(made, _)| !matches!(made, Ok(None)));
    refused_alike(resting.map(|(_, answer)| answer)).map_or(Ok(answers), Err)
}

/// Why all are refused: of those that rest on a grant none was answered, and not only for what cannot be read. One whose
/// token names nothing is answered without counting, and would hide that nothing can be counted.
fn refused_alike<'a>(resting: impl Iterator<Item = &'a Result<CheckReply, Problem>>) -> Option<Problem> {
    let refused: Vec<&Problem> = resting.map(|answer| answer.as_ref().err()).collect::<Option<_>>()?;
    let unknown = refused.iter().find(|problem| problem.code == OUTCOME_UNKNOWN);
    let passing = || refused.iter().find(|problem| problem.code != CORRUPT);
    unknown.or_else(passing).map(|problem| (*problem).clone())
}

/// What a check is decided on.
struct Entrusted {
    account: Loaded<MarketAccount>,
    grant: Loaded<Grant>,
    tokens: Option<Loaded<GrantTokens>>,
}

impl Entrusted {
    fn check<'a>(&'a self, token: &GrantToken, scope: &'a ScopeName, at: Timestamp) -> Check<'a> {
        let outcome = check(Use { token, scope }, &self.grant, self.tokens.as_deref(), &self.account, at);
        Check { grant: &self.grant, scope, outcome, at, times: 1 }
    }
}

fn named_by(token: &GrantToken) -> (AccountId, GrantId) {
    (token.account_id.clone(), token.grant_id.clone())
}

/// What these tokens name, as far as it is there. What cannot be read is logged, and is the problem of those who ask for it.
async fn load(
    tokens: impl Iterator<Item = &GrantToken>,
    market: &Market,
) -> Result<BTreeMap<(AccountId, GrantId), Result<Entrusted, Problem>>, Problem> {
    let named: BTreeSet<_> = tokens.map(named_by).collect();
    let wish = |id: &(AccountId, GrantId)| {
        (of::<MarketAccount>(id.0.clone()), of::<Grant>(id.clone()), of::<GrantTokens>(id.clone()))
    };
    let wishes: Vec<_> = named.iter().map(wish).collect();
    let found = market.store.load_all(&wishes).await?;
    let found = named.into_iter().zip(found).filter_map(|(id, found)| match found {
        Ok((Some(account), Some(grant), tokens)) => Some((id, Ok(Entrusted { account, grant, tokens }))),
        Ok(_) => None,
        Err(unreadable) => Some((id, Err(unreadable.into()))),
    });
    Ok(found.collect())
}
