//! What it means to record that a human served a notice another way, to a merchant as to a provider.

use market_kernel::ids::NoticeId;
use market_kernel::notices::{Notice, OtherEvidence};
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

/// What it does, for whoever integrates it.
pub(super) const ABOUT: &str = "Records that a human served the notice by a letter, on the telephone, in person or otherwise (11.1): how, when, \
        and what shows it. From then on it waits for nobody, and it is not sent again. Refused where it does not wait \
        for a human (`list_undelivered`).";

/// The problems that only this route can answer with.
pub(super) const PROBLEMS: &[Code] = &[problems::NOT_UNDELIVERABLE, problems::INVALID_SERVICE];

pub(super) async fn record(
    market: &Market,
    id: (Recipient, NoticeId),
    body: &Body,
    occasion: &Occasion,
) -> Result<Outcome<NoticeView>, Problem> {
    let notice = market.store.get::<Notice>(&id).await?.ok_or(Problem::not_found())?;
    let Body { way, served_at, evidence } = body.clone();
    let recorded = Notice::record_other_service(&notice, way.into(), served_at.into(), evidence, occasion)?;
    Ok(Outcome::commit(recorded).map(NoticeView::from))
}
