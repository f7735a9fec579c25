//! What stands around every text, and how little of it a text message says.

use jiff::Timestamp;

use super::cut::cut;
use super::dates::day_of;
use super::texts::{BASIS, BASIS_OF_MERCHANT, EVERYONE, LETTER, SHORT, SHORT_LEFT, fill, part};
use super::{Message, Rendered};
use crate::ids::NoticeId;
use crate::notices::Reach;
use crate::party::{Language, Operator};

/// The most characters of a text message.
const MOST_OF_SHORT: usize = 200;
/// The most characters of the operator's name in one.
const SHORT_OPERATOR: usize = 24;

/// Who writes to whom, when, and by which clause.
#[derive(Debug, Clone, Copy)]
pub(in crate::notices) struct Letter<'a> {
    /// Who runs the market.
    pub operator: &'a Operator,
    /// To whom.
    pub reach: &'a Reach<'a>,
    /// The clause that is cited, if any.
    pub cites: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

impl Letter<'_> {
    /// The whole text of a message.
    pub(in crate::notices) fn write(&self, message: &Message) -> Rendered {
        let language = self.reach.language();
        let (subject, text) = message.text(&self.reach.recipient()).subject_and_body(language);
        let cited = match self.reach {
            Reach::ProviderOf(..) => BASIS_OF_MERCHANT,
            Reach::Merchant(_) | Reach::Provider(_) | Reach::GivenUp(..) | Reach::Everyone(_) => BASIS,
        };
        let basis = self.cites.map(|cites| part(cited, language, &[("cites", cites.to_owned())]) + "\n");
        let around = [
            ("recipient", self.reach.name().map_or_else(|| part(EVERYONE, language, &[]), str::to_owned)),
            ("text", fill(text, &message.blanks(self.reach, language))),
            ("basis", basis.unwrap_or_default()),
            ("operator", self.operator.name(language).to_string()),
            ("address", self.operator.official_address.as_str().to_owned()),
            ("date", day_of(self.at, language)),
        ];
        Rendered {
            subject: fill(subject, &message.subject_blanks(self.reach, language)),
            body: part(LETTER, language, &around),
        }
    }
}

/// Who sends a text message, and what it refers to.
#[derive(Debug, Clone, Copy)]
pub(in crate::notices) struct Short<'a> {
    /// Who runs the market.
    pub operator: &'a Operator,
    /// In which language.
    pub language: Language,
    /// The message in the party's account that says it all; none of what is said at a number that was given up.
    pub in_site: Option<&'a NoticeId>,
}

impl Short<'_> {
    /// At most 200 characters, with a line break between subject and body: who, what and until when, which
    /// the subject says, and where the rest is.
    pub(in crate::notices) fn write(&self, subject: &str) -> Rendered {
        let around = |subject: &str| {
            let operator = ("operator", cut(self.operator.name(self.language).as_str(), SHORT_OPERATOR));
            let (text, rest) = match self.in_site {
                Some(notice) => (SHORT, ("notice", notice.to_string())),
                None => (SHORT_LEFT, ("address", self.operator.official_address.as_str().to_owned())),
            };
            let blanks = [operator, ("subject", subject.to_owned()), rest];
            let (first, rest) = text.subject_and_body(self.language);
            Rendered { subject: fill(first, &blanks), body: fill(rest, &blanks) }
        };
        let without = around("");
        let taken = without.subject.chars().count() + without.body.chars().count() + 1;
        around(&cut(subject, MOST_OF_SHORT.saturating_sub(taken)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::MarketAccount;
    use crate::notices::samples::{self, Sample, samples};
    use crate::text::Line;

    const LANGUAGES: [Language; 2] = [Language::Chinese, Language::English];

    #[test]
    fn every_text_says_from_whom_to_whom_by_which_clause_and_in_which_time_and_where_answers_go() {
        let operator = samples::operator();
        for language in LANGUAGES {
            for Sample { clause, message, told } in samples(language) {
                for told in told {
                    let reach = told.reach();
                    let cites = reach.cites(clause);
                    let at = Timestamp::UNIX_EPOCH;
                    let letter = Letter { operator: &operator, reach: &reach, cites: cites.as_deref(), at };
                    let Rendered { subject, body } = letter.write(&message);
                    let time = ["北京时间", "Beijing time"][language as usize];
                    for part in [operator.name(language).as_str(), "notices@market.example.com", time] {
                        assert!(body.contains(part), "{subject}: {part}");
                    }
                    assert!(body.contains(reach.name().unwrap_or(["全体", "All"][language as usize])));
                    assert!(cites.is_none_or(|cites| body.contains(&cites)), "{subject}");
                    for wrong in ["{", "}", "00:00", "用户应", "the merchant should"] {
                        assert!(!body.contains(wrong) && !subject.contains(wrong), "{subject}: {wrong}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_message_has_at_most_200_characters_whatever_names_and_reasons_are_and_keeps_date_and_id() {
        let longest = |of: &str| Line::try_from(of.repeat(120 / of.chars().count())).unwrap();
        let in_site = NoticeId::new(Timestamp::MAX, [0xff; 10]);
        for name in ["长", "W ", "👨‍👩‍👧"].map(longest) {
            let operator = Operator { name_zh: name.clone(), name_en: name.clone(), ..samples::operator() };
            let account = MarketAccount { legal_name: name.clone(), ..samples::account() };
            for language in LANGUAGES {
                let short = Short { operator: &operator, language, in_site: Some(&in_site) };
                for Sample { message, .. } in samples(language) {
                    let message = renamed(message, name.as_str());
                    for reach in
                        [Reach::Merchant(&account), Reach::ProviderOf(&samples::provider(), &account)]
                    {
                        let blanks = message.subject_blanks(&reach, language);
                        let (subject, _) = message.text(&reach.recipient()).subject_and_body(language);
                        let subject = fill(subject, &blanks);
                        let Rendered { subject: told, body } = short.write(&subject);
                        let characters = told.chars().count() + 1 + body.chars().count();
                        assert!(characters <= MOST_OF_SHORT, "{characters}: {told}");
                        assert!(body.contains(in_site.as_str()));
                        let kept = told.ends_with(&subject);
                        assert!(kept, "nothing but names is cut: {told}");
                    }
                }
                let Rendered { subject, body } = short.write(&"e\u{301}".repeat(300));
                assert!(subject.chars().count() + 1 + body.chars().count() <= MOST_OF_SHORT);
                assert!(subject.ends_with("e\u{301}…"), "{subject}");
            }
        }
    }

    /// A message in which every name and reason that a party wrote is this one.
    fn renamed(mut message: Message, name: &str) -> Message {
        match &mut message {
            Message::DocumentPublished { title, .. }
            | Message::VersionWithdrawn { title, .. }
            | Message::AccountOpened { title, .. } => {
                name.clone_into(title);
            }
            Message::TerminationServed { reason, .. } => *reason = name.repeat(30),
            Message::ListingListed { listing }
            | Message::PaymentHeld { listing, .. }
            | Message::PaymentToReturn { listing, .. }
            | Message::PaymentReturned { listing, .. }
            | Message::PaymentDismissed { listing, .. }
            | Message::DeletionReminder { listing, .. }
            | Message::DemandUnanswered { listing, .. }
            | Message::DemandUnconfirmed { listing, .. }
            | Message::GrantExpiring { listing, .. }
            | Message::DemandAcknowledged { listing, .. }
            | Message::DemandAttested { listing, .. } => name.clone_into(listing),
            Message::OrderInService { merchant, listing, .. }
            | Message::OrderClosed { merchant, listing, .. }
            | Message::OrderExpired { merchant, listing, .. }
            | Message::GrantActivated { merchant, listing, .. }
            | Message::GrantEnded { merchant, listing, .. }
            | Message::DemandServed { merchant, listing, .. }
            | Message::DemandDue { merchant, listing, .. }
            | Message::DemandMoved { merchant, listing, .. }
            | Message::DemandOverdue { merchant, listing, .. }
            | Message::DemandClosed { merchant, listing, .. }
            | Message::DemandWaived { merchant, listing, .. } => {
                name.clone_into(listing);
                name.clone_into(merchant);
            }
            Message::ProviderApproved
            | Message::TerminationComing { .. }
            | Message::TerminationMoved { .. }
            | Message::TerminationWithdrawn { .. }
            | Message::AgreementEnded { .. }
            | Message::ContactsChanged { .. }
            | Message::ContactsLeft { .. } => {}
        }
        message
    }
}
