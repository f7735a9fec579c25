//! The market on one machine is its developer's alone: no page of another site reaches it, and no other program
//! its table; what is sent to it never breaks it; and while nothing is due it does nothing.

use std::net::{Ipv4Addr, SocketAddr};

use market::client::{Client, json_headers};
use market::json::Json;
use market::machine::Doing;
use market::stage::Stage;
use market::{Clockwork, Options, Running};
use market_ambient::Clock;
use market_identity::Role;
use market_store::due::Shard;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{World, at, options};
use crate::process::{Process, command};

/// What exists beside the API, and a body that it takes.
const BESIDE: [(Method, &str, &str); 8] = [
    (Method::GET, "/_local/token?role=operator&sub=ops", ""),
    (Method::GET, "/_local/clock", ""),
    (Method::GET, "/_local/jwks.json", ""),
    (Method::POST, "/_local/clock", r#"{"advance": "PT1S"}"#),
    (Method::GET, "/_local/dead-letters", ""),
    (Method::GET, "/_local/dead-letters/notify", ""),
    (Method::POST, "/_local/dead-letters/notify/redrive", ""),
    (Method::POST, "/_local/payment", r#"{"account_id": "a", "order_id": "b", "amount_fen": 1}"#),
];

fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
    of.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

impl World {
    async fn sent(&self, method: &Method, path: &str, of: &[(&'static str, &str)], body: &str) -> StatusCode {
        let answer = Client::anonymous(&self.running)
            .send(method.clone(), path, headers(of), body.as_bytes().to_vec())
            .await
            .unwrap();
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{method} {path} {of:?}");
        answer.status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_name_is_made_to_lead_here_reaches_nothing() {
    let world = World::new().await;
    let (now, table) = (world.now(), world.table().await);
    let port = world.running.url.rsplit(':').next().unwrap();
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "localhost", "[::1]:80"] {
        for (method, path, body) in &BESIDE {
            let status = world.sent(method, path, &[("host", host)], body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{host} {path}");
        }
        for path in ["/", "/openapi.json", "/announcements", "/documents/market-agreement", "/nowhere"] {
            let status = world.sent(&Method::GET, path, &[("host", host)], "").await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{host} {path}");
        }
    }
    assert_eq!((world.now(), world.table().await), (now, table));
    let localhost = format!("localhost:{port}");
    assert_eq!(world.sent(&Method::GET, "/_local/clock", &[("host", &localhost)], "").await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_neither_reads_nor_moves_what_is_beside_the_api() {
    let world = World::new().await;
    let now = world.now();
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for (method, path, body) in &BESIDE {
            let sent = [foreign, ("content-type", "application/json")];
            assert_eq!(
                world.sent(method, path, &sent, body).await,
                StatusCode::FORBIDDEN,
                "{foreign:?} {path}"
            );
        }
        let ahead = [foreign, ("access-control-request-method", "POST")];
        let status = world.sent(&Method::OPTIONS, "/_local/clock", &ahead, "").await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    for of_forms in ["text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x"] {
        let sent = [("content-type", of_forms)];
        let status = world.sent(&Method::POST, "/_local/clock", &sent, r#"{"advance": "P1D"}"#).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{of_forms}");
    }
    assert_eq!(world.now(), now);
    // The printed curl lines, and the market's own page.
    let own = world.running.url.clone();
    for sent in [
        &[][..],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/json"), ("origin", &own), ("sec-fetch-site", "same-origin")],
    ] {
        let status = world.sent(&Method::POST, "/_local/clock", sent, r#"{"advance": "PT1S"}"#).await;
        assert_eq!(status, StatusCode::OK, "{sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_one_site_that_was_named_may_call_and_read_and_those_of_others_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let site = "http://localhost:5173";
    let options = Options { allow_origin: Some(site.parse().unwrap()), ..options(folder.path().to_owned()) };
    let running = Running::start(options).await.unwrap();
    let anyone = Client::anonymous(&running);
    let ask = async |method: Method, path: &str, of: &[(&'static str, &str)]| {
        anyone.send(method, path, headers(of), Vec::new()).await.unwrap()
    };
    let ahead = [("origin", site), ("access-control-request-method", "POST")];
    for path in ["/_local/token?role=merchant&sub=shop-1", "/accounts/shop-1", "/announcements"] {
        let asked = ask(Method::OPTIONS, path, &ahead).await;
        assert_eq!(asked.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(asked.headers["access-control-allow-origin"], site);
        assert_eq!(asked.headers["access-control-allow-methods"], "GET, POST");
        let named = asked.headers["access-control-allow-headers"].to_str().unwrap();
        assert!(named.contains("Authorization") && named.contains("Idempotency-Key"), "{named}");

        let read = ask(Method::GET, path, &[("origin", site), ("sec-fetch-site", "same-site")]).await;
        assert_eq!(read.headers["access-control-allow-origin"], site, "{path}");
        assert!(read.headers["access-control-expose-headers"].to_str().unwrap().contains("x-request-id"));

        for other in ["http://localhost:5174", "https://evil.example"] {
            let read = ask(Method::GET, path, &[("origin", other)]).await;
            assert!(!read.headers.contains_key("access-control-allow-origin"), "{path} {other}");
            assert_eq!(read.headers["vary"], "origin", "a cache must not mix the two");
        }
    }
    assert_eq!(ask(Method::GET, "/_local/clock", &[("origin", site)]).await.status, StatusCode::OK);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_site_is_refused_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    for none in ["*", "null", "localhost:5173", "http://localhost:5173/"] {
        let refused = command(data.path()).args(["--allow-origin", none]).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{none}");
    }
}

/// The ports that a process listens on.
#[cfg(target_os = "linux")]
fn listening(pid: u32) -> Vec<u16> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut ports = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN; the tenth column is the socket.
            if columns[3] == "0A" && sockets.iter().any(|socket| socket == columns[9]) {
                ports.push(u16::from_str_radix(columns[1].rsplit(':').next().unwrap(), 16).unwrap());
            }
        }
    }
    ports
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_port_leads_to_its_table() {
    let data = tempfile::tempdir().unwrap();
    let market = Process::start(data.path());
    let own: u16 = market.url.rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(listening(market.child.id()), [own]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn everything_that_it_keeps_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("made/by/the/market");
    let market = Process::start(&folder);
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = market::requests::merchant("shop-1", "91510100MA6C0QLJ");
    assert_eq!(market.post(&token, "a", "/accounts/shop-1", application).await.unwrap().0, 201);
    market.advance("P1D").await;
    let modes = |folder: &std::path::Path| -> Vec<(String, u32)> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| {
                let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                (path.file_name().unwrap().to_str().unwrap().to_owned(), mode)
            })
            .collect()
    };
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for (name, mode) in modes(&folder).into_iter().chain(modes(&folder.join("outbox"))) {
        assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
    }
    drop(market);
    // What came from a backup, readable to everyone.
    for (name, mode) in modes(&folder) {
        let open = std::fs::Permissions::from_mode(mode | 0o044);
        std::fs::set_permissions(folder.join(name), open).unwrap();
    }
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let _market = Process::start(&folder);
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for (name, mode) in modes(&folder) {
        assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_to_the_payment_system_is_answered_and_never_breaks_it() {
    let world = World::new().await;
    let anyone = Client::anonymous(&world.running);
    let table = world.table().await;
    let mut bodies: Vec<String> =
        ["", "null", "[]", "7", "\"x\"", "{", "{}", "\u{0}", "{\"amount_fen\": 1e400}"]
            .map(str::to_owned)
            .to_vec();
    for id in [
        json!("line\nfeed"),
        json!("ord_\r\nx: y"),
        json!("\u{0}"),
        json!("订单"),
        json!(""),
        json!("x".repeat(100_000)),
        json!(7),
        json!(null),
        json!(["a"]),
    ] {
        bodies.push(json!({ "account_id": "shop-1", "order_id": id, "amount_fen": 1 }).to_string());
        bodies.push(json!({ "account_id": id, "order_id": "ord_1", "amount_fen": 1 }).to_string());
        bodies.push(
            json!({ "account_id": "shop-1", "order_id": "ord_1", "amount_fen": 1, "payment_id": id })
                .to_string(),
        );
        bodies.push(json!({ "account_id": "shop-1", "order_id": "ord_1", "amount_fen": id }).to_string());
        bodies.push(
            json!({ "account_id": "shop-1", "order_id": "ord_1", "amount_fen": 1, "paid_at": id })
                .to_string(),
        );
    }
    for amount in ["-1", "0", "1.5", "99999999999999999999999999", "-9223372036854775808", "1e30"] {
        bodies.push(format!(r#"{{"account_id": "shop-1", "order_id": "ord_1", "amount_fen": {amount}}}"#));
    }
    for body in bodies {
        let sent = anyone.send(Method::POST, "/_local/payment", json_headers(), body.clone().into_bytes());
        let answer = sent.await.unwrap_or_else(|error| panic!("{body:.200}: {error}"));
        let was_kept =
            answer.body.get("outcome").is_some_and(|outcome| outcome == "held" || outcome == "repeated");
        let was_refused = answer.status.is_client_error() && answer.body["status"].is_number();
        assert!(was_kept || was_refused, "{body:.200}: {} {}", answer.status, answer.text);
    }
    let mut after = world.table().await;
    after.retain(|key, _| !key.starts_with("payment#"));
    assert_eq!(after, table, "whatever was signed is kept, and nothing else has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_clock_is_asked_for_it_answers_and_it_stays_within_its_end() {
    let world = World::new().await;
    let anyone = Client::anonymous(&world.running);
    let now = world.now();
    for asked in [
        "",
        "P",
        "-P1D",
        "P1D\n",
        "soon",
        "P9999Y",
        "P99999999999D",
        "PT9999999999999H",
        "P1Y-1D",
        "\u{0}",
        "一天",
    ] {
        let body = json!({ "advance": asked }).to_string().into_bytes();
        let answer = anyone.send(Method::POST, "/_local/clock", json_headers(), body).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked:?}: {}", answer.text);
    }
    for body in ["", "null", "[]", "{}", r#"{"advance": 1}"#, r#"{"advance": "P1D", "more": 1}"#] {
        let answer = anyone.send(Method::POST, "/_local/clock", json_headers(), body.into()).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", answer.text);
    }
    assert_eq!(world.now(), now);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_who_advance_the_clock_by_a_day_at_once_advance_it_by_five() {
    let world = World::new().await;
    let before = world.now();
    let anyone = Client::anonymous(&world.running);
    let body = || json!({ "advance": "P1D" }).to_string().into_bytes();
    let day = || anyone.send(Method::POST, "/_local/clock", json_headers(), body());
    let answers = tokio::join!(day(), day(), day(), day(), day());
    let mut shown: Vec<Json> = [answers.0, answers.1, answers.2, answers.3, answers.4]
        .into_iter()
        .map(|answer| answer.unwrap().body)
        .collect();
    assert_eq!(world.now().duration_since(before).as_hours(), 5 * 24);
    // Each goes on from where the one before it came to.
    shown.sort_by_key(|shown| shown["now"].as_str().unwrap().to_owned());
    for pair in shown.windows(2) {
        assert_eq!(pair[0]["now"], pair[1]["from"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_whose_clock_moves_looks_only_where_something_is_due() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    world.settle().await;
    let closes = at(placed.body["placed_at"].as_str().unwrap()) + jiff::SignedDuration::from_hours(24);
    world.running.sweep_meter.take();
    world.advance_to(closes).await;
    let path = format!("/accounts/shop-1/orders/{}", placed.text_at("/id"));
    assert_eq!(merchant.get(&path).await.unwrap().body["status"], "closed");
    let asked = world.running.sweep_meter.take().requests;
    assert!((1..20).contains(&asked), "{asked} requests, of {} shards", Shard::of_all_lanes().count());
}

async fn ticking() -> (Running, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: folder.path().to_owned(),
        clockwork: Clockwork::Ticking,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..options(folder.path().to_owned())
    };
    (Running::start(options).await.unwrap(), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_market_asks_its_table_nothing() {
    let (running, _folder) = ticking().await;
    let mut doing = running.machine.doing();
    doing.wait_for(|doing| *doing == Doing::Sleeps(None)).await.unwrap();
    let meters = [&running.route_meter, &running.job_meter, &running.sweep_meter];
    let asked = || meters.iter().map(|meter| meter.take().requests).sum::<u64>();
    asked();
    // A stretch in which a market that looks again and again would have looked.
    let anyone = Client::anonymous(&running);
    for _ in 0..500 {
        assert_eq!(anyone.get("/_local/clock").await.unwrap().status, StatusCode::OK);
    }
    assert_eq!(asked(), 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_sleeps_wakes_for_what_becomes_due_and_when_its_clock_moves() {
    let (running, _folder) = ticking().await;
    let stage = Stage::set(&running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let path = format!("/accounts/shop-1/orders/{}", placed.text_at("/id"));
    let operator = Client::of(&running, Role::Operator, "ops");
    // What was due at once is done at once: nobody advances this clock.
    let mut doing = running.machine.doing();
    loop {
        let notices = operator.all("/accounts/shop-1/notices").await.unwrap();
        if !notices.is_empty() && notices.iter().all(|notice| notice["status"] == "sent") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(merchant.get(&path).await.unwrap().body["status"], "placed");

    // An order that nobody pays closes after a day. The clock comes to it; nobody works it off.
    let closes = at(placed.body["placed_at"].as_str().unwrap()) + jiff::SignedDuration::from_hours(24);
    running.machine.clock.advance_to(closes).unwrap();
    while merchant.get(&path).await.unwrap().body["status"] != "closed" {
        tokio::task::yield_now().await;
    }
    let now = running.machine.clock.now();
    doing
        .wait_for(|doing| matches!(doing, Doing::Sleeps(next) if next.is_none_or(|next| next > now)))
        .await
        .unwrap();
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_asked_for_wrongly_is_refused_and_never_has_more_rights_than_meant() {
    let world = World::new().await;
    let ask = async |query: &str| {
        let url = format!("{}/_local/token?role=operator&sub=ops{query}", world.running.url);
        reqwest::get(url).await.unwrap().status().as_u16()
    };
    assert_eq!((ask("").await, ask("&scope=orders:read").await), (200, 200));
    for wrong in ["&scopes=orders:read", "&Scope=orders:read", "&scope=", "&scope=%20", "&scope=a&scope=b"] {
        assert_eq!(ask(wrong).await, 422, "{wrong}");
    }
    assert_eq!(ask(&format!("&scope={}", "x".repeat(5_000))).await, 422, "longer than a token may carry");
    for mistyped in ["&scope=nope", "&scope=orders:read%20order:write", "&scope=orders:*"] {
        assert_eq!(ask(mistyped).await, 400, "{mistyped}: it would open nothing");
    }
}
