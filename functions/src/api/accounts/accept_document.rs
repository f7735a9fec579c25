//! `accept_document` – a merchant accepts a version: of the market agreement (which opens its account), or
//! of a provider's subscription agreement (4.1).

use axum::http::{HeaderMap, header};
use market_domain::accounts::MarketAccount;
use market_domain::documents::Document;
use market_domain::documents::acceptance::{Acceptance, AcceptanceId, Method as AcceptanceMethod};
use market_domain::documents::clauses::{ClauseNumber, each_once};
use market_domain::hash::Sha256Hash;
use market_domain::ids::DocumentId;
use market_domain::text::Text;
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use market_identity::Role;
use market_store::of;
use schemars::JsonSchema;
use serde::Deserialize;

use super::acceptances::in_its_period;
use super::{AcceptanceView, SignerForm};
use crate::api::documents::shown;
use crate::api::paths::AccountPath;

/// What is accepted, by whom, and what was shown.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AcceptanceGiven")]
pub struct Body {
    document_id: DocumentId,
    version: u32,
    /// The hash of the text that was shown.
    sha256: Sha256Hash,
    method: AcceptanceMethod,
    signer: SignerForm,
    /// The prominent clauses that were shown; each is one of the version's.
    #[serde(default)]
    prominent_shown: Vec<ClauseNumber>,
    /// The hash of what was rendered: of the version's exact text, or of one of its pages (`get_page`).
    rendered_sha256: Sha256Hash,
}

/// See the module.
#[derive(Debug)]
pub struct AcceptDocument;

/// A header's text, as far as it fits.
fn header_text<const MAX: usize>(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<Text<MAX>> {
    Text::as_far_as_it_fits(&String::from_utf8_lossy(headers.get(name)?.as_bytes()))
}

impl Endpoint for AcceptDocument {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = AcceptanceView;

    fn route() -> Route {
        Route::post("accept_document", "/accounts/{account_id}/acceptances")
            .summary("Accept a version of the market agreement or of a provider's subscription agreement.")
            .clauses(&["1.2", "1.3", "4.1"])
            .roles(&[Role::Merchant])
            .creates()
            .problems(&[
                Code::NoSuchVersion,
                Code::NotInForce,
                Code::OtherText,
                Code::ProminentClausesNotShown,
                Code::NoSuchClause,
                Code::OtherRendering,
                Code::AlreadyAccepted,
                Code::AccountEnded,
                Code::AccountNotOpen,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<AcceptanceView>, Problem> {
        let (account_id, body) = (call.path.account_id.clone(), call.body.clone());
        let wanted =
            AcceptanceId::in_first_period(account_id.clone(), body.document_id.clone(), body.version);
        let wishes = (
            of::<MarketAccount>(account_id.clone()),
            of::<Document>(body.document_id.clone()),
            of::<Acceptance>(wanted.clone()),
        );
        let (account, document, existing) = market.store.load(wishes).await?;
        let account = account.ok_or(Problem::not_found())?;
        let existing = in_its_period(market, &account, existing, wanted).await?;
        let document = document.ok_or(Problem::new(Code::NoSuchVersion))?;
        let shown = shown(market, &body.document_id, body.version).await?;
        let shown = shown.ok_or(Problem::new(Code::NoSuchVersion))?;
        let pages = shown.page_hashes()?;
        let acceptance = Acceptance {
            account_id,
            agreement_period: account.agreement_period,
            document_id: body.document_id,
            version: body.version,
            sha256: body.sha256,
            method: body.method,
            signer: body.signer.into(),
            prominent_shown: each_once(body.prominent_shown),
            rendered_sha256: body.rendered_sha256,
            address: header_text(&call.headers, "x-forwarded-for"),
            user_agent: header_text(&call.headers, header::USER_AGENT),
            accepted_at: call.occasion.at,
        };
        let served = shown.served(&pages);
        let change =
            acceptance.clone().accept(&account, &document, &served, existing.as_ref(), &call.occasion)?;
        Ok(Outcome::commit((acceptance, change)).map(AcceptanceView::from))
    }
}
