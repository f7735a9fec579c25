//! What a message's texts are filled with.

use super::Message;
use super::cut::cut;
use super::dates::{ahead, beginning, instant, since};
use super::reckoning::{count, reckoning};
use super::texts::{
    ANSWER_DUE, ANSWER_OVERDUE, Blank, ENDED_BY_NOTICE, ENDED_UPSTREAM, NO_PAYMENT, NO_PHONE, ORDER_OPEN,
    ORDER_PAID, ORDER_SHORTENED, ORDER_UNPAID, ORDER_UNTIL, ORDER_WITH_AGREEMENT, part,
};
use crate::documents::rules::bracketed;
use crate::money::Fen;
use crate::notices::Reach;
use crate::party::Language;
use jiff::Timestamp;

/// The most characters of a name in a subject, which is one line; the text has the whole name.
const SHORT_NAME: usize = 20;

/// An amount: `人民币199.00元`, `CNY 199.00`.
fn money(amount: Fen, language: Language) -> String {
    let (yuan, fen) = (amount.get() / 100, amount.get() % 100);
    match language {
        Language::Chinese => format!("人民币{yuan}.{fen:02}元"),
        Language::English => format!("CNY {yuan}.{fen:02}"),
    }
}

/// How long an order's service runs.
fn term(valid_until: Option<Timestamp>, agreement_ends_at: Option<Timestamp>, language: Language) -> String {
    let until = |at| [("until", instant(at, language))];
    match (valid_until, agreement_ends_at) {
        (Some(end), Some(last)) if end == last => part(ORDER_SHORTENED, language, &until(end)),
        (Some(end), _) => part(ORDER_UNTIL, language, &until(end)),
        (None, Some(end)) => part(ORDER_WITH_AGREEMENT, language, &until(end)),
        (None, None) => part(ORDER_OPEN, language, &[]),
    }
}

impl Message {
    /// The values of its texts' placeholders.
    pub(super) fn blanks(&self, reach: &Reach<'_>, language: Language) -> Vec<Blank> {
        self.blanks_with(reach, language, str::to_owned)
    }

    /// The same for its subject.
    pub(super) fn subject_blanks(&self, reach: &Reach<'_>, language: Language) -> Vec<Blank> {
        self.blanks_with(reach, language, |name| cut(name, SHORT_NAME))
    }

    /// The values, with names as `name` writes them.
    fn blanks_with(
        &self,
        reach: &Reach<'_>,
        language: Language,
        name: impl Fn(&str) -> String,
    ) -> Vec<Blank> {
        let at = |at: &Timestamp| instant(*at, language);
        let ahead = |days: &u32| ahead(*days, language);
        let since = |days: &u32| since(*days, language);
        let money = |amount: &Fen| money(*amount, language);
        let words = |english: &str, chinese: &str| match language {
            Language::Chinese => chinese.to_owned(),
            Language::English => english.to_owned(),
        };
        let title = |title: &str| match language {
            Language::Chinese => bracketed(&name(title)),
            Language::English => name(title),
        };
        let by =
            |operator| if operator { words("us", "我方") } else { words("your account", "贵司账号") };
        match self {
            Self::DocumentPublished { title: document, version, effective_at }
            | Self::VersionWithdrawn { title: document, version, effective_at } => vec![
                ("title", title(document)),
                ("version", version.to_string()),
                ("effective_at", beginning(*effective_at, language)),
            ],
            Self::AccountOpened { title: document, version } => {
                vec![("title", title(document)), ("version", version.to_string())]
            }
            Self::ProviderApproved => Vec::new(),
            Self::ListingListed { listing } => vec![("listing", name(listing))],
            Self::OrderInService {
                merchant,
                provider,
                listing,
                order,
                paid,
                valid_until,
                agreement_ends_at,
            } => vec![
                ("merchant", name(merchant)),
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("order", order.clone()),
                ("paid", if *paid == Fen::default() { part(NO_PAYMENT, language, &[]) } else { money(paid) }),
                ("term", term(*valid_until, *agreement_ends_at, language)),
            ],
            Self::PaymentHeld { listing, order, payment, amount }
            | Self::PaymentReturned { listing, order, payment, amount } => vec![
                ("listing", name(listing)),
                ("order", order.clone()),
                ("payment", payment.clone()),
                ("amount", money(amount)),
            ],
            Self::PaymentToReturn { listing, order, payment, amount, reason, reason_zh } => vec![
                ("listing", name(listing)),
                ("order", order.clone()),
                ("payment", payment.clone()),
                ("amount", money(amount)),
                ("reason", words(reason, reason_zh)),
            ],
            Self::PaymentDismissed { listing, order, payment } => {
                vec![("listing", name(listing)), ("order", order.clone()), ("payment", payment.clone())]
            }
            Self::OrderClosed { merchant, provider, listing, order, was_paid, reason, reason_zh } => vec![
                ("merchant", name(merchant)),
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("order", order.clone()),
                ("reason", words(reason, reason_zh)),
                ("settling", part(if *was_paid { ORDER_PAID } else { ORDER_UNPAID }, language, &[])),
            ],
            Self::OrderExpired { merchant, provider, listing, order, at: ended_at } => vec![
                ("merchant", name(merchant)),
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("order", order.clone()),
                ("ended_at", at(ended_at)),
            ],
            Self::GrantActivated { merchant, provider, listing, grant, scopes, expires_at } => vec![
                ("merchant", name(merchant)),
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("expires_at", at(expires_at)),
            ],
            Self::GrantExpiring { provider, listing, grant, days, expires_at } => vec![
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("in_days", ahead(days)),
                ("expires_at", at(expires_at)),
            ],
            Self::GrantEnded { merchant, provider, listing, grant, scopes, ended_at, reason, reason_zh } => {
                vec![
                    ("merchant", name(merchant)),
                    ("provider", name(provider)),
                    ("listing", name(listing)),
                    ("grant", grant.clone()),
                    ("scopes", scopes.clone()),
                    ("ended_at", at(ended_at)),
                    ("reason", words(reason, reason_zh)),
                ]
            }
            Self::DeletionReminder { provider, listing, grant, scopes, days, ended_at } => vec![
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("since", since(days)),
                ("ended_at", at(ended_at)),
            ],
            Self::DemandServed { merchant, listing, grant, scopes, ended_at, due } => vec![
                ("merchant", name(merchant)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("ended_at", at(ended_at)),
                ("due", at(due)),
            ],
            Self::DemandDue { merchant, listing, grant, scopes, days, due } => vec![
                ("merchant", name(merchant)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("in_days", ahead(days)),
                ("due", at(due)),
            ],
            Self::DemandOverdue { merchant, provider, listing, grant, scopes, due } => vec![
                ("merchant", name(merchant)),
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("due", at(due)),
            ],
            Self::DemandAcknowledged { provider, listing, grant, due } => vec![
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("due", at(due)),
            ],
            Self::DemandAttested { provider, listing, grant, answer, answer_zh } => vec![
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("answer", words(answer, answer_zh)),
            ],
            Self::DemandUnanswered { provider, listing, grant, scopes, days, ended_at, due, is_overdue } => {
                let state = if *is_overdue { ANSWER_OVERDUE } else { ANSWER_DUE };
                vec![
                    ("provider", name(provider)),
                    ("listing", name(listing)),
                    ("grant", grant.clone()),
                    ("scopes", scopes.clone()),
                    ("since", since(days)),
                    ("ended_at", at(ended_at)),
                    ("due", at(due)),
                    ("answer_due", part(state, language, &[("due", at(due))])),
                ]
            }
            Self::DemandUnconfirmed {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
                answer,
                answer_zh,
            } => vec![
                ("provider", name(provider)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
                ("since", since(days)),
                ("ended_at", at(ended_at)),
                ("answer", words(answer, answer_zh)),
            ],
            Self::DemandClosed { merchant, listing, grant, scopes }
            | Self::DemandWaived { merchant, listing, grant, scopes } => vec![
                ("merchant", name(merchant)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("scopes", scopes.clone()),
            ],
            Self::TerminationServed { reason, period } => vec![
                ("reason", reason.clone()),
                ("days", count(period)),
                ("ends_at", at(&period.ends_at)),
                ("reckoning", reckoning(period, language)),
            ],
            Self::TerminationMoved { period } => {
                vec![("ends_at", at(&period.ends_at)), ("reckoning", reckoning(period, language))]
            }
            Self::DemandMoved { merchant, listing, grant, period } => vec![
                ("merchant", name(merchant)),
                ("listing", name(listing)),
                ("grant", grant.clone()),
                ("due", at(&period.ends_at)),
                ("reckoning", reckoning(period, language)),
            ],
            Self::TerminationComing { days, ends_at } => {
                vec![("in_days", ahead(days)), ("ends_at", at(ends_at))]
            }
            Self::TerminationWithdrawn { served_at, ends_at } => {
                vec![("served_at", at(served_at)), ("ends_at", at(ends_at))]
            }
            Self::AgreementEnded { at: ended_at, upstream } => {
                let ended = ("ended_at", at(ended_at));
                let cause = match upstream {
                    Some(agreement) => {
                        part(ENDED_UPSTREAM, language, &[("agreement", title(agreement)), ended.clone()])
                    }
                    None => part(ENDED_BY_NOTICE, language, std::slice::from_ref(&ended)),
                };
                vec![ended, ("cause", cause)]
            }
            Self::ContactsChanged { by_operator } => {
                let contacts = reach.contacts();
                let phone = contacts.and_then(|contacts| contacts.phone.as_ref());
                vec![
                    ("email", contacts.map_or_else(String::new, |to| to.email.as_str().to_owned())),
                    (
                        "phone",
                        phone
                            .map_or_else(|| part(NO_PHONE, language, &[]), |phone| phone.as_str().to_owned()),
                    ),
                    ("by", by(*by_operator)),
                ]
            }
            Self::ContactsLeft { by_operator } => vec![("by", by(*by_operator))],
        }
    }
}
