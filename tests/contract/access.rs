//! The access ledger: every check is counted, by hour, scope and outcome.

use futures_util::future::try_join_all;
use market_domain::Timestamp;
use market_domain::grants::access::Outcome;
use market_domain::grants::{Grant, GrantStatus};
use market_domain::hash::Sha256Hash;
use market_domain::ids::{GrantId, ListingId, OrderId, ScopeName};
use market_domain::reminders::Reminders;

use crate::tables::on_each_table;
use crate::thing::at;

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

#[tokio::test(flavor = "multi_thread")]
async fn checks_at_once_are_counted_each_by_hour_scope_and_outcome() {
    on_each_table(async |table| {
        let (one, other) = (grant(1), grant(2));
        let (orders, stock): (ScopeName, ScopeName) =
            ("orders.read".parse().unwrap(), "stock.read".parse().unwrap());
        let hour: Timestamp = "2026-06-01T10:00:00Z".parse().unwrap();
        let past = |seconds: i64| hour + jiff::SignedDuration::from_secs(seconds);
        let counted = async |scope: &ScopeName, outcome, seconds: i64| {
            table.store.count_access(&one, scope, outcome, past(seconds)).await
        };
        counted(&orders, Outcome::Allowed, 0).await.unwrap();
        try_join_all((1..40).map(|n| counted(&orders, Outcome::Allowed, n))).await.unwrap();
        counted(&orders, Outcome::Allowed, 3_599).await.unwrap();
        counted(&orders, Outcome::Allowed, 3_600).await.unwrap();
        counted(&orders, Outcome::WrongScope, 5).await.unwrap();
        counted(&stock, Outcome::Allowed, 6).await.unwrap();
        table.store.count_access(&other, &orders, Outcome::Ended, past(7)).await.unwrap();

        let (mut lines, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = table.store.ledger(&one.account_id, &one.id, after.as_deref(), 2).await.unwrap();
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
                (since(line.hour), line.scope.as_str(), line.outcome, line.count, first, last)
            })
            .collect();
        assert_eq!(
            told,
            [
                (0, "orders.read", Outcome::Allowed, 41, 0, 3_599),
                (0, "orders.read", Outcome::WrongScope, 1, 5, 5),
                (0, "stock.read", Outcome::Allowed, 1, 6, 6),
                (3_600, "orders.read", Outcome::Allowed, 1, 3_600, 3_600),
            ]
        );
        assert!(lines.iter().all(|line| line.grant_id == one.id && line.provider_id == one.provider_id));
    })
    .await;
}
