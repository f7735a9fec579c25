//! What handlers ask of AWS beside the table: the file that the roles of the templates are compared with.
//!
//! Queues, mail, text messages and secrets are asked by few; each of those does here all that it ever does, and each
//! job fails in each way that there is: with an error, in a panic, without an end, and by a message that cannot be read.
//! A failed message is asked to come again sooner than its queue would have it. (What Lambda itself asks in their name,
//! to read a queue or a stream, is not theirs.)
//!
//! Then all of it is done again under a role that allows just that, and under one that lacks something.

use std::collections::{BTreeMap, BTreeSet};

use expect_test::expect_file;
use futures_util::future::join_all;
use market_identity::Role;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use serde_json::{Value, json};

use crate::function::{Function, Settings};
use crate::gateway::Request;
use crate::handouts::{record, tick};
use crate::json::Json;
use crate::surroundings::{Surroundings, actions, long_ago, messages, wake_up};
use crate::workers::{StuckWay, failures};

/// What a function did: around what, and how it ended.
struct Done {
    around: Surroundings,
    ended: Result<Json, Json>,
}

impl Done {
    fn asked(&self) -> BTreeSet<&'static str> {
        self.around.services.operations().iter().flat_map(|operation| actions(operation)).copied().collect()
    }
}

/// A role that allows these actions; none where nothing is refused.
type Allowed<'a> = Option<&'a BTreeSet<String>>;

async fn surroundings(allowed: Allowed<'_>) -> Surroundings {
    let around = Surroundings::start().await;
    if let Some(allowed) = allowed {
        around.services.allow_only(allowed.clone());
    }
    around
}

/// Does its work once.
async fn invoke(around: Surroundings, handler: &str, settings: Settings, event: Value) -> Done {
    let mut function = Function::start(handler, settings).await;
    let ended = function.invoke(event).await;
    Done { around, ended }
}

/// A batch of a job in which every message fails in a way of its own.
async fn failing(handler: &str, job: Lane, allowed: Allowed<'_>) -> Done {
    let around = surroundings(allowed).await;
    let kind = match job {
        Lane::Notify => "notice",
        Lane::ExpireGrant => "grant",
        Lane::RemindDeletion => "demand",
        Lane::TerminateAccount => "termination",
        Lane::AdvanceCase => "order",
        Lane::SealLedger => "ledger",
    };
    let key = |name: &str| Key::stored("provider#northwind", format!("{kind}#{name}"));
    around.corrupt(&key("corrupt"), kind).await;
    let (_, way) = StuckWay::start(&around.dynamodb_url, &key("stuck")).await;
    let settings = around
        .settings()
        .with("AWS_ENDPOINT_URL_DYNAMODB", way)
        .with("MARKET_DRILL", key("drilled").sort.as_str())
        .with("MARKET_JOB_TIMEOUT_MS", "1500");
    let wake_up = |name: &str| serde_json::to_string(&WakeUp { lane: job, key: key(name) }).expect("JSON");
    let event = messages(&[
        ("error", wake_up("corrupt"), 1),
        ("panic", wake_up("drilled"), 1),
        ("hang", wake_up("stuck"), 1),
        ("unreadable", "{".to_owned(), 1),
    ]);
    let done = invoke(around, handler, settings, event).await;
    let response = done.ended.as_ref().expect("a batch response");
    // Whether or not they could be asked to come again soon.
    assert_eq!(failures(response), ["error", "hang", "panic", "unreadable"], "{handler}");
    done
}

/// `notify` where the ways out are chosen so; of an e-mail, or of a text message.
async fn notify(is_text: bool, choose: fn(Settings) -> Settings, allowed: Allowed<'_>) -> Done {
    let around = surroundings(allowed).await;
    let key = around.notice_due("northwind", long_ago()).await;
    if is_text {
        around.make_text(&key).await;
    }
    let settings = choose(around.settings());
    invoke(around, "worker/notify", settings, messages(&[("m", wake_up(&key), 1)])).await
}

/// What is done under each name of the file.
async fn deed(name: &str, allowed: Allowed<'_>) -> Done {
    if let Some(Ok(job)) = name.strip_prefix("worker/").map(str::parse) {
        return failing(name, job, allowed).await;
    }
    match name {
        "relay" => {
            let around = surroundings(allowed).await;
            let due = around.notice_due("northwind", long_ago()).await;
            let records = json!({ "Records": [record(&around, 1, &due, false).await] });
            let settings = around.settings();
            invoke(around, name, settings, records).await
        }
        "sweep" => {
            let around = surroundings(allowed).await;
            around.notice_due("northwind", long_ago()).await;
            let settings = around.settings();
            invoke(around, name, settings, tick()).await
        }
        "api/take_payment" | "api/take_return" => {
            let around = surroundings(allowed).await;
            let path = if name == "api/take_payment" { "/payments" } else { "/returns" };
            let at = market_ambient::Clock::now(&market_ambient::SystemClock).as_second();
            let callback = Request::post(path, "none", "{}".to_owned())
                .header("webhook-id", "pay-1")
                .header("webhook-timestamp", &at.to_string())
                .header("webhook-signature", "v1,none");
            let settings = around.settings();
            invoke(around, name, settings, callback.event()).await
        }
        "authorizer" => {
            let around = surroundings(allowed).await;
            let token = around.issuer.token(Role::Operator, "alice@example.com");
            let unlawful = json!({ "type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": "arn" });
            let settings = around.settings();
            invoke(around, name, settings, unlawful).await
        }
        "worker/notify, EmailBy ses" => notify(false, |settings| settings, allowed).await,
        "worker/notify, SmsBy none" => notify(true, |settings| settings, allowed).await,
        "worker/notify, SmsBy sns" => {
            notify(true, |settings| settings.with("MARKET_SMS_BY", "sns"), allowed).await
        }
        // Where nobody listens: what it needs before it can send is what it asks AWS for.
        "worker/notify, EmailBy smtp" => {
            notify(false, |settings| settings.by_smtp("127.0.0.1", 1), allowed).await
        }
        "worker/notify, SmsBy http" => {
            notify(true, |settings| settings.by_http("http://127.0.0.1:1/texts"), allowed).await
        }
        other => panic!("nobody does {other}"),
    }
}

fn names() -> Vec<String> {
    let handlers = ["api/take_payment", "api/take_return", "authorizer", "relay", "sweep"];
    let ways = ["EmailBy ses", "EmailBy smtp", "SmsBy http", "SmsBy none", "SmsBy sns"];
    let workers = Lane::ALL.into_iter().map(|job| format!("worker/{job}"));
    let ways = ways.into_iter().map(|way| format!("worker/notify, {way}"));
    handlers.into_iter().map(str::to_owned).chain(workers).chain(ways).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_handler_asks_of_aws_beside_the_table_what_its_role_is_compared_with() {
    let asked = join_all(names().into_iter().map(async |name| {
        let asked = deed(&name, None).await.asked();
        (name, asked)
    }))
    .await;
    let seen: BTreeMap<_, _> = asked.into_iter().collect();
    let mut text = serde_json::to_string_pretty(&seen).expect("JSON");
    text.push('\n');
    expect_file!["../../infra/calls.json"].assert_eq(&text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_just_that_suffices_for_all_of_it_and_one_that_lacks_something_is_refused_that() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/calls.json");
    let text = std::fs::read_to_string(file).expect("it is committed");
    let granted: BTreeMap<String, BTreeSet<String>> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(granted.keys().cloned().collect::<BTreeSet<_>>(), names().into_iter().collect());
    join_all(granted.iter().map(async |(name, granted)| {
        let done = deed(name, Some(granted)).await;
        assert_eq!(done.around.services.refused(), BTreeSet::new(), "{name}");
        for lacking in granted {
            let rest = granted.iter().filter(|action| *action != lacking).cloned().collect();
            let done = deed(name, Some(&rest)).await;
            assert_eq!(done.around.services.refused(), BTreeSet::from([lacking.as_str()]), "{name}");
        }
    }))
    .await;
}
