//! What is read: several things in one request, pages of a partition, pages of a list.

use aws_sdk_dynamodb::types::AttributeValue;
use market_kernel::aggregate::Loaded;
use market_kernel::keys::{ListName, Partition};
use market_store::{Asked, Index, Meter, Page, StoreError, of};

use crate::tables::{Table, on_each_table};
use crate::thing::{Impostor, OWNER, THINGS, Thing, at, desk, thing, things};

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

#[tokio::test]
async fn many_wishes_are_answered_in_their_places_and_what_cannot_be_read_fails_those_that_name_it() {
    on_each_table(async |table| {
        let ids: Vec<_> = (0..150).map(|n| format!("{n:03}")).collect();
        table.create(at(0), &ids.iter().map(|id| thing(id)).collect::<Vec<_>>()).await;
        let mut broken = table.item(OWNER, "thing#075").await;
        broken.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
        table.put(broken).await;
        let meter = Meter::counting();
        let store = table.store.metered(meter.clone());
        let wishes: Vec<_> = ids.iter().rev().map(|id| (a(id), a("absent"), a("000"))).collect();
        let found = store.load_all(&wishes).await.unwrap();
        assert_eq!(meter.take().requests, 2, "each thing once, a hundred for each request");
        assert_eq!(found.len(), 150);
        for (id, found) in ids.iter().rev().zip(found) {
            match found {
                Ok((thing, absent, first)) => {
                    let shown = [thing, first].map(|thing| thing.unwrap().id.clone());
                    assert_eq!((shown, absent.is_none()), ([id.clone(), "000".to_owned()], true));
                }
                Err(error) => {
                    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
                    assert_eq!(id, "075");
                }
            }
        }
        assert!(store.load_all(&[(a("075"),)]).await.unwrap()[0].is_err());
        let none: [(market_store::Of<Thing>,); 0] = [];
        assert!(store.load_all(&none).await.unwrap().is_empty());
        assert_eq!(meter.take().requests, 1, "what names nothing asks nothing");
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
        let page = table.store.list::<Thing>(&things(), Asked::page(after.as_deref(), limit)).await.unwrap();
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
            let page = table.store.list::<Thing>(&things(), Asked::page(Some(elsewhere), 1)).await;
            assert!(matches!(page, Err(StoreError::OutsideQuery)), "{elsewhere}: {page:?}");
        }
        for nowhere in ["thing#\u{0}", "thing#zzz", &long("thing#", 1024)] {
            let page = table.store.list::<Thing>(&things(), Asked::page(Some(nowhere), 9)).await.unwrap();
            assert!(page.items.len() <= 5, "within the list, whether or not something is there");
        }
        let empty = table
            .store
            .list::<Thing>(&Partition::stored("account#nobody"), Asked::page(None, 10))
            .await
            .unwrap();
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
                let page = table
                    .store
                    .list_entries::<Thing>(&THINGS, Asked::page(after.as_deref(), 2))
                    .await
                    .unwrap();
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
            let page = table.store.list_entries::<Thing>(&THINGS, Asked::page(Some(no_place), 2)).await;
            assert!(matches!(page, Err(StoreError::OutsideQuery)), "{no_place}");
        }
        // One that is made up begins somewhere in the list, or nowhere.
        let made_up = Asked::page(Some("b|account#another|thing#x"), 100);
        match table.store.list_entries::<Thing>(&THINGS, made_up).await {
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
            table.store.list_entries_merged::<Thing>(Index::Lists, lists, Asked::page(after, limit)).await
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

/// What each page shows, to the last, of a list that is asked for page by page.
async fn to_the_end<T>(
    asked: &Asked<'_>,
    page: impl AsyncFn(Asked<'_>) -> Page<T>,
    show: impl Fn(&T) -> String,
) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = page(Asked { after: after.as_deref(), ..asked.clone() }).await;
        pages.push(page.items.iter().map(&show).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn the_last_page_says_that_it_is_the_last_also_when_it_is_full() {
    on_each_table(async |table| {
        let made = ["a", "b", "c", "d"].map(|id| thing(id).placed(&format!("1/{id}")));
        table.create(at(0), &made).await;
        let (store, id) = (&table.store, |thing: &Loaded<Thing>| thing.id.clone());
        let list = ListName::new("things#", "1");
        let lists = [list.clone(), ListName::new("things#", "2")];
        for up in [true, false] {
            for limit in [1, 2, 4] {
                let asked = Asked::page(None, limit);
                let asked = if up { asked } else { asked.descending() };
                let mut shown = ["a", "b", "c", "d"];
                if !up {
                    shown.reverse();
                }
                let shown: Vec<_> = shown.chunks(usize::from(limit)).collect();
                let partition = async |asked: Asked<'_>| store.list::<Thing>(&things(), asked).await.unwrap();
                assert_eq!(to_the_end(&asked, partition, id).await, shown);
                let one = async |asked: Asked<'_>| store.list_entries::<Thing>(&list, asked).await.unwrap();
                assert_eq!(to_the_end(&asked, one, id).await, shown);
                let several = async |asked: Asked<'_>| {
                    store.list_entries_merged::<Thing>(Index::Lists, &lists, asked).await.unwrap()
                };
                assert_eq!(to_the_end(&asked, several, id).await, shown);
            }
        }
        let records =
            async |asked: Asked<'_>| store.list_records(&things(), "evidence#", asked).await.unwrap();
        let pages = to_the_end(&Asked::page(None, 2), records, |record| record.sort.to_string()).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    })
    .await;
}

#[tokio::test]
async fn a_list_runs_either_way_from_a_place_on() {
    on_each_table(async |table| {
        let places = ["1/a", "2/b", "1/c", "3/d", "2/e", "1/f"];
        let made: Vec<_> = places.iter().map(|place| thing(&place[2..]).placed(place)).collect();
        table.create(at(0), &made).await;
        let store = &table.store;
        let id = |thing: &Loaded<Thing>| thing.id.clone();
        for limit in [1, 2, 3, 100] {
            let asked = Asked::page(None, limit).from("c");
            let partition = async |asked: Asked<'_>| store.list::<Thing>(&things(), asked).await.unwrap();
            assert_eq!(to_the_end(&asked, partition, id).await.concat(), ["c", "d", "e", "f"], "{limit}");
            let down = asked.clone().descending();
            assert_eq!(to_the_end(&down, partition, id).await.concat(), ["f", "e", "d", "c"], "{limit}");
            let list = ListName::new("things#", "1");
            let asked = Asked::page(None, limit).from("1/c");
            let one = async |asked: Asked<'_>| store.list_entries::<Thing>(&list, asked).await.unwrap();
            assert_eq!(to_the_end(&asked, one, id).await.concat(), ["c", "f"], "{limit}");
            assert_eq!(to_the_end(&asked.descending(), one, id).await.concat(), ["f", "c"], "{limit}");
            let lists: Vec<_> = (1..=4).map(|n| ListName::new("things#", n)).collect();
            let asked = Asked::page(None, limit).from("1/f");
            let several = async |asked: Asked<'_>| {
                store.list_entries_merged::<Thing>(Index::Lists, &lists, asked).await.unwrap()
            };
            let up = ["1/f", "2/b", "2/e", "3/d"].map(|place| &place[2..]);
            assert_eq!(to_the_end(&asked, several, id).await.concat(), up, "{limit}");
            let mut down = up;
            down.reverse();
            assert_eq!(to_the_end(&asked.descending(), several, id).await.concat(), down, "{limit}");
        }
        let before = Asked::page(Some("1/a"), 2).from("2");
        let refused =
            store.list_entries_merged::<Thing>(Index::Lists, &[ListName::new("things#", "1")], before).await;
        assert!(matches!(refused, Err(StoreError::OutsideQuery)), "{refused:?}");
        for begins_before in [
            Asked::page(Some("thing#a"), 2).from("c"),
            Asked::page(Some("thing#a"), 2).from("c").descending(),
        ] {
            match store.list::<Thing>(&things(), begins_before).await {
                Ok(page) => assert!(page.items.iter().all(|thing| *thing.id >= *"c"), "nothing from outside"),
                Err(error) => assert!(matches!(error, StoreError::OutsideQuery), "{error:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn of_a_list_in_which_few_are_kept_a_page_goes_on_where_it_stopped_looking() {
    on_each_table(async |table| {
        let made: Vec<_> = (0..450)
            .map(|n| {
                thing(&format!("{n:03}")).placed(&format!("{n:03}")).noted(if n % 150 == 0 {
                    "kept"
                } else {
                    ""
                })
            })
            .collect();
        table.create(at(0), &made).await;
        let store = &table.store;
        let (id, keep) = (|thing: &Loaded<Thing>| thing.id.clone(), |thing: &Thing| thing.note == "kept");
        let partition =
            async |asked: Asked<'_>| store.list_where::<Thing>(&things(), asked, keep).await.unwrap();
        let list =
            async |asked: Asked<'_>| store.list_entries_where::<Thing>(&THINGS, asked, keep).await.unwrap();
        for limit in [1, 2, 100] {
            let asked = Asked::page(None, limit);
            for pages in [to_the_end(&asked, partition, id).await, to_the_end(&asked, list, id).await] {
                assert!(pages.iter().all(|page| page.len() <= usize::from(limit)), "{pages:?}");
                assert!(pages.len() <= 5, "200 are looked at for a page: {pages:?}");
                assert_eq!(pages.concat(), ["000", "150", "300"]);
            }
            let down = asked.descending();
            assert_eq!(to_the_end(&down, partition, id).await.concat(), ["300", "150", "000"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_each_thing_as_it_is_and_nothing_that_has_left_it() {
    on_each_table(async |table| {
        let made: Vec<_> =
            (0..3).map(|n| thing(&n.to_string()).placed(&n.to_string()).noted("open")).collect();
        table.create(at(0), &made).await;
        let shown = async |note: &str| {
            let lists = [desk(note)];
            let page = table.store.list_entries_merged::<Thing>(Index::Desk, &lists, Asked::page(None, 9));
            let page = page.await.unwrap();
            page.items.iter().map(|thing| thing.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            (shown("open").await.concat(), shown("over").await.concat()),
            ("012".into(), String::new())
        );
        table.update(at(1), "1", |thing| thing.noted("over")).await;
        assert_eq!((shown("open").await.concat(), shown("over").await.concat()), ("02".into(), "1".into()));
        assert_eq!(table.store.count_entries(Index::Desk, &desk("open"), 9).await.unwrap(), 2);
        // A release that does not know the list writes the state and leaves the list as it was.
        let mut item = table.item(OWNER, "thing#2").await;
        let body = item["body"].as_s().unwrap().replace("open", "over");
        item.insert("body".to_owned(), AttributeValue::S(body));
        table.put(item).await;
        assert_eq!((shown("open").await.concat(), shown("over").await.concat()), ("0".into(), "1".into()));
    })
    .await;
}

#[tokio::test]
async fn a_table_of_the_release_before_is_completed_and_its_lists_are_filled() {
    on_each_table(async |table| {
        table.make_as_before().await;
        table.create(at(0), &[thing("a").placed("a").noted("open"), thing("b").placed("b")]).await;
        let listed = async || table.store.list_entries::<Thing>(&THINGS, Asked::page(None, 9)).await;
        let refused = listed().await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        for _ in 0..2 {
            table.complete().await;
            let ids: Vec<_> = listed().await.unwrap().items.iter().map(|thing| thing.id.clone()).collect();
            assert_eq!(ids, ["a", "b"]);
            assert_eq!(table.store.count_entries(Index::Desk, &desk("open"), 9).await.unwrap(), 1);
        }
        table.create(at(1), &[thing("c").placed("c")]).await;
        assert_eq!(listed().await.unwrap().items.len(), 3);
    })
    .await;
}
