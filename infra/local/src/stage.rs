//! A market that is ready for trade: an agreement in force, an approved provider, a listed application.
//! The benchmarks and the tests begin here.

use jiff::Timestamp;
use market_identity::Role;
use serde_json::{Value, json};

use crate::client::{Answer, Client, pay};
use crate::running::Running;
use crate::{demo, requests};

/// The provider's id.
pub const PROVIDER: &str = "northwind";
/// The provider's subscription agreement.
pub const TERMS: &str = "northwind.terms";
/// The clauses of the demo's agreement that are prominent here.
pub const PROMINENT: [&str; 2] = ["4.2", "10.1.2"];

/// A market that is ready for trade.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The market.
    pub running: &'a Running,
    /// The operator's staff.
    pub operator: Client,
    /// The provider.
    pub provider: Client,
    /// A data API.
    pub gateway: Client,
    /// The upstream platform.
    pub upstream: Client,
    /// The listing.
    pub listing: String,
    /// The hash of the agreement.
    agreement_sha256: String,
    /// The hash of the provider's terms.
    terms_sha256: String,
}

/// A merchant's grant, and what it came from.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The order.
    pub order: String,
    /// The grant.
    pub grant: String,
    /// Its end.
    pub expires_at: Timestamp,
    /// The provider's token.
    pub token: String,
}

/// A success, or the end of the test or benchmark.
fn done(answer: reqwest::Result<Answer>) -> Answer {
    let answer = answer.expect("the market answers");
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

impl<'a> Stage<'a> {
    /// Publishes, approves and lists.
    ///
    /// # Panics
    /// Where the market refuses any of it.
    pub async fn set(running: &'a Running) -> Self {
        let operator = Client::of(running, Role::Operator, "ops");
        let provider = Client::of(running, Role::Provider, PROVIDER);
        let prominent = PROMINENT.map(str::to_owned);
        let agreement = requests::with_rules(requests::agreement(demo::AGREEMENT, &prominent));
        let agreement = done(operator.post("/documents/market-agreement/versions", agreement).await);
        done(provider.post(&format!("/providers/{PROVIDER}"), requests::provider()).await);
        done(operator.post(&format!("/providers/{PROVIDER}/approval"), json!({})).await);
        let terms = requests::subscription_agreement();
        let terms = done(provider.post(&format!("/documents/{TERMS}/versions"), terms).await);
        let listings = format!("/providers/{PROVIDER}/listings");
        let listing = done(provider.post(&listings, requests::listing(TERMS)).await);
        let listing = listing.text_at("/id").to_owned();
        done(provider.post(&format!("{listings}/{listing}/submission"), json!({})).await);
        done(operator.post(&format!("/listings/{listing}/approval"), json!({})).await);
        Self {
            running,
            operator,
            provider,
            gateway: Client::of(running, Role::DataGateway, "data-api"),
            upstream: Client::of(running, Role::Upstream, "platform"),
            listing,
            agreement_sha256: agreement.text_at("/versions/0/sha256").to_owned(),
            terms_sha256: terms.text_at("/versions/0/sha256").to_owned(),
        }
    }

    /// A merchant with an open account that accepted the provider's terms.
    ///
    /// # Panics
    /// Where the market refuses any of it.
    pub async fn merchant(&self, shop: &str) -> Client {
        let merchant = Client::of(self.running, Role::Merchant, shop);
        done(merchant.post(&format!("/accounts/{shop}"), requests::merchant(shop, "91510100MA6C0QLJ")).await);
        self.accept_all(&merchant, shop).await;
        merchant
    }

    /// The acceptance of the market agreement.
    #[must_use]
    pub fn agreement_acceptance(&self) -> Value {
        requests::acceptance("market-agreement", &self.agreement_sha256, &PROMINENT.map(str::to_owned))
    }

    /// Opens the account of a merchant who applied, and accepts the provider's terms.
    ///
    /// # Panics
    /// Where the market refuses any of it.
    pub async fn accept_all(&self, merchant: &Client, shop: &str) {
        let acceptances = format!("/accounts/{shop}/acceptances");
        done(merchant.post(&acceptances, self.agreement_acceptance()).await);
        let terms = requests::acceptance(TERMS, &self.terms_sha256, &[]);
        done(merchant.post(&acceptances, terms).await);
    }

    /// The body of an order.
    #[must_use]
    pub fn order(&self, plan: &str) -> Value {
        requests::order(&self.listing, plan, TERMS)
    }

    /// An order, paid.
    ///
    /// # Panics
    /// Where the market refuses any of it.
    pub async fn buy(&self, merchant: &Client, shop: &str, plan: &str) -> String {
        let placed = done(merchant.post(&format!("/accounts/{shop}/orders"), self.order(plan)).await);
        let order = placed.text_at("/id").to_owned();
        let price = placed.body["snapshot"]["plan"]["price_fen"].as_i64().unwrap_or_default();
        done(pay(self.running, &format!("pay-{order}"), shop, &order, price).await);
        order
    }

    /// An order, paid, and a grant of two scopes until its end, with the provider's token.
    ///
    /// # Panics
    /// Where the market refuses any of it.
    pub async fn grant(&self, merchant: &Client, shop: &str, plan: &str) -> Granted {
        let order = self.buy(merchant, shop, plan).await;
        let body = requests::grant(&order, &["orders.read", "stock.read"]);
        let given = done(merchant.post(&format!("/accounts/{shop}/grants"), body).await);
        let grant = given.text_at("/id").to_owned();
        let tokens = format!("/accounts/{shop}/grants/{grant}/tokens");
        let token = done(self.provider.post(&tokens, json!({})).await).text_at("/token").to_owned();
        let expires_at = given.text_at("/expires_at").parse().expect("a grant ends");
        Granted { order, grant, expires_at, token }
    }

    /// What a check of a token answers.
    ///
    /// # Panics
    /// Where the market does not answer.
    pub async fn check(&self, token: &str, scope: &str) -> String {
        let body = json!({ "token": token, "scope": scope });
        done(self.gateway.post("/checks", body).await).text_at("/outcome").to_owned()
    }
}
