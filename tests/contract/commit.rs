//! A change is committed whole or not at all, on the state that it was decided on.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use market_kernel::aggregate::Aggregate;
use market_kernel::change::Change;
use market_kernel::evidence::verify_chain;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::Key;
use market_kernel::stored::FIRST_SCHEMA;
use market_store::commit::{committed, evidence_prefix};
use market_store::{Asked, CommitError, StoreError};

use crate::replies::{reply, submission};
use crate::tables::{Item, on_each_table};
use crate::thing::{OWNER, Thing, at, change, event, thing, things};

fn text_key(name: &str) -> Key {
    Key::stored(OWNER, format!("text#{name}"))
}

#[tokio::test]
async fn a_change_is_stored_to_the_byte_with_its_evidence_and_its_contents() {
    on_each_table(async |table| {
        // As large as a document may be, and nothing that a protocol or an engine may want to normalize.
        let text = "第一条\r\n\u{feff}e\u{301} \u{0}\t\"\\😀\n".repeat(12_000);
        let first = change(at(0)).create(&thing("a"), event()).create(&thing("b"), event());
        table.store.commit(&first.store(text_key("a"), text.clone(), FIRST_SCHEMA), None).await.unwrap();
        table.update(at(1), "a", |thing| thing.noted("second")).await;

        let a = table.load("a").await;
        assert_eq!((a.version, a.note.as_str()), (2, "second"));
        assert_eq!(table.load("b").await.version, 1);
        assert_eq!(table.store.content(&text_key("a")).await.unwrap().as_deref(), Some(text.as_str()));
        let records = table
            .store
            .list_records(&things(), &evidence_prefix("thing#a"), Asked::page(None, 10))
            .await
            .unwrap();
        let records: Vec<_> = records.items.iter().map(|record| record.stored.as_str()).collect();
        assert_eq!(verify_chain(records, 1, &Sha256Hash::origin(), &a.head), Ok(2));
    })
    .await;
}

#[tokio::test]
async fn what_a_change_says_it_has_committed_is_what_a_reading_finds() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a")]).await;
        let read = table.load("a").await;
        let updated = change(at(1)).update(&read, &read.noted("second"), event());
        assert!(committed::<Thing>(&updated, &Thing::key_of(&"b".to_owned())).is_none());
        let said = committed::<Thing>(&updated, &read.key()).unwrap();
        table.store.commit(&updated, None).await.unwrap();
        assert_eq!(format!("{said:?}"), format!("{:?}", table.load("a").await));
        // So it can be gone on with at once.
        let again = change(at(2)).update(&said, &said.noted("third"), event());
        table.store.commit(&again, None).await.unwrap();
        assert_eq!(table.load("a").await.note, "third");
    })
    .await;
}

#[tokio::test]
async fn one_condition_that_fails_cancels_everything() {
    on_each_table(async |table| {
        let store = &table.store;
        table.create(at(0), &[thing("old"), thing("read")]).await;
        let (old, read) = (table.load("old").await, table.load("read").await);
        table.update(at(1), "old", |old| old.noted("moved")).await;
        table.update(at(1), "read", |read| read.noted("moved")).await;
        store
            .commit(&change(at(1)).store(text_key("taken"), "text".to_owned(), FIRST_SCHEMA), None)
            .await
            .unwrap();
        let asked = submission("shop-1", "key");
        assert!(store.save_reply(&asked, &reply(&asked, "refused"), at(1)).await.unwrap());

        // Each would write an aggregate, its evidence and a text, were it not for one of its conditions.
        let fresh = || {
            change(at(2)).create(&thing("new"), event()).store(text_key("new"), "t".to_owned(), FIRST_SCHEMA)
        };
        let chain_goes_on = {
            // A record stands where the next one of this chain belongs, though the version is right.
            let key = market_store::commit::evidence_key(&Thing::key_of(&"read".to_owned()), 3);
            store.commit(&change(at(1)).store(key, "{}".to_owned(), FIRST_SCHEMA), None).await.unwrap();
            let read = table.load("read").await;
            fresh().update(&read, &read.noted("again"), event())
        };
        let cases: [(&str, Change); 6] = [
            ("a stale version", fresh().update(&old, &old.noted("lost"), event())),
            ("a thing that is there", fresh().create(&thing("old"), event())),
            ("a text that is there", fresh().store(text_key("taken"), "other".to_owned(), FIRST_SCHEMA)),
            ("a record that is there", chain_goes_on),
            ("something read that has moved", fresh().relying_on(&read)),
            ("the last of many", {
                let many = (0..40).fold(fresh(), |all, n| all.create(&thing(&format!("n{n}")), event()));
                many.update(&old, &old.noted("lost"), event())
            }),
        ];
        let before = table.all().await;
        for (what, change) in cases {
            let outcome = store.commit(&change, None).await;
            assert!(matches!(outcome, Err(CommitError::Conflict)), "{what}: {outcome:?}");
            assert!(table.all().await == before, "{what}: something was written");
        }
        let outcome = store.commit(&fresh(), Some((&asked, &reply(&asked, "done")))).await;
        assert!(matches!(outcome, Err(CommitError::AlreadyAnswered)), "{outcome:?}");
        assert!(table.all().await == before, "a reply that is there: something was written");
        store.commit(&fresh(), None).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stale_version_conflicts_and_so_does_one_of_something_that_is_not_there() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a")]).await;
        let stale = table.load("a").await;
        table.update(at(1), "a", |a| a.noted("second")).await;
        let outcome =
            table.store.commit(&change(at(2)).update(&stale, &stale.noted("x"), event()), None).await;
        assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        let absent = market_kernel::aggregate::Loaded { state: thing("absent"), ..stale };
        let update = change(at(2)).update(&absent, &absent.state, event());
        let outcome = table.store.commit(&update, None).await;
        assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        assert_eq!(table.load("a").await.note, "second");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_commits_at_once_on_one_version_exactly_one_wins() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a")]).await;
        let loaded = table.load("a").await;
        let changes: Vec<_> = (0..24)
            .map(|n| {
                let change = change(at(1)).update(&loaded, &loaded.noted(&n.to_string()), event());
                change.create(&thing(&format!("of-{n}")), event())
            })
            .collect();
        let outcomes = join_all(changes.iter().map(|change| table.store.commit(change, None))).await;
        let won: Vec<usize> = (0..24).filter(|n| outcomes[*n].is_ok()).collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Err(CommitError::Conflict)));
        assert_eq!(lost.count(), 23, "{outcomes:?}");
        let after = table.load("a").await;
        assert_eq!((after.version, &after.note), (2, &won[0].to_string()));
        let page = table.store.list::<Thing>(&things(), Asked::page(None, 100)).await.unwrap();
        let kept = page.items.iter().map(|thing| thing.id.clone()).filter(|id| id.starts_with("of-"));
        let kept: Vec<_> = kept.collect();
        assert_eq!(kept, [format!("of-{}", won[0])], "and nothing of those that lost");
    })
    .await;
}

#[tokio::test]
async fn what_was_only_read_is_guarded_and_may_be_written_too() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("read"), thing("written")]).await;
        let (read, written) = (table.load("read").await, table.load("written").await);
        // Written and relied on at once: an item may be named only once in a transaction.
        let relying = change(at(1)).update(&written, &written.noted("second"), event()).relying_on(&read);
        table.store.commit(&relying.relying_on(&written), None).await.unwrap();
        assert_eq!(table.load("read").await.version, 1, "reading leaves no trace");

        table.update(at(2), "read", |read| read.noted("moved")).await;
        let late = change(at(3)).create(&thing("late"), event()).relying_on(&read);
        let outcome = table.store.commit(&late, None).await;
        assert!(matches!(outcome, Err(CommitError::Conflict)), "{outcome:?}");
        assert!(table.store.get::<Thing>(&"late".to_owned()).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_change_of_a_hundred_items_is_committed_and_a_larger_one_is_refused_whole() {
    on_each_table(async |table| {
        let things = |count: u32| {
            (0..count).fold(change(at(0)), |all, n| all.create(&thing(&format!("{count}-{n}")), event()))
        };
        table.store.commit(&things(50), None).await.unwrap();
        let before = table.all().await;
        assert_eq!(before.len(), 100, "each with its record");
        let outcome = table.store.commit(&things(51), None).await;
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::Rejected(_)))), "{outcome:?}");
        assert!(table.all().await == before);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_the_table_does_not_take_for_its_size_is_told_apart_and_nothing_is_written() {
    on_each_table(async |table| {
        let large = change(at(0)).create(&thing("a"), event());
        let large = large.store(Key::stored(OWNER, "text"), "x".repeat(410_000), 1);
        let outcome = table.store.commit(&large, None).await;
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::TooLarge(_)))), "{outcome:?}");
        assert!(table.all().await.is_empty());
        let asked = submission("shop-1", "key");
        let saved = table.store.save_reply(&asked, &reply(&asked, &"x".repeat(410_000)), at(0)).await;
        assert!(matches!(saved, Err(StoreError::TooLarge(_))), "{saved:?}");
    })
    .await;
}

#[tokio::test]
async fn a_write_sets_and_removes_its_own_attributes_and_leaves_a_later_releases_alone() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(100)).placed("p")]).await;
        let mut item = table.item(OWNER, "thing#a").await;
        let own: BTreeSet<String> = item.keys().cloned().collect();
        for name in ["due_shard", "wake_at", "due_at", "list", "place", "schema"] {
            assert!(own.contains(name), "{name}");
        }
        item.insert("to_come".to_owned(), AttributeValue::M(HashMap::new()));
        item.insert("tries".to_owned(), AttributeValue::N("3".to_owned()));
        table.put(item).await;

        table.update(at(1), "a", |thing| Thing { due_at: None, place: None, ..thing }).await;
        let bare = table.item(OWNER, "thing#a").await;
        for name in ["due_shard", "wake_at", "due_at", "tries", "list", "place"] {
            assert!(!bare.contains_key(name), "{name}");
        }
        assert_eq!(bare["to_come"], AttributeValue::M(HashMap::new()));

        table.update(at(2), "a", |thing| thing.due(at(200)).placed("q")).await;
        let mut again: BTreeSet<String> = table.item(OWNER, "thing#a").await.into_keys().collect();
        assert!(again.remove("to_come"));
        assert_eq!(again, own);
    })
    .await;
}

#[tokio::test]
async fn content_that_may_be_there_is_written_once_and_never_over_what_is_there() {
    on_each_table(async |table| {
        let (key, at_key) = (text_key("a"), |item: &Item| item["body"].as_s().unwrap().clone());
        let keep = |body: &str, schema| change(at(1)).store_again(key.clone(), body.to_owned(), schema);
        table.store.commit(&keep("first", 2), None).await.unwrap();
        let mut item = table.item(OWNER, "text#a").await;
        assert_eq!(at_key(&item), "first");
        item.insert("to_come".to_owned(), AttributeValue::S("x".to_owned()));
        table.put(item.clone()).await;
        table.store.commit(&keep("second", 1), None).await.unwrap();
        assert_eq!(table.item(OWNER, "text#a").await, item);
    })
    .await;
}
