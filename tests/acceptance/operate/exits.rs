//! How commands end, and what they say of it: to people in words, to programs in one document, to shells by a number.

use std::net::Ipv4Addr;

use axum::Router;
use axum::http::StatusCode;
use market_identity::Role;
use tokio::net::TcpListener;

use super::command::market;
use crate::harness::World;

/// What is no market, and answers so whatever it is asked.
async fn answers(status: StatusCode, text: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(async move || (status, text));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_has_its_exit_code_and_with_json_every_error_is_one_document() {
    let world = World::new().await;
    let url = world.running.url.clone();
    let broken = answers(StatusCode::BAD_GATEWAY, "<html>\u{1b}[31mbad gateway</html>").await;
    let moved = answers(StatusCode::FOUND, "").await;
    let page = answers(StatusCode::OK, "<html>welcome</html>").await;
    let circle = answers(StatusCode::OK, r#"{ "items": [], "next_cursor": "again" }"#).await;
    let bent = answers(StatusCode::OK, r#"{ "items": [], "next_cursor": "a&limit=1" }"#).await;
    let with_token = [("MARKET_TOKEN", "t")];
    let merchant = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let operator = world.operators_token();
    let nothing = "ntc_00000000000000000000000000000000";
    let aws = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_REGION", "cn-north-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ];
    let alone = [("AWS_REGION", "cn-north-1"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("market.db").display().to_string();
    std::fs::write(
        &file,
        "no database at all, and longer than a header of one would have to be, which has a hundred bytes",
    )
    .unwrap();
    let broken_table = format!("notices --data {}", folder.path().display());
    let resend = format!("notices resend account/shop-1 {nothing} --url {url}");
    let missing = "publish --file /nowhere/a.txt --document a --kind rule --title t --url http://127.0.0.1:1";
    for (line, environment, exit, code, says) in [
        (format!("jobs late --url {url}"), &[][..], 0, "", ""),
        (format!("verify --account nobody --url {url}"), &[], 1, "", ""),
        ("jobs".to_owned(), &[], 2, "usage", "jobs"),
        ("verify --url 127.0.0.1".to_owned(), &[], 2, "usage", "http://127.0.0.1:8080"),
        ("verify --holidays 20x --data x".to_owned(), &[], 2, "usage", "it is a year, such as 2027"),
        (format!("notices --limit 99999999999999999999 --url {url}"), &[], 2, "usage", "from 1 to 1000"),
        (format!("{missing} --effective-at tomorrow"), &[], 2, "usage", "an instant of RFC 3339"),
        (format!("verify --all --url {url}"), &[], 2, "not-there", "--all cannot be given with --url"),
        // What cannot be asked there is refused before anyone is asked.
        ("lists fill --url http://127.0.0.1:1".to_owned(), &[], 2, "not-there", "lists fill cannot be given"),
        ("restore --to other --url http://127.0.0.1:1".to_owned(), &[], 2, "not-there", "a deployed stack"),
        ("restore --give-up --data /nowhere".to_owned(), &[], 2, "not-there", "by copying it"),
        ("restore --to a/b".to_owned(), &[], 2, "usage", "it is the name of a table"),
        ("verify --holidays 2027 --url http://127.0.0.1:1".to_owned(), &[], 2, "not-there", "--holidays"),
        (
            "jobs parked --limit 101 --url http://127.0.0.1:1".to_owned(),
            &[],
            2,
            "not-there",
            "--limit over 100",
        ),
        ("notices --url http://192.0.2.1".to_owned(), &[], 2, "no-token", "MARKET_TOKEN"),
        (format!("notices --url {url}/v1"), &[], 2, "no-token", "at its address without a path"),
        (format!("notices --data {file}"), &[], 3, "folder", "market.db is not a folder"),
        (broken_table, &[], 3, "folder", "it is damaged, or is no market's table"),
        (
            "notices --url http://127.0.0.1:1".to_owned(),
            &[],
            3,
            "unreachable",
            "nothing listens on 127.0.0.1:1",
        ),
        (format!("notices --url {broken}"), &with_token, 3, "market-failed", "status 502"),
        (
            format!("notices --url {moved}"),
            &with_token,
            3,
            "not-understood",
            "leads to another address (302)",
        ),
        (format!("notices --url {page}"), &with_token, 3, "not-understood", "notices"),
        (format!("verify --account shop-1 --url {page}"), &with_token, 3, "not-understood", "evidence"),
        (format!("jobs late --url {page}"), &with_token, 3, "not-understood", "form described"),
        (format!("notices --url {circle}"), &with_token, 3, "not-understood", "does not lead to another"),
        (
            format!("verify --account shop-1 --url {circle}"),
            &with_token,
            3,
            "not-understood",
            "lead to another",
        ),
        (format!("notices --url {bent}"), &with_token, 3, "not-understood", "does not lead to another"),
        (missing.to_owned(), &[("MARKET_TOKEN", "t")], 3, "file-unreadable", "/nowhere/a.txt"),
        ("dead-letters list --stack-name m".to_owned(), &aws, 3, "aws", "nothing listens on AWS's endpoint"),
        ("jobs late --stack-name m".to_owned(), &alone, 3, "aws", "there are no credentials to sign with"),
        (format!("notices --url {url}"), &[("MARKET_TOKEN", &merchant)], 4, "refused", "role-not-allowed"),
        (resend, &[("MARKET_TOKEN", &operator)], 4, "refused", "not-found"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let told = market(&words, environment).await;
        assert_eq!(told.exit, exit, "{line}: {told:?}");
        let whole = format!("{}{}", told.out, told.err);
        for debug in [
            "\u{1b}",
            "invalid type",
            "missing field",
            "encryption",
            "ConnectorError",
            "DispatchFailure",
            "os error",
            "Some(",
            "hyper",
            "reqwest",
        ] {
            assert!(!whole.contains(debug), "{line}: {whole}");
        }
        if code.is_empty() {
            assert!(told.err.is_empty(), "no bar is drawn where no terminal is: {told:?}");
            continue;
        }
        assert!(told.out.is_empty() && told.err.contains(says), "{line}: {told:?}");
        let programs = market(&[&words[..], &["--json"]].concat(), environment).await;
        assert_eq!(programs.exit, exit, "{line}: {programs:?}");
        let error = programs.json();
        assert_eq!(error["error"]["code"], code, "{line}");
        assert_eq!(error["error"]["exit"], exit, "{line}");
        assert!(error["error"]["message"].as_str().unwrap().contains(says), "{line}: {error}");
        assert_eq!(programs.err, "", "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_ends_the_start_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("market").display().to_string();
    for (flag, says) in [
        ("--sqs-endpoint", "nothing listens on 127.0.0.1:1"),
        ("--dynamodb-endpoint", "--dynamodb-endpoint http://127.0.0.1:1"),
    ] {
        let line = ["--data", &data, "--listen", "0", flag, "http://127.0.0.1:1"];
        let said = market(&line, &[]).await;
        assert_eq!(said.exit, 3, "{said:?}");
        assert!(said.err.contains(says) && !said.err.contains("ConnectorError"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_url_is_refused_before_a_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("market");
    for flag in ["--sqs-endpoint", "--dynamodb-endpoint"] {
        let said = market(&["--data", &data.display().to_string(), "--listen", "0", flag, "foo"], &[]).await;
        assert_eq!(said.exit, 2, "{said:?}");
        assert!(said.err.contains("such as http://localhost:8000") && !data.exists(), "{said:?}");
        assert!(said.err.starts_with("market: "), "{said:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_not_said_to_have_gone_well_and_whoever_stops_reading_is_let_go() {
    let world = World::new().await;
    let url = world.running.url.clone();
    for line in [
        "openapi".to_owned(),
        "man".to_owned(),
        "completions bash".to_owned(),
        "--help".to_owned(),
        format!("jobs late --url {url}"),
        format!("notices --json --url {url}"),
    ] {
        let ended = async |out: std::process::Stdio| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_market"));
            command.args(line.split(' ')).env_clear().stdout(out).stderr(std::process::Stdio::piped());
            tokio::task::spawn_blocking(move || {
                let output = command.output().unwrap();
                (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
            })
            .await
            .unwrap()
        };
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (exit, said) = ended(full.into()).await;
        assert_eq!(exit, 3, "{line}: {said}");
        assert!(said.starts_with("market: standard output"), "{line}: {said}");
        let (reads, writes) = std::io::pipe().unwrap();
        drop(reads);
        assert_eq!(ended(writes.into()).await, (0, String::new()), "{line}");
    }
}
