//! The market as a process: killed under load it loses nothing that it acknowledged.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use market::requests;
use serde_json::json;
use tokio::sync::Mutex;

use crate::process::{Process, command};

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load_it_keeps_everything_that_it_acknowledged_and_finishes_what_was_due() {
    let data = tempfile::tempdir().unwrap();
    let market = Arc::new(Process::start(data.path()));
    let operator = market.token("operator", "ops").await.unwrap();
    let agreement = requests::agreement("1.总则\n1.1本协议自发布之日起生效。\n", &[]);
    let published =
        market.post(&operator, "k", "/documents/market-agreement/versions", agreement).await.unwrap();
    let sha256 = published.1["versions"][0]["sha256"].as_str().unwrap().to_owned();

    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    // So many that their commits come together, and share one wait for the disk.
    let load: Vec<_> = (0..16)
        .map(|worker| {
            let (market, acknowledged, sha256) =
                (Arc::clone(&market), Arc::clone(&acknowledged), sha256.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    let shop = format!("shop-{worker}-{n}");
                    let Ok(token) = market.token("merchant", &shop).await else { return };
                    let application = requests::merchant(&shop, "91510100MA6C0QLJ");
                    let path = format!("/accounts/{shop}");
                    let Ok((status, _)) = market.post(&token, "a", &path, application).await else { return };
                    assert_eq!(status, 201);
                    let acceptance = requests::acceptance("market-agreement", &sha256, &[]);
                    let path = format!("/accounts/{shop}/acceptances");
                    let Ok((status, _)) = market.post(&token, "b", &path, acceptance).await else { return };
                    assert_eq!(status, 201);
                    acknowledged.lock().await.push(shop);
                }
            })
        })
        .collect();
    // Killed from within, once enough was acknowledged, while requests are under way.
    while acknowledged.lock().await.len() < 40 {
        assert!(load.iter().all(|task| !task.is_finished()), "the load broke off by itself");
        tokio::task::yield_now().await;
    }
    market.signal("KILL");
    for task in load {
        task.await.unwrap();
    }
    drop(market);

    let market = Process::start(data.path());
    // What was due when it died comes back when its lease ends; an e-mail of which nobody knows whether it left, after an
    // hour.
    market.advance("PT2H").await;
    let operator = market.token("operator", "ops").await.unwrap();
    let acknowledged = acknowledged.lock().await;
    assert!(acknowledged.len() >= 40);
    for shop in acknowledged.iter() {
        let account = market.get(&operator, &format!("/accounts/{shop}")).await;
        assert_eq!(account["status"], "active", "{shop}");
        let evidence = market.get(&operator, &format!("/accounts/{shop}/evidence")).await;
        assert!(evidence["items"].as_array().unwrap().len() >= 3, "{shop}: {evidence}");
        let notices = market.get(&operator, &format!("/accounts/{shop}/notices")).await;
        let notices = notices["items"].as_array().unwrap();
        assert_eq!(notices.len(), 2, "{shop}");
        for notice in &notices {
            assert_eq!(notice["status"], "sent", "{shop}: {notice}");
        }
        let email = notices.iter().find(|notice| notice["channel"] == "email").unwrap();
        let file = format!("outbox/{}.eml", email["id"].as_str().unwrap());
        assert!(data.path().join(&file).exists(), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_started_again_it_goes_on_from_the_same_time_with_the_same_keys() {
    let data = tempfile::tempdir().unwrap();
    let mut market = Process::start(data.path());
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    assert_eq!(market.post(&token, "a", "/accounts/shop-1", application).await.unwrap().0, 201);
    let advanced = market.advance("P40D").await;
    let second = command(data.path()).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("is in use by another market, at http://127.0.0.1:"), "{said}");
    market.signal("TERM");
    assert!(market.child.wait().unwrap().success(), "it stops by itself when asked to");
    drop(market);

    let market = Process::start(data.path());
    let clock = market.clock().await;
    assert!(clock["now"].as_str() >= advanced["now"].as_str(), "{clock} {advanced}");
    let token = market.token("merchant", "shop-1").await.unwrap();
    assert_eq!(market.get(&token, "/accounts/shop-1").await["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_a_newer_release_has_written_is_refused_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let market = Process::start(data.path());
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    assert_eq!(market.post(&token, "a", "/accounts/shop-1", application).await.unwrap().0, 201);
    drop(market);
    let marker = data.path().join("format.json");
    let own = std::fs::read_to_string(&marker).unwrap();
    std::fs::write(&marker, json!({ "format": 1_000, "release": "9.9.9" }).to_string()).unwrap();
    let refused = command(data.path()).output().unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("9.9.9") && said.contains("--data"), "{said}");

    std::fs::write(&marker, own).unwrap();
    let market = Process::start(data.path());
    let token = market.token("merchant", "shop-1").await.unwrap();
    assert_eq!(market.get(&token, "/accounts/shop-1").await["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_on_loopback() {
    let data = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_market"))
        .arg("--data")
        .arg(data.path())
        .args(["--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not a loopback address"));
}

/// An account, and the instant that the clock showed when the market was asked to stop.
async fn an_account_in_a_market_that_stopped(data: &Path) -> String {
    let mut market = Process::start(data);
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    assert_eq!(market.post(&token, "a", "/accounts/shop-1", application).await.unwrap().0, 201);
    let advanced = market.advance("P40D").await;
    market.signal("TERM");
    assert!(market.child.wait().unwrap().success());
    advanced["now"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_leaves_one_file_and_a_copy_of_it_goes_on_from_there() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stopped_at = an_account_in_a_market_that_stopped(data.path()).await;
    for beside in ["market.db-wal", "market.db-shm"] {
        assert!(!data.path().join(beside).exists(), "{beside}");
    }
    std::fs::copy(data.path().join("market.db"), elsewhere.path().join("market.db")).unwrap();
    let market = Process::start(elsewhere.path());
    let token = market.token("merchant", "shop-1").await.unwrap();
    assert_eq!(market.get(&token, "/accounts/shop-1").await["status"], "applied");
    let clock = market.clock().await;
    assert!(clock["now"].as_str().unwrap() >= stopped_at.as_str(), "{clock} {stopped_at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_ends_the_start_and_is_named_and_nothing_else_is_touched() {
    let data = tempfile::tempdir().unwrap();
    an_account_in_a_market_that_stopped(data.path()).await;
    let key = std::fs::read(data.path().join("issuer.key")).unwrap();
    let damaged: [(&str, &[u8]); 11] = [
        ("clock", b""),
        ("clock", b"tomorrow"),
        ("clock", b"-86400"),
        ("clock", &[0xff, 0x00]),
        ("issuer.key", b""),
        ("issuer.key", b"not a key"),
        ("issuer.key", &key[..key.len() / 2]),
        ("payment.key", b""),
        ("payment.key", b"whsec_"),
        ("format.json", b"{"),
        ("market.db", b"this is not a database, whatever its name says; it is long enough to be looked at"),
    ];
    for (name, content) in damaged {
        let file = data.path().join(name);
        let before = std::fs::read(&file).unwrap();
        std::fs::write(&file, content).unwrap();
        let refused = command(data.path()).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(3), "{name} {content:?}: {said}");
        assert!(said.contains(&file.display().to_string()) && !said.contains("panicked"), "{name}: {said}");
        assert_eq!(std::fs::read(&file).unwrap(), content, "{name}");
        std::fs::write(&file, before).unwrap();
    }
    let market = Process::start(data.path());
    let token = market.token("merchant", "shop-1").await.unwrap();
    assert_eq!(market.get(&token, "/accounts/shop-1").await["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_clock_file_time_goes_on_from_what_the_table_has_seen() {
    let data = tempfile::tempdir().unwrap();
    let stopped_at = an_account_in_a_market_that_stopped(data.path()).await;
    std::fs::remove_file(data.path().join("clock")).unwrap();
    let clock = Process::start(data.path()).clock().await;
    assert!(clock["now"].as_str().unwrap() >= stopped_at.as_str(), "{clock} {stopped_at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_start_is_as_quiet_as_the_first() {
    let data = tempfile::tempdir().unwrap();
    for start in 1..=3 {
        let mut market = Process::start(data.path());
        market.signal("INT");
        let (code, said) = market.ends();
        assert_eq!((code, said.as_str()), (Some(0), ""), "start {start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_it_at_once_whatever_is_under_way() {
    let data = tempfile::tempdir().unwrap();
    let mut market = Process::start(data.path());
    // A request of which the rest never comes: a stop waits for it.
    let mut half = std::net::TcpStream::connect(market.url.trim_start_matches("http://")).unwrap();
    let host = market.url.trim_start_matches("http://");
    let head = format!(
        "POST /_local/clock HTTP/1.1\r\nhost: {host}\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    half.write_all(head.as_bytes()).unwrap();
    // It is read: the market asks for the rest.
    let mut told = [0; 12];
    half.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100");
    market.signal("INT");
    market.says("Stopping.");
    assert!(market.child.try_wait().unwrap().is_none(), "it waits");
    market.signal("INT");
    assert_eq!(market.ends().0, Some(130));

    let market = Process::start(data.path());
    market.token("merchant", "shop-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_whose_log_cannot_be_written_answers_and_works_on() {
    let data = tempfile::tempdir().unwrap();
    // As when the disk is full: every line fails.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let market = Process::run(command(data.path()).env("RUST_LOG", "trace").stderr(full));
    // An outbox in which no file can be made: each e-mail fails, which the worker tells its log.
    std::fs::remove_dir_all(data.path().join("outbox")).ok();
    std::fs::write(data.path().join("outbox"), "").unwrap();
    let token = market.token("merchant", "shop-1").await.unwrap();
    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    let (status, _) = market.post(&token, "a", "/accounts/shop-1", application).await.unwrap();
    assert_eq!(status, 201);
    let operator = market.token("operator", "ops").await.unwrap();
    let agreement = requests::agreement("1.总则\n1.1本协议自发布之日起生效。\n", &[]);
    let published =
        market.post(&operator, "k", "/documents/market-agreement/versions", agreement).await.unwrap();
    let sha256 = published.1["versions"][0]["sha256"].as_str().unwrap().to_owned();
    let acceptance = requests::acceptance("market-agreement", &sha256, &[]);
    let (status, _) = market.post(&token, "b", "/accounts/shop-1/acceptances", acceptance).await.unwrap();
    assert_eq!(status, 201);
    market.advance("PT1H").await;
    std::fs::remove_file(data.path().join("outbox")).unwrap();
    market.advance("P2D").await;
    let token = market.token("merchant", "shop-1").await.unwrap();
    let notices = market.get(&token, "/accounts/shop-1/notices").await;
    let email = notices["items"].as_array().unwrap().into_iter().find(|notice| notice["channel"] == "email");
    assert_eq!(email.unwrap()["status"], "sent", "{notices:?}");
}
