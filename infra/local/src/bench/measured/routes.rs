//! The busiest routes over HTTP: a data API checks a token, a merchant reads a grant and its notices and places
//! orders. `explain_error` reads no table: what it costs is the client, HTTP and the frame of every route, and
//! the others stand beside it. The clock stands, so neither sweep nor relay takes part.

use serde_json::{Value, json};

use super::{BenchError, Run, SHOP, TableIn, say, standing, start};
use crate::client::Client;
use crate::stage::Stage;

struct Request {
    route: &'static str,
    client: Client,
    path: String,
    /// Sent with POST where there is one.
    body: Option<Value>,
}

impl Request {
    async fn run(&self, count: usize) -> Result<Run, BenchError> {
        Run::of(count, |_| {
            let (client, path, body) = (self.client.clone(), self.path.clone(), self.body.clone());
            async move {
                match body {
                    Some(body) => client.post(&path, body).await,
                    None => client.get(&path).await,
                }
            }
        })
        .await
    }
}

pub async fn routes(count: usize) -> Result<(), BenchError> {
    say(
        "route           table    requests   per second   p50 ms   p99 ms   read units   write units   (per request)",
    );
    for kept in TableIn::BOTH {
        let (running, _folder) = start(kept, standing()?).await?;
        let stage = Stage::set(&running).await;
        let merchant = stage.merchant(SHOP).await;
        let granted = stage.grant(&merchant, SHOP, "month").await;
        let request = |route, client: &Client, path: String, body| Request {
            route,
            client: client.clone(),
            path,
            body,
        };
        let check = json!({ "token": granted.token, "scope": "orders.read" });
        let checks = json!({ "checks": vec![&check; 50] });
        let requests = [
            request("explain_error", &stage.gateway, "/errors/not-found".to_owned(), None),
            request("get_grant", &merchant, format!("/accounts/{SHOP}/grants/{}", granted.grant), None),
            request("list_notices", &merchant, format!("/accounts/{SHOP}/notices"), None),
            request("check_token", &stage.gateway, "/checks".to_owned(), Some(check)),
            request("check_tokens", &stage.gateway, "/checks/batch".to_owned(), Some(checks)),
            request("place_order", &merchant, format!("/accounts/{SHOP}/orders"), Some(stage.order("month"))),
        ];
        for request in requests {
            request.run(count / 10).await?;
            running.route_meter.take();
            let run = request.run(count).await?;
            let cost = running.route_meter.take();
            say(format_args!(
                "{:<13}   {:<6}   {count:>8}   {:>10.0}   {:>6.1}   {:>6.1}   {:>10.1}   {:>11.1}",
                request.route,
                kept.name(),
                run.per_second(),
                run.latency_ms(0.5),
                run.latency_ms(0.99),
                cost.read_units / count as f64,
                cost.write_units / count as f64,
            ));
        }
        running.stop().await;
    }
    Ok(())
}
