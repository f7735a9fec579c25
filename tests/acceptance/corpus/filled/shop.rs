//! What a merchant of the story does.

use market::client::{Answer, json_headers, pay};
use market::requests;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::Sending;
use reqwest::Method;
use reqwest::header::{HeaderValue, USER_AGENT};
use serde_json::{Value, json};

use super::{Shop, done};
use crate::harness::at;

impl Shop<'_> {
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/accounts/{}/{rest}", self.name)
    }

    pub(super) async fn post(&self, rest: &str, body: Value) -> Answer {
        done(self.client.post(&self.path(rest), body).await)
    }

    /// Accepts the version in force, with all that its page shows; who signs comes by a browser.
    pub(super) async fn accept(&self, document: &str, method: &str) {
        let published = done(self.client.get(&format!("/documents/{document}")).await);
        let now = self.play.world.now();
        let is_in_force =
            |version: &&&market::json::Json| at(version["effective_at"].as_str().unwrap()) <= now;
        let versions = published.body["versions"].as_array().unwrap();
        let version = versions.iter().rev().find(is_in_force).unwrap();
        let mut acceptance = requests::acceptance(document, version["sha256"].as_str().unwrap(), &[]);
        acceptance["version"] = version["number"].clone().into();
        acceptance["prominent_shown"] = version["prominent"].clone().into();
        acceptance["method"] = json!(method);
        let mut headers = json_headers();
        headers.insert("idempotency-key", HeaderValue::from_str(&format!("{document}-{method}")).unwrap());
        if method == "signed" {
            headers.insert(USER_AGENT, HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64)"));
            headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
        }
        let body = acceptance.to_string().into_bytes();
        done(self.client.send(Method::POST, &self.path("acceptances"), headers, body).await);
    }

    pub(super) async fn order(&self, plan: &str) -> String {
        let mut order = self.play.stage.order(plan);
        order["acknowledge_unbounded_risk"] = json!(plan == "forever");
        self.post("orders", order).await.text_at("/id").to_owned()
    }

    pub(in crate::corpus) async fn buy(&self, plan: &str) -> String {
        let order = self.order(plan).await;
        let placed = done(self.client.get(&self.path(&format!("orders/{order}"))).await);
        let price = placed.body["snapshot"]["plan"]["price_fen"].as_i64().unwrap();
        done(pay(&self.play.world.running, &format!("pay-{order}"), self.name, &order, price).await);
        order
    }

    pub(super) async fn grant(&self, order: &str) -> String {
        let grant = requests::grant(order, &["orders.read", "stock.read"]);
        self.post("grants", grant).await.text_at("/id").to_owned()
    }

    pub(super) async fn token(&self, grant: &str) -> String {
        let tokens = self.path(&format!("grants/{grant}/tokens"));
        done(self.play.stage.provider.post(&tokens, json!({})).await).text_at("/token").to_owned()
    }

    pub(super) async fn revoke(&self, grant: &str) {
        self.post(&format!("grants/{grant}/revocation"), json!({})).await;
    }

    pub(super) async fn ended_grant(&self, order: &str) -> String {
        let grant = self.grant(order).await;
        self.revoke(&grant).await;
        grant
    }

    pub(super) async fn demand(&self, grant: &str, step: &str, body: Value) {
        self.post(&format!("demands/{grant}/{step}"), body).await;
    }

    pub(super) async fn serve_termination(&self) -> Answer {
        let notice = json!({ "reason": "违反平台规则。" });
        done(self.play.stage.operator.post(&self.path("terminations"), notice).await)
    }

    /// Where the e-mail lies that says that its account is open.
    pub(super) async fn email(&self) -> Key {
        self.email_about("account_opened").await
    }

    pub(super) async fn email_about(&self, about: &str) -> Key {
        let notices = self.client.all(&self.path("notices")).await.unwrap();
        let mut emails = notices.iter().filter(|notice| notice["channel"] == "email");
        let email = emails.find(|notice| notice["about"] == about).unwrap();
        Key::stored(format!("account#{}", self.name), format!("notice#{}", email["id"].as_str().unwrap()))
    }

    pub(super) async fn send_email(&self, answer: Sending) {
        let email = self.email().await;
        self.play.wake(Lane::Notify, self.name, email.sort.to_string(), answer).await;
    }
}
