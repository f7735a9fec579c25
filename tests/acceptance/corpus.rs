//! What this release stores: every kind of item in every state, from a market that was really played. The
//! release's corpus is kept (`tests/stored/<release>`), so that every later one shows that it still reads it:
//!
//! ```sh
//! MARKET_CORPUS=$PWD/tests/stored/<release> cargo test -p market --test acceptance -- corpus
//! ```

mod filled;
mod kept;
mod money;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use market::client::{Exchange, witnessed};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::descriptions::examples::OF_THE_CORPUS;
use crate::harness::{World, at};

pub use kept::{Corpus, Item, key, text};

/// What tells an item of a kind from another in a different state: a place in its body, and the word for its being
/// there; a text without such a word speaks for itself.
const TELLING: [(&str, &[(&str, &str)]); 16] = [
    (
        "account",
        &[("/status", ""), ("/ends_at", "with an end"), ("/contacts_changed_at", "with new contacts")],
    ),
    ("provider", &[("/status", ""), ("/contacts_changed_at", "with new contacts")]),
    ("vouching", &[("/document_sha256", "with a document")]),
    ("listing", &[("/description/kind", ""), ("/status", "")]),
    (
        "document",
        &[
            ("/kind", ""),
            ("/versions/1", "with more than one version"),
            ("/withdrawn/0", "with a withdrawn one"),
        ],
    ),
    ("version", &[("/prominent", "prominent")]),
    ("acceptance", &[("/method", ""), ("/prominent_shown", "prominent"), ("/user_agent", "user agent")]),
    (
        "order",
        &[
            ("/status", ""),
            ("/snapshot/plan/bound/kind", ""),
            ("/reason", ""),
            ("/payment", "paid"),
            ("/accepts_shorter_term", "shortened"),
        ],
    ),
    ("grant", &[("/status", ""), ("/cause", "")]),
    ("token", &[("/digests/1", "with one that was replaced")]),
    ("payment", &[("/report/kind", ""), ("/status", ""), ("/because", ""), ("/proof/by", "")]),
    (
        "ledger",
        &[("/sealed_through", "sealed"), ("/waiting", "waiting"), ("/waiting_spread", "waiting, spread")],
    ),
    (
        "demand",
        &[
            ("/status", ""),
            ("/attestation/answer", ""),
            ("/acknowledged", "acknowledged"),
            ("/overdue", "overdue"),
            ("/period/calendar_unpublished", "waiting for a schedule"),
        ],
    ),
    (
        "termination",
        &[
            ("/cause/kind", ""),
            ("/status", ""),
            ("/reminders/passed", "reminded"),
            ("/cursor", "cursor"),
            ("/aside/0", "with things set aside"),
            ("/cause/period/looked_at", "that looked for a schedule"),
        ],
    ),
    ("holidays", &[("/versions/1", "with a correction")]),
    (
        "notice",
        &[
            ("/recipient/kind", ""),
            ("/channel", ""),
            ("/language", ""),
            ("/status", ""),
            ("/attempts", "attempted"),
            ("/complained_at", "complained of"),
            ("/follow_up", "followed up"),
            ("/came_back", "came back"),
            ("/superseded_at", "superseded"),
        ],
    ),
];

/// Everything that has to be there.
const THERE: &[&str] = &[
    "account active",
    "account active with an end",
    "account active with new contacts",
    "account applied",
    "account terminated with an end",
    "provider applied",
    "provider applied with new contacts",
    "provider approved",
    "vouching",
    "vouching with a document",
    "listing application draft",
    "listing application in_review",
    "listing application listed",
    "listing service draft",
    "listing service in_review",
    "listing service listed",
    "document annex",
    "document body with more than one version with a withdrawn one",
    "document rule",
    "document subscription",
    "document with a version to come",
    "outline",
    "text",
    "version",
    "version prominent",
    "acceptance click",
    "acceptance click prominent",
    "acceptance signed user agent",
    "order placed count",
    "order placed term",
    "order in_service count paid",
    "order in_service term paid",
    "order in_service term paid shortened",
    "order in_service unbounded paid",
    "order expired term paid",
    "order closed term unpaid",
    "order closed count agreement_ended",
    "order closed term agreement_ended paid",
    "grant active",
    "grant ended agreement_ended",
    "grant ended expired",
    "grant ended revoked",
    "ledger waiting",
    "ledger sealed",
    "ledger waiting, spread",
    "token",
    "token with one that was replaced",
    "payment payment formed",
    "payment payment held impossible_date",
    "payment payment held id_used_before",
    "payment payment held unknown_order",
    "payment payment held wrong_amount",
    "payment payment to_return agreement_ended",
    "payment payment to_return already_paid",
    "payment payment to_return operator_decided",
    "payment payment to_return passes_the_end",
    "payment payment to_return too_late",
    "payment payment returned operator",
    "payment payment returned report",
    "payment payment dismissed",
    "payment return held not_to_be_returned",
    "payment return held unknown_payment",
    "payment return returned report",
    "payment unreadable held unreadable",
    "demand draft",
    "demand served waiting for a schedule",
    "demand served acknowledged waiting for a schedule",
    "demand served overdue",
    "demand served acknowledged overdue",
    "demand attested deleted",
    "demand attested returned",
    "demand attested legally_retained",
    "demand closed deleted",
    "demand waived",
    "termination by_notice served reminded",
    "termination by_notice served reminded that looked for a schedule",
    "termination by_notice withdrawn",
    "termination by_notice superseded",
    "termination by_notice ending cursor with things set aside that looked for a schedule",
    "termination by_notice completed",
    "termination natural ending",
    "termination natural completed",
    "holidays with a correction",
    "notice everyone announcement zh sent",
    "notice merchant in_site en sent",
    "notice merchant in_site zh sent",
    "notice merchant email en sent",
    "notice merchant email zh sent",
    "notice merchant email zh queued",
    "notice merchant email zh queued attempted",
    "notice merchant email zh delivered",
    "notice merchant email zh delivered complained of",
    "notice merchant email zh bounced",
    "notice merchant email zh bounced followed up",
    "notice merchant email zh sent came back",
    "notice merchant email zh undeliverable attempted",
    "notice merchant email zh undeliverable attempted followed up",
    "notice merchant email zh undeliverable superseded",
    "notice merchant sms zh queued",
    "notice merchant sms zh sent",
    "notice merchant sms zh undeliverable superseded",
    "notice provider in_site en sent",
    "notice provider email en queued",
    "notice provider email en sent",
    "notice provider email en undeliverable superseded",
    "due advance_case in its time",
    "due advance_case leased",
    "due advance_case parked",
    "due expire_grant in its time",
    "due notify in its time",
    "due notify leased",
    "due notify left to the relay",
    "due remind_deletion in its time",
    "due seal_ledger in its time",
    "due terminate_account in its time",
    "due terminate_account left to the relay",
    "check allowed",
    "check ended",
    "check wrong_scope",
    "check wrong_token",
    "reply 200",
    "reply 201",
    "reply 409",
    "event AccountApplied",
    "event AccountOpened",
    "event AgreementEnded",
    "event AgreementRenewed",
    "event CascadeLooksAgain",
    "event CascadePassed",
    "event CascadeStepped",
    "event ContactsChanged",
    "event CreditCodeVouched",
    "event DemandAcknowledged",
    "event DemandAttested",
    "event DemandClosed",
    "event DemandDrafted",
    "event DemandOverdue",
    "event DemandReminded",
    "event DemandServed",
    "event DemandWaived",
    "event DocumentAccepted",
    "event DocumentPublished",
    "event EndLifted",
    "event EndSet",
    "event GrantActivated",
    "event GrantEnded",
    "event GrantExpired",
    "event GrantExpiryReminded",
    "event GrantRevoked",
    "event HolidaysPublished",
    "event LedgerDayClosed",
    "event LedgerDayOpened",
    "event LedgerSealed",
    "event LedgerSpread",
    "event ListingDrafted",
    "event ListingListed",
    "event ListingSubmitted",
    "event NoticeAttempted",
    "event NoticeBounced",
    "event NoticeCameBack",
    "event NoticeComplainedOf",
    "event NoticeDelayed",
    "event NoticeDelivered",
    "event NoticeHeldBack",
    "event NoticeResent",
    "event NoticeServed",
    "event NoticeServedOtherwise",
    "event NoticeServiceCorrected",
    "event NoticeSuperseded",
    "event NoticeUndeliverable",
    "event OrderClosed",
    "event OrderExpired",
    "event OrderPaid",
    "event OrderPlaced",
    "event PaymentDismissed",
    "event PaymentFormed",
    "event PaymentHeld",
    "event PaymentReturned",
    "event PaymentToReturn",
    "event PeriodConfirmed",
    "event PeriodMoved",
    "event ProviderApplied",
    "event ProviderApproved",
    "event ScheduleAwaited",
    "event TerminationCompleted",
    "event TerminationEffective",
    "event TerminationReminded",
    "event TerminationServed",
    "event TerminationSuperseded",
    "event TerminationWithdrawn",
    "event TokenIssued",
    "event UpstreamAgreementEnded",
    "event VersionWithdrawn",
];

/// The word for what stands at a place of a body; none where nothing does.
fn word<'a>(body: &'a Value, place: &str, name: &'a str) -> Option<&'a str> {
    let is_there = match body.pointer(place)? {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) if name.is_empty() => return Some(text),
        Value::Array(items) => !items.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        Value::Bool(true) | Value::String(_) | Value::Object(_) => true,
    };
    is_there.then_some(name)
}

/// Where an entry of the due index stands.
fn waiting(item: &Item) -> Option<String> {
    let shard = text(item, "due_shard")?;
    let job = shard.split('#').nth(1).unwrap();
    let instant = |name: &str| -> i64 {
        text(item, name).unwrap().split('#').next().and_then(|ms| ms.parse().ok()).unwrap()
    };
    let state = match (shard.starts_with("parked#"), text(item, "tries")) {
        (true, _) => "parked",
        (false, Some(_)) => "leased",
        (false, None) if instant("wake_at") > instant("due_at") => "left to the relay",
        (false, None) => "in its time",
    };
    Some(format!("due {job} {state}"))
}

/// What an item shows, in words.
fn shown(item: &Item, now: Timestamp) -> Vec<String> {
    let (partition, sort) = key(item);
    let body = || -> Value { serde_json::from_str(text(item, "body").unwrap()).unwrap() };
    let in_words = |kind: &str, body: &Value| {
        let (_, telling) = TELLING.iter().find(|(of, _)| *of == kind).unwrap();
        let words = telling.iter().filter_map(|(place, name)| word(body, place, name));
        [kind].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    };
    let Some(kind) = text(item, "kind") else {
        return vec![match (partition.split('#').next().unwrap(), sort.split('#').next().unwrap()) {
            (_, "evidence") => format!("event {}", body()["event"].as_str().unwrap()),
            ("ledger", _) => format!("check {}", text(item, "outcome").unwrap()),
            ("reply", _) => format!("reply {}", body()["status"]),
            (_, "version") => in_words("version", &body()),
            (_, other) => other.to_owned(),
        }];
    };
    let body = body();
    let mut shown = vec![in_words(kind, &body)];
    let versions = body["versions"].as_array().into_iter().flatten();
    // Versions of a holiday schedule have no such date.
    if versions.into_iter().filter_map(|version| version["effective_at"].as_str()).any(|date| at(date) > now)
    {
        shown.push("document with a version to come".to_owned());
    }
    shown.extend(waiting(item));
    shown
}

/// What this release stores. One market is played for all the tests of a process that look at it.
pub async fn today() -> &'static Corpus {
    static TODAY: OnceCell<Corpus> = OnceCell::const_new();
    let play = async || {
        let world = World::new().await;
        witnessed(Arc::new(|exchange: &Exchange<'_>| OF_THE_CORPUS.see(exchange)), filled::fill(&world))
            .await;
        Corpus::of(&world).await
    };
    TODAY.get_or_init(play).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_item_is_there_in_every_state_and_is_read_as_it_was_written() {
    let corpus = today().await;
    let found: BTreeSet<String> = corpus.items.iter().flat_map(|item| shown(item, corpus.at)).collect();
    let wanted: BTreeSet<String> = THERE.iter().map(|words| (*words).to_owned()).collect();
    assert_eq!(wanted.difference(&found).collect::<Vec<_>>(), [""; 0], "missing");
    assert_eq!(found.difference(&wanted).collect::<Vec<_>>(), [""; 0], "there, and not in the list");

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("corpus");
    corpus.write(&folder);
    assert_eq!(Corpus::read(&folder), *corpus);
    if let Some(folder) = std::env::var_os("MARKET_CORPUS") {
        corpus.write(&PathBuf::from(folder));
    }
}
