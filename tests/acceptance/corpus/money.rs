//! Money in every state: payments that formed contracts, that are held, and that are or were to be returned.

use jiff::SignedDuration;
use market::client::report;
use market::requests;
use market::stage::{PROVIDER, TERMS};
use serde_json::{Value, json};

use super::filled::{Play, done};
use crate::harness::at;

const PRICE_FEN: u64 = 19_900;

impl Play<'_> {
    /// Reports something as the payment system does; the id of its record.
    async fn report(&self, path: &str, body: &Value) -> String {
        let taken = report(&self.world.running, path, body.to_string().as_bytes()).await;
        done(taken).text_at("/record/id").to_owned()
    }

    fn payment(&self, id: &str, shop: &str, order: &str) -> Value {
        json!({
            "payment_id": id, "account_id": shop, "order_id": order, "amount_fen": PRICE_FEN,
            "paid_at": self.world.now(),
        })
    }

    async fn pays(&self, payment: &Value) -> String {
        self.report("/payments", payment).await
    }

    async fn settle(&self, record: &str, settlement: &str) {
        let body = json!({ "settlement": settlement, "evidence": "银行对账单核实。" });
        done(self.stage.operator.post(&format!("/payments/{record}/settlement"), body).await);
    }

    /// A payment that was made when its order was placed, and is told of now.
    async fn pays_late(&self, id: &str, shop: &str, after: SignedDuration) {
        let orders = self.shop(shop).client.all(&format!("/accounts/{shop}/orders")).await.unwrap();
        let mut payment = self.payment(id, shop, orders[0]["id"].as_str().unwrap());
        payment["amount_fen"] = orders[0]["amount_fen"].clone().into();
        payment["paid_at"] = json!(at(orders[0]["placed_at"].as_str().unwrap()) + after);
        self.pays(&payment).await;
    }

    pub async fn receive_money(&self) {
        let name = "payments";
        let shop = self.open(name).await;
        let order = shop.buy("month").await;
        for (id, settled) in [("twice-1", None), ("twice-2", Some("report")), ("twice-3", Some("operator"))] {
            let record = self.pays(&self.payment(id, name, &order)).await;
            match settled {
                Some("report") => {
                    let report = json!({
                        "return_id": "return-1", "payment_id": id, "amount_fen": PRICE_FEN,
                        "returned_at": self.world.now(),
                    });
                    self.report("/returns", &report).await;
                }
                Some(_) => self.settle(&record, "returned").await,
                None => {}
            }
        }
        let with = |id: &str, field: &str, value: Value| {
            let mut payment = self.payment(id, name, &order);
            payment[field] = value;
            payment
        };
        let impossible = json!("2001-01-01T00:00:00Z");
        self.pays(&with("date-1", "paid_at", impossible.clone())).await;
        let dismissed = self.pays(&with("date-2", "paid_at", impossible.clone())).await;
        self.settle(&dismissed, "dismiss").await;
        let owed = self.pays(&with("date-3", "paid_at", impossible)).await;
        self.settle(&owed, "return").await;
        self.pays(&with("twice-1", "amount_fen", json!(1))).await;
        self.pays(&with("order-1", "order_id", json!(format!("ord_{}", "0".repeat(32))))).await;
        self.pays(&with("amount-1", "amount_fen", json!(1))).await;
        self.pays(&json!({ "amount": "19900 CNY" })).await;
        for payment in ["unknown", "date-2"] {
            let report = json!({
                "return_id": format!("return-of-{payment}"), "payment_id": payment, "amount_fen": PRICE_FEN,
                "returned_at": self.world.now(),
            });
            self.report("/returns", &report).await;
        }
        self.pays_late("late-1", "order-unpaid", SignedDuration::from_hours(24)).await;
        self.pays_late("late-2", "termination-superseded", SignedDuration::ZERO).await;
        self.pays_late("late-3", "termination-served", SignedDuration::ZERO).await;
        self.shorten("termination-served").await;
        self.give_away().await;
    }

    /// An order whose term ends with the agreement, by consent.
    async fn shorten(&self, name: &str) {
        let shop = self.shop(name);
        let mut order = self.stage.order("month");
        order["accept_shorter_term"] = json!(true);
        let placed = done(shop.client.post(&format!("/accounts/{name}/orders"), order).await);
        self.pays(&self.payment("shortened", name, placed.text_at("/id"))).await;
    }

    /// What costs nothing.
    async fn give_away(&self) {
        let mut listing = requests::listing(TERMS);
        listing["name"] = json!("北风体验版");
        for plan in listing["plans"].as_array_mut().unwrap() {
            plan["price_fen"] = json!(0);
        }
        let listings = format!("/providers/{PROVIDER}/listings");
        let drafted = done(self.stage.provider.post(&listings, listing).await);
        let id = drafted.text_at("/id");
        done(self.stage.provider.post(&format!("{listings}/{id}/submission"), json!({})).await);
        done(self.stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await);
        let shop = self.open("order-free").await;
        let order = requests::order(id, "year", TERMS);
        done(shop.client.post("/accounts/order-free/orders", order).await);
    }
}
