//! No log of a function holds a token, a name or an address, whatever it was sent and however that ended: logs are kept for a
//! year, and read by more people than may read the table.
//!
//! At every level that a deployment can choose (`LogLevel`). What cannot be read, what AWS refuses and what comes back are
//! among it, for it is what goes wrong that tempts to log what it was.

use market_identity::Role;
use market_kernel::keys::Key;
use serde_json::{Value, json};

use crate::function::{Function, Settings};
use crate::gateway::Request;
use crate::surroundings::{Surroundings, email, long_ago, messages, wake_up};

const LEGAL_NAME: &str = "成都示例商贸有限公司";
const PERSON: &str = "alice.liddell@example.net";
const PHONE: &str = "+8613800000001";
const IDEMPOTENCY_KEY: &str = "a-key-that-nobody-guesses";
const SIGNATURE: &str = "v1,c2lnbmF0dXJlIG9mIGEgcGF5bWVudA==";

/// Gives a function some events; whatever came of them, what it logged.
async fn logged(handler: &str, settings: Settings, level: &str, events: Vec<Value>) -> String {
    let mut function = Function::start(handler, settings.with("RUST_LOG", level)).await;
    for event in events {
        drop(function.invoke(event).await);
    }
    let log = function.end().await;
    assert!(level != "info" || !log.is_empty(), "{handler} logs nothing, which shows nothing");
    log
}

/// What a merchant sends, from what is taken to what nobody understands.
fn requests(token: &str) -> Vec<Value> {
    let application = |name: &str, code: &str| {
        let contacts = json!({ "email": email("shop-1"), "phone": PHONE, "language": "zh" });
        json!({ "legal_name": name, "credit_code": code, "contacts": contacts }).to_string()
    };
    let post = |body: String| Request::post("/accounts/shop-1", IDEMPOTENCY_KEY, body).bearer(token);
    let with_name = json!({ "legal_name": LEGAL_NAME, PERSON: 1, "contacts": PHONE }).to_string();
    vec![
        post(application(LEGAL_NAME, "91510100MA6C0QLJ7T")).event(),
        post(application(LEGAL_NAME, "91510100MA6C0QLJ70")).event(),
        post(application(PERSON, LEGAL_NAME)).event(),
        post(with_name).event(),
        post(format!("{{\"legal_name\": \"{LEGAL_NAME}")).event(),
        Request::get("/accounts/shop-1").bearer(token).event(),
        Request::get(format!("/accounts/{PERSON}")).bearer(token).event(),
        Request::get(format!("/nowhere/{PERSON}")).bearer(token).event(),
        Request::get("/listings").query("search", LEGAL_NAME).query("cursor", PERSON).event(),
        Request::get("/me").query("access_token", token).event(),
        Request::get("/me").bearer(&format!("{token}x")).event(),
        Request::post(
            "/payments",
            IDEMPOTENCY_KEY,
            json!({ "payer": LEGAL_NAME, "from": PERSON }).to_string(),
        )
        .header("webhook-id", "pay-1")
        .header("webhook-timestamp", "1583798639")
        .header("webhook-signature", SIGNATURE)
        .event(),
        // What is no request at all.
        json!({ "someone": PERSON, "Authorization": token }),
    ]
}

async fn all_logs(level: &str) -> (String, Vec<String>) {
    let around = Surroundings::start().await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let of_a_person = around.issuer.token(Role::Operator, PERSON);
    let mut logs = logged("api", around.settings(), level, requests(&token)).await;
    // The same while the table is away.
    let away = around.settings().with("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1");
    logs += &logged("api", away, level, requests(&token)[..1].to_vec()).await;

    let asked = |token: &str| json!({ "type": "TOKEN", "authorizationToken": format!("Bearer {token}"), "methodArn": "arn" });
    let tokens =
        vec![asked(&token), asked(&of_a_person), asked(&format!("{token}x")), asked("no.token.at-all")];
    logs += &logged("authorizer", around.settings(), level, tokens).await;

    // By each way out, where it is taken and where nobody answers; and what cannot be read.
    let nobody = "http://127.0.0.1:1";
    let mail = around.settings();
    let ways = [
        (false, mail.clone()),
        (false, mail.clone().with("AWS_ENDPOINT_URL_SESV2", nobody)),
        (false, mail.clone().by_smtp("127.0.0.1", 1)),
        (true, mail.clone().with("MARKET_SMS_BY", "sns")),
        (true, mail.clone().with("MARKET_SMS_BY", "sns").with("AWS_ENDPOINT_URL_SNS", nobody)),
        (true, mail.clone().by_http(nobody)),
    ];
    for (number, (is_text, settings)) in ways.into_iter().enumerate() {
        let key = around.notice_due(&format!("northwind-{number}"), long_ago()).await;
        if is_text {
            around.make_text(&key).await;
        }
        let event = messages(&[("m", wake_up(&key), 1), ("unreadable", format!("{{{PERSON}"), 1)]);
        logs += &logged("worker/notify", settings, level, vec![event]).await;
    }
    let key = Key::stored("provider#northwind", "notice#corrupt".to_owned());
    around.corrupt(&key, "notice").await;
    let corrupt = messages(&[("m", wake_up(&key), 1)]);
    logs += &logged("worker/notify", around.settings(), level, vec![corrupt]).await;

    let recipients =
        json!([{ "emailAddress": email("northwind-0"), "diagnosticCode": format!("550 {PERSON}") }]);
    let bounce = json!({
        "eventType": "Bounce",
        "mail": { "messageId": "ses-of-another", "destination": [email("northwind-0")], "tags": {} },
        "bounce": { "bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": recipients },
    });
    let told = messages(&[("m", bounce.to_string(), 1), ("unreadable", format!("{PERSON} bounced"), 1)]);
    logs += &logged("feedback", around.settings(), level, vec![told]).await;

    let mut secrets: Vec<String> =
        [token.as_str(), &of_a_person].iter().map(|token| (*token).to_owned()).collect();
    // The claims alone would say who; the signature alone is what makes it a token.
    secrets.extend(token.split('.').skip(1).map(str::to_owned));
    let known = [LEGAL_NAME, "北风软件有限公司", PERSON, PHONE, IDEMPOTENCY_KEY, SIGNATURE];
    secrets.extend(known.map(str::to_owned));
    secrets.extend((0..6).map(|number| email(&format!("northwind-{number}"))));
    secrets.push(email("shop-1"));
    (logs, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_functions_log_names_nobody_at_any_level_whatever_they_were_sent() {
    for level in ["info", "debug"] {
        let (logs, secrets) = all_logs(level).await;
        let said: Vec<&String> = secrets.iter().filter(|secret| logs.contains(secret.as_str())).collect();
        let lines: Vec<&str> = logs
            .lines()
            .filter(|line| said.iter().any(|secret| line.contains(secret.as_str())))
            .take(5)
            .collect();
        assert!(said.is_empty(), "at {level}: {said:?}, in {lines:#?}");
    }
}
