//! `accept_document` – a merchant accepts a version: of the market agreement (which opens its account), or
//! of a provider's subscription agreement (4.1).

use axum::http::{HeaderMap, header};
use market_agreement::documents::Document;
use market_agreement::documents::acceptance::{
    AcceptRefusal, Acceptance, AcceptanceId, Method as AcceptanceMethod,
};
use market_identity::Role;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use market_kernel::text::Text;
use market_parties::accounts::MarketAccount;
use market_store::of;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AcceptanceView, in_its_period};
use crate::agreement::documents::shown;
use crate::agreement::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::lists::Distinct;
use crate::wire::parties::SignerForm;
use crate::wire::paths::AccountPath;

/// The most clauses that an acceptance can say were shown: more than any version has as prominent, be it from before
/// these were bounded.
const MAX_SHOWN: usize = 4096;

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
    prominent_shown: Distinct<ClauseAddress, MAX_SHOWN>,
    /// The hash of what was rendered: of the version's exact text, or of one of its pages (`get_page`).
    rendered_sha256: Sha256Hash,
}

#[derive(Debug)]
pub struct AcceptDocument;

/// What the client says it is, as far as it fits.
fn user_agent(headers: &HeaderMap) -> Option<Text<400>> {
    Text::as_far_as_it_fits(&String::from_utf8_lossy(headers.get(header::USER_AGENT)?.as_bytes()))
}

impl Endpoint for AcceptDocument {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = AcceptanceView;

    fn route() -> Route {
        Route::post("accept_document", "accounts", "/accounts/{account_id}/acceptances")
            .summary("Accept a version of the market agreement or of a provider's subscription agreement.")
            .about(
                "Records that the merchant accepts exactly this text (`sha256`), who accepted for \
                    it, which prominent clauses it was shown and what was rendered (1.2, 1.3). \
                    Accepting the market agreement in force opens an account that has applied; \
                    accepting a provider's subscription agreement is what its orders rest on (4.1). \
                    Refused where the version is not in force, a hash is of something else, a \
                    prominent clause was not shown, or the version is accepted already.",
            )
            .clauses(&["1.2", "1.3", "2.3", "4.1", "9.4"])
            .roles(&[Role::Merchant])
            .creates()
            .problems(&[
                problems::NO_SUCH_VERSION,
                problems::NOT_IN_FORCE,
                problems::OTHER_TEXT,
                problems::PROMINENT_CLAUSES_NOT_SHOWN,
                problems::NO_SUCH_CLAUSE,
                problems::OTHER_RENDERING,
                problems::ALREADY_ACCEPTED,
                problems::ACCOUNT_ENDED,
                problems::ACCOUNT_NOT_OPEN,
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
        let document = document.ok_or(AcceptRefusal::NoSuchVersion)?;
        let shown = shown(market, &body.document_id, body.version).await?;
        let shown = shown.ok_or(AcceptRefusal::NoSuchVersion)?;
        let pages = shown.page_hashes()?;
        let acceptance = Acceptance {
            account_id,
            agreement_period: account.agreement_period,
            document_id: body.document_id,
            version: body.version,
            sha256: body.sha256,
            method: body.method,
            signer: body.signer.into(),
            prominent_shown: body.prominent_shown.into_vec(),
            rendered_sha256: body.rendered_sha256,
            address: call.address.and_then(|address| address.to_string().try_into().ok()),
            user_agent: user_agent(&call.headers),
            accepted_at: call.occasion.at,
        };
        let served = shown.served(&document, &pages);
        let change = acceptance.clone().accept(&account, &served, existing.as_ref(), &call.occasion)?;
        Ok(Outcome::commit((acceptance, change)).map(AcceptanceView::from))
    }
}
