//! What sending a notice again means, to a merchant as to a provider.

use market_kernel::ids::NoticeId;
use market_kernel::notices::{Address, Notice};
use market_kernel::occasion::Occasion;
use market_kernel::party::Recipient;
use schemars::JsonSchema;
use serde::Deserialize;

use super::NoticeView;
use crate::feedback::contacts;
use crate::http::{Code, Market, Outcome, Problem};
use crate::market::problems;

/// Where to send it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Resending")]
pub struct Body {
    /// An e-mail address or a telephone number, as the notice's channel needs it; without one, it goes where
    /// the recipient's contacts point now.
    #[serde(default)]
    pub(super) address: Option<Address>,
}

/// The problems that only this route can answer with.
pub(super) const PROBLEMS: &[Code] = &[problems::WRONG_NOTICE_STATE, problems::NO_ADDRESS];

pub(super) async fn resend(
    market: &Market,
    id: (Recipient, NoticeId),
    address: Option<Address>,
    occasion: &Occasion,
) -> Result<Outcome<NoticeView>, Problem> {
    let notice = market.store.get::<Notice>(&id).await?.ok_or(Problem::not_found())?;
    let contacts = contacts(&market.store, &notice.recipient).await?;
    let contacts = contacts.ok_or(Problem::new(problems::INTERNAL))?;
    let resent = Notice::resend(&notice, &contacts, address, occasion)?;
    Ok(Outcome::commit(resent).map(NoticeView::from))
}
