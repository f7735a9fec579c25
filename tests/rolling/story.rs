//! The story, step by step. Who takes a step is not said: each is taken by the other version than the one before.

use market::stage::{PROMINENT, TERMS};
use market::{demo, requests};
use serde_json::{Value, json};

use crate::kept::Remembered;
use crate::sides::Who;

pub const OPERATOR: Who<'static> = Who("operator", "ops");
pub const NORTHWIND: Who<'static> = Who("provider", "northwind");
pub const DATA_API: Who<'static> = Who("data_gateway", "data-api");
const UPSTREAM: Who<'static> = Who("upstream", "platform");
const SHOP: Who<'static> = Who("merchant", "shop-1");
const OTHER: Who<'static> = Who("merchant", "shop-2");

/// A place of a reply, and the name under which its text is kept.
pub type Keep = (&'static str, &'static str);

pub enum Step {
    /// Someone changes something, under an idempotency key.
    Post { who: Who<'static>, path: &'static str, body: fn(&Remembered) -> Value, keep: &'static [Keep] },
    /// The same by a route that takes no key.
    Tell { who: Who<'static>, path: &'static str, body: fn(&Remembered) -> Value, keep: &'static [Keep] },
    /// An order is paid.
    Pay { account: &'static str, order: &'static str, price_fen: u64 },
    /// A kept token is checked.
    Check { token: &'static str, outcome: &'static str },
    /// So many days go by.
    Days(u32),
    /// Both versions show this.
    Shows { path: &'static str, at: &'static str, value: &'static str },
    /// The merchant was told this on the site.
    Told { about: &'static str, times: usize },
}

impl Step {
    /// Whether the table can be another one after it.
    pub const fn writes(&self) -> bool {
        !matches!(self, Self::Shows { .. } | Self::Told { .. })
    }
}

const fn post(who: Who<'static>, path: &'static str, body: fn(&Remembered) -> Value) -> Step {
    makes(who, path, body, &[])
}

/// A change whose reply is needed later.
const fn makes(
    who: Who<'static>,
    path: &'static str,
    body: fn(&Remembered) -> Value,
    keep: &'static [Keep],
) -> Step {
    Step::Post { who, path, body, keep }
}

const fn tells(
    who: Who<'static>,
    path: &'static str,
    body: fn(&Remembered) -> Value,
    keep: &'static [Keep],
) -> Step {
    Step::Tell { who, path, body, keep }
}

const fn shows(path: &'static str, at: &'static str, value: &'static str) -> Step {
    Step::Shows { path, at, value }
}

fn nothing(_: &Remembered) -> Value {
    json!({})
}

fn prominent() -> [String; 2] {
    PROMINENT.map(str::to_owned)
}

/// A version of the agreement that takes effect so many days later.
fn amendment(kept: &Remembered, text: &str, days: i64) -> Value {
    let mut agreement = requests::agreement(text, &[]);
    agreement["effective_at"] = json!(kept.in_days(days));
    agreement
}

fn agreement_accepted(kept: &Remembered) -> Value {
    requests::acceptance("market-agreement", kept.text("agreement"), &prominent())
}

fn amendment_accepted(kept: &Remembered) -> Value {
    let mut acceptance = requests::acceptance("market-agreement", kept.text("amendment"), &[]);
    acceptance["version"] = json!(2);
    acceptance
}

fn terms_accepted(kept: &Remembered) -> Value {
    requests::acceptance(TERMS, kept.text("terms"), &[])
}

fn order(kept: &Remembered, plan: &str) -> Value {
    requests::order(kept.text("listing"), plan, TERMS)
}

fn grant(kept: &Remembered, order: &str) -> Value {
    requests::grant(kept.text(order), &["orders.read", "stock.read"])
}

fn attestation(kept: &Remembered) -> Value {
    requests::attestation(kept.now())
}

fn termination(_: &Remembered) -> Value {
    json!({ "reason": "多次违反平台规则，经提示未改正。" })
}

pub const STORY: &[Step] = &[
    // A market is made.
    makes(
        OPERATOR,
        "/documents/market-agreement/versions",
        |_| requests::agreement(demo::AGREEMENT, &prominent()),
        &[("/versions/0/sha256", "agreement")],
    ),
    post(NORTHWIND, "/providers/northwind", |_| requests::provider()),
    post(OPERATOR, "/providers/northwind/approval", nothing),
    makes(
        NORTHWIND,
        "/documents/northwind.terms/versions",
        |_| requests::subscription_agreement(),
        &[("/versions/0/sha256", "terms")],
    ),
    makes(NORTHWIND, "/providers/northwind/listings", |_| requests::listing(TERMS), &[("/id", "listing")]),
    post(NORTHWIND, "/providers/northwind/listings/{listing}/submission", nothing),
    post(OPERATOR, "/listings/{listing}/approval", nothing),
    // A merchant comes and orders.
    post(SHOP, "/accounts/shop-1", |_| requests::merchant("shop-1", "91510100MA6C0QLJ")),
    post(SHOP, "/accounts/shop-1/acceptances", agreement_accepted),
    shows("/accounts/shop-1", "/status", "active"),
    post(SHOP, "/accounts/shop-1/acceptances", terms_accepted),
    makes(SHOP, "/accounts/shop-1/orders", |kept| order(kept, "month"), &[("/id", "month")]),
    Step::Pay { account: "shop-1", order: "month", price_fen: 19_900 },
    makes(SHOP, "/accounts/shop-1/grants", |kept| grant(kept, "month"), &[("/id", "grant")]),
    tells(NORTHWIND, "/accounts/shop-1/grants/{grant}/tokens", nothing, &[("/token", "token")]),
    Step::Check { token: "token", outcome: "allowed" },
    // A second grant is revoked, and its data is deleted.
    makes(SHOP, "/accounts/shop-1/orders", |kept| order(kept, "year"), &[("/id", "year")]),
    Step::Pay { account: "shop-1", order: "year", price_fen: 199_000 },
    makes(SHOP, "/accounts/shop-1/grants", |kept| grant(kept, "year"), &[("/id", "revoked")]),
    // Two tokens, so that the grant is revoked by another version than it was given by.
    tells(NORTHWIND, "/accounts/shop-1/grants/{revoked}/tokens", nothing, &[]),
    tells(NORTHWIND, "/accounts/shop-1/grants/{revoked}/tokens", nothing, &[("/token", "dead")]),
    Step::Check { token: "dead", outcome: "allowed" },
    post(SHOP, "/accounts/shop-1/grants/{revoked}/revocation", nothing),
    Step::Check { token: "dead", outcome: "ended" },
    post(SHOP, "/accounts/shop-1/demands/{revoked}/service", nothing),
    post(NORTHWIND, "/accounts/shop-1/demands/{revoked}/acknowledgement", nothing),
    post(NORTHWIND, "/accounts/shop-1/demands/{revoked}/attestation", attestation),
    post(SHOP, "/accounts/shop-1/demands/{revoked}/closure", nothing),
    // A third one stays until the agreement ends.
    makes(SHOP, "/accounts/shop-1/grants", |kept| grant(kept, "year"), &[("/id", "lasting")]),
    tells(NORTHWIND, "/accounts/shop-1/grants/{lasting}/tokens", nothing, &[("/token", "lasting-token")]),
    // An order that nobody pays, and an amendment.
    makes(SHOP, "/accounts/shop-1/orders", |kept| order(kept, "thousand"), &[("/id", "unpaid")]),
    makes(
        OPERATOR,
        "/documents/market-agreement/versions",
        |kept| amendment(kept, "1.总则\n1.1第二版自生效之日起适用。\n", 10),
        &[("/versions/1/sha256", "amendment")],
    ),
    Step::Days(2),
    shows("/accounts/shop-1/orders/{unpaid}", "/status", "closed"),
    // Another merchant's agreement ends with the upstream one.
    post(OTHER, "/accounts/shop-2", |_| requests::merchant("shop-2", "91440300MA5EXAMP")),
    post(OTHER, "/accounts/shop-2/acceptances", agreement_accepted),
    post(OTHER, "/accounts/shop-2/acceptances", terms_accepted),
    makes(OTHER, "/accounts/shop-2/orders", |kept| order(kept, "year"), &[("/id", "others")]),
    Step::Pay { account: "shop-2", order: "others", price_fen: 199_000 },
    makes(OTHER, "/accounts/shop-2/grants", |kept| grant(kept, "others"), &[("/id", "others-grant")]),
    tells(NORTHWIND, "/accounts/shop-2/grants/{others-grant}/tokens", nothing, &[("/token", "others-token")]),
    Step::Check { token: "others-token", outcome: "allowed" },
    tells(
        UPSTREAM,
        "/accounts/shop-2/upstream-end",
        |kept| json!({ "event_id": "upstream-7781", "agreement": "软件许可及服务协议", "ended_at": kept.now() }),
        &[],
    ),
    Step::Check { token: "others-token", outcome: "ended" },
    shows("/accounts/shop-2", "/status", "terminated"),
    shows("/accounts/shop-2/orders/{others}", "/status", "closed"),
    shows("/accounts/shop-2/demands/{others-grant}", "/status", "draft"),
    // The amendment is accepted, and others follow: one of them leaves the first version behind.
    Step::Days(9),
    post(SHOP, "/accounts/shop-1/acceptances", amendment_accepted),
    post(OPERATOR, "/documents/market-agreement/versions", |kept| {
        amendment(kept, "1.总则\n1.1第三版。\n", 100)
    }),
    post(OPERATOR, "/documents/market-agreement/versions", |kept| {
        amendment(kept, "1.总则\n1.1第四版。\n", 120)
    }),
    // The first grant expires, and its data is deleted.
    Step::Days(16),
    Step::Told { about: "grant_expiring", times: 2 },
    Step::Days(4),
    Step::Told { about: "grant_expiring", times: 3 },
    Step::Told { about: "grant_ended", times: 2 },
    shows("/accounts/shop-1/orders/{month}", "/status", "expired"),
    shows("/accounts/shop-1/grants/{grant}", "/cause", "expired"),
    Step::Check { token: "token", outcome: "ended" },
    Step::Days(8),
    Step::Told { about: "deletion_reminder", times: 2 },
    post(SHOP, "/accounts/shop-1/demands/{grant}/service", nothing),
    post(NORTHWIND, "/accounts/shop-1/demands/{grant}/acknowledgement", nothing),
    post(NORTHWIND, "/accounts/shop-1/demands/{grant}/attestation", attestation),
    post(SHOP, "/accounts/shop-1/demands/{grant}/closure", nothing),
    // Notice is given, withdrawn and given again, and the agreement ends.
    makes(OPERATOR, "/accounts/shop-1/terminations", termination, &[("/id", "withdrawn")]),
    post(OPERATOR, "/accounts/shop-1/terminations/{withdrawn}/withdrawal", nothing),
    makes(OPERATOR, "/accounts/shop-1/terminations", termination, &[("/id", "termination")]),
    Step::Check { token: "lasting-token", outcome: "allowed" },
    // Fifteen full days, and at most the longest holiday.
    Step::Days(30),
    Step::Told { about: "termination_coming", times: 3 },
    shows("/accounts/shop-1/terminations/{termination}", "/status", "completed"),
    shows("/accounts/shop-1", "/status", "terminated"),
    shows("/accounts/shop-1/orders/{year}", "/status", "closed"),
    shows("/accounts/shop-1/grants/{lasting}", "/cause", "agreement_ended"),
    Step::Check { token: "lasting-token", outcome: "ended" },
    post(
        SHOP,
        "/accounts/shop-1/demands/{lasting}/waiver",
        |_| json!({ "agreement": "双方同意保存至年底。" }),
    ),
    shows("/accounts/shop-1/demands/{lasting}", "/status", "waived"),
];
