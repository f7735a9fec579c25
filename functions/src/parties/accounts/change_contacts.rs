//! `change_contacts` – how a merchant is reached from now on, whatever has become of its agreement: it still
//! has notices to come.

use market_identity::Role;
use market_kernel::change::Change;
use market_parties::accounts::MarketAccount;

use super::AccountView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::problems;
use crate::wire::parties::ContactsChange;
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ChangeContacts;

impl Endpoint for ChangeContacts {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = ContactsChange;
    type Reply = AccountView;

    fn route() -> Route {
        Route::post("change_contacts", "accounts", "/accounts/{account_id}/contacts")
            .summary("Change how a merchant is reached; the old addresses are told too.")
            .about(
                "How the merchant is reached from now on (5.1, 11.1): what is left out stays, and \
                    a telephone number that is null is taken away. Notices under way keep the \
                    address that they have. Refused within a minute of another change.",
            )
            .clauses(&["5.1", "11.1"])
            .roles(&[Role::Merchant, Role::Operator])
            .problems(&[problems::CONTACTS_JUST_CHANGED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<AccountView>, Problem> {
        let account = market.store.get::<MarketAccount>(&call.path.account_id).await?;
        let account = account.ok_or(Problem::not_found())?;
        let changed = MarketAccount::change_contacts(
            &account,
            call.body.clone().of(&account.contacts),
            &call.occasion,
        )?;
        // Nothing new is an outcome too, and its key is kept: repeated later, it changes nothing.
        let unchanged = || (account.state.clone(), Change::on(&call.occasion));
        Ok(Outcome::commit(changed.unwrap_or_else(unchanged)).map(AccountView::from))
    }
}
