//! What one may not see answers like what does not exist (invariant 8): the same status, code and body, on every route,
//! for a thing of another's and for one that is not visible yet. Walked from the routes' own list: a route that this
//! table does not know fails the test.

use std::collections::BTreeSet;

use market::client::{Answer, Client};
use market::requests;
use market::stage::Stage;
use market_functions::http::{Endpoint, Visitor};
use market_functions::routes;
use market_identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::World;

/// Each operation with its method.
fn operations() -> Vec<(&'static str, Method)> {
    struct Operations(Vec<(&'static str, Method)>);
    impl Visitor for Operations {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push((E::route().operation, E::route().method));
        }
    }
    let mut operations = Operations(Vec::new());
    routes::visit(&mut operations);
    operations.0
}

/// Requests of one caller that must not be told apart: the last names what does not exist.
struct Alike {
    who: Client,
    requests: Vec<(String, Value)>,
}

/// What a route could tell of things that its caller may not see.
enum Route {
    Asked(Vec<Alike>),
    /// And why there is nothing to ask.
    HidesNothing(&'static str),
}

/// Things of shop-1 and northwind, and those who may not see them.
struct Hidden {
    shop_2: Client,
    newcomer: Client,
    northwind: Client,
    eastwind: Client,
    anyone: Client,
    order: String,
    grant: String,
    served: String,
    draft_demand: String,
    termination: String,
    notice: String,
    listed: String,
    unlisted: Vec<String>,
    attestation: Value,
    to_come: String,
}

fn ghost(prefix: &str) -> String {
    format!("{prefix}_{}", "0".repeat(32))
}

impl Hidden {
    async fn make(world: &World, stage: &Stage<'_>) -> Self {
        let shop_1 = stage.merchant("shop-1").await;
        let shop_2 = stage.merchant("shop-2").await;
        let newcomer = Client::of(&world.running, Role::Merchant, "shop-3");
        ok(newcomer
            .post("/accounts/shop-3", requests::merchant("shop-3", "91510100MA6C0QLJ"))
            .await
            .unwrap());
        let eastwind = Client::of(&world.running, Role::Provider, "eastwind");
        ok(eastwind.post("/providers/eastwind", requests::provider()).await.unwrap());
        ok(stage.operator.post("/providers/eastwind/approval", json!({})).await.unwrap());
        let westwind = Client::of(&world.running, Role::Provider, "westwind");
        ok(westwind.post("/providers/westwind", requests::provider()).await.unwrap());
        let terms = requests::subscription_agreement();
        ok(eastwind.post("/documents/eastwind.terms/versions", terms).await.unwrap());
        let listings = "/providers/northwind/listings";
        let mut unlisted = Vec::new();
        for _ in 0..2 {
            let draft = stage.provider.post(listings, requests::listing("northwind.terms")).await.unwrap();
            unlisted.push(ok(draft).text_at("/id").to_owned());
        }
        let submission = format!("{listings}/{}/submission", unlisted[1]);
        ok(stage.provider.post(&submission, json!({})).await.unwrap());
        let to_come = json!({
            "kind": "subscription", "title": "将来", "text": "1.将来\n", "effective_at": world.now() + jiff::SignedDuration::from_hours(24 * 300),
        });
        ok(stage.provider.post("/documents/northwind.later/versions", to_come).await.unwrap());
        let granted = stage.grant(&shop_1, "shop-1", "month").await;
        let mut ended = Vec::new();
        for _ in 0..2 {
            let granted = stage.grant(&shop_1, "shop-1", "month").await;
            let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
            ok(shop_1.post(&revocation, json!({})).await.unwrap());
            ended.push(granted.grant);
        }
        ok(shop_1.post(&format!("/accounts/shop-1/demands/{}/service", ended[0]), json!({})).await.unwrap());
        let served = stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await;
        let termination = ok(served.unwrap()).text_at("/id").to_owned();
        world.settle().await;
        let notices = shop_1.all("/accounts/shop-1/notices").await.unwrap();
        Self {
            shop_2,
            newcomer,
            northwind: stage.provider.clone(),
            eastwind,
            anyone: Client::anonymous(&world.running),
            order: granted.order,
            grant: granted.grant,
            served: ended[0].clone(),
            draft_demand: ended[1].clone(),
            termination,
            notice: notices[0]["id"].as_str().unwrap().to_owned(),
            listed: stage.listing.clone(),
            unlisted,
            attestation: requests::attestation(world.now()),
            to_come: "northwind.later".to_owned(),
        }
    }

    /// Someone else's path, and nobody's: with what follows in it, and the body.
    fn path(&self, party: &str, rest: &str, body: &Value) -> Vec<Alike> {
        let who = if party == "accounts" { &self.shop_2 } else { &self.eastwind };
        let owner = if party == "accounts" { "shop-1" } else { "northwind" };
        let of = |owner: &str| (format!("/{party}/{owner}{rest}"), body.clone());
        vec![Alike { who: who.clone(), requests: vec![of(owner), of("nobody")] }]
    }

    /// The same, and under the caller's own path another merchant's thing.
    fn thing(&self, kind: &str, ids: &[&String], none: &str, rest: &str, body: &Value) -> Vec<Alike> {
        let mut all = self.path("accounts", &format!("/{kind}/{}{rest}", ids[0]), body);
        let ids = ids.iter().map(|id| id.as_str()).chain([none]);
        let own = ids.map(|id| (format!("/accounts/shop-2/{kind}/{id}{rest}"), body.clone()));
        all.push(Alike { who: self.shop_2.clone(), requests: own.collect() });
        all
    }

    /// What a provider asks of under a merchant's path: another provider's thing, one that it has not got yet, and none.
    fn to_provider(
        &self,
        kind: &str,
        foreign: &str,
        not_yet: Option<&str>,
        none: &str,
        rest: &str,
        body: &Value,
    ) -> Vec<Alike> {
        let of = |account: &str, id: &str| (format!("/accounts/{account}/{kind}/{id}{rest}"), body.clone());
        let ghosts = || [of("nobody", foreign), of("shop-1", none)];
        let foreign = std::iter::once(of("shop-1", foreign)).chain(ghosts());
        let mut all = vec![Alike { who: self.eastwind.clone(), requests: foreign.collect() }];
        if let Some(not_yet) = not_yet {
            let requests = std::iter::once(of("shop-1", not_yet)).chain(ghosts());
            all.push(Alike { who: self.northwind.clone(), requests: requests.collect() });
        }
        all
    }

    fn route(&self, operation: &str) -> Route {
        let empty = json!({});
        let (no_grant, no_listing) = (ghost("grt"), ghost("lst"));
        let application = requests::merchant("x", "91510100MA6C0QLJ");
        let ended = [&self.served, &self.draft_demand];
        Route::Asked(match operation {
            "publish_version" | "preview_version" | "withdraw_version" => {
                return Route::HidesNothing("everyone reads every document and version");
            }
            "get_document"
            | "get_version"
            | "get_text"
            | "get_page"
            | "get_clause"
            | "compare_versions"
            | "get_comparison_page"
            | "list_announcements"
            | "explain_error"
            | "browse_listings"
            | "get_holidays"
            | "list_documents"
            | "list_errors"
            | "get_health"
            | "get_readiness"
            | "get_release"
            | "get_description"
            | "get_older_description" => {
                return Route::HidesNothing("everyone reads all of it");
            }
            "approve_provider"
            | "approve_listing"
            | "list_accounts"
            | "list_reviews"
            | "list_payments"
            | "settle_payment"
            | "vouch_credit_code"
            | "get_vouching"
            | "publish_holidays"
            | "serve_termination"
            | "withdraw_termination"
            | "list_undelivered"
            | "resend_notice"
            | "resend_provider_notice"
            | "record_other_service"
            | "record_other_provider_service"
            | "correct_other_service"
            | "correct_other_provider_service"
            | "list_parked"
            | "list_late_jobs"
            | "list_providers"
            | "list_terminations"
            | "list_all_orders"
            | "list_all_demands"
            | "read_desk"
            | "redrive_parked" => {
                return Route::HidesNothing("the operator sees everything");
            }
            "take_payment" | "take_return" | "end_upstream" | "check_token" | "check_tokens" => {
                return Route::HidesNothing("the platform's own systems see what they ask of");
            }
            "get_me" => return Route::HidesNothing("it names nothing"),
            "apply_for_account" => self.path("accounts", "", &application),
            "get_account" => self.path("accounts", "", &empty),
            "change_contacts" => self.path("accounts", "/contacts", &requests::contacts("x@example.com")),
            "change_provider_contacts" => {
                self.path("providers", "/contacts", &requests::contacts("x@example.com"))
            }
            "list_acceptances" => self.path("accounts", "/acceptances", &empty),
            "list_orders" => self.path("accounts", "/orders", &empty),
            "list_grants" => self.path("accounts", "/grants", &empty),
            "list_demands" => self.path("accounts", "/demands", &empty),
            "list_notices" => self.path("accounts", "/notices", &empty),
            "list_evidence" => self.path("accounts", "/evidence", &empty),
            "read_timeline" => self.path("accounts", "/timeline", &empty),
            "apply_as_provider" => self.path("providers", "", &application),
            "get_provider" => self.path("providers", "", &empty),
            "list_drafts" => self.path("providers", "/drafts", &empty),
            "list_provider_orders" => self.path("providers", "/orders", &empty),
            "list_provider_grants" => self.path("providers", "/grants", &empty),
            "list_provider_demands" => self.path("providers", "/demands", &empty),
            "list_provider_notices" => self.path("providers", "/notices", &empty),
            "list_provider_evidence" => self.path("providers", "/evidence", &empty),
            "accept_document" => {
                let of = |document: &str| requests::acceptance(document, &"0".repeat(64), &[]);
                let mut all = self.path("accounts", "/acceptances", &of("market-agreement"));
                let documents = [self.to_come.as_str(), "northwind.none"];
                let own = documents.map(|document| ("/accounts/shop-2/acceptances".to_owned(), of(document)));
                all.push(Alike { who: self.shop_2.clone(), requests: own.into() });
                all
            }
            "draft_listing" => {
                let mut all = self.path("providers", "/listings", &requests::listing("northwind.terms"));
                let documents = ["northwind.terms", "market-agreement", "eastwind.none"];
                let own = documents
                    .map(|terms| ("/providers/eastwind/listings".to_owned(), requests::listing(terms)));
                all.push(Alike { who: self.eastwind.clone(), requests: own.into() });
                all
            }
            "submit_listing" => {
                let mut all =
                    self.path("providers", &format!("/listings/{}/submission", self.unlisted[0]), &empty);
                let listings = [&self.unlisted[0], &self.unlisted[1], &self.listed, &no_listing];
                let own = listings
                    .map(|id| (format!("/providers/eastwind/listings/{id}/submission"), empty.clone()));
                all.push(Alike { who: self.eastwind.clone(), requests: own.into() });
                all
            }
            "get_draft" => {
                let mut all = self.path("providers", &format!("/drafts/{}", self.unlisted[0]), &empty);
                let listings = [&self.unlisted[0], &self.unlisted[1], &self.listed, &no_listing];
                let own = listings.map(|id| (format!("/providers/eastwind/drafts/{id}"), empty.clone()));
                all.push(Alike { who: self.eastwind.clone(), requests: own.into() });
                all
            }
            "get_profile" => {
                // One that has applied, and one that there is not.
                let profiles = ["westwind", "none"];
                let requests = profiles.map(|id| (format!("/providers/{id}/profile"), empty.clone())).into();
                vec![Alike { who: self.anyone.clone(), requests }]
            }
            "get_listing" => {
                let listings = || [&self.unlisted[0], &self.unlisted[1], &no_listing];
                let requests = || listings().map(|id| (format!("/listings/{id}"), empty.clone())).into();
                [&self.anyone, &self.shop_2, &self.eastwind, &self.northwind]
                    .map(|who| Alike { who: who.clone(), requests: requests() })
                    .into()
            }
            "place_order" => {
                let order = |listing: &str| requests::order(listing, "month", "northwind.terms");
                let mut all = self.path("accounts", "/orders", &order(&self.listed));
                for (shop, who) in [("shop-2", &self.shop_2), ("shop-3", &self.newcomer)] {
                    for plan in ["month", "forever", "none"] {
                        for terms in ["northwind.terms", "northwind.none"] {
                            let order = |listing: &String| {
                                let order = requests::order(listing, plan, terms);
                                (format!("/accounts/{shop}/orders"), order)
                            };
                            let listings = [&self.unlisted[0], &self.unlisted[1], &no_listing];
                            all.push(Alike { who: who.clone(), requests: listings.map(order).into() });
                        }
                    }
                }
                all
            }
            "get_payment" => {
                let payments = [format!("/payments/pay-{}", self.order), "/payments/pay-none".to_owned()];
                let requests = payments.map(|path| (path, empty.clone())).into();
                vec![Alike { who: self.shop_2.clone(), requests }]
            }
            "give_grant" => {
                let grant = |order: &str| requests::grant(order, &["orders.read"]);
                let mut all = self.path("accounts", "/grants", &grant(&self.order));
                let own = [self.order.clone(), ghost("ord")]
                    .map(|order| ("/accounts/shop-2/grants".to_owned(), grant(&order)));
                all.push(Alike { who: self.shop_2.clone(), requests: own.into() });
                all
            }
            "get_order" => {
                let none = ghost("ord");
                let mut all = self.thing("orders", &[&self.order], &none, "", &empty);
                all.extend(self.to_provider("orders", &self.order, None, &none, "", &empty));
                all
            }
            "get_grant" => {
                let mut all = self.thing("grants", &[&self.grant, &self.served], &no_grant, "", &empty);
                all.extend(self.to_provider("grants", &self.grant, None, &no_grant, "", &empty));
                all
            }
            "revoke_grant" => {
                self.thing("grants", &[&self.grant, &self.served], &no_grant, "/revocation", &empty)
            }
            "list_accesses" => self.thing("grants", &[&self.grant], &no_grant, "/accesses", &empty),
            "issue_token" => {
                let mut all = self.to_provider("grants", &self.grant, None, &no_grant, "/tokens", &empty);
                all.extend(self.to_provider("grants", &self.served, None, &no_grant, "/tokens", &empty));
                all
            }
            "get_demand" => {
                let mut all = self.thing("demands", &ended, &no_grant, "", &empty);
                let draft = Some(self.draft_demand.as_str());
                all.extend(self.to_provider("demands", &self.served, draft, &no_grant, "", &empty));
                all
            }
            "serve_demand" => self.thing("demands", &ended, &no_grant, "/service", &empty),
            "waive_demand" => {
                self.thing("demands", &ended, &no_grant, "/waiver", &json!({ "agreement": "x" }))
            }
            "close_demand" => self.thing("demands", &ended, &no_grant, "/closure", &empty),
            "acknowledge_demand" => {
                let draft = Some(self.draft_demand.as_str());
                self.to_provider("demands", &self.served, draft, &no_grant, "/acknowledgement", &empty)
            }
            "attest_demand" => {
                let draft = Some(self.draft_demand.as_str());
                let mut incomplete = self.attestation.clone();
                incomplete["datasets"] = json!([]);
                let ask =
                    |body| self.to_provider("demands", &self.served, draft, &no_grant, "/attestation", body);
                [ask(&self.attestation), ask(&incomplete)].into_iter().flatten().collect()
            }
            "get_termination" => self.thing("terminations", &[&self.termination], &ghost("trm"), "", &empty),
            "get_notice" => self.thing("notices", &[&self.notice], &ghost("ntc"), "", &empty),
            unknown => panic!("say what {unknown} may tell of things that its caller may not see"),
        })
    }
}

fn ok(answer: Answer) -> Answer {
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

/// All that a caller can tell two answers apart by, but for the request's own id.
fn seen(answer: &Answer) -> (u16, Option<String>, Value) {
    let mut body = Value::from(answer.body.clone());
    if let Some(document) = body.as_object_mut() {
        document.remove("request_id");
    }
    let media_type = answer.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    (answer.status.as_u16(), media_type, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_or_not_visible_yet_answers_like_what_does_not_exist_on_every_route() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let hidden = Hidden::make(&world, &stage).await;
    let before: BTreeSet<String> = world.table().await.into_keys().collect();
    let (mut asked, mut quiet) = (0, 0);
    for (operation, method) in operations() {
        let alikes = match hidden.route(operation) {
            Route::Asked(alikes) => alikes,
            Route::HidesNothing(why) => {
                quiet += usize::from(!why.is_empty());
                continue;
            }
        };
        for Alike { who, requests } in alikes {
            let mut answers = Vec::new();
            for (path, body) in &requests {
                let answer = match method {
                    Method::GET => who.get(path).await.unwrap(),
                    _ => who.post(path, body.clone()).await.unwrap(),
                };
                assert!(!answer.status.is_server_error(), "{operation} {path}: {}", answer.text);
                answers.push(seen(&answer));
            }
            let none = answers.pop().unwrap();
            for (answer, (path, body)) in answers.iter().zip(&requests) {
                assert_eq!(answer, &none, "{operation} {path} {body}");
            }
            asked += 1;
        }
    }
    assert!(asked > 60 && quiet < asked, "{asked} asked, {quiet} hide nothing");
    let after = world.table().await.into_keys().filter(|key| !before.contains(key));
    let written: Vec<String> = after.filter(|key| !key.starts_with("reply#")).collect();
    assert!(written.is_empty(), "{written:?}");
}
