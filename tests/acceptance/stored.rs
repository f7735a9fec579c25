//! What every earlier release stored (`tests/stored/<release>`) is read by this one, its story goes on, and its
//! evidence still holds. What a later release will have stored survives this one's writing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use market::client::{Answer, Client, pay};
use market::{Clockwork, Options, Running, TABLE, requests};
use market_agreement::documents::acceptance::Acceptance;
use market_agreement::documents::{Document, Version};
use market_agreement::holidays::Holidays;
use market_agreement::terminations::Termination;
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::grants::Grant;
use market_entrustment::grants::ledger::Ledger;
use market_entrustment::grants::token::GrantTokens;
use market_identity::Role;
use market_kernel::aggregate::Aggregate;
use market_kernel::evidence::Evidence;
use market_kernel::keys::Key;
use market_kernel::notices::Notice;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_parties::vouching::Vouching;
use market_store::{Fingerprint, Store, Submission};
use market_trade::listings::Listing;
use market_trade::orders::Order;
use market_trade::payments::PaymentRecord;
use serde_json::{Value, json};

use crate::corpus::{Corpus, Item, key, text};
use crate::harness::{World, options};

/// The corpora that are kept, the oldest first.
pub fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/stored");
    let mut releases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    releases.sort_by_key(|path| {
        let release = path.file_name().unwrap().to_str().unwrap();
        release.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>()
    });
    assert!(!releases.is_empty());
    releases
}

impl World {
    /// A market that goes on where another one stood.
    pub async fn of(corpus: &Corpus) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options =
            Options { clockwork: Clockwork::Standing(corpus.at), ..options(folder.path().to_owned()) };
        let world = Self { running: Running::start(options).await.unwrap(), folder };
        for item in &corpus.items {
            world.put(item).await;
        }
        world
    }

    pub async fn put(&self, item: &Item) {
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&self.running.table_endpoint).await);
        client.put_item().table_name(TABLE).set_item(Some(item.clone())).send().await.unwrap();
    }

    /// The operator verifies everything that has evidence.
    async fn everything_verifies(&self) {
        let partitions: BTreeSet<String> = Corpus::of(self)
            .await
            .items
            .iter()
            .map(|item| key(item).0.to_owned())
            .filter(|partition| !partition.starts_with("reply#") && !partition.starts_with("ledger#"))
            .collect();
        for partition in partitions {
            assert_eq!(self.verified(&partition).await.faults, [], "{partition}");
        }
    }

    pub async fn delete(&self, partition: &str, sort: &str) {
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&self.running.table_endpoint).await);
        let value = |text: &str| AttributeValue::S(text.to_owned());
        let delete =
            client.delete_item().table_name(TABLE).key("pk", value(partition)).key("sk", value(sort));
        delete.send().await.unwrap();
    }

    pub fn corrupt_items(&self) -> usize {
        self.running.corrupt_items.load(std::sync::atomic::Ordering::Relaxed)
    }
}

async fn read<A: Aggregate>(store: &Store, key: &Key) {
    assert!(store.get_at::<A>(key).await.unwrap().is_some(), "{key}");
}

/// Reads an item as what it is.
async fn read_item(world: &World, item: &Item) {
    let store = &world.running.market.store;
    let (partition, sort) = key(item);
    let at = Key::stored(partition, sort);
    match text(item, "kind") {
        Some(MarketAccount::KIND) => return read::<MarketAccount>(store, &at).await,
        Some(Provider::KIND) => return read::<Provider>(store, &at).await,
        Some(Listing::KIND) => return read::<Listing>(store, &at).await,
        Some(Document::KIND) => return read::<Document>(store, &at).await,
        Some(Acceptance::KIND) => return read::<Acceptance>(store, &at).await,
        Some(Order::KIND) => return read::<Order>(store, &at).await,
        Some(Grant::KIND) => return read::<Grant>(store, &at).await,
        Some(GrantTokens::KIND) => return read::<GrantTokens>(store, &at).await,
        Some(Ledger::KIND) => return read::<Ledger>(store, &at).await,
        Some(PaymentRecord::KIND) => return read::<PaymentRecord>(store, &at).await,
        Some(Vouching::KIND) => return read::<Vouching>(store, &at).await,
        Some(DeletionDemand::KIND) => return read::<DeletionDemand>(store, &at).await,
        Some(Termination::KIND) => return read::<Termination>(store, &at).await,
        Some(Notice::KIND) => return read::<Notice>(store, &at).await,
        Some(Holidays::KIND) => return read::<Holidays>(store, &at).await,
        Some(other) => panic!("no kind is called {other}"),
        None => {}
    }
    let body = || text(item, "body").unwrap();
    match (partition.split_once('#'), sort.split_once('#')) {
        (_, Some(("evidence", _))) => {
            Evidence::read(body()).unwrap();
        }
        (Some(("reply", owner)), Some((_, key))) => {
            let saved: Value = serde_json::from_str(body()).unwrap();
            let bytes = saved["fingerprint"].as_str().unwrap().to_owned().try_into().unwrap();
            let submission = Submission {
                owner: owner.to_owned(),
                key: key.to_owned(),
                fingerprint: Fingerprint::Said(saved["said"].as_str().unwrap_or_default().to_owned()),
                former: Fingerprint::Bytes(bytes),
            };
            if text(item, "ttl").unwrap().parse::<i64>().unwrap() >= world.now().as_second() {
                let reply = store.saved_reply(&submission, world.now()).await.unwrap().unwrap();
                assert!(submission.is_of(&reply), "{reply:?}");
            }
        }
        (Some(("document", _)), Some(("text" | "outline", _))) => {
            assert_eq!(store.content(&at).await.unwrap().as_deref(), Some(body()));
        }
        (Some(("document", _)), Some(("version", _))) => {
            store.form::<Version>(&at).await.unwrap().unwrap();
        }
        (Some(("account", account)), Some(("access", line))) => {
            let grant = line.split('#').next().unwrap().parse().unwrap();
            let lines = store.ledger(&account.parse().unwrap(), &grant, None, 100).await.unwrap();
            assert!(!lines.items.is_empty() && lines.unreadable.is_empty(), "{at}");
        }
        (Some(("ledger", ledger)), _) => {
            let mut parts = ledger.split('#');
            let (account, grant) = (parts.next().unwrap().parse(), parts.next().unwrap().parse());
            let lines = store.ledger(&account.unwrap(), &grant.unwrap(), None, 100).await.unwrap();
            assert!(!lines.items.is_empty() && lines.unreadable.is_empty(), "{at}");
        }
        _ => panic!("nothing reads {at}"),
    }
}

/// The things of a kind in a corpus: whose they are, and their bodies.
pub fn things(corpus: &Corpus, kind: &str) -> Vec<Value> {
    let of_kind = corpus.items.iter().filter(|item| text(item, "kind") == Some(kind));
    of_kind.map(|item| serde_json::from_str(text(item, "body").unwrap()).unwrap()).collect()
}

pub fn word<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no text {name} in {body}"))
}

pub fn done(answer: reqwest::Result<Answer>) -> Answer {
    let answer = answer.unwrap();
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

/// Every party goes on with what it has: the next step of everything that has one.
async fn go_on(world: &World, corpus: &Corpus) {
    let running = &world.running;
    let operator = Client::of(running, Role::Operator, "ops");
    let merchant = |body: &Value| Client::of(running, Role::Merchant, word(body, "account_id"));
    let provider = |body: &Value| Client::of(running, Role::Provider, word(body, "provider_id"));
    for body in things(corpus, "provider").iter().filter(|body| body["status"] == "applied") {
        done(operator.post(&format!("/providers/{}/approval", word(body, "id")), json!({})).await);
    }
    for body in things(corpus, "listing") {
        let id = word(&body, "id");
        if body["status"] == "draft" {
            let path = format!("/providers/{}/listings/{id}/submission", word(&body, "provider_id"));
            done(provider(&body).post(&path, json!({})).await);
        }
        if body["status"] != "listed" {
            done(operator.post(&format!("/listings/{id}/approval"), json!({})).await);
        }
    }
    for body in things(corpus, "order").iter().filter(|body| body["status"] == "placed") {
        let (account, order) = (word(body, "account_id"), word(body, "id"));
        let price = body["snapshot"]["plan"]["price_fen"].as_i64().unwrap();
        let paid = pay(running, &format!("late-{order}"), account, order, price).await.unwrap();
        assert!(["formed", "to_return"].contains(&paid.text_at("/outcome")), "{}", paid.text);
    }
    let gateway = Client::of(running, Role::DataGateway, "data-api");
    for body in things(corpus, "grant").iter().filter(|body| body["status"] == "active") {
        let path = format!("/accounts/{}/grants/{}", word(body, "account_id"), word(body, "id"));
        let token = provider(body).post(&format!("{path}/tokens"), json!({})).await.unwrap();
        if !token.is_ok() {
            assert_eq!(token.code(), "grant-not-active", "{}", token.text);
            continue;
        }
        let check = json!({ "token": token.text_at("/token"), "scope": body["scopes"][0]["name"] });
        let check =
            async || done(gateway.post("/checks", check.clone()).await).text_at("/outcome").to_owned();
        assert_eq!(check().await, "allowed");
        if body["token"].is_null() {
            done(merchant(body).post(&format!("{path}/revocation"), json!({})).await);
            assert_eq!(check().await, "ended");
        }
        let lines = done(merchant(body).get(&format!("{path}/accesses?limit=2")).await);
        assert!(!lines.body["items"].as_array().unwrap().is_empty(), "{}", lines.text);
    }
    for body in things(corpus, "demand") {
        let path = format!("/accounts/{}/demands/{}", word(&body, "account_id"), word(&body, "grant_id"));
        let status = word(&body, "status");
        if status == "draft" {
            done(merchant(&body).post(&format!("{path}/service"), json!({})).await);
        }
        if status == "draft" || status == "served" && body["acknowledged"] == false {
            done(provider(&body).post(&format!("{path}/acknowledgement"), json!({})).await);
        }
        if status == "draft" || status == "served" {
            let attestation = requests::attestation(world.now());
            done(provider(&body).post(&format!("{path}/attestation"), attestation).await);
        }
        if matches!(status, "draft" | "served" | "attested") {
            done(merchant(&body).post(&format!("{path}/closure"), json!({})).await);
        }
    }
    for body in things(corpus, "termination").iter().filter(|body| body["status"] == "served") {
        let path = format!("/accounts/{}/terminations/{}", word(body, "account_id"), word(body, "id"));
        done(operator.post(&format!("{path}/withdrawal"), json!({})).await);
    }
    for body in things(corpus, "payment") {
        let settlement = match word(&body, "status") {
            "held" => "dismiss",
            "to_return" => "returned",
            _ => continue,
        };
        let settled = json!({ "settlement": settlement, "evidence": "银行对账单核实。" });
        done(operator.post(&format!("/payments/{}/settlement", word(&body, "id")), settled).await);
    }
    for body in things(corpus, "document") {
        let id = word(&body, "id");
        let publisher = match body["publisher"]["id"].as_str() {
            Some(provider) => Client::of(running, Role::Provider, provider),
            None => Client::of(running, Role::Operator, "ops"),
        };
        let next = json!({
            "kind": body["kind"], "title": body["title"], "text": "1.总则\n1.1再一版。\n", "major": true,
            "effective_at": world.now() + jiff::SignedDuration::from_hours(24 * 40),
        });
        let before = done(publisher.get(&format!("/documents/{id}")).await);
        done(publisher.post(&format!("/documents/{id}/versions"), next).await);
        let after = done(publisher.get(&format!("/documents/{id}")).await);
        let [before, after] = [&before, &after].map(|answer| answer.body["versions"].as_array().unwrap());
        assert_eq!(&after[..before.len()], before, "no version is lost");
        assert_eq!(after.len(), before.len() + 1);
    }
    // A merchant that only applied joins on the version that is in force by then.
    world.advance_days(41).await;
    let agreement = done(operator.get("/documents/market-agreement").await);
    let current = agreement.body["versions"].as_array().unwrap().last().copied().unwrap().clone();
    for body in things(corpus, "account").iter().filter(|body| body["status"] == "applied") {
        let shop = Client::of(running, Role::Merchant, word(body, "id"));
        let mut acceptance = requests::acceptance("market-agreement", word(&current, "sha256"), &[]);
        acceptance["version"] = current["number"].clone().into();
        done(shop.post(&format!("/accounts/{}/acceptances", word(body, "id")), acceptance).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_release_stored_is_read_and_verified_goes_on_and_is_verified_again() {
    for release in releases() {
        let corpus = Corpus::read(&release);
        let world = World::of(&corpus).await;
        for item in &corpus.items {
            read_item(&world, item).await;
        }
        world.everything_verifies().await;
        assert_eq!(Corpus::of(&world).await.items, corpus.items, "reading and verifying write nothing");

        go_on(&world, &corpus).await;
        world.advance_days(366).await;
        world.everything_verifies().await;
        assert_eq!(world.corrupt_items(), 0);
        let after = Corpus::of(&world).await;
        for (kind, open) in
            [("grant", ["active"].as_slice()), ("order", &["placed"]), ("termination", &["served", "ending"])]
        {
            let still = |body: &&Value| open.contains(&word(body, "status"));
            let left: Vec<_> = things(&after, kind).into_iter().filter(|body| still(&body)).collect();
            // What waited for a human before still does.
            let parked = corpus.items.iter().filter(|item| {
                text(item, "kind") == Some(kind)
                    && text(item, "due_shard").is_some_and(|shard| shard.starts_with("parked"))
            });
            assert!(left.len() <= parked.count(), "{} {kind}: {left:?}", release.display());
        }
    }
}

/// A field in every object of a body, as a version to come might add. An object that is a choice between names (the
/// rule of a period), or goes from names to clauses (the rules that are cited), is none that fields are added to.
fn with_more_fields(body: &mut Value) {
    match body {
        Value::Object(fields) => {
            fields
                .iter_mut()
                .filter(|(name, _)| !matches!(name.as_str(), "rule" | "rules"))
                .for_each(|(_, value)| with_more_fields(value));
            fields.insert(TO_COME.to_owned(), json!({ "a": [1, { "b": 2 }] }));
        }
        Value::Array(items) => items.iter_mut().for_each(with_more_fields),
        _ => {}
    }
}

const TO_COME: &str = "to_come";

/// How many objects of a body have the field.
fn fields_to_come(body: &Value) -> usize {
    match body {
        Value::Object(fields) => {
            usize::from(fields.contains_key(TO_COME)) + fields.values().map(fields_to_come).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(fields_to_come).sum(),
        _ => 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_attributes_of_a_version_to_come_survive_whatever_this_one_does() {
    let mut corpus = Corpus::read(releases().last().unwrap());
    for item in &mut corpus.items {
        if text(item, "kind").is_some() {
            let mut body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
            with_more_fields(&mut body);
            item.insert("body".to_owned(), AttributeValue::S(body.to_string()));
            item.insert(TO_COME.to_owned(), AttributeValue::S("x".to_owned()));
        }
    }
    let world = World::of(&corpus).await;
    go_on(&world, &corpus).await;
    assert_eq!(world.corrupt_items(), 0);
    let before: BTreeMap<_, _> = corpus.items.iter().map(|item| (key(item), item)).collect();
    let mut rewritten = BTreeSet::new();
    for item in Corpus::of(&world).await.items {
        let Some(old) = before.get(&key(&item)).filter(|old| text(old, "v") != text(&item, "v")) else {
            continue;
        };
        let (at, kind) = (key(&item), text(&item, "kind").unwrap());
        assert_eq!(text(&item, TO_COME), Some("x"), "{at:?}");
        let [old, new] =
            [*old, &item].map(|item| -> Value { serde_json::from_str(text(item, "body").unwrap()).unwrap() });
        assert!(new.get(TO_COME).is_some(), "{at:?}: {new}");
        for version in new["versions"].as_array().into_iter().flatten() {
            let is_new =
                !old["versions"].as_array().unwrap().iter().any(|old| old["number"] == version["number"]);
            assert_eq!(version.get(TO_COME).is_none(), is_new, "{at:?}: each version has its own: {version}");
        }
        // What stayed an object in its place kept its field: contacts, snapshots, scopes, versions.
        for place in
            ["/contacts", "/snapshot/description/plans/1", "/snapshot/plan/bound", "/scopes/0", "/cause"]
        {
            if old.pointer(place).is_some_and(Value::is_object) {
                let kept = new.pointer(place).unwrap_or_else(|| panic!("{at:?} has lost {place}"));
                assert_eq!(
                    fields_to_come(kept),
                    fields_to_come(old.pointer(place).unwrap()),
                    "{at:?} {place}"
                );
            }
        }
        rewritten.insert(kind.to_owned());
    }
    let kinds = [
        "account",
        "demand",
        "document",
        "grant",
        "ledger",
        "listing",
        "notice",
        "order",
        "payment",
        "provider",
        "termination",
        "token",
    ];
    assert_eq!(rewritten, kinds.map(str::to_owned).into(), "everything that can change did");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_code_that_a_later_rule_refuses_locks_nobody_out() {
    let mut corpus = Corpus::read(releases().last().unwrap());
    let account = corpus
        .items
        .iter_mut()
        .find(|item| text(item, "kind") == Some("account") && key(item).0 == "account#order-placed")
        .unwrap();
    let mut body: Value = serde_json::from_str(text(account, "body").unwrap()).unwrap();
    // None of these would be taken today.
    body["credit_code"] = json!("111111111111111111");
    body["legal_name"] = json!("\u{200b}");
    body["contacts"]["email"] = json!("nobody@@example");
    body["contacts"]["phone"] = json!("123");
    account.insert("body".to_owned(), AttributeValue::S(body.to_string()));
    let world = World::of(&corpus).await;
    let shop = Client::of(&world.running, Role::Merchant, "order-placed");
    let read = done(shop.get("/accounts/order-placed").await);
    assert_eq!(read.text_at("/credit_code"), "111111111111111111");
    assert!(
        done(shop.get("/accounts/order-placed/orders").await).body["items"].as_array().unwrap().len() == 1
    );
    let mut again = requests::merchant("other", "91510100MA6C0QLJ");
    again["credit_code"] = json!("111111111111111111");
    let refused =
        Client::of(&world.running, Role::Merchant, "other").post("/accounts/other", again).await.unwrap();
    assert_eq!(refused.code(), "invalid-body", "new input is bound by the rule");
}
