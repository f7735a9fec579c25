//! `apply_for_account` – a merchant applies for the market account of its platform account. The account opens
//! with the acceptance of the market agreement.

use market_identity::Role;
use market_kernel::text::Line;
use market_parties::accounts::MarketAccount;
use market_parties::applications;
use market_parties::credit_code::GivenCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::AccountView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::credit_codes::given_code;
use crate::parties::problems;
use crate::wire::parties::ContactsForm;
use crate::wire::paths::AccountPath;

/// An application; also a provider's.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The legal entity's name.
    pub legal_name: Line,
    /// Its unified social credit code (GB 32100-2015), of which every part is verified, or that the operator vouched for.
    pub credit_code: GivenCode,
    /// How to reach it.
    pub contacts: ContactsForm,
}

#[derive(Debug)]
pub struct ApplyForAccount;

impl Endpoint for ApplyForAccount {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Application;
    type Reply = AccountView;

    fn route() -> Route {
        Route::post("apply_for_account", "accounts", "/accounts/{account_id}")
            .first_called("open_account")
            .summary("Apply for the market account of one's platform account.")
            .about(
                "Applies for the market account of the platform account that the token names \
                    (2.3, 5.1). It opens when the market agreement is accepted. The credit code's \
                    check character has to fit, or the operator has vouched for the code. Refused \
                    where the account exists.",
            )
            .clauses(&["2.3", "5.1"])
            .roles(&[Role::Merchant])
            .creates()
            .problems(&[problems::ALREADY_APPLIED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<AccountView>, Problem> {
        let id = call.path.account_id.clone();
        let existing = market.store.get::<MarketAccount>(&id).await?;
        let location = format!("/accounts/{id}");
        let Application { legal_name, credit_code, contacts } = call.body.clone();
        let (credit_code, vouching) = given_code(market, &credit_code).await?;
        let (vouching, contacts) = (vouching.as_ref(), contacts.into());
        let application = applications::Application { id, legal_name, credit_code, vouching, contacts };
        let applied = MarketAccount::apply(existing.as_ref(), application, &call.occasion)?;
        Ok(Outcome::created(applied, location).map(AccountView::from))
    }
}
