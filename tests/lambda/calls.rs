//! What handlers ask of AWS beside the table: the file that the roles of the templates are compared with.
//!
//! Queues, mail, text messages and secrets are asked by few; each of those does here all that it ever does, and each
//! job fails once: a failed message is asked to come again sooner than its queue would have it. (What Lambda itself asks in their name, to read a queue or a stream, is not theirs.)

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use market_domain::aggregate::{Job, Key};
use market_identity::Role;
use market_jobs::WakeUp;
use serde_json::{Value, json};

use crate::function::{Function, Settings};
use crate::gateway::Request;
use crate::handouts::{record, tick};
use crate::surroundings::{Surroundings, long_ago, messages, wake_up};

/// The actions that allow an operation.
fn actions(operation: &str) -> &'static [&'static str] {
    match operation {
        "ChangeMessageVisibility" => &["sqs:ChangeMessageVisibility"],
        "GetSecretValue" => &["secretsmanager:GetSecretValue"],
        "Publish" => &["sns:Publish"],
        // SES asks for the second where the message is composed already, as ours is.
        "SendEmail" => &["ses:SendEmail", "ses:SendRawEmail"],
        "SendMessageBatch" => &["sqs:SendMessage"],
        other => panic!("no handler is to call {other}"),
    }
}

/// What a function asked for while it did its work.
async fn asked(
    around: &Surroundings,
    handler: &str,
    settings: Settings,
    event: Value,
) -> BTreeSet<&'static str> {
    let mut function = Function::start(handler, settings).await;
    // How it ends is for other tests: what it asked for counts.
    drop(function.invoke(event).await);
    around.services.operations().iter().flat_map(|operation| actions(operation)).copied().collect()
}

/// What a worker asks for where its job fails.
async fn failing(handler: &str) -> BTreeSet<&'static str> {
    let (around, key) = (Surroundings::start().await, Key::new("provider#northwind", "drilled"));
    let job: Job = handler.trim_start_matches("worker/").parse().expect("a job's name");
    let body = serde_json::to_string(&WakeUp { job, key: key.clone() }).expect("JSON");
    let settings = around.settings().with("MARKET_DRILL", key.sort);
    asked(&around, handler, settings, messages(&[("m", body, 1)])).await
}

/// What `notify` asks for where the ways out are chosen so; of an e-mail, or of a text message.
async fn notify(is_text: bool, choose: fn(Settings) -> Settings) -> BTreeSet<&'static str> {
    let around = Surroundings::start().await;
    let key = around.notice_due("northwind", long_ago()).await;
    if is_text {
        around.make_text(&key).await;
    }
    let settings = choose(around.settings());
    asked(&around, "worker/notify", settings, messages(&[("m", wake_up(&key), 1)])).await
}

#[tokio::test]
async fn each_handler_asks_of_aws_beside_the_table_what_its_role_is_compared_with() {
    let mut seen = BTreeMap::new();

    let around = Surroundings::start().await;
    let due = around.notice_due("northwind", long_ago()).await;
    let records = json!({ "Records": [record(&around, 1, &due, false).await] });
    seen.insert("relay", asked(&around, "relay", around.settings(), records).await);

    let around = Surroundings::start().await;
    around.notice_due("northwind", long_ago()).await;
    seen.insert("sweep", asked(&around, "sweep", around.settings(), tick()).await);

    for (handler, path) in [("api/take_payment", "/payments"), ("api/take_return", "/returns")] {
        let around = Surroundings::start().await;
        let at = market_ambient::Clock::now(&market_ambient::SystemClock).as_second();
        let callback = Request::post(path, "none", "{}".to_owned())
            .header("webhook-id", "pay-1")
            .header("webhook-timestamp", &at.to_string())
            .header("webhook-signature", "v1,none");
        seen.insert(handler, asked(&around, handler, around.settings(), callback.event()).await);
    }

    let around = Surroundings::start().await;
    let token = around.issuer.token(Role::Operator, "alice@example.com");
    let unlawful =
        json!({ "type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": "arn" });
    seen.insert("authorizer", asked(&around, "authorizer", around.settings(), unlawful).await);

    let workers: Vec<_> = Job::ALL.into_iter().map(|job| format!("worker/{job}")).collect();
    for worker in &workers {
        seen.insert(worker, failing(worker).await);
    }
    seen.insert("worker/notify, EmailBy ses", notify(false, |settings| settings).await);
    seen.insert("worker/notify, SmsBy none", notify(true, |settings| settings).await);
    let sns = notify(true, |settings| settings.with("MARKET_SMS_BY", "sns")).await;
    seen.insert("worker/notify, SmsBy sns", sns);
    // Where nobody listens: what it needs before it can send is what it asks AWS for.
    let smtp = notify(false, |settings| settings.by_smtp("127.0.0.1", 1)).await;
    seen.insert("worker/notify, EmailBy smtp", smtp);
    let http = notify(true, |settings| settings.by_http("http://127.0.0.1:1/texts")).await;
    seen.insert("worker/notify, SmsBy http", http);

    let mut text = serde_json::to_string_pretty(&seen).expect("JSON");
    text.push('\n');
    expect_file!["../../infra/calls.json"].assert_eq(&text);
}
