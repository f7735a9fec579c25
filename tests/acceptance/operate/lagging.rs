//! Work that is handed back at a market whose index follows its table with a delay, as DynamoDB's does.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use indicatif::ProgressBar;
use market::operate::api::Api;
use market::operate::jobs::told::redrive;
use market_kernel::aggregate::Lane;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Calls between two looks of the index at the table.
const DELAY: usize = 3;

#[derive(Default)]
struct Lagging {
    calls: usize,
    parked: BTreeSet<String>,
    /// What the index shows.
    shown: BTreeSet<String>,
}

type Here = State<Arc<Mutex<Lagging>>>;

impl Lagging {
    fn is_called(&mut self) {
        self.calls += 1;
        if self.calls.is_multiple_of(DELAY) {
            self.shown.clone_from(&self.parked);
        }
    }

    async fn list(State(market): Here) -> Json<Value> {
        let mut market = market.lock().unwrap();
        market.is_called();
        let waiting = |item: &String| json!({ "job": "notify", "item": item, "due_at": "2026-01-05T01:00:00.000Z", "tries": 10 });
        Json(json!({ "items": market.shown.iter().take(100).map(waiting).collect::<Vec<_>>() }))
    }

    async fn redrive(State(market): Here) -> Json<Value> {
        let mut market = market.lock().unwrap();
        market.is_called();
        let oldest: Vec<_> = market.shown.iter().take(25).cloned().collect();
        let items = oldest.iter().filter(|item| market.parked.remove(*item)).count();
        Json(json!({ "items": items }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_parked_is_handed_back_though_the_index_shows_it_a_little_longer() {
    let parked: BTreeSet<String> = (0..60).map(|n| format!("account#shop-1/order#{n:02}")).collect();
    let mut shown = parked.clone();
    shown.insert("account#shop-1/order#0 that changed meanwhile".to_owned());
    let market = Arc::new(Mutex::new(Lagging { calls: 0, parked, shown }));
    let router = Router::new()
        .route("/v1/jobs/notify/parked", get(Lagging::list))
        .route("/v1/jobs/notify/redrive", post(Lagging::redrive))
        .with_state(Arc::clone(&market));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let api = Api::at(&url, Some("token".to_owned()));
    let redriven = redrive(&api, Lane::Notify, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((redriven.items, redriven.changed), (60, 1));
    assert!(market.lock().unwrap().parked.is_empty());
}
