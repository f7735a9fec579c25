//! One of each message with the parties that are told it: what `docs/notices` shows, and what the tests of
//! the texts look at. Nothing here is anyone's.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Message, Reach};
use crate::accounts::{AccountStatus, FIRST_PERIOD, MarketAccount};
use crate::change::Occasion;
use crate::credit_code::CreditCode;
use crate::documents::rules::{Citations, RuleId, Rules};
use crate::money::Fen;
use crate::party::{Actor, Contacts, Language, Operator};
use crate::periods::{self, Calendar, Length};
use crate::providers::{Provider, ProviderStatus};
use crate::salt::Salts;

/// Why the samples here cannot fail.
const LAWFUL: &str = "a sample is lawful";

/// Whom a sample is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// A merchant.
    Merchant(Box<MarketAccount>),
    /// A provider, of its own affairs.
    Provider(Box<Provider>),
    /// A provider, of a merchant's.
    ProviderOf(Box<(Provider, MarketAccount)>),
    /// Everyone.
    Everyone(Language),
}

impl Told {
    /// The same, as it is told.
    #[must_use]
    pub fn reach(&self) -> Reach<'_> {
        match self {
            Self::Merchant(account) => Reach::Merchant(&**account),
            Self::Provider(provider) => Reach::Provider(&**provider),
            Self::ProviderOf(parties) => Reach::ProviderOf(&parties.0, &parties.1),
            Self::Everyone(language) => Reach::Everyone(*language),
        }
    }
}

/// A message, and all that are told it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The rule of the market that it serves.
    pub clause: &'static str,
    /// The message.
    pub message: Message,
    /// Whom it is told.
    pub told: Vec<Told>,
}

/// Who runs the sample's market.
///
/// # Panics
/// Never: what is written here is lawful.
#[must_use]
pub fn operator() -> Operator {
    Operator {
        name_zh: "服务市场示例运营有限公司".try_into().expect(LAWFUL),
        name_en: "Sample Market Ltd.".try_into().expect(LAWFUL),
        official_address: "notices@market.example.com".to_owned().try_into().expect(LAWFUL),
    }
}

/// An occasion in the sample's market.
#[must_use]
pub fn occasion(at: Timestamp, actor: Actor) -> Occasion {
    Occasion {
        at,
        actor,
        request: "r".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(operator()),
    }
}

fn contacts(email: &str, phone: Option<&str>, language: Language) -> Contacts {
    Contacts {
        email: email.to_owned().try_into().expect(LAWFUL),
        phone: phone.map(|phone| phone.to_owned().try_into().expect(LAWFUL)),
        language,
    }
}

fn credit_code(first16: &str) -> CreditCode {
    CreditCode::with_check_characters(first16).expect(LAWFUL)
}

/// A merchant whose agreement is numbered as the market's rules are.
///
/// # Panics
/// Never: what is written here is lawful.
#[must_use]
pub fn account() -> MarketAccount {
    let rules: Rules = RuleId::all()
        .map(|rule| {
            let clause = rule.as_str().parse().expect(LAWFUL);
            (rule, clause)
        })
        .collect();
    MarketAccount {
        contacts_changed_at: None,
        id: "shop-1".parse().expect(LAWFUL),
        legal_name: "成都示例商贸有限公司".try_into().expect(LAWFUL),
        credit_code: credit_code("91510100MA6C0QLJ"),
        contacts: contacts("shop-1@example.com", Some("+8613800000001"), Language::Chinese),
        status: AccountStatus::Active,
        applied_at: Timestamp::UNIX_EPOCH,
        agreement_period: FIRST_PERIOD,
        agreement_version: Some(1),
        citations: Some(Citations {
            title: "服务市场服务协议（用户版）".try_into().expect(LAWFUL),
            version: 1,
            rules,
        }),
        ends_at: None,
        termination_id: None,
    }
}

/// A provider.
///
/// # Panics
/// Never: what is written here is lawful.
#[must_use]
pub fn provider() -> Provider {
    Provider {
        contacts_changed_at: None,
        id: "northwind".parse().expect(LAWFUL),
        legal_name: "北风软件有限公司".try_into().expect(LAWFUL),
        credit_code: credit_code("91330100MA27XY01"),
        contacts: contacts("legal@northwind.example.com", None, Language::Chinese),
        status: ProviderStatus::Approved,
        applied_at: Timestamp::UNIX_EPOCH,
    }
}

/// One of each message, to those who read this language; of some, one for each way in which they end.
///
/// # Panics
/// Never: what is written here is lawful.
#[must_use]
pub fn samples(language: Language) -> Vec<Sample> {
    let account = {
        let account = account();
        let contacts = Contacts { language, ..account.contacts.clone() };
        MarketAccount { contacts, ..account }
    };
    let provider = {
        let provider = provider();
        let contacts = Contacts { language, ..provider.contacts.clone() };
        Provider { contacts, ..provider }
    };
    let merchants = || vec![Told::Merchant(Box::new(account.clone()))];
    let providers = || vec![Told::Provider(Box::new(provider.clone()))];
    let its_provider = || vec![Told::ProviderOf(Box::new((provider.clone(), account.clone())))];
    let both = || [merchants(), its_provider()].concat();
    let at = |at: &str| -> Timestamp { at.parse().expect(LAWFUL) };
    let midnight = at("2026-12-27T16:00:00Z");
    let noon = at("2026-12-12T06:37:00Z");
    let merchant = || account.legal_name.to_string();
    let seller = || provider.legal_name.to_string();
    let listing = || "北风订单助手".to_owned();
    let title = || "服务市场服务协议（用户版）".to_owned();
    let id = |prefix: &str| format!("{prefix}_0198b3c5e2a07c41a9d2f06b5e817c30");
    let (order, grant, payment) = (|| id("ord"), || id("grt"), || "pay-20261212-0417".to_owned());
    let scopes = || "orders.read, stock.read".to_owned();
    let paid: Fen = 19_900.try_into().expect(LAWFUL);
    let in_service = |paid, valid_until, agreement_ends_at| Message::OrderInService {
        merchant: merchant(),
        provider: seller(),
        listing: listing(),
        order: order(),
        paid,
        valid_until,
        agreement_ends_at,
    };
    let period = |start| {
        let period = periods::reckon(at(start), Length::Days(15), Calendar::published()).expect(LAWFUL);
        Box::new(period)
    };
    let sample = |clause, message, told| Sample { clause, message, told };
    vec![
        sample(
            "9.4",
            Message::DocumentPublished { title: title(), version: 2, effective_at: midnight },
            vec![Told::Everyone(language)],
        ),
        sample(
            "9.4",
            Message::VersionWithdrawn { title: title(), version: 2, effective_at: midnight },
            vec![Told::Everyone(language)],
        ),
        sample("2.3", Message::AccountOpened { title: title(), version: 1 }, merchants()),
        sample("2.2", Message::ProviderApproved, providers()),
        sample("4.2", Message::ListingListed { listing: listing() }, providers()),
        sample("4.6", in_service(paid, Some(midnight), None), both()),
        sample("4.6", in_service(paid, Some(midnight), Some(midnight)), both()),
        sample("4.6", in_service(paid, None, Some(midnight)), both()),
        sample("4.6", in_service(Fen::default(), None, None), both()),
        sample(
            "4.6",
            Message::PaymentHeld { listing: listing(), order: order(), payment: payment(), amount: paid },
            merchants(),
        ),
        sample(
            "4.6",
            Message::PaymentToReturn {
                listing: listing(),
                order: order(),
                payment: payment(),
                amount: paid,
                reason: "the order was paid before",
                reason_zh: "该订单此前已付款",
            },
            merchants(),
        ),
        sample(
            "4.6",
            Message::PaymentReturned { listing: listing(), order: order(), payment: payment(), amount: paid },
            merchants(),
        ),
        sample(
            "4.6",
            Message::PaymentDismissed { listing: listing(), order: order(), payment: payment() },
            merchants(),
        ),
        sample(
            "10.1",
            Message::OrderClosed {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                order: order(),
                was_paid: true,
                reason: "the market agreement ended",
                reason_zh: "服务市场协议已终止",
            },
            both(),
        ),
        sample(
            "4.6",
            Message::OrderClosed {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                order: order(),
                was_paid: false,
                reason: "it was not paid in time",
                reason_zh: "逾期未付款",
            },
            both(),
        ),
        sample(
            "4.2",
            Message::OrderExpired {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                order: order(),
                at: midnight,
            },
            both(),
        ),
        sample(
            "4.4.2",
            Message::GrantActivated {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                expires_at: midnight,
            },
            both(),
        ),
        sample(
            "4.4.3",
            Message::GrantExpiring {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                days: 7,
                expires_at: midnight,
            },
            merchants(),
        ),
        sample(
            "4.4.2",
            Message::GrantEnded {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                ended_at: noon,
                reason: "the merchant revoked it",
                reason_zh: "商户撤回授权",
            },
            both(),
        ),
        sample(
            "4.4.5",
            Message::DeletionReminder {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 3,
                ended_at: noon,
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandServed {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                ended_at: noon,
                due: midnight,
            },
            its_provider(),
        ),
        sample(
            "4.4.5",
            Message::DemandDue {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 0,
                due: midnight,
            },
            its_provider(),
        ),
        sample(
            "4.4.5",
            Message::DemandMoved {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                period: period("2026-12-12T06:37:00Z"),
            },
            both(),
        ),
        sample(
            "4.4.5",
            Message::DemandOverdue {
                merchant: merchant(),
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                due: midnight,
            },
            both(),
        ),
        sample(
            "4.4.5",
            Message::DemandAcknowledged {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                due: midnight,
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandAttested {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                answer: "deleted",
                answer_zh: "已删除",
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandUnanswered {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 7,
                ended_at: noon,
                due: midnight,
                is_overdue: false,
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandUnanswered {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 30,
                ended_at: noon,
                due: midnight,
                is_overdue: true,
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandUnconfirmed {
                provider: seller(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
                days: 30,
                ended_at: noon,
                answer: "legally retained",
                answer_zh: "依法留存",
            },
            merchants(),
        ),
        sample(
            "4.4.5",
            Message::DemandClosed {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
            },
            its_provider(),
        ),
        sample(
            "4.4.5",
            Message::DemandWaived {
                merchant: merchant(),
                listing: listing(),
                grant: grant(),
                scopes: scopes(),
            },
            its_provider(),
        ),
        sample(
            "10.1.2",
            Message::TerminationServed {
                reason: "贵司连续三个月未履行本协议约定的数据安全义务，经两次书面催告仍未改正。".to_owned(),
                period: period("2026-12-12T06:37:00Z"),
            },
            merchants(),
        ),
        sample("10.1.2", Message::TerminationComing { days: 1, ends_at: midnight }, merchants()),
        sample("10.1.2", Message::TerminationMoved { period: period("2026-12-12T06:37:00Z") }, merchants()),
        sample("10.1.2", Message::TerminationWithdrawn { served_at: noon, ends_at: midnight }, merchants()),
        sample("10.1.2", Message::AgreementEnded { at: midnight, upstream: None }, merchants()),
        sample(
            "10.1.1",
            Message::AgreementEnded { at: noon, upstream: Some("软件许可及服务协议".to_owned()) },
            merchants(),
        ),
        sample("11.1", Message::ContactsChanged { by_operator: false }, [merchants(), providers()].concat()),
        sample("11.1", Message::ContactsLeft { by_operator: true }, [merchants(), providers()].concat()),
    ]
}
