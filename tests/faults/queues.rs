//! SQS, when it fails: nothing is lost, because the table remembers.

use std::time::Duration;

use aws_sdk_sqs::Client;
use futures_util::StreamExt;
use market_jobs::sqs::SqsQueues;
use market_jobs::sweep::{BrokenPass, Sweep, SweepError, sweep};
use market_jobs::{Outgoing, Queues, WakeUp};
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_outside::sdk::MAX_ATTEMPTS;
use serde_json::{Value, json};

use crate::sdk;
use crate::server::{Fault, Faulty, error};
use crate::table::{Table, at};

const ATTEMPTS: usize = MAX_ATTEMPTS as usize;

async fn queues(faulty: &Faulty) -> SqsQueues {
    SqsQueues::new(Client::new(&sdk(&faulty.url).await), format!("{}/0/market-{{job}}", faulty.url))
}

/// Takes a batch, but for those entries of which `fails` says so.
fn take(asked: &Value, fails: impl Fn(usize) -> bool) -> Fault {
    let entries = asked["Entries"].as_array().unwrap();
    let (failed, taken): (Vec<_>, Vec<_>) = entries.iter().enumerate().partition(|(n, _)| fails(*n));
    let taken: Vec<_> = taken
        .iter()
        .map(|(_, entry)| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }))
        .collect();
    let failed: Vec<_> = failed
        .iter()
        .map(|(_, entry)| json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }))
        .collect();
    Fault::Answer(200, json!({ "Successful": taken, "Failed": failed }).to_string())
}

#[tokio::test]
async fn a_batch_that_is_not_taken_whole_is_not_taken_for_sent() {
    let faulty = Faulty::start(None).await;
    let queues = queues(&faulty).await;
    let send = || {
        let wake_up = |n: u32| WakeUp { lane: Lane::Notify, key: Key::stored("p", n.to_string()) };
        queues.send((0..12).map(|n| Outgoing { wake_up: wake_up(n), delay: Duration::ZERO }).collect())
    };
    let unsent = async || send().await.into_iter().map(|unsent| unsent.place).collect::<Vec<_>>();
    faulty.fail(|_, asked| Some(take(asked, |_| false)));
    assert_eq!(unsent().await.len(), 0);
    assert_eq!(faulty.calls("SendMessageBatch"), 2, "ten at a time");
    faulty.fail(|_, asked| Some(take(asked, |n| n == 1)));
    assert_eq!(unsent().await, [1, 11], "the second of each batch");
    for fault in [error(500, "InternalFailure"), Fault::BreakOff, error(400, "ThrottlingException")] {
        faulty.fail_at("SendMessageBatch", fault);
        assert_eq!(unsent().await.len(), 12);
        assert_eq!(faulty.calls("SendMessageBatch"), ATTEMPTS);
    }
    faulty.fail_at("SendMessageBatch", error(400, "AWS.SimpleQueueService.NonExistentQueue"));
    assert_eq!(unsent().await.len(), 12);
    assert_eq!(faulty.calls("SendMessageBatch"), 1);
}

#[tokio::test]
async fn the_trouble_of_one_queue_is_not_anothers() {
    let faulty = Faulty::start(None).await;
    let queues = queues(&faulty).await;
    faulty.fail(|_, asked| {
        let is_down = asked["QueueUrl"].as_str().unwrap().ends_with(Lane::Notify.name());
        Some(if is_down { error(500, "InternalFailure") } else { take(asked, |_| false) })
    });
    let wake_up =
        |n: usize| WakeUp { lane: Lane::ALL[n % Lane::ALL.len()], key: Key::stored("p", n.to_string()) };
    let outgoing: Vec<_> = (0..30).map(|n| Outgoing { wake_up: wake_up(n), delay: Duration::ZERO }).collect();
    let of_notify: Vec<_> = (0..30).filter(|n| outgoing[*n].wake_up.lane == Lane::Notify).collect();
    let unsent: Vec<_> = queues.send(outgoing).await.into_iter().map(|unsent| unsent.place).collect();
    assert_eq!(unsent, of_notify);
}

#[tokio::test]
async fn a_sweep_whose_queue_fails_says_so_and_gives_the_entry_back() {
    let (table, faulty) = (Table::new().await, Faulty::start(None).await);
    let queues = queues(&faulty).await;
    let sweep_at = async |second| sweep(&table.store, &queues, at(second), Duration::ZERO).await;
    faulty.fail_at("SendMessageBatch", error(500, "InternalFailure"));
    let outcome = sweep_at(100).await;
    assert!(matches!(outcome, Err(BrokenPass { first: SweepError::Queue(_), .. })), "{outcome:?}");
    faulty.fail(|_, asked| Some(take(asked, |_| true)));
    let outcome = sweep_at(101).await;
    assert!(matches!(outcome, Err(BrokenPass { first: SweepError::Queue(_), .. })), "{outcome:?}");
    // Where it cannot be given back either, it comes back when its lease ends.
    table.faulty.fail_times("UpdateItem", 1, Fault::LoseAnswer);
    faulty.fail(|_, asked| Some(take(asked, |_| false)));
    assert_eq!(sweep_at(102).await.unwrap().sent, 0, "the answer to the lease was lost");
    table.faulty.heal();
    assert_eq!(sweep_at(161).await.unwrap().sent, 0);
    assert_eq!(sweep_at(162).await.unwrap().sent, 1, "the first lease is over");
}

#[tokio::test]
async fn a_sweep_whose_table_fails_sends_nothing_and_goes_on_when_it_is_back() {
    let (table, faulty) = (Table::new().await, Faulty::start(None).await);
    let queues = queues(&faulty).await;
    faulty.fail(|_, asked| Some(take(asked, |_| false)));
    // The index is read, and no lease is to be had.
    table.faulty.fail_at("UpdateItem", error(400, "ThrottlingException"));
    let outcome = sweep(&table.store, &queues, at(100), Duration::ZERO).await;
    assert!(matches!(outcome, Err(BrokenPass { first: SweepError::Store(_), .. })), "{outcome:?}");
    assert_eq!(faulty.calls("SendMessageBatch"), 0);
    table.faulty.heal();
    assert_eq!(sweep(&table.store, &queues, at(101), Duration::ZERO).await.unwrap().sent, 1);
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_has_told_already_what_failed_and_how_late_it_was() {
    let (table, faulty) = (Table::new().await, Faulty::start(None).await);
    let queues = queues(&faulty).await;
    // No lease is to be had, and it is cut off while it asks for one.
    table.faulty.fail_at("UpdateItem", error(400, "ThrottlingException"));
    let pass = Sweep {
        store: &table.store,
        queues: &queues,
        now: || at(100),
        horizon: Duration::ZERO,
        stops_at: None,
        paced: None,
    };
    let whole = pass.pass().await.unwrap_err();
    assert!(whole.swept.lateness.is_some(), "{whole:?}");
    let before = table.faulty.calls("UpdateItem");
    let cut_off = async {
        while table.faulty.calls("UpdateItem") == before {
            tokio::task::yield_now().await;
        }
    };
    let cut_off = pass.pass_until(cut_off).await;
    let swept = cut_off.as_ref().map_or_else(|broken| broken.swept, |swept| *swept);
    // What it did not get through is left, and its lateness that of a wave.
    assert_eq!((swept.lateness, swept.wave), (None, whole.swept.lateness), "{cut_off:?}");
    assert!(swept.left > 0 && swept.sent == 0, "{cut_off:?}");
}

#[tokio::test]
async fn a_poll_outlives_a_queue_that_fails_and_a_message_that_cannot_be_settled_comes_again() {
    let faulty = Faulty::start(None).await;
    let wake_up = WakeUp { lane: Lane::Notify, key: Key::stored("p", "s") };
    let message = json!({
        "MessageId": "m", "ReceiptHandle": "handle", "Body": serde_json::to_string(&wake_up).unwrap(),
        "Attributes": { "ApproximateReceiveCount": "3" },
    });
    let mut failures = ATTEMPTS;
    faulty.fail(move |operation, _| {
        if operation != "ReceiveMessage" {
            return Some(error(500, "InternalFailure"));
        }
        failures = failures.saturating_sub(1);
        let answer = Fault::Answer(200, json!({ "Messages": [message] }).to_string());
        Some(if failures > 0 { error(500, "InternalFailure") } else { answer })
    });
    let mut deliveries = queues(&faulty).await.poll(Lane::Notify, std::future::pending());
    let delivery = deliveries.next().await.unwrap();
    assert_eq!((&delivery.wake_up, delivery.received), (&wake_up, 3));
    for (done, operation) in [(true, "DeleteMessage"), (false, "ChangeMessageVisibility")] {
        delivery.receipt.settle(done).await;
        assert_eq!(faulty.calls(operation), ATTEMPTS, "and nothing breaks");
    }
}
