//! What cannot be read: it is told, rung and named, nothing is written, and nothing else is held up.

use aws_sdk_dynamodb::types::AttributeValue;
use market::client::pay;
use market::stage::Stage;
use market_domain::aggregate::{Job, Key};
use serde_json::{Value, json};

use crate::corpus::{Corpus, Item, key, text};
use crate::harness::World;
use crate::stored::done;

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
    let key = Key::new(&at.0, &at.1);
    let waiting = world.running.market.store.parked(Job::AdvanceCase, 10).await.unwrap();
    assert!(waiting.iter().all(|entry| entry.key == key), "{waiting:?}");

    // Mended, it goes on by itself.
    world.put(good).await;
    world.advance_days(1).await;
    assert_eq!(done(merchant.get(&format!("{orders}/{broken}")).await).text_at("/status"), "closed");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}
