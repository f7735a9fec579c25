//! Payments that form no contract: held for a human, or to be returned.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PRICE, Trade, place, told};
use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_order_or_another_amount_or_cannot_be_read_is_held_and_answered_200() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let with = |id: &str, field: &str, value: Value| {
        let mut payment = trade.payment(id);
        payment[field] = value;
        payment
    };
    let unknown = format!("ord_{}", "0".repeat(32));
    for (body, because) in [
        (with("pay-1", "order_id", json!(unknown)), "unknown_order"),
        (with("pay-2", "account_id", json!("shop-9")), "unknown_order"),
        (with("pay-3", "amount_fen", json!(PRICE - 1)), "wrong_amount"),
        (with("pay-4", "amount_fen", json!(0)), "wrong_amount"),
        (with("pay-5", "amount_fen", json!(-1)), "unreadable"),
        (with("pay-6", "order_id", json!("order 77")), "unreadable"),
        (with("pay/7", "amount_fen", json!(PRICE)), "unreadable"),
        (with("pay-8", "paid_at", json!("yesterday")), "unreadable"),
        (json!({ "hello": "world" }), "unreadable"),
        (json!(["pay-9", "shop-1", trade.order, PRICE, world.now()]), "unreadable"),
        (json!("pay-10"), "unreadable"),
    ] {
        assert_eq!(trade.pay(&body).await, told("held", because), "{body}");
        assert_eq!(trade.pay(&body).await.0, "repeated", "{body}");
    }
    for raw in [&b"{"[..], b"", "{\"payment_id\": \"支付".as_bytes()] {
        let held = trade.signed("/payments", raw).await;
        assert_eq!((held.status.as_u16(), held.text_at("/outcome")), (200, "held"), "{}", held.text);
    }
    // A field that we do not know is no reason to hold money.
    let news = with("pay-11", "currency", json!("CNY"));
    assert_eq!(trade.pay(&news).await, told("formed", ""));
    assert_eq!(trade.waiting().await.len(), 14);
    // The merchant learns of those that name its order.
    assert_eq!(world.notices("accounts/shop-1", "payment_held").await.len(), 2);
    for id in trade.waiting().await {
        assert_eq!(world.verified(&format!("payment#{id}")).await.faults, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_duty_to_return_ends_by_the_payment_systems_report_or_by_the_operator_with_evidence() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    for id in ["pay-1", "pay-2", "pay-3"] {
        trade.pay(&trade.payment(id)).await;
    }
    assert_eq!(trade.waiting().await, ["pay-2", "pay-3"]);
    // Each return has an id of its own, unless it is told again.
    let returned = |id: &str, payment: &str, amount: u64| {
        let now = world.now();
        json!({ "return_id": id, "payment_id": payment, "amount_fen": amount, "returned_at": now })
    };
    let report = async |body: Value| {
        let (outcome, because, _) = trade.report("/returns", &body).await;
        (outcome, because)
    };
    // What fits no duty is kept too.
    assert_eq!(report(returned("ret-1", "pay-9", PRICE)).await, told("held", "unknown_payment"));
    assert_eq!(report(returned("ret-2", "pay-1", PRICE)).await, told("held", "not_to_be_returned"));
    assert_eq!(report(returned("ret-3", "pay-2", PRICE - 1)).await, told("held", "wrong_amount"));
    assert_eq!(report(json!({ "return_id": 7 })).await, told("held", "unreadable"));
    for (number, instant) in
        ["-009998-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-06T00:00:00Z"].into_iter().enumerate()
    {
        let mut body = returned(&format!("dated-{number}"), "pay-2", PRICE);
        body["returned_at"] = json!(instant);
        assert_eq!(report(body).await, told("held", "impossible_date"), "{instant}");
    }
    assert_eq!(report(returned("ret-4", "pay-2", PRICE)).await, told("returned", ""));
    assert_eq!(report(returned("ret-4", "pay-2", PRICE)).await.0, "repeated");
    // One return ends one duty, and says one amount.
    assert_eq!(report(returned("ret-4", "pay-3", PRICE)).await, told("held", "id_used_before"));
    assert_eq!(report(returned("ret-4", "pay-2", 1)).await, told("held", "id_used_before"));
    assert_eq!(report(returned("ret-5", "pay-2", PRICE)).await, told("held", "not_to_be_returned"));
    assert_eq!(trade.merchant.get("/payments/pay-2").await.unwrap().text_at("/status"), "returned");

    let settle = async |id: &str, settlement: &str| {
        let body = json!({ "settlement": settlement, "evidence": "银行回单 2026-0105-77。" });
        trade.stage.operator.post(&format!("/payments/{id}/settlement"), body).await.unwrap()
    };
    for refused in ["form", "return", "dismiss"] {
        assert_eq!(settle("pay-3", refused).await.code(), "wrong-payment-state");
    }
    let by_hand = settle("pay-3", "returned").await;
    assert_eq!((by_hand.text_at("/status"), by_hand.text_at("/proof/by")), ("returned", "operator"));
    assert_eq!(by_hand.text_at("/decisions/0/evidence"), "银行回单 2026-0105-77。");
    let to_its_merchant = trade.merchant.get("/payments/pay-3").await.unwrap();
    assert!(to_its_merchant.body.lacks("decisions"), "the operator's notes are its own");
    assert_eq!(settle("pay-3", "returned").await.code(), "wrong-payment-state");
    assert_eq!(settle("pay-7", "returned").await.code(), "not-found");
    assert_eq!(world.notices("accounts/shop-1", "payment_returned").await.len(), 2);
    for held in trade.waiting().await {
        assert_eq!(settle(&held, "form").await.code(), "wrong-payment-state", "a return forms nothing");
        assert_eq!(settle(&held, "dismiss").await.text_at("/status"), "dismissed");
    }
    assert!(trade.waiting().await.is_empty());
}

/// Every reason for which a report is held, and what each settlement of it answers: its status, or the refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_human_settles_what_is_held_with_evidence_and_never_for_another_amount_or_a_second_order() {
    const SETTLEMENTS: [&str; 4] = ["form", "return", "returned", "dismiss"];
    for (because, answers) in [
        ("impossible_date", ["formed", "to_return", "returned", "dismissed"]),
        ("wrong_amount", ["not-payable", "to_return", "returned", "dismissed"]),
        ("unknown_order", ["not-payable", "to_return", "returned", "dismissed"]),
        ("id_used_before", ["not-payable", "to_return", "returned", "dismissed"]),
        ("unreadable", ["wrong-payment-state", "wrong-payment-state", "wrong-payment-state", "dismissed"]),
        (
            "unknown_payment",
            ["wrong-payment-state", "wrong-payment-state", "wrong-payment-state", "dismissed"],
        ),
    ] {
        for (settlement, expected) in SETTLEMENTS.into_iter().zip(answers) {
            let world = World::new().await;
            let trade = Trade::of(&world).await;
            let mut held = trade.payment("pay-1");
            match because {
                "impossible_date" => held["paid_at"] = json!("2001-01-01T00:00:00Z"),
                "wrong_amount" => held["amount_fen"] = json!(1),
                "unknown_order" => held["order_id"] = json!(format!("ord_{}", "0".repeat(32))),
                "id_used_before" => {
                    let other = place(&trade.stage, &trade.merchant, "month").await;
                    let mut first = trade.payment("pay-1");
                    first["order_id"] = json!(other);
                    assert_eq!(trade.pay(&first).await.0, "formed");
                }
                "unreadable" => held = json!({ "hello": "world" }),
                _ => {}
            }
            let path = if because == "unknown_payment" { "/returns" } else { "/payments" };
            if path == "/returns" {
                held = json!({
                    "return_id": "ret-1", "payment_id": "pay-9", "amount_fen": 1, "returned_at": world.now(),
                });
            }
            let (outcome, why, answer) = trade.report(path, &held).await;
            assert_eq!((&*outcome, &*why), ("held", because));
            let id = answer.text_at("/record/id").to_owned();
            let before = world.table().await;
            let body = json!({ "settlement": settlement, "evidence": "对账单核实。" });
            let settled =
                trade.stage.operator.post(&format!("/payments/{id}/settlement"), body).await.unwrap();
            let what = format!("{because}, {settlement}: {}", settled.text);
            if expected.contains('-') {
                assert_eq!(settled.code(), expected, "{what}");
                let mut after = world.table().await;
                after.retain(|key, _| !key.starts_with("reply#"));
                assert!(
                    before
                        .iter()
                        .all(|(key, item)| key.starts_with("reply#") || after.get(key) == Some(item))
                );
                continue;
            }
            assert_eq!(settled.text_at("/status"), expected, "{what}");
            assert_eq!(settled.text_at("/decisions/0/settlement"), settlement, "{what}");
            assert_eq!(settled.text_at("/decisions/0/evidence"), "对账单核实。", "{what}");
            assert_eq!(world.verified(&format!("payment#{id}")).await.faults, [], "{what}");
            // The merchant learns what became of what it was told of.
            let was_told = ["impossible_date", "wrong_amount", "id_used_before"].contains(&because);
            let about = match expected {
                "formed" => "order_in_service",
                "to_return" => "payment_to_return",
                "returned" => "payment_returned",
                _ => "payment_dismissed",
            };
            let told = world.notices("accounts/shop-1", about).await.len();
            assert_eq!(told, usize::from(was_told), "{what}");
            assert_eq!(trade.status().await == "in_service", expected == "formed", "{what}");
            if expected == "formed" {
                let order =
                    trade.merchant.get(&format!("/accounts/shop-1/orders/{}", trade.order)).await.unwrap();
                assert_eq!(
                    order.text_at("/payment/paid_at"),
                    "2001-01-01T00:00:00.000Z",
                    "as it was reported"
                );
                assert_eq!(world.verified("account#shop-1").await.faults, []);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_that_came_before_its_payment_ends_the_duty_when_it_is_told_again() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    assert_eq!(trade.pay(&trade.payment("pay-1")).await.0, "formed");
    let early = json!({
        "return_id": "ret-1", "payment_id": "pay-2", "amount_fen": PRICE, "returned_at": world.now(),
    });
    assert_eq!(trade.report("/returns", &early).await.0, "held");
    assert_eq!(trade.pay(&trade.payment("pay-2")).await.0, "to_return");
    assert_eq!(trade.waiting().await.len(), 2);
    assert_eq!(trade.report("/returns", &early).await.0, "returned");
    assert!(trade.waiting().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_instant_cannot_be_is_held() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let hours = |hours: i64| (world.now() + SignedDuration::from_hours(hours)).to_string();
    for (number, instant) in
        ["2001-01-01T00:00:00Z".to_owned(), "-009998-01-01T00:00:00Z".to_owned(), hours(20), hours(-1)]
            .into_iter()
            .enumerate()
    {
        let mut payment = trade.payment(&format!("pay-{number}"));
        payment["paid_at"] = json!(instant);
        assert_eq!(trade.pay(&payment).await, told("held", "impossible_date"), "{instant}");
        assert_eq!(trade.pay(&payment).await.0, "repeated");
    }
    assert_eq!(trade.status().await, "placed");
    assert_eq!(trade.waiting().await.len(), 4);
    // Another clock's few minutes are lawful, on both sides.
    let mut ahead = trade.payment("pay-ahead");
    ahead["paid_at"] = json!(world.now() + SignedDuration::from_mins(4));
    assert_eq!(trade.pay(&ahead).await, told("formed", ""));
    // What is held and told again with its right instant is news: it is kept beside the first.
    let corrected = trade.payment("pay-0");
    assert_eq!(trade.pay(&corrected).await, told("held", "id_used_before"));
}
