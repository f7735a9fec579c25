//! The bodies of requests, as a client of the market writes them: for the demo, the benchmarks and the tests.

use market_agreement::documents::clauses::Outline;
use market_functions::register;
use market_kernel::citations::{RuleId, Rules};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_parties::credit_code::CreditCode;
use serde_json::{Value, json};

/// A valid credit code from its first 16 characters.
///
/// # Panics
/// Where they cannot begin one.
#[must_use]
pub fn credit_code(first16: &str) -> CreditCode {
    CreditCode::with_check_characters(first16).expect("16 lawful characters")
}

/// The hash of a page as it was shown.
#[must_use]
pub fn page(what: &str) -> Sha256Hash {
    Sha256Hash::of(format!("<html>{what}</html>").as_bytes())
}

/// A first version of the market agreement.
#[must_use]
pub fn agreement(text: &str, prominent: &[String]) -> Value {
    json!({ "kind": "body", "title": "服务市场服务协议（用户版）", "text": text, "prominent": prominent })
}

/// The same with the market's rules, where the text has a clause of a rule's own number.
///
/// # Panics
/// Where it is not a version to publish.
#[must_use]
pub fn with_rules(mut version: Value) -> Value {
    let outline = Outline::read(version["text"].as_str().expect("a version has a text"));
    let rules: Rules = register::rules()
        .into_iter()
        .filter_map(|rule| {
            Some((RuleId::try_from(rule.to_owned()).ok()?, rule.parse::<ClauseAddress>().ok()?))
        })
        .filter(|(_, clause)| outline.first_unknown(std::slice::from_ref(clause)).is_none())
        .collect();
    version["rules"] = json!(rules);
    version
}

/// A merchant's application.
#[must_use]
pub fn merchant(shop: &str, first16: &str) -> Value {
    json!({
        "legal_name": "成都示例商贸有限公司", "credit_code": credit_code(first16),
        "contacts": { "email": format!("{shop}@example.com"), "phone": "+8613800000001", "language": "zh" },
    })
}

/// A provider's application.
#[must_use]
pub fn provider() -> Value {
    json!({
        "legal_name": "北风软件有限公司", "credit_code": credit_code("91330100MA27XY01"),
        "contacts": { "email": "legal@northwind.example.com", "language": "en" },
    })
}

/// Contacts of a party that has no telephone.
#[must_use]
pub fn contacts(email: &str) -> Value {
    json!({ "email": email, "phone": null, "language": "zh" })
}

/// A provider's subscription agreement.
#[must_use]
pub fn subscription_agreement() -> Value {
    json!({
        "kind": "subscription", "title": "Northwind 服务订购协议", "text": "1.订购\n1.1服务商按套餐提供服务。\n",
    })
}

/// The acceptance of a document's first version, whose exact text was shown.
#[must_use]
pub fn acceptance(document: &str, sha256: &str, prominent_shown: &[String]) -> Value {
    json!({
        "document_id": document, "version": 1, "sha256": sha256, "method": "click",
        "signer": { "name": "李雷", "authority": "法定代表人" },
        "prominent_shown": prominent_shown, "rendered_sha256": sha256,
    })
}

/// An application with three scopes, a 30-day plan, a year's plan, a counted one and one without bound.
#[must_use]
pub fn listing(terms: &str) -> Value {
    let scope = |name: &str, purpose: &str, kind: &str| json!({ "name": name, "purpose": purpose, "method": "读取并汇总，不留存明细", "data_kinds": [kind] });
    let plan = |id: &str, name: &str, price_fen: u64, bound: Value| json!({ "id": id, "name": name, "price_fen": price_fen, "bound": bound });
    json!({
        "kind": "application", "name": "北风订单助手", "category": "订单管理",
        "functions": "汇总订单，提示缺货。", "instructions": "开通后在后台授权即可使用。",
        "charges": "按套餐一次性收费，无额外收费。", "refund_rule": "七日内未使用可退。",
        "validity": "自付款起按套餐期限。", "subscription_agreement": terms,
        "scopes": [
            scope("orders.read", "汇总订单", "订单信息"),
            scope("stock.read", "提示缺货", "库存数量"),
            scope("buyers.read", "售后联系", "收件人信息"),
        ],
        "plans": [
            plan("month", "30天", 19_900, json!({ "kind": "term", "days": 30 })),
            plan("year", "一年", 199_000, json!({ "kind": "term", "days": 365 })),
            plan("thousand", "一千次", 9_900, json!({ "kind": "count", "uses": 1_000 })),
            plan("forever", "不限", 299_000, json!({ "kind": "unbounded" })),
        ],
    })
}

/// An order of a plan.
#[must_use]
pub fn order(listing: &str, plan: &str, terms: &str) -> Value {
    json!({
        "listing_id": listing, "plan_id": plan,
        "subscription_agreement": { "document_id": terms, "version": 1 },
    })
}

/// A grant of scopes until the order ends.
#[must_use]
pub fn grant(order: &str, scopes: &[&str]) -> Value {
    json!({ "order_id": order, "scopes": scopes, "page_sha256": page("authorization") })
}

/// That a human served a notice by a letter.
#[must_use]
pub fn other_service(served_at: jiff::Timestamp) -> Value {
    json!({ "way": "letter", "served_at": served_at, "evidence": "挂号信 XA12345678901，签收回执存法务档案 2026-17。" })
}

/// That it was served so instead, on the telephone; without an instant, that it was not served.
#[must_use]
pub fn correction(served_at: Option<jiff::Timestamp>) -> Value {
    let told = "10:30 由王芳电话告知，通话记录 2026-18。";
    let outcome = served_at.map_or_else(
        || json!({ "kind": "not_served" }),
        |at| json!({ "kind": "served", "way": "telephone", "served_at": at, "evidence": told }),
    );
    json!({ "reason": "误录为挂号信，该信寄给了另一商家。", "outcome": outcome })
}

/// An attestation of deletion.
#[must_use]
pub fn attestation(done_at: jiff::Timestamp) -> Value {
    json!({
        "answer": "deleted", "datasets": ["订单汇总", "库存快照"], "copies": "备份已随轮换清除。",
        "sub_processors": ["云存储服务商"], "done_at": done_at, "method": "覆写并核验",
        "signer": { "name": "王芳", "authority": "数据保护负责人" },
    })
}

/// A holiday schedule of 2027, as a notice of that day might have it: New Year's Day as the law alone gives it.
#[must_use]
pub fn holidays_of_2027(dated: &str) -> Value {
    let holiday = |name_zh: &str, name_en: &str, from: &str, to: &str, make_up: &[&str]| json!({ "name_zh": name_zh, "name_en": name_en, "from": from, "to": to, "make_up": make_up });
    json!({
        "notice": {
            "title": "国务院办公厅关于2027年部分节假日安排的通知", "number": "国办发明电〔2026〕0号", "date": dated,
            "url": "https://www.gov.cn/zhengce/",
        },
        "holidays": [
            holiday("元旦", "New Year's Day", "2027-01-01", "2027-01-03", &[]),
            holiday("春节", "Spring Festival", "2027-02-05", "2027-02-11", &["2027-02-14"]),
            holiday("清明节", "Qingming Festival", "2027-04-03", "2027-04-05", &[]),
            holiday("劳动节", "Labour Day", "2027-05-01", "2027-05-05", &["2027-05-08"]),
            holiday("端午节", "Dragon Boat Festival", "2027-06-09", "2027-06-09", &[]),
            holiday("中秋节", "Mid-Autumn Festival", "2027-09-15", "2027-09-15", &[]),
            holiday("国庆节", "National Day", "2027-10-01", "2027-10-07", &["2027-09-26", "2027-10-09"]),
        ],
    })
}
