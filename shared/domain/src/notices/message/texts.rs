//! The files that texts are made of, and how they are filled.
//!
//! A file's first line is the subject and the rest the text, with placeholders like `{listing}`. Which file a
//! message takes for whom is one exhaustive match, so that a message without a text does not compile; that
//! every placeholder has a value and every value a placeholder is tested over all messages. What parties
//! wrote is put in as it is: a text is read once, and what was filled in is not read again.

use std::fmt::Write as _;

use super::Message;
use crate::party::{Language, PartyId, Recipient};

/// A text in the languages of the market.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    /// Its file, without the ending.
    #[cfg(test)]
    pub name: &'static str,
    chinese: &'static str,
    english: &'static str,
}

impl Text {
    pub(super) const fn read(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.chinese,
            Language::English => self.english,
        }
    }

    /// Its first line, and the rest.
    pub(super) fn subject_and_body(self, language: Language) -> (&'static str, &'static str) {
        let text = self.read(language).trim_end();
        let (subject, body) = text.split_once('\n').unwrap_or((text, ""));
        (subject, body.trim_start())
    }
}

macro_rules! text {
    ($name:literal) => {
        Text {
            #[cfg(test)]
            name: $name,
            chinese: include_str!(concat!("../texts/zh/", $name, ".txt")),
            english: include_str!(concat!("../texts/en/", $name, ".txt")),
        }
    };
}

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $part:ident = $name:literal),+ $(,)?) => {
        $($(#[doc = $doc])+ pub(super) const $part: Text = text!($name);)+
        #[cfg(test)]
        pub(super) const PARTS: &[Text] = &[$($part),+];
    };
}

parts! {
    /// What stands around every text.
    LETTER = "parts/letter",
    /// By which clause, to a party that the version binds.
    BASIS = "parts/basis",
    /// By which clause, to a provider that is told of a merchant's affairs.
    BASIS_OF_MERCHANT = "parts/basis_of_merchant",
    /// What a text message says: it names the message in the party's account that says it all.
    SHORT = "parts/short",
    /// What a text message says at a number that was given up: no account of its reader's says more.
    SHORT_LEFT = "parts/short_left",
    /// To whom a notice on the board is.
    EVERYONE = "parts/everyone",
    /// An order's term has an end.
    ORDER_UNTIL = "parts/order_until",
    /// By consent, an order ends with the agreement.
    ORDER_SHORTENED = "parts/order_shortened",
    /// An order without term, while notice runs.
    ORDER_WITH_AGREEMENT = "parts/order_with_agreement",
    /// An order without term.
    ORDER_OPEN = "parts/order_open",
    /// An order that closes was paid.
    ORDER_PAID = "parts/order_paid",
    /// An order that closes was not paid.
    ORDER_UNPAID = "parts/order_unpaid",
    /// The agreement ended by notice.
    ENDED_BY_NOTICE = "parts/ended_by_notice",
    /// The agreement ended with an upstream one.
    ENDED_UPSTREAM = "parts/ended_upstream",
    /// Nothing was to be paid.
    NO_PAYMENT = "parts/no_payment",
    /// The time to answer a demand runs.
    ANSWER_DUE = "parts/answer_due",
    /// The time to answer a demand has passed.
    ANSWER_OVERDUE = "parts/answer_overdue",
    /// No telephone is registered.
    NO_PHONE = "parts/no_phone",
    /// How a period was reckoned.
    RECKONING = "parts/reckoning",
    /// That rest days moved it.
    RECKONING_MOVED = "parts/reckoning_moved",
    /// That a year's rest days are not published.
    RECKONING_UNPUBLISHED = "parts/reckoning_unpublished",
}

impl Message {
    /// The text of a message to a recipient.
    pub(super) const fn text(&self, recipient: &Recipient) -> Text {
        match (self, recipient) {
            (Self::DocumentPublished { .. }, _) => text!("document_published"),
            (Self::VersionWithdrawn { .. }, _) => text!("version_withdrawn"),
            (Self::AccountOpened { .. }, _) => text!("account_opened"),
            (Self::ProviderApproved, _) => text!("provider_approved"),
            (Self::ListingListed { .. }, _) => text!("listing_listed"),
            (Self::OrderInService { .. }, Recipient::Party(PartyId::Provider(_))) => text!("order_in_service.provider"),
            (Self::OrderInService { .. }, _) => text!("order_in_service.merchant"),
            (Self::PaymentHeld { .. }, _) => text!("payment_held"),
            (Self::PaymentToReturn { .. }, _) => text!("payment_to_return"),
            (Self::PaymentReturned { .. }, _) => text!("payment_returned"),
            (Self::PaymentDismissed { .. }, _) => text!("payment_dismissed"),
            (Self::OrderClosed { .. }, Recipient::Party(PartyId::Provider(_))) => text!("order_closed.provider"),
            (Self::OrderClosed { .. }, _) => text!("order_closed.merchant"),
            (Self::OrderExpired { .. }, Recipient::Party(PartyId::Provider(_))) => text!("order_expired.provider"),
            (Self::OrderExpired { .. }, _) => text!("order_expired.merchant"),
            (Self::GrantActivated { .. }, Recipient::Party(PartyId::Provider(_))) => text!("grant_activated.provider"),
            (Self::GrantActivated { .. }, _) => text!("grant_activated.merchant"),
            (Self::GrantExpiring { .. }, _) => text!("grant_expiring"),
            (Self::GrantEnded { .. }, Recipient::Party(PartyId::Provider(_))) => text!("grant_ended.provider"),
            (Self::GrantEnded { .. }, _) => text!("grant_ended.merchant"),
            (Self::DeletionReminder { .. }, _) => text!("deletion_reminder"),
            (Self::DemandServed { .. }, _) => text!("demand_served"),
            (Self::DemandDue { .. }, _) => text!("demand_due"),
            (Self::DemandMoved { .. }, Recipient::Party(PartyId::Provider(_))) => text!("demand_moved.provider"),
            (Self::DemandMoved { .. }, _) => text!("demand_moved.merchant"),
            (Self::DemandOverdue { .. }, Recipient::Party(PartyId::Provider(_))) => text!("demand_overdue.provider"),
            (Self::DemandOverdue { .. }, _) => text!("demand_overdue.merchant"),
            (Self::DemandAcknowledged { .. }, _) => text!("demand_acknowledged"),
            (Self::DemandAttested { .. }, _) => text!("demand_attested"),
            (Self::DemandUnanswered { .. }, _) => text!("demand_unanswered"),
            (Self::DemandUnconfirmed { .. }, _) => text!("demand_unconfirmed"),
            (Self::DemandClosed { .. }, _) => text!("demand_closed"),
            (Self::DemandWaived { .. }, _) => text!("demand_waived"),
            (Self::TerminationServed { .. }, _) => text!("termination_served"),
            (Self::TerminationComing { .. }, _) => text!("termination_coming"),
            (Self::TerminationMoved { .. }, _) => text!("termination_moved"),
            (Self::TerminationWithdrawn { .. }, _) => text!("termination_withdrawn"),
            (Self::AgreementEnded { .. }, _) => text!("agreement_ended"),
            (Self::ContactsChanged { .. }, _) => text!("contacts_changed"),
            (Self::ContactsLeft { .. }, _) => text!("contacts_left"),
        }
    }
}

/// What a placeholder is filled with, by its name.
pub(super) type Blank = (&'static str, String);

/// The pieces of a text: what stands before a placeholder, and its name; the last piece has none.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let placeholder = text.split_once('{').and_then(|(before, after)| {
            let (name, after) = after.split_once('}')?;
            Some((before, name, after))
        });
        Some(match placeholder {
            Some((before, name, after)) => {
                rest = Some(after);
                (before, Some(name))
            }
            None => (text, None),
        })
    })
}

/// A text with its placeholders filled. One that has no value would stay as it stands: a test shows that
/// there is none.
pub(super) fn fill(text: &str, blanks: &[Blank]) -> String {
    let mut filled = String::with_capacity(text.len() * 2);
    for (before, name) in pieces(text) {
        filled.push_str(before);
        let Some(name) = name else { continue };
        match blanks.iter().find(|(blank, _)| *blank == name) {
            Some((_, value)) => filled.push_str(value),
            None => {
                let _ = write!(filled, "{{{name}}}");
            }
        }
    }
    filled
}

/// A part, filled: a phrase or a sentence within another text.
pub(super) fn part(part: Text, language: Language, blanks: &[Blank]) -> String {
    fill(part.read(language).trim_end(), blanks)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::notices::samples::{Sample, samples};

    const LANGUAGES: [(Language, &str); 2] = [(Language::Chinese, "zh"), (Language::English, "en")];

    fn placeholders(text: &str) -> BTreeSet<&str> {
        pieces(text).filter_map(|(_, name)| name).collect()
    }

    #[test]
    fn every_placeholder_has_a_value_and_every_value_is_used() {
        for (language, _) in LANGUAGES {
            for Sample { message, told, .. } in samples(language) {
                let mut used = BTreeSet::new();
                let mut blanks = Vec::new();
                for recipient in told {
                    blanks = message.blanks(&recipient.reach(), language);
                    let known: BTreeSet<_> = blanks.iter().map(|(name, _)| *name).collect();
                    assert_eq!(known.len(), blanks.len(), "{message:?}: a value twice");
                    let text = message.text(&recipient.reach().recipient());
                    let wanted = placeholders(text.read(language));
                    assert!(wanted.is_subset(&known), "{}: {wanted:?} of {known:?}", text.name);
                    assert!(!text.read(language).contains("{}"), "{}", text.name);
                    used.extend(wanted);
                }
                let unused: Vec<_> = blanks.iter().filter(|(name, _)| !used.contains(name)).collect();
                assert!(unused.is_empty(), "{}: {unused:?}", message.about());
            }
        }
    }

    #[test]
    fn every_file_is_a_text_of_some_message_with_a_sample_or_a_part() {
        let mut known: BTreeSet<_> = PARTS.iter().map(|part| format!("{}.txt", part.name)).collect();
        for Sample { message, told, .. } in samples(Language::Chinese) {
            for recipient in told {
                known.insert(format!("{}.txt", message.text(&recipient.reach().recipient()).name));
            }
        }
        for (_, folder) in LANGUAGES {
            let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notices/texts").join(folder);
            let names = |folder: &str| -> Vec<String> {
                let entries = std::fs::read_dir(texts.join(folder)).unwrap().map(|entry| entry.unwrap());
                entries
                    .filter(|entry| entry.path().is_file())
                    .map(|entry| format!("{folder}{}", entry.file_name().to_str().unwrap()))
                    .collect()
            };
            let files: BTreeSet<_> = names("").into_iter().chain(names("parts/")).collect();
            assert_eq!(files, known, "{folder}");
        }
    }

    #[test]
    fn a_subject_is_one_short_line_that_has_the_decisive_date() {
        for (language, _) in LANGUAGES {
            for Sample { message, told, .. } in samples(language) {
                for recipient in told {
                    let (subject, body) =
                        message.text(&recipient.reach().recipient()).subject_and_body(language);
                    let blanks = message.subject_blanks(&recipient.reach(), language);
                    let subject = fill(subject, &blanks);
                    assert!((2..=120).contains(&subject.chars().count()), "{subject}");
                    assert!(!body.is_empty() && !subject.ends_with(['.', '。']), "{subject}");
                }
            }
        }
    }

    #[test]
    fn what_a_party_wrote_is_put_in_as_it_is_and_not_read_again() {
        let blanks = [("listing", "{order} {} {".to_owned()), ("order", "o".to_owned())];
        assert_eq!(fill("“{listing}”, {order}.", &blanks), "“{order} {} {”, o.");
        assert_eq!(fill("{listing", &blanks), "{listing");
        assert_eq!(fill("{unknown}", &blanks), "{unknown}");
    }
}
