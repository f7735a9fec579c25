//! The table, when it fails: what the store says of each call.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use market_agreement::documents::Document;
use market_agreement::events;
use market_entrustment::grants::access::{Check, CheckOutcome};
use market_entrustment::grants::{Grant, GrantStatus};
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, GrantId, ListingId, NoticeId, OrderId};
use market_kernel::keys::ListName;
use market_kernel::notices::{Channel, Manner, Notice, NoticeStatus, samples};
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Contacts, Language, PartyId, Recipient};
use market_kernel::reminders::Reminders;
use market_kernel::salt::Salts;
use market_notices::Sender;
use market_outside::sdk::MAX_ATTEMPTS;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_parties::applications::Application;
use market_parties::credit_code::CreditCode;
use market_store::due::{DueEntry, Lease, Shard};
use market_store::{
    Asked, CommitError, Fingerprint, Index, SavedReply, Store, StoreError, Submission, of, schema,
};
use serde_json::{Value, json};

use crate::server::{Fault, Faulty, error};
use crate::{INTERNAL, engine, sdk};

const ATTEMPTS: usize = MAX_ATTEMPTS as usize;

/// A table that can be told to fail, and what is in it.
pub struct Table {
    pub faulty: Arc<Faulty>,
    pub store: Store,
    pub account: Loaded<MarketAccount>,
    pub entry: DueEntry,
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

pub fn occasion() -> Occasion {
    Occasion {
        at: at(0),
        actor: Actor::Operator("ops".to_owned()),
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(samples::operator()),
    }
}

/// A change that creates an account.
fn applying(id: &str) -> Change {
    let contacts = Contacts {
        email: "shop@example.com".to_owned().try_into().unwrap(),
        phone: None,
        language: Language::Chinese,
    };
    let application = Application {
        id: id.parse().unwrap(),
        legal_name: "成都示例商贸有限公司".to_owned().try_into().unwrap(),
        credit_code: CreditCode::with_check_characters("91510100MA6C0QLJ").unwrap(),
        vouching: None,
        contacts,
    };
    MarketAccount::apply(None, application, &occasion()).unwrap().1
}

fn grant() -> Grant {
    Grant {
        id: GrantId::new(at(0), [1; 10]),
        account_id: "shop-1".parse().unwrap(),
        order_id: OrderId::new(at(0), [1; 10]),
        provider_id: "northwind".parse().unwrap(),
        listing_id: ListingId::new(at(0), [1; 10]),
        listing_name: "北风订单助手".to_owned().try_into().unwrap(),
        scopes: Vec::new(),
        page_sha256: Sha256Hash::of(b""),
        granted_at: at(0),
        expires_at: at(100),
        token: None,
        reminders: Reminders::default(),
        status: GrantStatus::Active,
    }
}

/// Whom notices come from.
pub fn sender() -> Sender {
    let official = "legal@market.example".to_owned().try_into().unwrap();
    Sender::new("Market <notices@market.example>", official).unwrap()
}

/// A notice that waits to be sent at second 100.
pub fn notice(channel: Channel, address: &str) -> Notice {
    Notice {
        in_site: None,
        text_of: None,
        id: NoticeId::new(at(0), [1; 10]),
        recipient: Recipient::Party(PartyId::Merchant("shop-1".parse().unwrap())),
        channel,
        address: Some(address.to_owned()),
        language: Language::English,
        about: "agreement_ended".to_owned(),
        manner: Manner::Grave,
        subject: "The agreement has ended".to_owned(),
        body: "It has ended.".to_owned(),
        content_sha256: Sha256Hash::of(b""),
        salt: None,
        clause: "10.1".to_owned(),
        cites: None,
        // What it speaks of is not in the table: as far as that goes, it stands.
        cause: "termination:account#shop-1/termination#t-1@1".to_owned(),
        drafted_at: at(0),
        status: NoticeStatus::Queued { attempts: 0, next_attempt_at: at(100), trouble: None },
        served_otherwise: None,
        corrected_services: Vec::new(),
    }
}

impl Table {
    pub async fn new() -> Self {
        let faulty = Faulty::start(Some(engine::start())).await;
        let client = Client::new(&sdk(&faulty.url).await);
        schema::create_table(&client, "market").await.unwrap();
        let store = Store::new(client, "market");
        store.commit(&applying("shop-1"), None).await.unwrap();
        let notice = notice(Channel::Email, "shop@example.com");
        let drafted = Change::on(&occasion()).create(&notice, Event::of(events::TerminationCompleted {}));
        store.commit(&drafted, None).await.unwrap();
        let account = store.get::<MarketAccount>(&"shop-1".parse().unwrap()).await.unwrap().unwrap();
        let mut found = None;
        for shard in 0..market_store::due::SHARDS {
            found =
                found.or(store.due(Lane::Notify, Shard::Due(shard), at(100), None, 1).await.unwrap().pop());
        }
        Self { faulty, store, account, entry: found.unwrap() }
    }

    /// Each read by its operation, once.
    async fn reads(&self) -> Vec<(&'static str, Result<(), StoreError>)> {
        let (store, id) = (&self.store, self.account.id.clone());
        let key = MarketAccount::key_of(&id);
        let two = (of::<MarketAccount>(id.clone()), of::<MarketAccount>("shop-2".parse().unwrap()));
        let submission = submission();
        vec![
            ("GetItem", store.get::<MarketAccount>(&id).await.map(drop)),
            (
                "GetItem",
                store.content(&Document::text_key(&DocumentId::market_agreement(), 1)).await.map(drop),
            ),
            ("GetItem", store.saved_reply(&submission, at(0)).await.map(drop)),
            ("BatchGetItem", store.load(two).await.map(drop)),
            ("Query", store.list::<MarketAccount>(&key.partition, Asked::page(None, 9)).await.map(drop)),
            (
                "Query",
                store
                    .list_entries::<Grant>(&ListName::of_market("grants"), Asked::page(None, 9))
                    .await
                    .map(drop),
            ),
            (
                "Query",
                store
                    .list_entries_merged::<MarketAccount>(
                        Index::Lists,
                        &AccountStatus::Active.lists()[..1],
                        Asked::page(None, 9),
                    )
                    .await
                    .map(drop),
            ),
            ("Query", store.ledger(&id, &grant().id, Asked::page(None, 9)).await.map(drop)),
            ("Query", store.due(Lane::Notify, Shard::Due(0), at(0), None, 9).await.map(drop)),
            ("Query", store.parked(Lane::Notify, 9).await.map(drop)),
        ]
    }

    /// Each write by its operation, once. The change is an account's application.
    async fn writes(&self, account: &str) -> Vec<(&'static str, Result<(), StoreError>)> {
        let (store, submission) = (&self.store, submission());
        let committed = store.commit(&applying(account), None).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            decided => panic!("{decided:?}"),
        });
        let scope = "orders.read".parse().unwrap();
        vec![
            ("TransactWriteItems", committed),
            ("PutItem", store.save_reply(&submission, &reply(), at(0)).await.map(drop)),
            ("UpdateItem", store.lease(&self.entry, at(100)).await.map(drop)),
            ("UpdateItem", store.redrive(&self.entry, at(100)).await.map(drop)),
            (
                "UpdateItem",
                store
                    .count_access(
                        Check {
                            grant: &grant(),
                            scope: &scope,
                            outcome: CheckOutcome::Allowed,
                            at: at(0),
                            times: 1,
                        },
                        [1, 2],
                    )
                    .await
                    .map(drop),
            ),
        ]
    }
}

fn submission() -> Submission {
    Submission {
        owner: "merchant#shop-2".to_owned(),
        key: "key".to_owned(),
        fingerprint: Fingerprint::Said("2:request".to_owned()),
        former: Fingerprint::Bytes(Sha256Hash::of(b"request")),
    }
}

fn reply() -> SavedReply {
    SavedReply { fingerprint: submission().fingerprint, status: 201, location: None, body: "{}".to_owned() }
}

/// Everything fails in the same way; what the store says of reads, and of writes, and after how many attempts.
async fn everything_fails(
    fault: Fault,
    attempts: usize,
    of_reads: fn(&StoreError) -> bool,
    of_writes: fn(&StoreError) -> bool,
) {
    let table = Table::new().await;
    for writes in [false, true] {
        table.faulty.fail({
            let fault = fault.clone();
            move |_, _| Some(fault.clone())
        });
        let outcomes = if writes { table.writes("shop-2").await } else { table.reads().await };
        let count = outcomes.len();
        for (operation, outcome) in outcomes {
            let error = outcome.unwrap_err();
            assert!(if writes { of_writes(&error) } else { of_reads(&error) }, "{operation}: {error:?}");
        }
        let operations = ["GetItem", "BatchGetItem", "Query", "TransactWriteItems", "PutItem", "UpdateItem"];
        let calls: usize = operations.iter().map(|operation| table.faulty.calls(operation)).sum();
        assert_eq!(calls, count * attempts, "each call is tried {attempts} times");
    }
}

#[tokio::test]
async fn a_throttled_call_is_tried_a_bounded_number_of_times_and_then_said_to_be_throttled() {
    for code in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"] {
        let throttled = |error: &StoreError| matches!(error, StoreError::Throttled(_)) && error.retryable();
        everything_fails(error(400, code), ATTEMPTS, throttled, throttled).await;
    }
}

#[tokio::test]
async fn a_table_that_fails_is_unavailable_to_reads_and_leaves_the_outcome_of_writes_unknown() {
    let faults = [
        error(500, "InternalServerError"),
        error(503, "ServiceUnavailable"),
        Fault::Answer(502, "<html>bad gateway</html>".to_owned()),
        Fault::BreakOff,
    ];
    for fault in faults {
        everything_fails(
            fault,
            ATTEMPTS,
            |error| matches!(error, StoreError::Unavailable(_)) && error.retryable(),
            |error| matches!(error, StoreError::UnknownOutcome(_)) && error.retryable(),
        )
        .await;
    }
}

#[tokio::test]
async fn a_failure_of_the_tables_is_one_by_its_status_whatever_its_code() {
    for fault in [error(500, "InternalFailure"), error(503, "ServiceUnavailableException")] {
        everything_fails(
            fault,
            ATTEMPTS,
            |error| matches!(error, StoreError::Unavailable(_)),
            |error| matches!(error, StoreError::UnknownOutcome(_)),
        )
        .await;
    }
}

#[tokio::test]
async fn what_the_table_refuses_is_not_tried_again() {
    for code in ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"] {
        let rejected = |error: &StoreError| matches!(error, StoreError::Rejected(_)) && !error.retryable();
        everything_fails(error(400, code), 1, rejected, rejected).await;
    }
}

#[tokio::test]
async fn a_short_failure_is_not_noticed() {
    let table = Table::new().await;
    for fault in [error(500, "InternalServerError"), error(400, "ThrottlingException"), Fault::BreakOff] {
        for operation in ["GetItem", "BatchGetItem", "Query"] {
            table.faulty.fail_times(operation, MAX_ATTEMPTS - 1, fault.clone());
            for (of, outcome) in table.reads().await {
                outcome.unwrap_or_else(|error| panic!("{of}: {error}"));
            }
        }
    }
    table.faulty.fail_times("TransactWriteItems", MAX_ATTEMPTS - 1, error(500, "InternalServerError"));
    table.store.commit(&applying("shop-2"), None).await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_unknown_and_the_same_submission_takes_effect_once() {
    // Done or not: whoever asked cannot tell, and need not.
    for (fault, was_done) in
        [(Fault::LoseAnswer, true), (Fault::BreakOff, false), (error(500, "InternalServerError"), false)]
    {
        let table = Table::new().await;
        let commit =
            || async { table.store.commit(&applying("shop-2"), Some((&submission(), &reply()))).await };
        table.faulty.fail_at("TransactWriteItems", fault);
        let outcome = commit().await;
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::UnknownOutcome(_)))), "{outcome:?}");
        assert_eq!(table.faulty.calls("TransactWriteItems"), ATTEMPTS);
        table.faulty.heal();
        let again = commit().await;
        match again {
            Ok(()) => assert!(!was_done),
            Err(CommitError::AlreadyAnswered) => assert!(was_done),
            Err(error) => panic!("{error:?}"),
        }
        let outcome = commit().await;
        assert!(matches!(outcome, Err(CommitError::AlreadyAnswered)), "{outcome:?}");
        assert_eq!(table.store.saved_reply(&submission(), at(0)).await.unwrap(), Some(reply()));
        let account = table.store.get::<MarketAccount>(&"shop-2".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(account.version, 1);
    }
}

#[tokio::test]
async fn one_lost_answer_to_a_commit_is_mended_by_the_second_attempt() {
    let table = Table::new().await;
    table.faulty.fail_times("TransactWriteItems", 1, Fault::LoseAnswer);
    // Both attempts carry one client token, so the table takes them for one transaction.
    table.store.commit(&applying("shop-2"), None).await.unwrap();
    assert_eq!(table.faulty.calls("TransactWriteItems"), 2);
}

#[tokio::test]
async fn a_lease_whose_answer_is_lost_hands_nothing_out_twice() {
    let table = Table::new().await;
    table.faulty.fail_times("UpdateItem", 1, Fault::LoseAnswer);
    // The SDK's second attempt finds the first one's lease: someone else's, for all it knows.
    assert_eq!(table.store.lease(&table.entry, at(100)).await.unwrap(), Lease::Lost);
    table.faulty.heal();
    assert_eq!(table.store.lease(&table.entry, at(100)).await.unwrap(), Lease::Lost);
    assert_eq!(table.store.next_wake().await.unwrap(), Some(at(160)), "it comes back");
}

#[tokio::test]
async fn a_single_write_that_meets_a_transaction_is_sent_again_and_not_for_ever() {
    let conflict = || error(400, "TransactionConflictException");
    let table = Table::new().await;
    table.faulty.fail_times("PutItem", 2, conflict());
    assert!(table.store.save_reply(&submission(), &reply(), at(0)).await.unwrap());
    assert_eq!(table.faulty.calls("PutItem"), ATTEMPTS);
    table.faulty.fail_at("PutItem", conflict());
    let saved = table.store.save_reply(&submission(), &reply(), at(0)).await;
    assert!(matches!(saved, Err(StoreError::Contended(_))), "{saved:?}");
    assert_eq!(table.faulty.calls("PutItem"), ATTEMPTS);
    // An entry whose item is being written is no entry any more, or soon another.
    table.faulty.fail_at("UpdateItem", conflict());
    assert_eq!(table.store.lease(&table.entry, at(100)).await.unwrap(), Lease::Lost);
    table.faulty.heal();
    assert_eq!(table.store.lease(&table.entry, at(100)).await.unwrap(), Lease::Taken);
}

fn cancelled(reasons: &[&str]) -> Fault {
    let reasons: Vec<Value> =
        reasons.iter().map(|code| json!({ "Code": code, "Message": INTERNAL })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": INTERNAL, "CancellationReasons": reasons,
    });
    Fault::Answer(400, body.to_string())
}

#[tokio::test]
async fn why_a_transaction_was_cancelled_decides_what_is_done_about_it() {
    let table = Table::new().await;
    let outcome_of = async |fault: Fault| {
        table.faulty.fail_at("TransactWriteItems", fault);
        let outcome = table.store.commit(&applying("shop-2"), None).await;
        (outcome.unwrap_err(), table.faulty.calls("TransactWriteItems"))
    };
    for reason in ["TransactionConflict", "ConditionalCheckFailed"] {
        let (error, calls) = outcome_of(cancelled(&["None", reason])).await;
        assert!(matches!(error, CommitError::Conflict), "{reason}: {error:?}");
        assert_eq!(calls, 1, "it must be decided again, not sent again");
    }
    // An attempt before is still at work: it may end either way.
    let (error, calls) = outcome_of(error(400, "TransactionInProgressException")).await;
    assert!(matches!(error, CommitError::Store(StoreError::UnknownOutcome(_))), "{error:?}");
    assert_eq!(calls, ATTEMPTS);
    for reason in ["ThrottlingError", "ProvisionedThroughputExceeded"] {
        let (error, calls) = outcome_of(cancelled(&[reason, "None"])).await;
        assert!(matches!(error, CommitError::Store(StoreError::Throttled(_))), "{reason}: {error:?}");
        assert_eq!(calls, ATTEMPTS, "{reason}");
    }
    let (error, _) = outcome_of(cancelled(&["ValidationError"])).await;
    assert!(matches!(error, CommitError::Store(StoreError::Rejected(_))), "{error:?}");
}

#[tokio::test]
async fn what_a_batch_leaves_unread_is_asked_for_again_and_not_for_ever() {
    let table = Table::new().await;
    table.store.commit(&applying("shop-2"), None).await.unwrap();
    let a = |id: &str| of::<MarketAccount>(id.parse().unwrap());
    table.faulty.fail_at("BatchGetItem", Fault::OneKeyOnly);
    let found = table.store.load((a("shop-1"), a("shop-2"), a("absent"))).await.unwrap();
    assert!(matches!(found, (Some(_), Some(_), None)));
    assert_eq!(table.faulty.calls("BatchGetItem"), 3);

    table.faulty.fail(|operation, asked| {
        let nothing = json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] });
        (operation == "BatchGetItem").then(|| Fault::Answer(200, nothing.to_string()))
    });
    let outcome = table.store.load((a("shop-1"), a("shop-2"))).await.map(drop);
    assert!(matches!(outcome, Err(StoreError::Throttled(_))), "{outcome:?}");
    assert_eq!(table.faulty.calls("BatchGetItem"), 4);
}
