//! What notices can be about.
//!
//! A message is typed: a missing parameter does not compile. Its texts are files in `notices/texts`, one for
//! each language and, where merchant and provider are told different things, for each of the two ([`texts`]);
//! what fills their placeholders comes from the message alone ([`blanks`]). What stands around every text –
//! to whom, by which clause, in whose name, where answers go – is put there in one place ([`letter`]).

#[allow(missing_docs, reason = "the names say it")]
pub mod about;
mod blanks;
mod cut;
mod dates;
mod letter;
mod reckoning;
mod texts;

use jiff::Timestamp;

use crate::money::Fen;
use crate::periods::Trace;

pub(super) use letter::{Letter, Short};

/// A rendered notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Everything that a notice can be about.
///
/// `merchant` and `provider` are full names, `days` before a date are the calendar days that are left when
/// the notice is drafted (0 is today), `days` after an end those that have passed since.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the texts are filled with")]
pub enum Message {
    DocumentPublished {
        title: String,
        version: u32,
        effective_at: Timestamp,
    },
    VersionWithdrawn {
        title: String,
        version: u32,
        effective_at: Timestamp,
    },
    AccountOpened {
        title: String,
        version: u32,
    },
    ProviderApproved,
    ListingListed {
        listing: String,
    },
    OrderInService {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        paid: Fen,
        valid_until: Option<Timestamp>,
        agreement_ends_at: Option<Timestamp>,
    },
    PaymentHeld {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
    },
    PaymentToReturn {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
        reason: &'static str,
        reason_zh: &'static str,
    },
    PaymentReturned {
        listing: String,
        order: String,
        payment: String,
        amount: Fen,
    },
    PaymentDismissed {
        listing: String,
        order: String,
        payment: String,
    },
    OrderClosed {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        was_paid: bool,
        reason: &'static str,
        reason_zh: &'static str,
    },
    OrderExpired {
        merchant: String,
        provider: String,
        listing: String,
        order: String,
        at: Timestamp,
    },
    GrantActivated {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        expires_at: Timestamp,
    },
    GrantExpiring {
        provider: String,
        listing: String,
        grant: String,
        days: u32,
        expires_at: Timestamp,
    },
    GrantEnded {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        ended_at: Timestamp,
        reason: &'static str,
        reason_zh: &'static str,
    },
    /// The demand is not served yet: asks to serve it.
    DeletionReminder {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
    },
    DemandServed {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
        ended_at: Timestamp,
        due: Timestamp,
    },
    DemandDue {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        due: Timestamp,
    },
    DemandOverdue {
        merchant: String,
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        due: Timestamp,
    },
    DemandAcknowledged {
        provider: String,
        listing: String,
        grant: String,
        due: Timestamp,
    },
    DemandAttested {
        provider: String,
        listing: String,
        grant: String,
        answer: &'static str,
        answer_zh: &'static str,
    },
    /// It is served, and the provider has not answered: asks to follow it up.
    DemandUnanswered {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
        due: Timestamp,
        is_overdue: bool,
    },
    /// The provider has answered: asks to confirm the answer, or to object to it.
    DemandUnconfirmed {
        provider: String,
        listing: String,
        grant: String,
        scopes: String,
        days: u32,
        ended_at: Timestamp,
        answer: &'static str,
        answer_zh: &'static str,
    },
    DemandClosed {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
    },
    DemandWaived {
        merchant: String,
        listing: String,
        grant: String,
        scopes: String,
    },
    TerminationServed {
        reason: String,
        period: Box<Trace>,
    },
    TerminationComing {
        days: u32,
        ends_at: Timestamp,
    },
    TerminationWithdrawn {
        served_at: Timestamp,
        ends_at: Timestamp,
    },
    /// The holiday schedule that the period waited for has moved the end.
    TerminationMoved {
        period: Box<Trace>,
    },
    /// The holiday schedule that the period waited for has moved the provider's due date.
    DemandMoved {
        merchant: String,
        listing: String,
        grant: String,
        period: Box<Trace>,
    },
    /// The agreement is over: by notice, or with the upstream agreement that is named.
    AgreementEnded {
        at: Timestamp,
        upstream: Option<String>,
    },
    /// To a party at its new addresses: says which contacts hold.
    ContactsChanged {
        by_operator: bool,
    },
    /// To the addresses that a party gave up: does not say what took their place.
    ContactsLeft {
        by_operator: bool,
    },
}

/// A withdrawal goes out on every channel that the withdrawn notice took.
const GRAVE: [&str; 5] = [
    about::TERMINATION_SERVED,
    about::TERMINATION_COMING,
    about::TERMINATION_MOVED,
    about::TERMINATION_WITHDRAWN,
    about::AGREEMENT_ENDED,
];

impl Message {
    /// What it is about, for programs; stable.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        match self {
            Self::DocumentPublished { .. } => "document_published",
            Self::VersionWithdrawn { .. } => "version_withdrawn",
            Self::AccountOpened { .. } => "account_opened",
            Self::ProviderApproved => "provider_approved",
            Self::ListingListed { .. } => about::LISTING_LISTED,
            Self::OrderInService { .. } => about::ORDER_IN_SERVICE,
            Self::PaymentHeld { .. } => about::PAYMENT_HELD,
            Self::PaymentToReturn { .. } => about::PAYMENT_TO_RETURN,
            Self::PaymentReturned { .. } => "payment_returned",
            Self::PaymentDismissed { .. } => "payment_dismissed",
            Self::OrderClosed { .. } => "order_closed",
            Self::OrderExpired { .. } => "order_expired",
            Self::GrantActivated { .. } => about::GRANT_ACTIVATED,
            Self::GrantExpiring { .. } => about::GRANT_EXPIRING,
            Self::GrantEnded { .. } => "grant_ended",
            Self::DeletionReminder { .. } => about::DELETION_REMINDER,
            Self::DemandServed { .. } => about::DEMAND_SERVED,
            Self::DemandDue { .. } => about::DEMAND_DUE,
            Self::DemandOverdue { .. } => about::DEMAND_OVERDUE,
            Self::DemandAcknowledged { .. } => "demand_acknowledged",
            Self::DemandAttested { .. } => about::DEMAND_ATTESTED,
            Self::DemandUnanswered { .. } => about::DEMAND_UNANSWERED,
            Self::DemandUnconfirmed { .. } => about::DEMAND_UNCONFIRMED,
            Self::DemandClosed { .. } => "demand_closed",
            Self::DemandWaived { .. } => "demand_waived",
            Self::TerminationServed { .. } => about::TERMINATION_SERVED,
            Self::TerminationComing { .. } => about::TERMINATION_COMING,
            Self::TerminationWithdrawn { .. } => about::TERMINATION_WITHDRAWN,
            Self::TerminationMoved { .. } => about::TERMINATION_MOVED,
            Self::DemandMoved { .. } => about::DEMAND_MOVED,
            Self::AgreementEnded { .. } => about::AGREEMENT_ENDED,
            Self::ContactsChanged { .. } => about::CONTACTS_CHANGED,
            Self::ContactsLeft { .. } => about::CONTACTS_LEFT,
        }
    }

    /// Whether so much depends on a message about this that it also goes out as a text message.
    #[must_use]
    pub fn is_grave_about(about: &str) -> bool {
        GRAVE.contains(&about)
    }

    /// Whether a message about this concerns an address that was given up, and its reader alone.
    #[must_use]
    pub fn is_of_an_address_left(about: &str) -> bool {
        about == about::CONTACTS_LEFT
    }

    /// Whether the party's own account shows it.
    #[must_use]
    pub fn is_shown_in_site(&self) -> bool {
        !Self::is_of_an_address_left(self.about())
    }

    /// Whether a text message takes the place of an e-mail about this that came back: a grave one went there
    /// by itself, and what is said at an address that was given up concerns no other.
    #[must_use]
    pub fn is_followed_up_about(about: &str) -> bool {
        !Self::is_grave_about(about) && !Self::is_of_an_address_left(about)
    }
}
