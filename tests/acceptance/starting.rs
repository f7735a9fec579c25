//! How the market starts as a process: where it listens, what it leaves where it cannot, and what it logs.

use std::path::Path;
use std::process::{Command, Stdio};

use market::json::Json;
use market::requests;

use crate::process::Process;

/// A market on this folder and at this place, and all that it is told beside.
fn at_place(data: &Path, place: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.arg("--data").arg(data).args(["--listen", place]).env_remove("RUST_LOG").stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_cannot_listen_leaves_no_folder_behind_and_says_what_to_do() {
    let parent = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for place in
        [port.clone(), format!("localhost:{port}"), "0.0.0.0:0".to_owned(), "192.0.2.1:80".to_owned()]
    {
        let folder = parent.path().join("market");
        let refused = at_place(&folder, &place).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        let exit = if place.ends_with(&port) { 3 } else { 2 };
        assert_eq!(refused.status.code(), Some(exit), "{place}: {said}");
        assert!(!folder.exists(), "{place}");
        if place.ends_with(&port) {
            let address = format!("something listens on 127.0.0.1:{port} already");
            assert!(said.contains(&address) && said.contains("--listen"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_said_before_a_port_in_use() {
    let data = tempfile::tempdir().unwrap();
    let market = Process::start(data.path());
    let port = market.url.rsplit(':').next().unwrap();
    let refused = at_place(data.path(), port).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("is in use by another market, at http://"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_alone_and_localhost_are_places_to_listen() {
    for place in ["0", "localhost:0"] {
        let data = tempfile::tempdir().unwrap();
        let market = Process::run(&mut at_place(data.path(), place));
        assert!(market.clock().await["now"].as_str().unwrap().ends_with('Z'), "{place}");
    }
    let data = tempfile::tempdir().unwrap();
    let refused = at_place(data.path(), "somewhere").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("name a port, such as 9103"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_understood_ends_the_start_before_anything_is_made() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("market");
    let refused = at_place(&folder, "0").env("RUST_LOG", "market[request]=info").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("RUST_LOG") && !folder.exists(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_of_the_log_and_an_idle_market_logs_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut market = Process::run(at_place(data.path(), "0").args(["--log-format", "json"]));
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    assert_eq!(market.post(&token, "a", "/accounts/shop-1", application).await.unwrap().0, 201);
    let nowhere = market.http.get(format!("{}/nowhere/shop-1", market.url)).send().await.unwrap();
    let refused =
        market.http.get(format!("{}/v1/accounts/shop-1", market.url)).bearer_auth("no.token.at-all");
    let refused = refused.send().await.unwrap();
    market.clock().await;
    market.signal("TERM");
    let (_, logged) = market.ends();
    let lines: Vec<Json> = logged.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let told = |line: &Json| {
        let fields = &line["fields"];
        assert!(fields["ms"].is_f64(), "{logged}");
        (
            fields["method"].as_str().unwrap().to_owned(),
            fields["route"].as_str().unwrap().to_owned(),
            fields["status"].as_u64().unwrap(),
            fields["role"].as_str().unwrap().to_owned(),
        )
    };
    let seen: Vec<_> = lines.iter().map(told).collect();
    let route = |method: &str, route: &str, status: u64, role: &str| {
        (method.to_owned(), route.to_owned(), status, role.to_owned())
    };
    assert!(seen[0].1.ends_with("/accounts/{account_id}"), "{seen:?}");
    assert_eq!(
        (seen[0].2, seen[0].3.as_str(), seen.len()),
        (201, "merchant", 3),
        "and no more lines: {logged}"
    );
    assert_eq!(seen[1], route("GET", "-", 404, "none"));
    assert_eq!((seen[2].2, seen[2].3.as_str()), (401, "none"));
    assert!(lines[2]["span"]["refused"].as_str().is_some(), "{logged}");
    for (line, answer) in lines[1..].iter().zip([nowhere, refused]) {
        assert_eq!(line["span"]["request_id"], answer.headers()["x-request-id"].to_str().unwrap());
    }
    assert!(
        !logged.contains("shop-1") && !logged.contains("no.token") && !logged.contains('\u{1b}'),
        "{logged}"
    );
}
