//! What it means to record that a human served a notice another way, and to correct that, to a merchant as to a provider.

use market_kernel::ids::NoticeId;
use market_kernel::notices::{CorrectionReason, Notice, OtherEvidence, OtherService};
use market_kernel::occasion::Occasion;
use market_kernel::party::Recipient;
use schemars::JsonSchema;
use serde::Deserialize;

use super::NoticeView;
use super::view::OtherWayView;
use crate::http::{Code, Market, Outcome, Problem};
use crate::market::problems;
use crate::wire::time::Instant;

/// How it was served.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OtherService")]
pub struct Body {
    /// On which way.
    way: OtherWayView,
    /// When; not before the notice was drafted, and not later than now.
    served_at: Instant,
    /// What shows it: who says so, and where the proof is kept (a receipt's number, a file).
    evidence: OtherEvidence,
}

impl From<Body> for OtherService {
    fn from(body: Body) -> Self {
        let Body { way, served_at, evidence } = body;
        Self { way: way.into(), served_at: served_at.into(), evidence }
    }
}

/// What is true instead of what was recorded. It is always said: what was not served waits for a human again, who may
/// send it, so nothing that was left out must come to mean that.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "OtherServiceOutcome")]
enum OutcomeForm {
    /// It was served so.
    Served {
        /// On which way.
        way: OtherWayView,
        /// When; not before the notice was drafted, and not later than now.
        served_at: Instant,
        /// What shows it: who says so, and where the proof is kept (a receipt's number, a file).
        evidence: OtherEvidence,
    },
    /// It was not served after all.
    NotServed {},
}

impl From<OutcomeForm> for Option<OtherService> {
    fn from(outcome: OutcomeForm) -> Self {
        match outcome {
            OutcomeForm::Served { way, served_at, evidence } => {
                Some(Body { way, served_at, evidence }.into())
            }
            OutcomeForm::NotServed {} => None,
        }
    }
}

/// What is true instead, and why what was recorded is corrected.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OtherServiceCorrection")]
pub struct Correction {
    /// Why what was recorded is corrected.
    reason: CorrectionReason,
    /// What is true instead.
    outcome: OutcomeForm,
}

/// What recording it does, for whoever integrates it.
pub(super) const ABOUT: &str = "Records that a human served the notice by a letter, on the telephone, in person or otherwise (11.1): how, when, \
        and what shows it. From then on it waits for nobody, and it is not sent again. Refused where it does not wait \
        for a human (`list_undelivered`). A mistake is corrected by a further record (`correct_other_service`).";

/// What correcting it does, for whoever integrates it.
pub(super) const CORRECTION: &str = "Corrects what was recorded of another service by mistake (11.1): the `outcome` says that the notice was \
        `served` so instead, or that it was `not_served`; then it waits for a human again, who sends it again or records \
        how it is served. No period begins with such a service, so nothing else changes. What was recorded stays with the notice, with the reason and \
        when it was corrected, and in evidence, which names who recorded and who corrected it. Refused where no other \
        service is recorded.";

/// The problems that only a route that corrects can answer with.
pub(super) const CORRECTION_PROBLEMS: &[Code] =
    &[problems::NO_OTHER_SERVICE, problems::INVALID_SERVICE, problems::TOO_MANY_CORRECTIONS];

/// The problems that only a route that records can answer with.
pub(super) const PROBLEMS: &[Code] = &[problems::NOT_UNDELIVERABLE, problems::INVALID_SERVICE];

pub(super) async fn record(
    market: &Market,
    id: (Recipient, NoticeId),
    body: &Body,
    occasion: &Occasion,
) -> Result<Outcome<NoticeView>, Problem> {
    let notice = market.store.get::<Notice>(&id).await?.ok_or(Problem::not_found())?;
    let recorded = Notice::record_other_service(&notice, body.clone().into(), occasion)?;
    Ok(Outcome::commit(recorded).map(NoticeView::from))
}

pub(super) async fn correct(
    market: &Market,
    id: (Recipient, NoticeId),
    body: &Correction,
    occasion: &Occasion,
) -> Result<Outcome<NoticeView>, Problem> {
    let notice = market.store.get::<Notice>(&id).await?.ok_or(Problem::not_found())?;
    let Correction { reason, outcome } = body.clone();
    let corrected = Notice::correct_other_service(&notice, outcome.into(), reason, occasion)?;
    Ok(Outcome::commit(corrected).map(NoticeView::from))
}
