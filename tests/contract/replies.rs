//! The same submission takes effect once, and its reply is kept with its effect, for seven days.

use futures_util::future::join_all;
use market_kernel::hash::Sha256Hash;
use market_store::{Asked, CommitError, Fingerprint, SavedReply, Submission};

use crate::tables::on_each_table;
use crate::thing::{Thing, at, change, event, thing, things};

const SEVEN_DAYS: i64 = 7 * 24 * 3600;

pub fn submission(owner: &str, key: &str) -> Submission {
    Submission {
        owner: owner.to_owned(),
        key: key.to_owned(),
        fingerprint: Fingerprint::Said("2:request".to_owned()),
        former: Fingerprint::Bytes(Sha256Hash::of(b"request")),
    }
}

pub fn reply(to: &Submission, body: &str) -> SavedReply {
    SavedReply { fingerprint: to.fingerprint.clone(), status: 201, location: None, body: body.to_owned() }
}

#[tokio::test]
async fn a_submission_is_committed_once_and_its_reply_is_saved_with_it() {
    on_each_table(async |table| {
        let asked = submission("shop-1", "key");
        let location = Some("/things/a".to_owned());
        let answer = SavedReply { location, ..reply(&asked, r#"{"名":"一"}"#) };
        assert_eq!(table.store.saved_reply(&asked, at(0)).await.unwrap(), None);
        let first = change(at(0)).create(&thing("a"), event());
        table.store.commit(&first, Some((&asked, &answer))).await.unwrap();

        let again = change(at(1)).create(&thing("b"), event());
        let outcome = table.store.commit(&again, Some((&asked, &reply(&asked, "another")))).await;
        assert!(matches!(outcome, Err(CommitError::AlreadyAnswered)), "{outcome:?}");
        assert!(!table.store.save_reply(&asked, &reply(&asked, "another"), at(1)).await.unwrap());
        assert_eq!(table.store.saved_reply(&asked, at(1)).await.unwrap(), Some(answer));
        assert!(table.store.get::<Thing>(&"b".to_owned()).await.unwrap().is_none());

        let anothers = submission("shop-2", "key");
        assert_eq!(table.store.saved_reply(&anothers, at(1)).await.unwrap(), None);
        table.store.commit(&again, Some((&anothers, &reply(&anothers, "mine")))).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_submission_sent_many_times_at_once_one_takes_effect() {
    on_each_table(async |table| {
        let asked = submission("shop-1", "key");
        let sent: Vec<_> = (0..16)
            .map(|n| {
                (change(at(0)).create(&thing(&format!("{n:02}")), event()), reply(&asked, &n.to_string()))
            })
            .collect();
        let commits = sent.iter().map(|(change, reply)| table.store.commit(change, Some((&asked, reply))));
        let outcomes = join_all(commits).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        // Another's transaction under way is a conflict; the reply is there once it is decided again.
        let told = |outcome: &_| matches!(outcome, Err(CommitError::AlreadyAnswered | CommitError::Conflict));
        assert_eq!(outcomes.iter().filter(|outcome| told(outcome)).count(), 15, "{outcomes:?}");
        let page = table.store.list::<Thing>(&things(), Asked::page(None, 100)).await.unwrap();
        let kept: Vec<_> =
            page.items.iter().map(|thing| thing.id.parse::<u32>().unwrap().to_string()).collect();
        let saved = table.store.saved_reply(&asked, at(0)).await.unwrap().unwrap();
        assert_eq!(kept, [saved.body], "the effect and the reply are of the same one");
    })
    .await;
}

#[tokio::test]
async fn a_reply_counts_for_seven_days_whether_or_not_the_table_has_dropped_it_since() {
    on_each_table(async |table| {
        let (done, refused) = (submission("shop-1", "done"), submission("shop-1", "refused"));
        let first = change(at(0)).create(&thing("a"), event());
        table.store.commit(&first, Some((&done, &reply(&done, "first")))).await.unwrap();
        assert!(table.store.save_reply(&refused, &reply(&refused, "first"), at(0)).await.unwrap());
        for asked in [&done, &refused] {
            assert!(table.store.saved_reply(asked, at(SEVEN_DAYS)).await.unwrap().is_some());
            assert_eq!(table.store.saved_reply(asked, at(SEVEN_DAYS + 1)).await.unwrap(), None);
        }
        let second = |second| change(at(second)).create(&thing("b"), event());
        let answer = reply(&done, "second");
        let early = table.store.commit(&second(SEVEN_DAYS), Some((&done, &answer))).await;
        assert!(matches!(early, Err(CommitError::AlreadyAnswered)), "{early:?}");
        assert!(!table.store.save_reply(&refused, &answer, at(SEVEN_DAYS)).await.unwrap());

        table.store.commit(&second(SEVEN_DAYS + 1), Some((&done, &answer))).await.unwrap();
        assert!(table.store.save_reply(&refused, &answer, at(SEVEN_DAYS + 1)).await.unwrap());
        for asked in [&done, &refused] {
            let saved = table.store.saved_reply(asked, at(2 * SEVEN_DAYS)).await.unwrap();
            assert_eq!(saved.map(|saved| saved.body).as_deref(), Some("second"));
        }
    })
    .await;
}
