//! The market as a process: killed under load it loses nothing that it acknowledged.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use market::requests;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;

struct Process {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Process {
    fn start(data: &Path) -> Self {
        let mut child = command(data).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.rsplit(' ').next().unwrap().trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{first}");
        Self { child, url, http: reqwest::Client::new() }
    }

    async fn token(&self, role: &str, sub: &str) -> reqwest::Result<String> {
        let url = format!("{}/_local/token?role={role}&sub={sub}", self.url);
        let answer: Value = self.http.get(url).send().await?.json().await?;
        Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
    }

    async fn post(
        &self,
        token: &str,
        key: &str,
        path: &str,
        body: Value,
    ) -> reqwest::Result<(StatusCode, Value)> {
        let url = format!("{}{path}", self.url);
        let request = self.http.post(url).bearer_auth(token).header("idempotency-key", key).json(&body);
        let answer = request.send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn advance(&self, by: &str) -> Value {
        let request = self.http.post(format!("{}/_local/clock", self.url)).json(&json!({ "advance": by }));
        request.send().await.unwrap().json().await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
    command
}

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
    let load: Vec<_> = (0..4)
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
    let pid = market.child.id().to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    for task in load {
        task.await.unwrap();
    }
    drop(market);

    let market = Process::start(data.path());
    let operator = market.token("operator", "ops").await.unwrap();
    // What was due when it died comes back when its lease ends.
    market.advance("PT10M").await;
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
        for notice in notices {
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
    let second = command(data.path()).stderr(Stdio::piped()).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another market is running on the folder"), "{said}");
    assert!(Command::new("kill").arg(market.child.id().to_string()).status().unwrap().success());
    assert!(market.child.wait().unwrap().success(), "it stops by itself when asked to");
    drop(market);

    let market = Process::start(data.path());
    let clock = market.http.get(format!("{}/_local/clock", market.url)).send().await.unwrap();
    let clock: Value = clock.json().await.unwrap();
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
    let refused = command(data.path()).stderr(Stdio::piped()).output().unwrap();
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
