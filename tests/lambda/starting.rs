//! What cannot work does not come up; and what is not to be deployed is not in the binary.

use crate::function::{Exit, Function, binary};
use crate::surroundings::Surroundings;

fn assert_did_not_come_up(exit: &Exit, words: &[&str]) {
    assert!(!exit.came_up, "it asked for an event: {}", exit.log);
    assert_eq!(exit.status.code(), Some(1), "{}", exit.log);
    for word in words {
        assert!(exit.log.contains(word), "no word of {word}: {}", exit.log);
    }
}

#[tokio::test]
async fn an_unknown_handler_ends_at_once_and_is_named() {
    let around = Surroundings::start().await;
    for handler in ["bootstrap", "api/drop_table", "worker/none", "sweep/all"] {
        let exit = Function::start(handler, around.settings()).await.exit().await;
        assert_did_not_come_up(&exit, &["no handler is called", handler]);
    }
}

#[tokio::test]
async fn a_missing_setting_ends_the_function_at_once_and_is_named() {
    let around = Surroundings::start().await;
    for (handler, names) in [
        (
            "api/get_account",
            &[
                "MARKET_TABLE",
                "MARKET_ISSUER",
                "MARKET_AUDIENCE",
                "MARKET_JWKS_URL",
                "MARKET_TOKEN_ALGORITHM",
                "MARKET_SUBJECT_KEY_SECRET",
                "MARKET_OPERATOR_ZH",
                "MARKET_OPERATOR_EN",
                "MARKET_OFFICIAL_ADDRESS",
            ][..],
        ),
        ("api/take_payment", &["MARKET_TABLE", "MARKET_PAYMENT_KEYS_SECRET"]),
        (
            "authorizer",
            &[
                "MARKET_ISSUER",
                "MARKET_AUDIENCE",
                "MARKET_JWKS_URL",
                "MARKET_TOKEN_ALGORITHM",
                "MARKET_SUBJECT_KEY_SECRET",
            ],
        ),
        ("checks", &["MARKET_TABLE", "MARKET_OPERATOR_ZH", "MARKET_OPERATOR_EN", "MARKET_OFFICIAL_ADDRESS"]),
        ("worker/notify", &["MARKET_TABLE", "MARKET_EMAIL_BY", "MARKET_EMAIL_FROM", "MARKET_SMS_BY"]),
        ("worker/expire_grant", &["MARKET_TABLE", "MARKET_OPERATOR_ZH", "MARKET_OFFICIAL_ADDRESS"]),
        ("feedback", &["MARKET_TABLE", "MARKET_OPERATOR_EN", "MARKET_OFFICIAL_ADDRESS"]),
        ("sweep", &["MARKET_TABLE", "MARKET_QUEUE_URLS"]),
        ("relay", &["MARKET_QUEUE_URLS"]),
    ] {
        for name in names {
            let exit = Function::start(handler, around.settings().without(name)).await.exit().await;
            assert_did_not_come_up(&exit, &[&format!("the setting {name} is missing")]);
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_ends_the_function_at_once_and_is_named() {
    let around = Surroundings::start().await;
    for (handler, name, value) in [
        ("api", "MARKET_TOKEN_ALGORITHM", "none"),
        ("api", "MARKET_PAYMENT_KEYS", "whsec_?"),
        ("api", "MARKET_PAYMENT_KEYS", "whsec_"),
        ("api", "MARKET_PAYMENT_KEYS", "changeme"),
        ("api", "MARKET_PUBLICITY", "sometimes"),
        ("api", "MARKET_CALLERS", "anyone"),
        ("api", "MARKET_OPERATOR_ZH", "\u{200b}"),
        ("feedback", "MARKET_OFFICIAL_ADDRESS", "the mailroom"),
        ("authorizer", "MARKET_NBF", "sometimes"),
        ("authorizer", "MARKET_SUBJECTS", "some"),
        ("authorizer", "MARKET_SUBJECT_KEY", "changeme"),
        ("authorizer", "MARKET_PARTY_CLAIM", "/"),
        ("authorizer", "MARKET_ROLE_CLAIM", "/"),
        ("worker/notify", "MARKET_EMAIL_BY", "pigeon"),
        ("worker/notify", "MARKET_EMAIL_FROM", "a..b@x.cn"),
        ("worker/notify", "MARKET_OFFICIAL_ADDRESS", "Market <legal@market.example>"),
        ("worker/notify", "MARKET_SMS_BY", "pigeon"),
        ("worker/notify", "MARKET_JOB_TIMEOUT_MS", "soon"),
    ] {
        let exit = Function::start(handler, around.settings().with(name, value)).await.exit().await;
        assert_did_not_come_up(&exit, &[&format!("the setting {name} ")]);
    }
}

#[tokio::test]
async fn each_way_out_of_the_market_names_the_setting_that_it_lacks_or_cannot_use() {
    let around = Surroundings::start().await;
    let smtp = around.settings().by_smtp("smtp.example.com", 587);
    let http = around.settings().by_http("https://sms.example.com/texts");
    for (settings, names) in [
        (&smtp, &["MARKET_SMTP_SERVER", "MARKET_SMTP_PORT", "MARKET_SMTP_SECRET"][..]),
        (&http, &["MARKET_SMS_URL", "MARKET_SMS_SECRET"]),
    ] {
        for name in names {
            let exit = Function::start("worker/notify", settings.clone().without(name)).await.exit().await;
            assert_did_not_come_up(&exit, &[&format!("the setting {name} is missing")]);
        }
    }
    for (name, value) in [("MARKET_SMTP_PORT", "mail"), ("MARKET_SMTP_SERVER", "no name")] {
        let exit = Function::start("worker/notify", smtp.clone().with(name, value)).await.exit().await;
        assert_did_not_come_up(&exit, &[&format!("the setting {name} ")]);
    }
}

#[test]
fn the_deployed_binary_has_none_of_the_local_market() {
    let binary = std::fs::read(binary()).expect("the binary was built");
    let text = String::from_utf8_lossy(&binary);
    assert!(text.contains("/accounts/{account_id}"), "texts can be found in it");
    for local in ["_local/token", "_local/clock", "/_local/"] {
        assert!(!text.contains(local), "{local}");
    }
}
