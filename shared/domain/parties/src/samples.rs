//! The parties that samples of messages speak of. Each context has samples of its own messages: `docs/notices` shows
//! them, and the tests of the texts look at them. Nothing here is anyone's.

use jiff::Timestamp;
use market_kernel::citations::{Citations, Rules};
use market_kernel::money::Fen;
use market_kernel::notices::{Message, Reach};
use market_kernel::party::{Contacts, Language};
use market_kernel::periods::{self, Calendar, Length, Trace};

use crate::accounts::{AccountStatus, FIRST_PERIOD, MarketAccount};
use crate::credit_code::CreditCode;
use crate::messages::{AccountOpened, ContactsChanged, ContactsLeft, ProviderApproved};
use crate::providers::{Provider, ProviderStatus};

/// Why the samples here cannot fail.
const LAWFUL: &str = "a sample is lawful";

/// The rules that the sample's agreement carries: those that messages are told by.
const RULES: [&str; 19] = [
    "1.3", "1.4", "2.2", "2.3", "2.6", "4.1", "4.2", "4.4.1", "4.4.2", "4.4.3", "4.4.5", "4.6", "5.1", "9.4",
    "10.1", "10.1.1", "10.1.2", "10.2", "11.1",
];

/// Whom a sample is told.
#[derive(Debug, Clone)]
pub enum SampleRecipient {
    /// A merchant.
    Merchant(Box<MarketAccount>),
    /// A provider, about itself.
    Provider(Box<Provider>),
    /// A provider, of a merchant's.
    ProviderOf(Box<(Provider, MarketAccount)>),
    /// Everyone.
    Everyone(Language),
}

impl SampleRecipient {
    /// The same, as it is told.
    #[must_use]
    pub fn reach(&self) -> Reach<'_> {
        match self {
            Self::Merchant(account) => Reach::Party(&**account),
            Self::Provider(provider) => Reach::Party(&**provider),
            Self::ProviderOf(parties) => Reach::ProviderOf(&parties.0, &parties.1),
            Self::Everyone(language) => Reach::Everyone(*language),
        }
    }
}

/// A message, and all that are told it.
#[derive(Debug)]
pub struct Sample {
    /// The rule of the market that it serves.
    pub clause: &'static str,
    /// The message.
    pub message: Box<dyn Message>,
    /// Whom it is told.
    pub told: Vec<SampleRecipient>,
}

impl Sample {
    pub fn new(clause: &'static str, message: impl Message + 'static, told: Vec<SampleRecipient>) -> Self {
        Self { clause, message: Box::new(message), told }
    }
}

/// Whom and what samples speak of.
#[derive(Debug)]
pub struct Cast {
    language: Language,
    pub account: MarketAccount,
    pub provider: Provider,
    pub listing: String,
    pub title: String,
    pub reason: String,
}

/// An instant that is written out.
fn at(at: &str) -> Timestamp {
    at.parse().expect(LAWFUL)
}

fn id(prefix: &str) -> String {
    format!("{prefix}_0198b3c5e2a07c41a9d2f06b5e817c30")
}

impl Cast {
    #[must_use]
    pub fn of(language: Language) -> Self {
        let mut cast = Self {
            language,
            account: account(),
            provider: provider(),
            listing: "北风订单助手".to_owned(),
            title: "服务市场服务协议（用户版）".to_owned(),
            reason: "贵司连续三个月未履行本协议约定的数据安全义务，经两次书面催告仍未改正。".to_owned(),
        };
        cast.account.contacts.language = language;
        cast.provider.contacts.language = language;
        cast
    }

    /// With this for every name and reason that a merchant or the operator wrote.
    #[must_use]
    pub fn named(language: Language, name: &market_kernel::text::Line) -> Self {
        let mut cast = Self::of(language);
        cast.account.legal_name = name.clone();
        let name = name.as_str();
        Self { listing: name.to_owned(), title: name.to_owned(), reason: name.repeat(30), ..cast }
    }

    #[must_use]
    pub fn merchants(&self) -> Vec<SampleRecipient> {
        vec![SampleRecipient::Merchant(Box::new(self.account.clone()))]
    }

    #[must_use]
    pub fn providers(&self) -> Vec<SampleRecipient> {
        vec![SampleRecipient::Provider(Box::new(self.provider.clone()))]
    }

    #[must_use]
    pub fn its_provider(&self) -> Vec<SampleRecipient> {
        vec![SampleRecipient::ProviderOf(Box::new((self.provider.clone(), self.account.clone())))]
    }

    #[must_use]
    pub fn both(&self) -> Vec<SampleRecipient> {
        [self.merchants(), self.its_provider()].concat()
    }

    #[must_use]
    pub fn everyone(&self) -> Vec<SampleRecipient> {
        vec![SampleRecipient::Everyone(self.language)]
    }

    #[must_use]
    pub fn midnight(&self) -> Timestamp {
        at("2026-12-27T16:00:00Z")
    }

    #[must_use]
    pub fn noon(&self) -> Timestamp {
        at("2026-12-12T06:37:00Z")
    }

    /// Fifteen days from noon.
    #[must_use]
    pub fn period(&self) -> Trace {
        periods::reckon(self.noon(), Length::Days(15), Calendar::published()).expect(LAWFUL)
    }

    #[must_use]
    pub fn merchant(&self) -> String {
        self.account.legal_name.to_string()
    }

    #[must_use]
    pub fn seller(&self) -> String {
        self.provider.legal_name.to_string()
    }

    #[must_use]
    pub fn order(&self) -> String {
        id("ord")
    }

    #[must_use]
    pub fn grant(&self) -> String {
        id("grt")
    }

    #[must_use]
    pub fn payment(&self) -> String {
        "pay-20261212-0417".to_owned()
    }

    #[must_use]
    pub fn scopes(&self) -> String {
        "orders.read, stock.read".to_owned()
    }

    #[must_use]
    pub fn paid(&self) -> Fen {
        19_900.try_into().expect(LAWFUL)
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
    let rules: Rules = RULES
        .into_iter()
        .map(|rule| (rule.to_owned().try_into().expect(LAWFUL), rule.parse().expect(LAWFUL)))
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
        approved_at: Some(Timestamp::UNIX_EPOCH),
    }
}

/// Samples of what is said when parties are let in.
#[must_use]
pub fn of_admissions(cast: &Cast) -> Vec<Sample> {
    vec![
        Sample::new("2.3", AccountOpened { title: cast.title.clone(), version: 1 }, cast.merchants()),
        Sample::new("2.2", ProviderApproved {}, cast.providers()),
    ]
}

/// Samples of what is said when contacts change.
#[must_use]
pub fn of_contacts(cast: &Cast) -> Vec<Sample> {
    let changed = |contacts: &Contacts, told| Sample::new("11.1", ContactsChanged::to(contacts, false), told);
    vec![
        changed(&cast.account.contacts, cast.merchants()),
        changed(&cast.provider.contacts, cast.providers()),
        Sample::new(
            "11.1",
            ContactsLeft { by_operator: true },
            [cast.merchants(), cast.providers()].concat(),
        ),
    ]
}
