//! Cold starts: from spawning a program to its first reply.
//!
//! Each start is a process of its own with nothing in its environment but what Lambda and the template put
//! there. The benchmark plays Lambda's side of the runtime API, and stands with TLS before the market's table,
//! so that a start pays for root certificates and a handshake as it does on AWS. The roots are this machine's
//! with one more; one program has that one alone, so that what the others cost can be seen. The programs take
//! turns, so that none has the warmer machine; every start of this benchmark finds its file in the page cache,
//! which on Lambda it does not.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ::aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use market_ambient::{Clock, SystemEntropy, random};
use market_identity::Role;
use rcgen::CertifiedKey;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

use super::{BenchError, SHOP, TableIn, failed, median, ms, say, start};
use crate::engine::{Endpoint, Engine, Request};
use crate::issuer::AUDIENCE;
use crate::running::{Clockwork, Running, TABLE};
use crate::stage::Stage;

/// How long a start may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where systems keep their root certificates.
const ROOTS: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

struct Program {
    name: &'static str,
    file: PathBuf,
    handler: &'static str,
    event: Value,
    /// Whom it trusts.
    roots: PathBuf,
    /// Whether the gateway's authorizer has verified the caller.
    behind_gateway: bool,
}

/// What was seen of one start.
#[derive(Clone, Copy)]
struct Start {
    /// Until it asked for its first event.
    ready_ms: f64,
    /// Until its first reply, that included.
    replied_ms: f64,
    peak_kib: u64,
}

pub async fn cold_start(bootstrap: &Path, floor: &Path, starts: usize) -> Result<(), BenchError> {
    for file in [bootstrap, floor] {
        if !file.exists() {
            return Err(BenchError(format!(
                "{} is not there; docs/BENCHMARKS.md says how to build it",
                file.display()
            )));
        }
    }
    let (running, folder) = start(TableIn::Memory, Clockwork::Ticking).await?;
    let stage = Stage::set(&running).await;
    stage.merchant(SHOP).await;
    let table = Arc::new(Table::of(&running)?);
    let (address, certificate) = serve_tls(Arc::clone(&table)).await?;
    let environment = environment(&running, address, table.key.clone());
    let (all, one) = (folder.path().join("all.pem"), folder.path().join("one.pem"));
    let system =
        ROOTS.iter().find_map(|file| std::fs::read_to_string(file).ok()).unwrap_or_default() + &certificate;
    let count = system.matches("BEGIN CERTIFICATE").count();
    std::fs::write(&all, system).map_err(failed)?;
    std::fs::write(&one, certificate).map_err(failed)?;

    let token = running.issuer.token(Role::Merchant, SHOP, running.machine.clock.now());
    let account = request(&format!("/accounts/{SHOP}"), &token);
    let mut authorized = account.clone();
    authorized["requestContext"]["authorizer"] =
        json!({ "role": "merchant", "subject": SHOP, "expires_at": "4102444800", "principalId": SHOP });
    let token = json!({
        "type": "TOKEN", "authorizationToken": format!("Bearer {token}"),
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/accounts",
    });
    let document = request("/documents/market-agreement", "");
    let program = |name, file: &Path, handler, event: &Value, roots: &Path| Program {
        name,
        file: file.to_owned(),
        handler,
        event: event.clone(),
        roots: roots.to_owned(),
        behind_gateway: event["requestContext"]["authorizer"].is_object(),
    };
    let programs = [
        program("bare floor: no TLS", floor, "floor", &document, &all),
        program("floor over TLS: no SDK", floor, "floor/table", &document, &all),
        program("get_document: table", bootstrap, "api/get_document", &document, &all),
        program("get_document, one root", bootstrap, "api/get_document", &document, &one),
        program("get_account: table", bootstrap, "api/get_account", &authorized, &all),
        program("authorizer: keys", bootstrap, "authorizer", &token, &all),
        program("get_account: keys, table", bootstrap, "api/get_account", &account, &all),
        program("all routes: table", bootstrap, "api", &document, &all),
    ];
    let mut seen = programs.each_ref().map(|_| Vec::new());
    for round in 0..=starts {
        for (program, seen) in programs.iter().zip(&mut seen) {
            let start = program.start(&environment).await?;
            // The first round fills the page cache.
            if round > 0 {
                seen.push(start);
            }
        }
    }
    say(format_args!("{starts} starts of each, medians; {count} root certificates"));
    say("                           ready ms   first reply ms   × bare   × over TLS   peak MiB");
    // Whatever comes after a floor is told in its measure.
    let mut floors = Vec::new();
    for (program, seen) in programs.iter().zip(seen) {
        let middle =
            |of: fn(&Start) -> f64| median(&mut seen.iter().map(of).collect::<Vec<_>>()).unwrap_or_default();
        let replied = middle(|start| start.replied_ms);
        if floors.len() < 2 {
            floors.push(replied);
        }
        let times =
            |floor: Option<&f64>| floor.map_or_else(String::new, |floor| format!("{:.1}", replied / floor));
        say(format_args!(
            "{:<24}   {:>8.1}   {replied:>14.1}   {:>6}   {:>10}   {:>8.1}",
            program.name,
            middle(|start| start.ready_ms),
            times(floors.first()),
            times(floors.get(1)),
            middle(|start| start.peak_kib as f64) / 1024.0,
        ));
    }
    running.stop().await;
    Ok(())
}

/// A GET as API Gateway hands it over.
fn request(path: &str, token: &str) -> Value {
    let mut headers = json!({});
    if !token.is_empty() {
        headers["authorization"] = json!(format!("Bearer {token}"));
    }
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": "GET", "headers": headers, "multiValueHeaders": {},
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": { "proxy": path.trim_start_matches('/') }, "stageVariables": null, "body": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "api", "resourceId": "all", "resourcePath": "/{proxy+}",
            "httpMethod": "GET", "stage": "prod", "path": format!("/prod{path}"), "requestId": "request",
            "identity": { "sourceIp": "192.0.2.1" },
        },
        "isBase64Encoded": false,
    })
}

/// What Lambda and the template give to every function.
fn environment(running: &Running, table: String, key: String) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "market".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", table),
        ("MARKET_TABLE", TABLE.to_owned()),
        ("MARKET_ISSUER", "https://issuer.market.localhost".to_owned()),
        ("MARKET_AUDIENCE", AUDIENCE.to_owned()),
        ("MARKET_JWKS_URL", format!("{}/_local/jwks.json", running.url)),
        ("MARKET_TOKEN_ALGORITHM", "ES256".to_owned()),
        ("MARKET_SUBJECT_KEY", "Y29sZCBzdGFydHMgb2YgdGhlIG1hcmtldCBhcmUgbWVhc3VyZWQ=".to_owned()),
        ("MARKET_PAYMENT_KEYS", running.payments.key().to_owned()),
    ])
}

/// The market's table, for those who know the key that it is asked with.
struct Table {
    engine: Engine,
    key: String,
}

impl Table {
    /// The key is made at the start, so that no other program of this machine has it.
    fn of(running: &Running) -> Result<Self, BenchError> {
        let Endpoint::Embedded(engine) = &running.table_endpoint else {
            return Err(BenchError("the table is not within this process".to_owned()));
        };
        let key: [u8; 16] = random(&SystemEntropy);
        Ok(Self { engine: engine.clone(), key: format!("{:032x}", u128::from_be_bytes(key)) })
    }
}

async fn ask_table(State(table): State<Arc<Table>>, headers: HeaderMap, body: Bytes) -> Response {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let signed_by = text("authorization").split_once("Credential=").map_or("", |(_, credential)| credential);
    let signed_by = signed_by.split('/').next().unwrap_or_default().as_bytes();
    if verify_slices_are_equal(signed_by, table.key.as_bytes()).is_err() {
        return StatusCode::FORBIDDEN.into_response();
    }
    match table.engine.call(Request { target: text("x-amz-target").to_owned(), body: body.into() }).await {
        Ok(reply) => {
            let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [("content-type", "application/x-amz-json-1.0")], reply.body).into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Connections over TLS.
struct OverTls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for OverTls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // A connection that breaks is the child's end, or shows as a start that does not reply.
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            drop(stream.set_nodelay(true));
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Serves the table over TLS: its address, and the certificate to trust.
async fn serve_tls(table: Arc<Table>) -> Result<(String, String), BenchError> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).map_err(failed)?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key.into())
        })
        .map_err(failed)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let router = Router::new().route("/", post(ask_table)).with_state(table);
    tokio::spawn(async move { axum::serve(OverTls { listener, acceptor }, router).await });
    Ok((format!("https://localhost:{port}"), cert.pem()))
}

/// What the program does towards Lambda.
enum ColdCall {
    /// It asks for an event.
    Asks,
    /// It posts a reply.
    Replies(Value),
}

/// Lambda's side of one start: one event, and then none.
struct Lambda {
    event: Value,
    asked: AtomicU32,
    calls: mpsc::UnboundedSender<(ColdCall, Instant)>,
}

async fn next(State(lambda): State<Arc<Lambda>>) -> Response {
    drop(lambda.calls.send((ColdCall::Asks, Instant::now())));
    if lambda.asked.fetch_add(1, Ordering::SeqCst) > 0 {
        std::future::pending::<()>().await;
    }
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001"),
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:market"),
    ];
    (headers, Json(lambda.event.clone())).into_response()
}

async fn reply(State(lambda): State<Arc<Lambda>>, body: Bytes) -> impl IntoResponse {
    let at = Instant::now();
    drop(lambda.calls.send((ColdCall::Replies(serde_json::from_slice(&body).unwrap_or_default()), at)));
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" })))
}

impl Program {
    async fn start(&self, environment: &BTreeMap<&'static str, String>) -> Result<Start, BenchError> {
        let (calls, mut called) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(reply))
            .with_state(Arc::new(Lambda { event: self.event.clone(), asked: AtomicU32::new(0), calls }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let spawned = Instant::now();
        let mut child = tokio::process::Command::new(&self.file)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("_HANDLER", self.handler)
            .env("SSL_CERT_FILE", &self.roots)
            .env("MARKET_CALLERS", if self.behind_gateway { "gateway" } else { "tokens" })
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let mut call = async || {
            let called = tokio::time::timeout(PATIENCE, called.recv()).await.ok().flatten();
            called.ok_or_else(|| BenchError(format!("{} did not answer", self.name)))
        };
        let (_, ready) = call().await?;
        let (replied, at) = call().await?;
        match replied {
            ColdCall::Replies(reply) if reply["statusCode"] == 200 || reply["policyDocument"].is_object() => {
            }
            ColdCall::Replies(reply) => return Err(BenchError(format!("{}: {reply}", self.name))),
            ColdCall::Asks => return Err(BenchError(format!("{} asked again without a reply", self.name))),
        }
        // It asks again when all that the reply took is done.
        call().await?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap_or_default()));
        child.kill().await.map_err(failed)?;
        serving.abort();
        Ok(Start {
            ready_ms: ms(ready - spawned),
            replied_ms: ms(at - spawned),
            peak_kib: peak_kib(&status.map_err(failed)?).unwrap_or_default(),
        })
    }
}

/// The most memory that a process ever held, as Linux tells it.
fn peak_kib(status: &str) -> Option<u64> {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}
