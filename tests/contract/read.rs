//! What is read: several things in one request, pages of a partition, pages of a list.

use market_kernel::aggregate::Loaded;
use market_kernel::keys::{ListName, Partition};
use market_store::{Meter, StoreError, of};

use crate::tables::{Table, on_each_table};
use crate::thing::{Impostor, THINGS, Thing, at, thing, things};

fn a(id: &str) -> market_store::Of<Thing> {
    of(id.to_owned())
}

#[tokio::test]
async fn several_things_are_read_in_one_request_missing_and_repeated_ones_among_them() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a"), thing("b")]).await;
        let meter = Meter::counting();
        let store = table.store.metered(meter.clone());
        let found = store.load((a("b"), a("absent"), a("a"), a("b"), a("absent"))).await.unwrap();
        assert_eq!(meter.take().requests, 1);
        let (b, absent, first, again, never) = found;
        assert!(absent.is_none() && never.is_none());
        let ids = [b, first, again].map(|thing| thing.unwrap().id.clone());
        assert_eq!(ids, ["b", "a", "b"], "each in the place of its wish");
        let nothing = store.load((a("x"), a("y"))).await.unwrap();
        assert!(matches!(nothing, (None, None)));
    })
    .await;
}

/// The ids of what was found, in the places of the wishes.
macro_rules! ids {
    ($found:expr, $($place:ident)+) => {{
        let ($($place,)+) = $found.await.unwrap();
        [$($place),+].map(|thing: Option<Loaded<Thing>>| thing.map(|thing| thing.id.clone()).unwrap_or_default())
    }};
}

#[tokio::test]
async fn one_to_eight_things_are_read_at_once_each_in_the_place_of_its_wish() {
    on_each_table(async |table| {
        table.create(at(0), &["1", "2", "3", "4", "5", "6", "7", "8"].map(thing)).await;
        let store = &table.store;
        assert_eq!(ids!(store.load((a("1"),)), p), ["1"]);
        assert_eq!(ids!(store.load((a("2"), a("1"))), p q), ["2", "1"]);
        assert_eq!(ids!(store.load((a("3"), a("2"), a("1"))), p q r), ["3", "2", "1"]);
        assert_eq!(ids!(store.load((a("4"), a("3"), a("2"), a("1"))), p q r s), ["4", "3", "2", "1"]);
        let five = (a("5"), a("4"), a("3"), a("2"), a("1"));
        assert_eq!(ids!(store.load(five), p q r s t), ["5", "4", "3", "2", "1"]);
        let six = (a("6"), a("5"), a("4"), a("3"), a("2"), a("1"));
        assert_eq!(ids!(store.load(six), p q r s t u), ["6", "5", "4", "3", "2", "1"]);
        let seven = (a("7"), a("6"), a("5"), a("4"), a("3"), a("2"), a("1"));
        assert_eq!(ids!(store.load(seven), p q r s t u v), ["7", "6", "5", "4", "3", "2", "1"]);
        let eight = (a("8"), a("7"), a("6"), a("5"), a("4"), a("3"), a("2"), a("1"));
        assert_eq!(ids!(store.load(eight), p q r s t u v w), ["8", "7", "6", "5", "4", "3", "2", "1"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_just_written_is_read() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a")]).await;
        for n in 1..=20 {
            table.update(at(n), "a", |a| a.noted(&n.to_string())).await;
            assert_eq!(table.load("a").await.note, n.to_string());
            let (one, _) = table.store.load((a("a"), a("b"))).await.unwrap();
            assert_eq!(one.unwrap().note, n.to_string());
        }
    })
    .await;
}

#[tokio::test]
async fn an_item_of_another_kind_is_not_taken_for_what_was_asked_for() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a")]).await;
        let outcome = table.store.get::<Impostor>(&"a".to_owned()).await;
        assert!(matches!(outcome, Err(StoreError::Corrupt { key, .. }) if *key.sort == *"thing#a"));
    })
    .await;
}

fn long(begins: &str, bytes: usize) -> String {
    format!("{begins:x<bytes$}")
}

/// The ids on each page, to the last.
async fn pages(table: &Table, limit: u16) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = table.store.list::<Thing>(&things(), after.as_deref(), limit).await.unwrap();
        pages.push(page.items.iter().map(|thing| thing.id.clone()).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_of_a_partition_show_each_thing_once_in_the_order_of_its_key_and_nothing_else() {
    on_each_table(async |table| {
        // Their records, in the same partition, sort before them.
        table.create(at(0), &["e", "b", "d", "a", "c"].map(thing)).await;
        let shown = pages(&table, 2).await;
        assert!(shown.iter().all(|page| page.len() <= 2), "{shown:?}");
        assert_eq!(shown.concat(), ["a", "b", "c", "d", "e"]);
        assert_eq!(pages(&table, 100).await.concat(), ["a", "b", "c", "d", "e"]);
        for elsewhere in ["", "zzz", "thing", "thing#", "evidence#thing#a#0000000001", &long("thing#", 1025)]
        {
            let page = table.store.list::<Thing>(&things(), Some(elsewhere), 1).await;
            assert!(matches!(page, Err(StoreError::OutsideQuery)), "{elsewhere}: {page:?}");
        }
        for nowhere in ["thing#\u{0}", "thing#zzz", &long("thing#", 1024)] {
            let page = table.store.list::<Thing>(&things(), Some(nowhere), 9).await.unwrap();
            assert!(page.items.len() <= 5, "within the list, whether or not something is there");
        }
        let empty = table.store.list::<Thing>(&Partition::stored("account#nobody"), None, 10).await.unwrap();
        assert!(empty.items.is_empty() && empty.next.is_none());
    })
    .await;
}

#[tokio::test]
async fn pages_of_a_view_follow_its_places_and_what_leaves_it_is_gone() {
    on_each_table(async |table| {
        let placed = |id: &str, place: &str| thing(id).placed(place);
        let things = [
            placed("1", "b"),
            placed("2", "a"),
            thing("3"),
            placed("4", "b"),
            placed("5", "c"),
            placed("6", "b"),
        ];
        table.create(at(0), &things).await;
        let read = async || {
            let (mut ids, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = table.store.list_entries::<Thing>(&THINGS, after.as_deref(), 2).await.unwrap();
                assert!(page.items.len() <= 2);
                ids.extend(page.items.iter().map(|thing| thing.id.clone()));
                after = page.next;
                if after.is_none() {
                    return ids;
                }
            }
        };
        let ids = read().await;
        assert_eq!((ids[0].as_str(), ids[4].as_str(), ids.len()), ("2", "5", 5));
        let mut equal = ids[1..4].to_vec();
        equal.sort();
        assert_eq!(equal, ["1", "4", "6"], "equal places are told apart, across a page's end too");
        let sort = long("s", 1025);
        for no_place in [
            "",
            "|",
            "a",
            "a|b",
            "a||c",
            "|b|c",
            "a|b|",
            "a|b|c|d",
            &format!("a|b|{sort}"),
            &format!("{sort}|b|c"),
        ] {
            let page = table.store.list_entries::<Thing>(&THINGS, Some(no_place), 2).await;
            assert!(matches!(page, Err(StoreError::OutsideQuery)), "{no_place}");
        }
        // One that is made up begins somewhere in the list, or nowhere.
        match table.store.list_entries::<Thing>(&THINGS, Some("b|account#another|thing#x"), 100).await {
            Ok(page) => assert!(page.items.iter().all(|thing| thing.place.is_some())),
            Err(error) => assert!(matches!(error, StoreError::OutsideQuery), "{error:?}"),
        }
        table.update(at(1), "5", |thing| Thing { place: None, ..thing }).await;
        table.update(at(1), "3", |thing| thing.placed("0")).await;
        let ids = read().await;
        assert_eq!((ids[0].as_str(), ids.len()), ("3", 5));
        assert!(!ids.contains(&"5".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn several_lists_are_read_as_one_in_the_order_of_their_places_each_thing_once() {
    on_each_table(async |table| {
        // Places begin with their list's number, so one list ends before the next begins: as uneven as can be.
        let places = ["1/a", "1/b", "1/c", "1/d", "1/e", "1/f", "2/a", "4/a"];
        let things = places.iter().enumerate().map(|(n, place)| thing(&n.to_string()).placed(place));
        table.create(at(0), &things.collect::<Vec<_>>()).await;
        let lists: Vec<_> = (1..=4).map(|n| ListName::new("things#", n)).collect();
        let page = async |lists: &[ListName], after: Option<&str>, limit| {
            table.store.list_entries_merged::<Thing>(lists, after, limit).await
        };
        for limit in [1, 2, 3, 8, 100] {
            let (mut seen, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = page(&lists, after.as_deref(), limit).await.unwrap();
                assert!(page.items.len() <= usize::from(limit) && !page.items.is_empty(), "{limit}");
                seen.extend(page.items.iter().filter_map(|thing| thing.place.clone()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, places, "{limit} on a page");
        }
        for nowhere in ["", &long("1/", 1025)] {
            let refused = page(&lists, Some(nowhere), 2).await;
            assert!(matches!(refused, Err(StoreError::OutsideQuery)), "{nowhere}");
        }
        for nothing in [page(&lists, Some("9"), 2).await.unwrap(), page(&[], None, 2).await.unwrap()] {
            assert!(nothing.items.is_empty() && nothing.next.is_none());
        }
    })
    .await;
}
