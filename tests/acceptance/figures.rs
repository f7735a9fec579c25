//! `/metrics`: what a market on one machine counts, and that no line of it tells of anyone.

use market::client::Client;
use market_identity::Role;

use crate::harness::World;

impl World {
    async fn figures(&self) -> String {
        let answer = Client::anonymous(&self.running).get("/metrics").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        answer.text
    }
}

/// What a line of the figures says; `None` where there is no such line.
fn figure(figures: &str, name: &str) -> Option<f64> {
    figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_counted_by_operation_status_and_role() {
    let world = World::new().await;
    let name = |operation: &str, status: u16, role: &str| {
        format!("market_requests_total{{operation=\"{operation}\",status=\"{status}\",role=\"{role}\"}}")
    };
    let (read, refused) = (name("get_account", 404, "merchant"), name("get_account", 401, "none"));
    let (forbidden, nowhere) = (name("list_accounts", 403, "merchant"), name("-", 404, "none"));
    assert_eq!(figure(&world.figures().await, &read), None);
    let merchant = Client::of(&world.running, Role::Merchant, "shop-1");
    for _ in 0..3 {
        merchant.get("/accounts/shop-1").await.unwrap();
    }
    merchant.get("/accounts?status=applied").await.unwrap();
    let anyone = Client::anonymous(&world.running);
    anyone.get("/accounts/shop-1").await.unwrap();
    anyone.get("/nowhere/shop-1").await.unwrap();
    let figures = world.figures().await;
    for (name, count) in [(&read, 3.0), (&refused, 1.0), (&forbidden, 1.0), (&nowhere, 1.0)] {
        assert_eq!(figure(&figures, name), Some(count), "{name}: {figures}");
    }
    let took = "market_request_seconds_count{operation=\"get_account\"}";
    assert_eq!(figure(&figures, took), Some(4.0), "{figures}");
    assert!(figure(&figures, "market_table_units_total{part=\"routes\",kind=\"read\"}").unwrap() > 0.0);
    assert!(!figures.contains("shop-1"), "{figures}");
}
