//! What stands around every text, and how little of it a text message says.

use jiff::Timestamp;

use super::cut::cut;
use super::{Message, Rendered};
use crate::filled;
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

/// The blanks of `envelope/<language>/letter.txt`.
struct Around {
    /// Everyone where it is nobody.
    recipient: Option<String>,
    text: String,
    cites: Option<String>,
    /// Whether the clause is of the agreement of a merchant whose affairs a provider is told of.
    is_of_merchant: bool,
    address: String,
    operator: String,
    date: Timestamp,
}

impl Letter<'_> {
    /// The whole text of a message.
    pub(in crate::notices) fn write(&self, message: &dyn Message) -> Rendered {
        let language = self.reach.language();
        let text = message.text(language, &self.reach.recipient());
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        let around = Around {
            recipient: self.reach.name().map(str::to_owned),
            text: text.to_owned(),
            cites: self.cites.map(str::to_owned),
            is_of_merchant: matches!(self.reach, Reach::ProviderOf(..)),
            address: self.operator.official_address.as_str().to_owned(),
            operator: self.operator.name(language).to_string(),
            date: self.at,
        };
        let body = match language {
            Language::Chinese => filled!(chinese, Around, "envelope/zh/letter.txt", &around),
            Language::English => filled!(english, Around, "envelope/en/letter.txt", &around),
        };
        Rendered { subject: subject.to_owned(), body }
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

/// The blanks of `envelope/<language>/short.txt`.
struct InShort {
    operator: String,
    subject: String,
    in_site: Option<String>,
    address: String,
}

impl Short<'_> {
    /// At most 200 characters, with a line break between subject and body: who, what and until when, which
    /// the subject says, and where the rest is.
    pub(in crate::notices) fn write(&self, subject: &str) -> Rendered {
        let around = |subject: &str| {
            let short = InShort {
                operator: cut(self.operator.name(self.language).as_str(), SHORT_OPERATOR),
                subject: subject.to_owned(),
                in_site: self.in_site.map(ToString::to_string),
                address: self.operator.official_address.as_str().to_owned(),
            };
            let text = match self.language {
                Language::Chinese => filled!(chinese, InShort, "envelope/zh/short.txt", &short),
                Language::English => filled!(english, InShort, "envelope/en/short.txt", &short),
            };
            let (subject, body) = text.rsplit_once('\n').unwrap_or((&text, ""));
            Rendered { subject: subject.to_owned(), body: body.to_owned() }
        };
        let without = around("");
        let taken = without.subject.chars().count() + without.body.chars().count() + 1;
        around(&cut(subject, MOST_OF_SHORT.saturating_sub(taken)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::samples;
    use crate::text::Line;

    #[test]
    fn a_text_message_has_at_most_200_characters_whatever_its_subject_and_is_cut_where_a_reader_sees_it() {
        let longest = |of: &str| Line::try_from(of.repeat(120 / of.chars().count())).unwrap();
        let in_site = NoticeId::new(Timestamp::MAX, [0xff; 10]);
        for name in ["长", "W ", "👨‍👩‍👧"].map(longest) {
            let operator = Operator { name_zh: name.clone(), name_en: name.clone(), ..samples::operator() };
            for language in [Language::Chinese, Language::English] {
                let short = Short { operator: &operator, language, in_site: Some(&in_site) };
                let Rendered { subject, body } = short.write(&"e\u{301}".repeat(300));
                assert!(subject.chars().count() + 1 + body.chars().count() <= MOST_OF_SHORT);
                assert!(subject.ends_with("e\u{301}…"), "{subject}");
                assert!(body.contains(in_site.as_str()));
            }
        }
    }
}
