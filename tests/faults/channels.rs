//! E-mail by SMTP and text messages by a supplier's gateway, when they fail; and the secrets that both need.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use market_ambient::SystemClock;
use market_functions::http::{PaymentKeys, problems};
use market_kernel::notices::Hindrance::{self, Failing, Misconfigured, Throttled, Unreachable};
use market_kernel::notices::{Channel, Sending};
use market_notices::{Gateway, HttpText, SesEmail, SmtpEmail, SmtpServer};
use market_outside::Secret;
use serde_json::json;
use standardwebhooks::Webhook;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::gateways::SEND_EMAIL;
use crate::server::{Fault, Faulty};
use crate::table::{at, notice, sender};
use crate::{INTERNAL, sdk};

const KEY: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGUgZ2F0ZXdheQ==";
const NEW_KEY: &str = "whsec_bmV3IHNlY3JldCBvZiB0aGUgZ2F0ZXdheQ==";
const THIRD_KEY: &str = "whsec_dGhpcmQgc2VjcmV0IG9mIHRoZSBnYXRld2F5";
const ACCOUNT: &str = r#"{"username": "market", "password": "secret"}"#;

fn failed(by: Hindrance, reason: &str) -> Sending {
    Sending::Failed { by, reason: reason.to_owned() }
}

fn refused(reason: &str) -> Sending {
    Sending::Refused { reason: reason.to_owned() }
}

/// Instead of an answer, the end of the connection.
const BREAK_OFF: &str = "break off";

/// A mail server that answers one command otherwise than a good one would, and keeps what it is sent.
struct MailServer {
    server: SmtpServer,
    lines: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    async fn start(trouble: Option<(&'static str, &'static str)>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (read, mut write) = stream.into_split();
                let mut read = BufReader::new(read).lines();
                let mut in_data = false;
                let greeting = match trouble {
                    Some(("greeting", answer)) => answer,
                    _ => "220 mail",
                };
                drop(write.write_all(format!("{greeting}\r\n").as_bytes()).await);
                while let Ok(Some(line)) = read.next_line().await {
                    kept.lock().unwrap().push(line.clone());
                    let answer = match trouble {
                        _ if in_data && line != "." => continue,
                        Some((command, answer)) if line.starts_with(command) => answer,
                        _ if line.starts_with("EHLO") => "250-mail\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                        _ if line.starts_with("AUTH") => "235 welcome",
                        _ if line.starts_with("DATA") => "354 go on",
                        _ if line.starts_with("QUIT") => "221 bye",
                        _ => "250 done",
                    };
                    in_data = answer.starts_with("354");
                    if answer == BREAK_OFF {
                        break;
                    }
                    // What it is to hang at, it never answers.
                    if !answer.is_empty() {
                        drop(write.write_all(format!("{answer}\r\n").as_bytes()).await);
                    }
                }
            }
        });
        Self { server: SmtpServer { host: Ipv4Addr::LOCALHOST.to_string(), port }, lines }
    }

    async fn send(&self, account: &str) -> Sending {
        let secret = Secret::Given(account.to_owned());
        let smtp = SmtpEmail::without_tls(self.server.clone(), sender(), secret, Arc::new(SystemClock));
        smtp.send(&notice(Channel::Email, "shop@example.com")).await
    }
}

#[tokio::test]
async fn an_email_is_sent_by_smtp_under_its_notices_id() {
    let mail = MailServer::start(None).await;
    let id = notice(Channel::Email, "x").id;
    let accepted = Sending::Accepted { gateway_id: Some(id.as_str().to_owned()) };
    assert_eq!(mail.send(ACCOUNT).await, accepted);
    let lines = mail.lines.lock().unwrap();
    for line in [
        "MAIL FROM:<notices@market.example>".to_owned(),
        "RCPT TO:<shop@example.com>".to_owned(),
        format!("Message-ID: <{id}@market.example>"),
        "Reply-To: legal@market.example".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
}

#[tokio::test]
async fn ses_carries_the_same_message_as_smtp_to_the_same_mailbox() {
    let mail = MailServer::start(None).await;
    mail.send(ACCOUNT).await;
    let by_smtp = {
        let lines = mail.lines.lock().unwrap();
        let data = lines.iter().skip_while(|line| *line != "DATA").skip(1).take_while(|line| *line != ".");
        data.cloned().collect::<Vec<_>>()
    };
    let faulty = Faulty::start(None).await;
    let answer = json!({ "MessageId": "ses-1" }).to_string();
    faulty.fail_at(SEND_EMAIL, Fault::Answer(200, answer));
    let ses = SesEmail::new(&sdk(&faulty.url).await, sender(), Some("market-notices".to_owned()));
    let accepted = Sending::Accepted { gateway_id: Some("ses-1".to_owned()) };
    assert_eq!(ses.send(&notice(Channel::Email, "shop@example.com")).await, accepted);
    let asked = faulty.asked(SEND_EMAIL);
    let raw = BASE64_STANDARD.decode(asked["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(raw).unwrap().lines().collect::<Vec<_>>(), by_smtp);
    assert_eq!(asked["Destination"], json!({ "ToAddresses": ["shop@example.com"] }));
    assert_eq!(asked["ConfigurationSetName"], "market-notices");
    let tags: Vec<_> = asked["EmailTags"].as_array().unwrap().iter().map(|tag| &tag["Name"]).collect();
    assert_eq!(tags, ["notice", "recipient"]);
    assert_eq!(
        asked.get("FromEmailAddress"),
        None,
        "SES would write it over the message's own, name and all"
    );
}

#[tokio::test]
async fn a_mailbox_that_is_refused_is_refused_for_good_and_anything_else_may_be_sent_later() {
    for (command, answer, outcome) in [
        ("RCPT", "550 5.1.1 no such user shop@example.com", refused("smtp 550")),
        ("RCPT", "550 5.1.1 no such user relay@example.com", refused("smtp 550")),
        ("RCPT", "553 no such name", refused("smtp 553")),
        ("RCPT", "551 5.1.6 it has moved", refused("smtp 551")),
        ("RCPT", "550 5.7.1 not from you", failed(Failing, "smtp 550")),
        ("RCPT", "553 5.7.1 not by us", failed(Failing, "smtp 553")),
        ("RCPT", "552 5.2.2 mailbox full", failed(Failing, "smtp 552")),
        ("RCPT", "450 try again", failed(Failing, "smtp 450")),
        ("RCPT", "452 4.2.2 the mailbox is over its quota", failed(Failing, "smtp 452")),
        ("MAIL", "421 too busy", failed(Failing, "smtp 421")),
        ("AUTH", "454 4.7.0 cannot tell for the moment", failed(Failing, "smtp 454")),
        (".", "451 later", failed(Failing, "smtp 451")),
        (".", "553 5.1.1 no such mailbox after all", failed(Failing, "smtp 553")),
        (".", "552 5.2.2 mailbox full", failed(Failing, "smtp 552")),
        // As SES says it, at whichever step.
        ("MAIL", "454 Throttling failure: Maximum sending rate exceeded.", failed(Throttled, "smtp 454")),
        (".", "454 Throttling failure: Daily message quota exceeded.", failed(Throttled, "smtp 454")),
        ("RCPT", "421 4.7.0 too many messages from your address", failed(Throttled, "smtp 421")),
        ("greeting", "421 4.4.5 later", failed(Throttled, "smtp 421")),
        // Of our server, our account and our address, and not of the recipient's.
        ("greeting", "554 5.7.1 your address is blocked", failed(Misconfigured, "smtp 554")),
        ("MAIL", "550 5.7.1 no relay", failed(Misconfigured, "smtp 550")),
        ("MAIL", "501 who is that", failed(Misconfigured, "smtp 501")),
        ("MAIL", "553 5.1.8 no such sender", failed(Misconfigured, "smtp 553")),
        ("RCPT", "530 5.7.0 sign in first", failed(Misconfigured, "smtp 530")),
        // True of every notice, although it is said of a recipient.
        ("RCPT", "553 5.1.8 no such sender", failed(Misconfigured, "smtp 553")),
        ("RCPT", "550 5.1.7 no such sender", failed(Misconfigured, "smtp 550")),
        ("RCPT", "554 5.7.1 <shop@example.com>: Relay access denied", failed(Misconfigured, "smtp 554")),
        (
            "RCPT",
            "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            failed(Misconfigured, "smtp 553"),
        ),
        ("AUTH", "535 who are you", failed(Misconfigured, "smtp 535")),
        ("DATA", "554 not that", failed(Misconfigured, "smtp 554")),
        (".", "554 Message rejected: Email address is not verified.", failed(Misconfigured, "smtp 554")),
        (".", "553 5.1.8 no such sender", failed(Misconfigured, "smtp 553")),
    ] {
        let mail = MailServer::start(Some((command, answer))).await;
        assert_eq!(mail.send(ACCOUNT).await, outcome, "{command} {answer}");
    }
}

/// What becomes of a message whose server does not answer a command, given up after so many seconds. (What cannot even
/// take leave is left two seconds later.)
async fn hung(command: &'static str, seconds: u64) -> Sending {
    let mail = MailServer::start(Some((command, ""))).await;
    let began = tokio::time::Instant::now();
    let sending = mail.send(ACCOUNT).await;
    let took = began.elapsed().as_secs();
    assert!((seconds..=seconds + 2).contains(&took), "{command}: {took}");
    sending
}

#[tokio::test(start_paused = true)]
async fn a_mail_server_that_hangs_is_given_up_after_each_steps_own_time() {
    for (command, seconds) in [("EHLO", 20), ("AUTH", 10), ("MAIL", 10), ("RCPT", 10), ("DATA", 10)] {
        assert_eq!(hung(command, seconds).await, failed(Unreachable, "timeout"), "{command}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_knows_what_became_of_a_message_that_was_written_and_not_answered() {
    assert_eq!(hung(".", 120).await, Sending::Unknown);
    let mail = MailServer::start(Some((".", BREAK_OFF))).await;
    assert_eq!(mail.send(ACCOUNT).await, Sending::Unknown);
    let mail = MailServer::start(Some(("DATA", BREAK_OFF))).await;
    assert_eq!(
        mail.send(ACCOUNT).await,
        failed(Unreachable, "unreachable"),
        "not one word of it was written"
    );
}

#[tokio::test]
async fn a_mail_server_cannot_be_used_without_its_account_and_the_secret_is_told_to_nobody() {
    let mail = MailServer::start(None).await;
    for account in ["", "{}", "secret-7f3a"] {
        assert_eq!(mail.send(account).await, failed(Misconfigured, "no credentials"));
    }
    assert!(mail.lines.lock().unwrap().is_empty(), "it was not called");
}

#[tokio::test]
async fn a_mail_server_without_tls_learns_neither_the_account_nor_the_message() {
    let mail = MailServer::start(None).await;
    let secret = Secret::Given(ACCOUNT.to_owned());
    let smtp = SmtpEmail::new(mail.server.clone(), sender(), secret, Arc::new(SystemClock));
    let sending = smtp.unwrap().send(&notice(Channel::Email, "shop@example.com")).await;
    assert_eq!(sending, failed(Misconfigured, "not trusted"));
    let lines = mail.lines.lock().unwrap();
    assert!(lines.iter().all(|line| line.starts_with("EHLO") || line == "QUIT"), "{lines:?}");
}

/// A supplier's gateway: what it was sent, and what it answers.
#[derive(Clone)]
struct Supplier {
    answer: (u16, &'static str),
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

async fn supplier(answer: (u16, &'static str)) -> (Supplier, HttpText) {
    let supplier = Supplier { answer, got: Arc::default() };
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/texts", listener.local_addr().unwrap());
    let router = Router::new().fallback(take).with_state(supplier.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (supplier, HttpText::new(url, Secret::Given(KEY.to_owned()), Arc::new(SystemClock)))
}

async fn take(State(supplier): State<Supplier>, headers: HeaderMap, body: Bytes) -> Response {
    supplier.got.lock().unwrap().push((headers, body));
    let (status, body) = supplier.answer;
    if status == 0 {
        std::future::pending::<()>().await;
    }
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

#[tokio::test]
async fn a_text_message_is_signed_so_that_its_supplier_can_verify_it_with_the_schemes_own_library() {
    let (supplier, text) = supplier((202, r#"{"id": "sms-1"}"#)).await;
    let notice = notice(Channel::Sms, "+8613800000001");
    let accepted = Sending::Accepted { gateway_id: Some("sms-1".to_owned()) };
    assert_eq!(text.send(&notice).await, accepted);
    let (headers, body) = supplier.got.lock().unwrap().remove(0);
    Webhook::new(KEY).unwrap().verify(&body, &headers).expect("the signature holds");
    assert!(Webhook::new(NEW_KEY).unwrap().verify(&body, &headers).is_err());
    assert_eq!(headers["webhook-id"], notice.id.as_str(), "a repeat can be told");
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["to"], "+8613800000001");
    assert_eq!(body["text"], "The agreement has ended\nIt has ended.");
}

#[tokio::test]
async fn what_the_supplier_answers_decides_whether_a_text_message_may_be_sent_later() {
    let accepted = |_: &str| Sending::Accepted { gateway_id: None };
    let by = |hindrance| move |reason: &str| failed(hindrance, reason);
    type Meaning = Box<dyn Fn(&str) -> Sending>;
    let table: [(&[u16], Meaning); 5] = [
        (&[200, 201, 202, 204, 409], Box::new(accepted)),
        // Said of this message.
        (&[400, 413, 422], Box::new(refused)),
        // Said of our key, our address, or how we ask: true of every notice, and ours to mend.
        (
            &[301, 302, 307, 308, 401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 421, 426, 431, 451],
            Box::new(by(Misconfigured)),
        ),
        (&[429], Box::new(by(Throttled))),
        (&[408, 425, 500, 501, 502, 503, 504, 599], Box::new(by(Failing))),
    ];
    for (statuses, meaning) in &table {
        for &status in *statuses {
            let (_, text) = supplier((status, INTERNAL)).await;
            let outcome = text.send(&notice(Channel::Sms, "+8613800000001")).await;
            assert_eq!(outcome, meaning(&format!("status {status}")), "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_supplier_that_hangs_is_given_up() {
    let (_, text) = supplier((0, "")).await;
    let began = tokio::time::Instant::now();
    assert_eq!(text.send(&notice(Channel::Sms, "+8613800000001")).await, failed(Unreachable, "unreachable"));
    assert!(began.elapsed().as_secs() < 10, "within a job's time");
}

/// A callback signed with a key at an instant.
fn callback(key: &str, now: Timestamp) -> HeaderMap {
    let signature = Webhook::new(key).unwrap().sign("pay-1", now.as_second(), b"{}").unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "pay-1".parse().unwrap());
    headers.insert("webhook-timestamp", now.as_second().to_string().parse().unwrap());
    headers.insert("webhook-signature", signature.parse().unwrap());
    headers
}

#[tokio::test]
async fn a_payment_key_is_rotated_without_a_deploy_and_serves_on_while_its_secret_cannot_be_had() {
    let faulty = Faulty::start(None).await;
    let client = aws_sdk_secretsmanager::Client::new(&sdk(&faulty.url).await);
    let keys = PaymentKeys::of(Secret::Named(client, "payment-keys".to_owned()));
    let holds = |text: &str| Fault::Answer(200, json!({ "SecretString": text }).to_string());
    let code = async |key: &str, second: i64| {
        keys.verify(&callback(key, at(second)), b"{}", at(second)).await.map_err(|problem| problem.code)
    };
    const READ: &str = "GetSecretValue";

    faulty.fail_at(READ, Fault::Answer(500, INTERNAL.to_owned()));
    assert_eq!(code(KEY, 0).await, Err(problems::UNAVAILABLE), "nothing can be said of it");
    faulty.fail_at(READ, holds(KEY));
    assert_eq!(code(KEY, 5).await, Ok(()));
    // The new key is added to the secret; whoever signs with it is believed at the latest a minute later.
    faulty.fail_at(READ, holds(&format!("{NEW_KEY},\n{KEY}")));
    assert_eq!(
        code(NEW_KEY, 64).await,
        Err(problems::INVALID_SIGNATURE),
        "forgeries do not make it ask again"
    );
    assert_eq!(faulty.calls(READ), 0);
    assert_eq!(code(NEW_KEY, 65).await, Ok(()));
    assert_eq!(code(KEY, 66).await, Ok(()), "both are in force");
    assert_eq!(faulty.calls(READ), 1);
    // A second rotation, while the secret cannot be had: what cannot be known is not called forged, however often.
    faulty.fail_at(READ, Fault::Answer(400, INTERNAL.to_owned()));
    for second in [400, 401, 406] {
        assert_eq!(code(THIRD_KEY, second).await, Err(problems::UNAVAILABLE), "{second}");
    }
    // It goes on with what it has, for a day.
    faulty.fail_at(READ, Fault::Answer(400, INTERNAL.to_owned()));
    assert_eq!(code(NEW_KEY, 1_000).await, Ok(()));
    assert_eq!(code(NEW_KEY, 65 + 24 * 3_600).await, Err(problems::UNAVAILABLE));
    faulty.fail_at(READ, holds("not a key"));
    assert_eq!(code(NEW_KEY, 100 + 24 * 3_600).await, Err(problems::UNAVAILABLE));
}
