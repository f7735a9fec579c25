//! The access ledger: every check is counted, by hour, scope and outcome.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use market_entrustment::grants::access::{Check, CheckOutcome, hour_of};
use market_entrustment::grants::{Grant, GrantStatus};
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{GrantId, ListingId, OrderId, ScopeName};
use market_kernel::reminders::Reminders;
use market_store::{Asked, StoreError, from_hour};

use crate::tables::{Item, on_each_table};
use crate::thing::at;

/// Where is counted what partition 0 does not take.
const OTHERS: [u8; 2] = [3, 5];

fn grant(tail: u8) -> Grant {
    Grant {
        id: GrantId::new(at(0), [tail; 10]),
        account_id: "shop-1".parse().unwrap(),
        order_id: OrderId::new(at(0), [1; 10]),
        provider_id: "northwind".parse().unwrap(),
        listing_id: ListingId::new(at(0), [1; 10]),
        listing_name: "北风订单助手".to_owned().try_into().unwrap(),
        scopes: Vec::new(),
        page_sha256: Sha256Hash::of(b""),
        granted_at: at(0),
        expires_at: at(86_400),
        token: None,
        reminders: Reminders::default(),
        status: GrantStatus::Active,
    }
}

/// A line of a ledger, with its instants in seconds from the first hour on.
#[derive(Debug, PartialEq)]
struct Counted<'a> {
    hour: i64,
    scope: &'a str,
    outcome: CheckOutcome,
    count: u64,
    first: i64,
    last: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_at_once_are_counted_each_by_hour_scope_and_outcome() {
    on_each_table(async |table| {
        let (one, other) = (grant(1), grant(2));
        let (orders, stock): (ScopeName, ScopeName) =
            ("orders.read".parse().unwrap(), "stock.read".parse().unwrap());
        let hour: Timestamp = "2026-06-01T10:00:00Z".parse().unwrap();
        let past = |seconds: i64| hour + jiff::SignedDuration::from_secs(seconds);
        let counted = async |scope: &ScopeName, outcome, seconds: i64| {
            table
                .store
                .count_access(Check { grant: &one, scope, outcome, at: past(seconds), times: 1 }, OTHERS)
                .await
        };
        counted(&orders, CheckOutcome::Allowed, 0).await.unwrap();
        try_join_all((1..40).map(|n| counted(&orders, CheckOutcome::Allowed, n))).await.unwrap();
        counted(&orders, CheckOutcome::Allowed, 3_599).await.unwrap();
        counted(&orders, CheckOutcome::Allowed, 3_600).await.unwrap();
        counted(&orders, CheckOutcome::WrongScope, 5).await.unwrap();
        counted(&stock, CheckOutcome::Allowed, 6).await.unwrap();
        table
            .store
            .count_access(
                Check { grant: &other, scope: &orders, outcome: CheckOutcome::Ended, at: past(7), times: 1 },
                OTHERS,
            )
            .await
            .unwrap();

        let (mut lines, mut after) = (Vec::new(), None::<String>);
        loop {
            let page =
                table.store.ledger(&one.account_id, &one.id, Asked::page(after.as_deref(), 2)).await.unwrap();
            lines.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                let since = |at: Timestamp| at.duration_since(hour).as_secs();
                let (first, last) = (since(line.first_at), since(line.last_at));
                let (hour, scope, count) = (since(line.hour), line.scope.as_str(), line.count);
                Counted { hour, scope, outcome: line.outcome, count, first, last }
            })
            .collect();
        assert_eq!(
            told,
            [
                Counted {
                    hour: 0,
                    scope: "orders.read",
                    outcome: CheckOutcome::Allowed,
                    count: 41,
                    first: 0,
                    last: 3_599
                },
                Counted {
                    hour: 0,
                    scope: "orders.read",
                    outcome: CheckOutcome::WrongScope,
                    count: 1,
                    first: 5,
                    last: 5
                },
                Counted {
                    hour: 0,
                    scope: "stock.read",
                    outcome: CheckOutcome::Allowed,
                    count: 1,
                    first: 6,
                    last: 6
                },
                Counted {
                    hour: 3_600,
                    scope: "orders.read",
                    outcome: CheckOutcome::Allowed,
                    count: 1,
                    first: 3_600,
                    last: 3_600
                },
            ]
        );
        assert!(lines.iter().all(|line| line.grant_id == one.id && line.provider_id == one.provider_id));
    })
    .await;
}

/// A line as the release before ledgers had partitions wrote it.
fn former_line(grant: &Grant, hour: i64) -> Item {
    let at_ms = (at(hour * 3_600).as_second() * 1_000).to_string();
    let texts = [
        ("pk", "account#shop-1".to_owned()),
        ("sk", format!("access#{}#{}#orders.read#allowed", grant.id, at(hour * 3_600))),
        ("grant", grant.id.to_string()),
        ("provider", "northwind".to_owned()),
        ("scope", "orders.read".to_owned()),
        ("outcome", "allowed".to_owned()),
    ];
    let numbers = [("count", "1".to_owned()), ("first_at", at_ms.clone()), ("last_at", at_ms)];
    let texts = texts.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
    let numbers = numbers.map(|(name, number)| (name.to_owned(), AttributeValue::N(number)));
    texts.into_iter().chain(numbers).collect()
}

#[tokio::test]
async fn lines_of_the_former_place_and_of_todays_are_paged_through_each_once() {
    on_each_table(async |table| {
        let grant = grant(1);
        let scope: ScopeName = "orders.read".parse().unwrap();
        for hour in 0..3 {
            table.put(former_line(&grant, hour)).await;
            let today = at((hour + 3) * 3_600);
            table
                .store
                .count_access(
                    Check {
                        grant: &grant,
                        scope: &scope,
                        outcome: CheckOutcome::Allowed,
                        at: today,
                        times: 1,
                    },
                    OTHERS,
                )
                .await
                .unwrap();
        }
        let all = async |asked: &dyn Fn(Option<&str>) -> Asked<'_>| {
            let (mut seen, mut after) = (Vec::new(), None::<String>);
            loop {
                let asked = asked(after.as_deref());
                let limit = usize::from(asked.limit);
                let page = table.store.ledger(&grant.account_id, &grant.id, asked).await.unwrap();
                assert!(page.items.len() <= limit && page.unreadable.is_empty());
                seen.extend(page.items.iter().map(|line| line.first_at.duration_since(at(0)).as_hours()));
                after = page.next;
                if after.is_none() {
                    return seen;
                }
            }
        };
        for limit in 1..=7 {
            assert_eq!(all(&|after| Asked::page(after, limit)).await, [0, 1, 2, 3, 4, 5], "limit {limit}");
            let newest_first = all(&|after| Asked::page(after, limit).descending()).await;
            assert_eq!(newest_first, [5, 4, 3, 2, 1, 0], "limit {limit}");
            for (hour, second) in [(2, 0), (2, 1_800), (4, 1_999)] {
                let from = || from_hour(at(hour * 3_600 + second));
                let since: Vec<_> = (hour..6).collect();
                assert_eq!(
                    all(&|after| Asked::page(after, limit).from(from())).await,
                    since,
                    "limit {limit}"
                );
                let back = all(&|after| Asked::page(after, limit).descending().from(from())).await;
                assert_eq!(back, since.into_iter().rev().collect::<Vec<_>>(), "limit {limit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_line_of_a_schema_to_come_is_not_counted_on_and_hides_no_other() {
    on_each_table(async |table| {
        let grant = grant(1);
        let scope: ScopeName = "orders.read".parse().unwrap();
        table.put(former_line(&grant, 0)).await;
        for hour in [1, 2] {
            let now = at(hour * 3_600);
            table
                .store
                .count_access(
                    Check { grant: &grant, scope: &scope, outcome: CheckOutcome::Allowed, at: now, times: 1 },
                    OTHERS,
                )
                .await
                .unwrap();
        }
        let (pk, sk) =
            (format!("ledger#shop-1#{}#0", grant.id), format!("{}#orders.read#allowed", hour_of(at(3_600))));
        let mut line = table.item(&pk, &sk).await;
        line.insert("schema".to_owned(), AttributeValue::N("2".to_owned()));
        table.put(line.clone()).await;
        let mut former = former_line(&grant, 0);
        former.insert("count".to_owned(), AttributeValue::N("-1".to_owned()));
        table.put(former).await;

        let check =
            Check { grant: &grant, scope: &scope, outcome: CheckOutcome::Allowed, at: at(3_601), times: 1 };
        let counted = table.store.count_access(check, OTHERS).await;
        assert!(matches!(counted, Err(StoreError::Corrupt { .. })), "{counted:?}");
        assert_eq!(table.item(&pk, &sk).await, line, "nothing was written");
        let mut no_number = line.clone();
        no_number.insert("schema".to_owned(), AttributeValue::N("1".to_owned()));
        no_number.insert("count".to_owned(), AttributeValue::S("1".to_owned()));
        table.put(no_number).await;
        let counted = table.store.count_access(check, OTHERS).await;
        assert!(matches!(counted, Err(StoreError::Corrupt { .. })), "{counted:?}");
        let page = table.store.ledger(&grant.account_id, &grant.id, Asked::page(None, 10)).await.unwrap();
        assert_eq!((page.items.len(), page.unreadable.len()), (1, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_one_instant_are_counted_together_and_a_line_that_they_begin_is_known_as_new() {
    on_each_table(async |table| {
        let (grant, scope): (_, ScopeName) = (grant(1), "orders.read".parse().unwrap());
        let (outcome, store) = (CheckOutcome::Allowed, &table.store);
        let counted = async |at, times| {
            store
                .count_access(Check { grant: &grant, scope: &scope, outcome, at, times }, OTHERS)
                .await
                .unwrap()
        };
        assert_eq!(counted(at(0), 3).await, market_store::Counted::First);
        assert_eq!(counted(at(7), 3).await, market_store::Counted::Further);
        assert_eq!(counted(at(9), 44).await, market_store::Counted::Further);
        let page = store.ledger(&grant.account_id, &grant.id, Asked::page(None, 10)).await.unwrap();
        let told: Vec<_> = page.items.iter().map(|line| (line.count, line.first_at, line.last_at)).collect();
        assert_eq!(told, [(50, at(0), at(9))]);
    })
    .await;
}
