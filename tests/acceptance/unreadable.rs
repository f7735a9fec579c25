//! What cannot be read: it is told, rung and named, nothing is written, and nothing else is held up.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use market::client::{Answer, Client, pay};
use market::requests;
use market::stage::Stage;
use market_functions::kinds;
use market_functions::workers::JobError;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_notices::{Gateways, NoGateway};
use serde_json::{Value, json};

use crate::corpus::{Corpus, Item, key, text};
use crate::harness::World;
use crate::stored::done;

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_no_job_of_its_lane_works_on_is_left_to_its_queue_and_a_human_is_called() {
    let world = World::new().await;
    let channel = Arc::new(NoGateway);
    let jobs = world.jobs(Gateways { email: Arc::clone(&channel) as _, sms: channel });
    let before = world.table().await;
    let of_a_kind_to_come = Key::stored("account#shop-1", "refund#ref_1");
    let of_another_lane = Key::stored("account#shop-1", "notice#ntc_1");
    let without_deadlines = Key::stored("account#shop-1", "state");
    for (rung, key) in [of_a_kind_to_come, of_another_lane, without_deadlines].into_iter().enumerate() {
        let failed = kinds::run(&jobs, &WakeUp { lane: Lane::AdvanceCase, key: key.clone() }).await;
        assert!(
            matches!(&failed, Err(JobError::Unhandled(Lane::AdvanceCase, of)) if *of == key),
            "{failed:?}"
        );
        assert_eq!(world.corrupt_items(), rung + 1, "{key}");
    }
    assert_eq!(world.table().await, before);
}

/// A way of breaking an item, by what it is called.
type Breakage = (&'static str, fn(&mut Item));

/// An order, broken in every way.
fn breakages() -> Vec<Breakage> {
    fn set(item: &mut Item, name: &str, value: AttributeValue) {
        item.insert(name.to_owned(), value);
    }
    fn body(item: &mut Item, f: impl FnOnce(&mut Value)) {
        let mut body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
        f(&mut body);
        set(item, "body", AttributeValue::S(body.to_string()));
    }
    vec![
        ("a schema to come", |item| set(item, "schema", AttributeValue::N("99".to_owned()))),
        ("no schema at all", |item| set(item, "schema", AttributeValue::N("0".to_owned()))),
        ("a schema that is no number", |item| set(item, "schema", AttributeValue::S("1".to_owned()))),
        ("a body that breaks off", |item| {
            let mut body = text(item, "body").unwrap().to_owned();
            body.truncate(body.len() / 2);
            while serde_json::from_str::<Value>(&body).is_ok() {
                body.pop();
            }
            set(item, "body", AttributeValue::S(body));
        }),
        ("a field of another type", |item| body(item, |body| body["placed_at"] = json!(5))),
        ("an instant that is none", |item| body(item, |body| body["placed_at"] = json!("yesterday"))),
        ("a state that nobody knows", |item| body(item, |body| body["status"] = json!("paused"))),
        ("a field that is gone", |item| body(item, |body| drop(body.as_object_mut().unwrap().remove("id")))),
        ("a body that is no object", |item| set(item, "body", AttributeValue::S("[]".to_owned()))),
        ("a body that is no text", |item| set(item, "body", AttributeValue::N("1".to_owned()))),
        ("no body", |item| drop(item.remove("body"))),
        ("another kind", |item| set(item, "kind", AttributeValue::S("grant".to_owned()))),
        ("a version that is no number", |item| set(item, "v", AttributeValue::S("1".to_owned()))),
        ("a head that is no hash", |item| set(item, "head", AttributeValue::N("1".to_owned()))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_answers_corrupt_rings_is_named_and_holds_up_nothing_else() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let [broken, sound] = [(), ()].map(|()| async {
        let placed = done(merchant.post("/accounts/shop-1/orders", stage.order("month")).await);
        placed.text_at("/id").to_owned()
    });
    let (broken, sound) = (broken.await, sound.await);
    world.settle().await;
    let corpus = Corpus::of(&world).await;
    let at = ("account#shop-1".to_owned(), format!("order#{broken}"));
    let good = corpus.items.iter().find(|item| key(item) == (at.0.as_str(), at.1.as_str())).unwrap();
    let orders = "/accounts/shop-1/orders";
    for (name, damage) in breakages() {
        let mut item = good.clone();
        damage(&mut item);
        world.put(&item).await;
        let (before, rung) = (world.table().await, world.corrupt_items());

        let read = merchant.get(&format!("{orders}/{broken}")).await.unwrap();
        assert_eq!((read.status.as_u16(), read.code()), (500, "corrupt"), "{name}: {}", read.text);
        for said in ["shop-1", &broken, "serde", "column"] {
            assert!(!read.text.contains(said), "{name}: nothing internal is told: {}", read.text);
        }
        let paid = pay(&world.running, "pay-1", "shop-1", &broken, 19_900).await.unwrap();
        assert_eq!((paid.status.as_u16(), paid.code()), (500, "corrupt"), "{name}");
        assert_eq!(world.corrupt_items(), rung + 2, "{name}: each calls a human");
        assert!(merchant.get(&format!("{orders}/{sound}")).await.unwrap().is_ok(), "{name}");
        let list = done(merchant.get(orders).await);
        assert_eq!(list.body["items"].as_array().unwrap().len(), 1, "{name}: the others are shown");
        assert_eq!(list.body["unreadable"], 1, "{name}: and the list says that one is missing");
        let theirs = done(stage.provider.get("/providers/northwind/orders").await);
        assert_eq!(theirs.body["unreadable"], 1, "{name}");
        let faults = world.verified("account#shop-1").await.faults;
        let named: Vec<_> = faults.iter().map(|fault| fault.item.as_str()).collect();
        assert_eq!(named, [format!("{}/{}", at.0, at.1)], "{name}: {faults:?}");
        assert_eq!(world.table().await, before, "{name}: nothing was written");
    }

    // Both orders are due at once; the one that can be read closes, and the other one's message comes again.
    world.put(good).await;
    let mut item = good.clone();
    (breakages()[0].1)(&mut item);
    world.put(&item).await;
    let rung = world.corrupt_items();
    world.advance_days(1).await;
    let closed = done(merchant.get(&format!("{orders}/{sound}")).await);
    assert_eq!(closed.text_at("/status"), "closed");
    assert!(world.corrupt_items() > rung);
    world.advance_days(1).await;
    let store = &world.running.market.store;
    let waiting = store.parked(Lane::AdvanceCase, 10).await.unwrap();
    let keys: Vec<_> = waiting.iter().map(|entry| entry.key.clone()).collect();
    assert_eq!(keys, [Key::stored(&at.0, &at.1)], "it waits for a human");

    // Mended and handed back, it goes on.
    let mut mended = Corpus::of(&world)
        .await
        .items
        .into_iter()
        .find(|item| key(item) == (at.0.as_str(), at.1.as_str()))
        .unwrap();
    mended.insert("schema".to_owned(), good["schema"].clone());
    world.put(&mended).await;
    assert!(store.redrive(&waiting[0], world.now()).await.unwrap());
    world.advance_days(1).await;
    assert_eq!(done(merchant.get(&format!("{orders}/{broken}")).await).text_at("/status"), "closed");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

/// An item of the table, with a schema that this release does not know.
pub async fn of_a_schema_to_come(world: &World, pk: &str, sk: &str) -> Item {
    let corpus = Corpus::of(world).await;
    let found = corpus.items.into_iter().find(|item| key(item) == (pk, sk));
    let good = found.unwrap_or_else(|| panic!("{pk}/{sk} is not there"));
    let mut item = good.clone();
    item.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
    world.put(&item).await;
    good
}

/// What is asked while an item cannot be read.
#[derive(Debug)]
enum Ask<'a> {
    Get(&'a str),
    Post(&'a str, Value),
}

/// An item that cannot be read, and who asks what that needs it.
struct Case<'a> {
    pk: &'a str,
    sk: &'a str,
    client: &'a Client,
    ask: Ask<'a>,
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whatever_kind_it_is_what_needs_it_answers_corrupt_and_all_else_goes_on() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let other = stage.merchant("shop-2").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    let listing = format!("listing#{}", stage.listing);
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    let check = json!({ "token": granted.token, "scope": "orders.read" });
    let lines = world.items().await;
    let (ledger, line) = lines.keys().find(|(pk, _)| pk.starts_with("ledger#")).cloned().unwrap();
    let term = "document#northwind.terms";

    for Case { pk, sk, client, ask } in [
        Case {
            pk: "account#shop-1",
            sk: "state",
            client: &merchant,
            ask: Ask::Post("/accounts/shop-1/orders", stage.order("month")),
        },
        Case {
            pk: "account#shop-1",
            sk: "state",
            client: &stage.gateway,
            ask: Ask::Post("/checks", check.clone()),
        },
        Case { pk: "account#shop-1", sk: "state", client: &merchant, ask: Ask::Get("/accounts/shop-1") },
        Case {
            pk: "provider#northwind",
            sk: "state",
            client: &stage.operator,
            ask: Ask::Get("/providers/northwind"),
        },
        Case {
            pk: "provider#northwind",
            sk: "state",
            client: &merchant,
            ask: Ask::Post(&format!("{grant}/revocation"), json!({})),
        },
        Case {
            pk: &listing,
            sk: "state",
            client: &merchant,
            ask: Ask::Get(&format!("/listings/{}", stage.listing)),
        },
        Case {
            pk: &listing,
            sk: "state",
            client: &merchant,
            ask: Ask::Post("/accounts/shop-1/orders", stage.order("month")),
        },
        Case { pk: term, sk: "state", client: &merchant, ask: Ask::Get("/documents/northwind.terms") },
        Case {
            pk: term,
            sk: "state",
            client: &merchant,
            ask: Ask::Post("/accounts/shop-1/orders", stage.order("month")),
        },
        Case {
            pk: term,
            sk: "version#000001",
            client: &merchant,
            ask: Ask::Get("/documents/northwind.terms/versions/1"),
        },
        Case {
            pk: term,
            sk: "outline#000001",
            client: &merchant,
            ask: Ask::Get("/documents/northwind.terms/versions/1/clauses/1"),
        },
        Case {
            pk: term,
            sk: "text#000001",
            client: &merchant,
            ask: Ask::Get("/documents/northwind.terms/versions/1/text"),
        },
        Case {
            pk: "account#shop-1",
            sk: "acceptance#northwind.terms#000001",
            client: &merchant,
            ask: Ask::Post("/accounts/shop-1/orders", stage.order("month")),
        },
        Case {
            pk: "account#shop-1",
            sk: &format!("grant#{}", granted.grant),
            client: &stage.gateway,
            ask: Ask::Post("/checks", check.clone()),
        },
        Case {
            pk: "account#shop-1",
            sk: &format!("grant#{}", granted.grant),
            client: &merchant,
            ask: Ask::Post(&format!("{grant}/revocation"), json!({})),
        },
        Case { pk: &ledger, sk: &line, client: &stage.gateway, ask: Ask::Post("/checks", check.clone()) },
    ] {
        let good = of_a_schema_to_come(&world, pk, sk).await;
        let (before, alarms) = (world.table().await, world.corrupt_items());
        let answer = match &ask {
            Ask::Get(path) => client.get(path).await.unwrap(),
            Ask::Post(path, body) => client.post(path, body.clone()).await.unwrap(),
        };
        assert_eq!((answer.status.as_u16(), answer.code()), (500, "corrupt"), "{pk}/{sk}: {ask:?}");
        assert_eq!(world.corrupt_items(), alarms + 1, "{pk}/{sk}");
        assert_eq!(world.table().await, before, "{pk}/{sk}: nothing was written");
        assert!(other.get("/accounts/shop-2").await.unwrap().is_ok(), "{pk}/{sk}");
        let owner = pk.replace("ledger#", "account#");
        let owner = owner.split('#').take(2).collect::<Vec<_>>().join("#");
        let faults = world.verified(&owner).await.faults;
        assert_eq!(faults.len(), 1, "{pk}/{sk}: {faults:?}");
        world.put(&good).await;
    }
    // A document shows the versions that can be read, and says how many are missing: none that it knows itself.
    let good = of_a_schema_to_come(&world, term, "version#000001").await;
    let shown = done(merchant.get("/documents/northwind.terms").await);
    let numbers = |shown: &Answer| -> Vec<u64> {
        let versions = shown.body["versions"].as_array().unwrap();
        versions.iter().map(|version| version["number"].as_u64().unwrap()).collect()
    };
    assert_eq!((shown.body.get("unreadable"), numbers(&shown)), (None, vec![1]));
    world.put(&good).await;
    let second = json!({ "kind": "subscription", "title": "服务订购协议", "text": "1.订购\n1.1再一版。\n" });
    done(stage.provider.post("/documents/northwind.terms/versions", second).await);
    let good = of_a_schema_to_come(&world, term, "version#000001").await;
    let shown = done(merchant.get("/documents/northwind.terms").await);
    assert_eq!((shown.body.get("unreadable"), numbers(&shown)), (Some(&json!(1)), vec![2]));
    world.put(&good).await;
    let good = of_a_schema_to_come(&world, &ledger, &line).await;
    let shown = done(merchant.get(&format!("{grant}/accesses")).await);
    assert_eq!((&*shown.body["unreadable"], shown.body["items"].as_array().unwrap().len()), (&json!(1), 0));
    world.put(&good).await;
    // A reply that was saved is not made up, and the request takes no effect twice.
    let terms = done(merchant.get("/documents/northwind.terms").await);
    let mut acceptance = requests::acceptance("northwind.terms", terms.text_at("/versions/1/sha256"), &[]);
    acceptance["version"] = json!(2);
    done(merchant.post("/accounts/shop-1/acceptances", acceptance).await);
    let mut order = stage.order("month");
    order["subscription_agreement"]["version"] = json!(2);
    done(merchant.post_as("once", "/accounts/shop-1/orders", order.clone()).await);
    of_a_schema_to_come(&world, "reply#merchant#shop-1", "key#once").await;
    let before = world.table().await;
    let again = merchant.post_as("once", "/accounts/shop-1/orders", order).await.unwrap();
    assert_eq!((again.status.as_u16(), again.code()), (500, "corrupt"));
    assert_eq!(world.table().await, before);
    // Of evidence the other records are shown.
    let evidence =
        done(merchant.get("/accounts/shop-1/evidence").await).body["items"].as_array().unwrap().len();
    of_a_schema_to_come(&world, "account#shop-1", "evidence#state#0000000001").await;
    let shown = done(merchant.get("/accounts/shop-1/evidence").await);
    assert_eq!(shown.body["unreadable"], 1);
    assert_eq!(shown.body["items"].as_array().unwrap().len(), evidence - 1);
    let faults = world.verified("account#shop-1").await.faults;
    assert!(
        faults.iter().any(|fault| fault.item == "account#shop-1/evidence#state#0000000001"),
        "{faults:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_ends_all_that_can_be_read_and_is_complete_when_the_rest_was_mended_and_has_ended_too() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut grants = Vec::new();
    for _ in 0..3 {
        grants.push(stage.grant(&merchant, "shop-1", "year").await.grant);
    }
    grants.sort();
    let broken = format!("grant#{}", grants[1]);
    let good = of_a_schema_to_come(&world, "account#shop-1", &broken).await;
    let event = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    let ended = done(stage.upstream.post("/accounts/shop-1/upstream-end", event).await);
    let termination = format!("/accounts/shop-1/terminations/{}", ended.text_at("/id"));
    world.advance_days(1).await;

    let status = async |path: &str| done(merchant.get(path).await).text_at("/status").to_owned();
    for grant in [&grants[0], &grants[2]] {
        assert_eq!(status(&format!("/accounts/shop-1/grants/{grant}")).await, "ended");
    }
    let orders = done(merchant.get("/accounts/shop-1/orders").await);
    assert!(orders.body["items"].as_array().unwrap().iter().all(|order| order["status"] == "closed"));
    assert_eq!(status(&termination).await, "ending", "it is not said to be complete");
    assert!(world.corrupt_items() > 0);

    world.put(&good).await;
    let store = &world.running.market.store;
    for entry in store.parked(Lane::TerminateAccount, 10).await.unwrap() {
        assert!(store.redrive(&entry, world.now()).await.unwrap());
    }
    world.advance_days(1).await;
    assert_eq!(status(&format!("/accounts/shop-1/grants/{}", grants[1])).await, "ended");
    assert_eq!(status(&termination).await, "completed");
    let demands = done(merchant.get("/accounts/shop-1/demands").await);
    assert_eq!(demands.body["items"].as_array().unwrap().len(), 3, "each has its demand");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}
