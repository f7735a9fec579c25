//! The parties, and the things that they deal in, from which states are built. All of it happens in March and April of
//! 2026, whose holiday schedule is published.

use jiff::Timestamp;
use market_agreement::documents::acceptance::{Acceptance, Method, Signer};
use market_agreement::documents::{Document, DocumentKind, Publisher, Version};
use market_entrustment::deletion::{Answer, Attestation};
use market_entrustment::grants::{Grant, GrantStatus};
use market_kernel::citations::Rules;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, GrantId, ListingId, OrderId};
use market_kernel::notices::samples;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::reminders::Reminders;
use market_parties::accounts::MarketAccount;
use market_trade::listings::{Bound, Description, Listing, ListingKind, ListingStatus, Plan, Scope};
use market_trade::orders::{Order, OrderStatus, Payment, Snapshot};

pub use market_parties::samples::{account, provider};

/// The price of the plans that cost something, in fen.
pub const PRICE_FEN: u64 = 19_900;

#[must_use]
pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

#[must_use]
pub fn occasion(at: Timestamp) -> Occasion {
    samples::occasion(at, Actor::Job("job".to_owned()))
}

/// When everything begins.
#[must_use]
pub fn begin() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

/// A version that is in force from the beginning on.
#[must_use]
pub fn version(number: u32) -> Version {
    Version {
        number,
        title: None,
        sha256: Sha256Hash::of(&number.to_be_bytes()),
        size_bytes: 4,
        published_at: at("2026-01-01T00:00:00Z"),
        effective_at: at("2026-01-01T00:00:00Z"),
        prominent: Vec::new(),
        rules: Rules::new(),
        warning: None,
        outline_sha256: None,
    }
}

/// The market agreement, of which version 1 is in force.
#[must_use]
pub fn agreement() -> Document {
    Document {
        id: DocumentId::market_agreement(),
        kind: DocumentKind::Body,
        publisher: Publisher::Operator,
        title: "服务市场服务协议（用户版）".try_into().unwrap(),
        versions: vec![version(1)],
        withdrawn: Vec::new(),
    }
}

/// The provider's subscription agreement, of which version 2 is in force.
#[must_use]
pub fn terms() -> Document {
    Document {
        id: "northwind.terms".parse().unwrap(),
        kind: DocumentKind::Subscription,
        publisher: Publisher::Provider(provider().id),
        title: "服务订购协议".try_into().unwrap(),
        versions: vec![version(2)],
        withdrawn: Vec::new(),
    }
}

/// The merchant's acceptance of a version of the provider's terms.
#[must_use]
pub fn acceptance(number: u32) -> Acceptance {
    let sha256 = version(number).sha256;
    Acceptance {
        account_id: account().id,
        agreement_period: 1,
        document_id: terms().id,
        version: number,
        sha256: sha256.clone(),
        method: Method::Click,
        signer: Signer {
            name: "张三".try_into().unwrap(), authority: "法定代表人".try_into().unwrap()
        },
        prominent_shown: Vec::new(),
        rendered_sha256: sha256,
        address: None,
        user_agent: None,
        accepted_at: begin(),
    }
}

fn scope(name: &str) -> Scope {
    Scope {
        name: name.parse().unwrap(),
        purpose: "同步订单".try_into().unwrap(),
        method: "接口读取".try_into().unwrap(),
        data_kinds: vec!["订单编号".try_into().unwrap()],
    }
}

#[must_use]
pub fn plan(id: &str, price_fen: u64, bound: Bound) -> Plan {
    let name = id.to_owned().try_into().unwrap();
    Plan { id: id.parse().unwrap(), name, price_fen: price_fen.try_into().unwrap(), bound }
}

/// An application that asks for two scopes, with a plan of each bound, and one that costs nothing.
#[must_use]
pub fn description() -> Description {
    Description {
        kind: ListingKind::Application,
        name: "北风订单助手".try_into().unwrap(),
        category: "订单".try_into().unwrap(),
        functions: "同步订单".try_into().unwrap(),
        instructions: "安装后授权".try_into().unwrap(),
        charges: "按套餐".try_into().unwrap(),
        refund_rule: "七日内".try_into().unwrap(),
        validity: "按套餐".try_into().unwrap(),
        subscription_agreement: terms().id,
        scopes: vec![scope("orders.read"), scope("stock.read")],
        plans: vec![
            plan("month", PRICE_FEN, Bound::Term { days: 30 }),
            plan("uses", PRICE_FEN, Bound::Count { uses: 100 }),
            plan("forever", PRICE_FEN, Bound::Unbounded),
            plan("trial", 0, Bound::Term { days: 30 }),
        ],
    }
}

#[must_use]
pub fn listing(status: ListingStatus) -> Listing {
    Listing {
        id: ListingId::new(begin(), [1; 10]),
        provider_id: provider().id,
        description: description(),
        status,
        created_at: begin(),
    }
}

/// A payment that was made an hour after the beginning.
#[must_use]
pub fn payment() -> Payment {
    Payment { id: "pay-1".parse().unwrap(), paid_at: at("2026-03-02T11:00:00+08:00"), has_record: true }
}

/// An order of a plan, placed at the beginning.
#[must_use]
pub fn order(plan: &str, status: OrderStatus) -> Order {
    let description = description();
    let terms = terms();
    Order {
        id: OrderId::new(begin(), [2; 10]),
        account_id: account().id,
        provider_id: provider().id,
        listing_id: listing(ListingStatus::Listed).id,
        snapshot: Snapshot {
            plan: description.plans.iter().find(|offered| offered.id.as_str() == plan).unwrap().clone(),
            description,
            market_agreement: 1,
            subscription_agreement: (terms.id, 2, terms.versions[0].sha256.clone()),
            unbounded_risk_acknowledged: false,
        },
        accepts_shorter_term: false,
        placed_at: begin(),
        status,
    }
}

/// A grant from the beginning until the end of March, of which all reminders were sent.
#[must_use]
pub fn grant(status: GrantStatus) -> Grant {
    Grant {
        id: GrantId::new(begin(), [3; 10]),
        account_id: account().id,
        order_id: OrderId::new(begin(), [2; 10]),
        provider_id: provider().id,
        listing_id: listing(ListingStatus::Listed).id,
        listing_name: description().name,
        scopes: vec![scope("orders.read")],
        page_sha256: Sha256Hash::of(b"page"),
        granted_at: begin(),
        expires_at: at("2026-04-01T00:00:00+08:00"),
        token: None,
        reminders: Reminders { passed: 3 },
        status,
    }
}

/// The account, whose agreement ends or ended at an instant.
#[must_use]
pub fn account_until(ends_at: Option<Timestamp>) -> MarketAccount {
    MarketAccount { ends_at, ..account() }
}

/// An attestation of what was done at an instant.
#[must_use]
pub fn attestation(done_at: Timestamp) -> Attestation {
    Attestation {
        answer: Answer::Deleted,
        datasets: vec!["订单".try_into().unwrap()],
        copies: "已删除".try_into().unwrap(),
        sub_processors: Vec::new(),
        done_at,
        method: "覆写".try_into().unwrap(),
        signer: "李四".try_into().unwrap(),
        authority: Some("数据保护负责人".try_into().unwrap()),
    }
}
