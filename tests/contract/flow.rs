//! The whole market over an SQS, where one is at hand: `--sqs-endpoint`, in a test.

use std::net::{Ipv4Addr, SocketAddr};

use aws_sdk_sqs::Client;
use market::permissions::Permissions;
use market::stage::Stage;
use market::{Clockwork, Options, Running};
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;

use crate::queues::counts;
use crate::{awaited, endpoint};

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_told_by_email_when_every_wake_up_travels_over_sqs() {
    let Some(sqs) = endpoint("MARKET_TEST_SQS_ENDPOINT") else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: folder.path().to_owned(),
        in_memory: true,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clockwork: Clockwork::Standing("2026-01-05T09:00:00+08:00".parse().unwrap()),
        sqs_endpoint: Some(sqs.clone()),
        dynamodb_endpoint: None,
        permissions: Permissions::committed(),
        allow_origin: None,
    };
    let running = Running::start(options).await.unwrap();
    let stage = Stage::set(&running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    awaited("the market to settle", running.machine.settle()).await.unwrap();
    let emails = async || {
        let notices = merchant.all("/accounts/shop-1/notices").await.unwrap();
        let emails = notices.into_iter().filter(|notice| notice["channel"] == "email");
        emails.map(|notice| (notice["about"].to_string(), notice["status"].to_string())).collect::<Vec<_>>()
    };
    let told = emails().await;
    assert!(told.len() > 1 && told.iter().all(|(_, status)| status == "\"sent\""), "{told:?}");
    let outbox = std::fs::read_dir(folder.path().join("outbox")).unwrap().count();
    assert!(outbox >= told.len(), "{outbox} of {}", told.len());

    // Through the grant's end: reminders, the end itself and what follows from it, each from the index.
    awaited("the market to settle", running.machine.advance_to(granted.expires_at)).await.unwrap();
    let told = emails().await;
    assert!(told.iter().all(|(_, status)| status == "\"sent\""), "{told:?}");
    assert_eq!(told.iter().filter(|(about, _)| about == "\"grant_ended\"").count(), 1, "{told:?}");
    assert!(told.iter().any(|(about, _)| about == "\"grant_expiring\""), "{told:?}");

    // A poll that has begun is finished before its worker stops, and what it brings is settled: otherwise
    // it would be in nobody's hand until its visibility ends, in the next run of this very test.
    let client = Client::new(&market::sdk_at(&sqs).await);
    let mut urls = Vec::new();
    for job in Lane::ALL {
        let queue = client.get_queue_url().queue_name(format!("market-{job}")).send().await.unwrap();
        urls.push((job, queue.queue_url.unwrap()));
    }
    let something_to_bring = async {
        for (job, url) in &urls {
            // Of a kind that its lane works on, and not there.
            let sort = match job {
                Lane::Notify => "notice#none",
                Lane::ExpireGrant => "grant#none",
                Lane::RemindDeletion => "demand#none",
                Lane::TerminateAccount => "termination#none",
                Lane::AdvanceCase => "order#none",
                Lane::SealLedger => "ledger#none",
            };
            let wake_up = WakeUp { lane: *job, key: Key::stored("account#nobody", sort) };
            let body = serde_json::to_string(&wake_up).unwrap();
            client.send_message().queue_url(url).message_body(body).send().await.unwrap();
        }
    };
    drop(stage);
    awaited("the market to stop", async { tokio::join!(running.stop(), something_to_bring) }).await;
    for (job, url) in &urls {
        let (_, in_hand, _) = counts(&client, url).await;
        assert_eq!(in_hand, 0, "{job}");
    }
}
