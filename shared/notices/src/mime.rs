//! A notice as an internet message (RFC 5322), the same for every way by which e-mail leaves.
//!
//! What its reader sees is what was hashed. Text that parties chose is in the subject, and a listing may be
//! named `=?utf-8?B?…?=`: so every text of a header is encoded, whatever it contains (RFC 2047), and a reader's
//! program decodes exactly what we encoded. The body travels in base64: no relay shortens its lines, drops blanks at
//! their ends, or writes `>` before "From ". One thing differs: a text's line ends are CRLF in mail (RFC 2045,
//! 6.8), and line feeds in what is hashed.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use email_encoding::headers::rfc2047;
use email_encoding::headers::writer::EmailWriter;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0,
};
use lettre::message::{Body, Mailbox};
use lettre::{Address, Message};
use market_kernel::notices::Notice;
use market_kernel::party::Language;
use market_kernel::text::EmailAddress;

/// The longest line of a header with encoded words (RFC 2047, 2).
const MAX_LINE: usize = 76;

/// From whom notices come, and where answers to them go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    from: Mailbox,
    official_address: EmailAddress,
}

/// It is not a valid sender address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an address to send from")]
pub struct BadSender;

impl Sender {
    /// The sender at an address, with a name before it or without (`Market <notices@market.example>`). Answers go
    /// to the official address (11.2).
    ///
    /// # Errors
    /// If it is not a valid address.
    pub fn new(from: &str, official_address: EmailAddress) -> Result<Self, BadSender> {
        let from: Mailbox = from.parse().map_err(|_| BadSender)?;
        // It is written into headers unchanged, and so is its domain.
        EmailAddress::try_from(from.email.to_string()).map_err(|_| BadSender)?;
        Ok(Self { from, official_address })
    }

    /// The address alone.
    pub(crate) const fn address(&self) -> &Address {
        &self.from.email
    }
}

/// The message that carries a notice by e-mail; none where its address is none. Its Message-ID is the notice's
/// id at the sender's domain, its date the instant of the draft: sent again, it is the same message. (SES writes
/// both anew; there its own id tells which message it was.)
///
/// A machine sends it: `Auto-Submitted` keeps other machines from answering (RFC 3834).
#[must_use]
pub fn mime(notice: &Notice, sender: &Sender) -> Option<Message> {
    let date = Duration::from_secs(u64::try_from(notice.drafted_at.as_second()).unwrap_or_default());
    let domain = sender.address().domain();
    let to: Address = notice.address.as_ref()?.parse().ok()?;
    let body = Body::new_with_encoding(notice.body.clone(), ContentTransferEncoding::Base64).ok()?;
    let language = match notice.language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    Message::builder()
        .raw_header(mailbox("From", &sender.from)?)
        .to(to.into())
        .raw_header(text("Subject", &notice.subject)?)
        .date(SystemTime::UNIX_EPOCH + date)
        .message_id(Some(format!("<{}@{domain}>", notice.id)))
        .raw_header(plain("Auto-Submitted", "auto-generated"))
        .header(MIME_VERSION_1_0)
        .raw_header(plain("Content-Language", language))
        .raw_header(plain("Reply-To", sender.official_address.as_str()))
        .header(ContentType::TEXT_PLAIN)
        .body(body)
        .ok()
}

/// A header of characters that need no encoding.
fn plain(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A header of text: encoded words alone, folded, none of which cuts a character in two.
fn text(name: &'static str, value: &str) -> Option<HeaderValue> {
    written(name, value, |writer| rfc2047::encode(value, writer))
}

/// A header with an address, and with a name before it, where it has one, that is encoded.
fn mailbox(name: &'static str, mailbox: &Mailbox) -> Option<HeaderValue> {
    written(name, &mailbox.to_string(), |writer| {
        let Some(words) = &mailbox.name else { return writer.write_str(mailbox.email.as_ref()) };
        rfc2047::encode(words, writer)?;
        let address = format!("<{}>", mailbox.email);
        if writer.line_len() + " ".len() + address.len() > MAX_LINE {
            writer.new_line()?;
        }
        writer.space();
        writer.write_str(&address)
    })
}

/// A header, encoded for the message. (The library's own encoding leaves ASCII as it is, encoded words
/// that somebody wrote into it included.)
fn written(
    name: &'static str,
    value: &str,
    write: impl FnOnce(&mut EmailWriter<'_>) -> std::fmt::Result,
) -> Option<HeaderValue> {
    let mut encoded = String::new();
    write(&mut EmailWriter::new(&mut encoded, name.len() + ": ".len(), 0, false)).ok()?;
    let name = HeaderName::new_from_ascii_str(name);
    Some(HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), encoded))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mail_parser::{Message as Parsed, MessageParser, MimeHeaders};
    use market_kernel::hash::Sha256Hash;
    use market_kernel::ids::NoticeId;
    use market_kernel::notices::{Channel, Manner, NoticeStatus};
    use market_kernel::party::{PartyId, Recipient};

    use super::*;

    fn notice(subject: &str, body: &str) -> Notice {
        let id = NoticeId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        Notice {
            id,
            recipient: Recipient::Party(PartyId::Merchant("shop-1".parse().unwrap())),
            channel: Channel::Email,
            address: Some("shop@example.com".to_owned()),
            language: Language::Chinese,
            about: "agreement_ended".to_owned(),
            manner: Manner::Grave,
            subject: subject.to_owned(),
            body: body.to_owned(),
            content_sha256: Sha256Hash::of(format!("{subject}\n{body}").as_bytes()),
            salt: None,
            clause: "10.1".to_owned(),
            cites: None,
            in_site: None,
            text_of: None,
            cause: "test".to_owned(),
            drafted_at: Timestamp::UNIX_EPOCH,
            status: NoticeStatus::Queued {
                attempts: 1,
                next_attempt_at: Timestamp::UNIX_EPOCH,
                trouble: None,
            },
            served_otherwise: None,
            corrected_services: Vec::new(),
        }
    }

    fn official() -> EmailAddress {
        "legal@market.example".to_owned().try_into().unwrap()
    }

    fn sender() -> Sender {
        Sender::new("Market <notices@market.example>", official()).unwrap()
    }

    fn sent(notice: &Notice, sender: &Sender) -> Vec<u8> {
        let message = mime(notice, sender).unwrap().formatted();
        for line in message.split(|byte| *byte == b'\n') {
            assert!(line.is_ascii() && line.len() <= 78, "{}", String::from_utf8_lossy(line));
        }
        message
    }

    fn parsed(message: &[u8]) -> Parsed<'_> {
        MessageParser::default().parse(message).unwrap()
    }

    /// What a header has, unfolded but not decoded.
    fn raw(message: &[u8], name: &str) -> Vec<String> {
        let head = String::from_utf8(message.to_vec()).unwrap();
        let head = head.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ");
        let value = |line: &str| line.strip_prefix(&format!("{name}: ")).map(str::to_owned);
        head.split("\r\n").filter_map(value).collect()
    }

    /// Texts that a header's encoding could get wrong.
    fn texts() -> Vec<String> {
        let long = "关于终止服务市场协议的通知🛒".repeat(9);
        // Characters of one to four bytes, so that each place at which a word may end falls within one.
        let shifted = (0..50).map(|shift| format!("{}{}", "a".repeat(shift), long));
        let mut texts: Vec<_> = [
            "The agreement has ended",
            "=?utf-8?B?5oKo55qE6K6i5Y2V5bey6YCA5qy+?=",
            "「=?utf-8?Q?Paid?=」 has ended",
            "an end ?= and a beginning =?",
            "two  blanks, and   three",
            "Bcc: everyone@example.com",
            "quotes \" and \\ and <angles@example.com>, (comments); and: more",
            "终止",
            "🛒",
        ]
        .map(str::to_owned)
        .into();
        texts.extend(shifted);
        texts
    }

    #[test]
    fn a_subject_is_read_as_it_was_hashed_whatever_it_contains() {
        for subject in texts() {
            let message = sent(&notice(&subject, "x"), &sender());
            assert_eq!(parsed(&message).subject(), Some(subject.as_str()));
            let [raw] = raw(&message, "Subject").try_into().unwrap();
            for word in raw.split(' ') {
                assert!(word.len() <= 75 && word.starts_with("=?utf-8?b?"), "{word}");
                let alone = format!("Subject: {word}\r\n\r\n");
                let read = parsed(alone.as_bytes()).subject().map(str::to_owned).unwrap();
                assert!(subject.contains(&read), "no character is cut: {read}");
            }
        }
    }

    #[test]
    fn the_name_of_a_sender_is_read_as_it_was_given() {
        for name in texts() {
            let from = Mailbox::new(Some(name.clone()), "notices@market.example".parse().unwrap());
            let message = sent(&notice("x", "x"), &Sender { from, official_address: official() });
            let parsed = parsed(&message);
            let from = parsed.from().and_then(|from| from.first()).unwrap();
            assert_eq!(from.name(), Some(name.as_str()));
            assert_eq!(from.address(), Some("notices@market.example"));
        }
        let nameless = Sender::new("notices@market.example", official()).unwrap();
        assert_eq!(raw(&sent(&notice("x", "x"), &nameless), "From"), ["notices@market.example"]);
    }

    #[test]
    fn a_body_arrives_as_it_was_hashed_but_for_its_line_ends() {
        let (long, many) = ("x".repeat(5_000), "关于终止的通知".repeat(2_000));
        for body in [
            "It has ended.",
            "From now on\nFrom then on\n>From",
            ".\n..\n.\nthe end\n.",
            "blanks at its end   \nand tabs\t\n \n",
            "\n\nempty lines before, after\n\n\n",
            "a lone\rcarriage return, a NUL \0, an =3D and =\na soft end",
            "--boundary\nSubject: another\n\nand a body",
            "您已接受服务市场服务协议。",
            "",
            &long,
            &many,
        ] {
            let notice = notice("x", body);
            let message = sent(&notice, &sender());
            let (_, lines) = std::str::from_utf8(&message).unwrap().split_once("\r\n\r\n").unwrap();
            let is_safe =
                |line: &str| line.trim_end() == line && !line.starts_with('.') && !line.contains(' ');
            assert!(lines.split("\r\n").all(is_safe), "a relay would change it: {lines}");
            let parsed = parsed(&message);
            let [part] = parsed.parts.as_slice() else { panic!("{:?}", parsed.parts) };
            let arrived = String::from_utf8(part.contents().to_vec()).unwrap();
            assert_eq!(arrived.matches('\n').count(), arrived.matches("\r\n").count());
            let content = format!("{}\n{}", parsed.subject().unwrap(), arrived.replace("\r\n", "\n"));
            assert_eq!(Sha256Hash::of(content.as_bytes()), notice.content_sha256, "{body:?}");
            let about = part.content_type().unwrap();
            let charset = about.attribute("charset").map(str::to_lowercase);
            assert_eq!(
                (about.ctype(), about.subtype(), charset.as_deref()),
                ("text", Some("plain"), Some("utf-8"))
            );
        }
    }

    #[test]
    fn a_message_says_that_a_machine_wrote_it_in_which_language_and_where_to_answer() {
        let mut notice = notice("x", "x");
        let message = sent(&notice, &sender());
        let id = format!("<{}@market.example>", notice.id);
        for (name, value) in [
            ("To", "shop@example.com"),
            ("Reply-To", "legal@market.example"),
            ("Date", "Thu, 01 Jan 1970 00:00:00 +0000"),
            ("Message-ID", id.as_str()),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
            ("Content-Language", "zh-CN"),
            ("Content-Transfer-Encoding", "base64"),
        ] {
            assert_eq!(raw(&message, name), [value], "{name}");
        }
        notice.language = Language::English;
        let message = sent(&notice, &sender());
        assert_eq!(raw(&message, "Content-Language"), ["en"]);
    }

    #[test]
    fn a_sender_has_an_address_that_mail_can_be_sent_to() {
        for from in [
            "",
            "market",
            "a..b@x.cn",
            "市场@example.com",
            "a@例子.cn",
            "a@x.cn, b@x.cn",
            "a@x.cn\r\nBcc: b@x.cn",
        ] {
            assert_eq!(Sender::new(from, official()), Err(BadSender), "{from}");
        }
    }

    /// Parts that are lawful, on the edge, or not; every local part is tried at every domain.
    fn tried() -> Vec<String> {
        let (longest_local, longest_label) = ("l".repeat(64), "d".repeat(63));
        let mut locals = vec![
            "a".to_owned(),
            "a.b".to_owned(),
            "a..b".to_owned(),
            ".a".to_owned(),
            "a.".to_owned(),
            "-".to_owned(),
            "a-b_c".to_owned(),
            "o'hara+tag".to_owned(),
            "\"a b\"".to_owned(),
            "a b".to_owned(),
            "ä".to_owned(),
            String::new(),
            format!("{longest_local}l"),
            longest_local,
        ];
        locals.extend("!#$%&'*+/=?^_`{|}~-<>()[],;:\\\"@".chars().map(|c| format!("a{c}b")));
        locals.extend("!#$%&'*+/=?^_`{|}~-".chars().map(String::from));
        let mut domains = vec![
            format!("{longest_label}.co"),
            format!("{longest_label}d.co"),
            [longest_label.as_str(); 3].join(".") + ".co",
            [longest_label.as_str(); 4].join("."),
        ];
        domains.extend(
            [
                "b.co",
                "b",
                "-b.co",
                "b-.co",
                "b.-co",
                "b.co-",
                "b..co",
                ".b.co",
                "b.co.",
                "b_c.co",
                "1.2.3.4",
                "b.1",
                "b.1a",
                "1.co",
                "[1.2.3.4]",
                "xn--fiqs8s.cn",
                "b.xn--fiqs8s",
                "xn--a.co",
                "xn--.co",
                "a--b.co",
                "b c.co",
                "ä.co",
                "",
            ]
            .map(str::to_owned),
        );
        locals
            .iter()
            .flat_map(|local| domains.iter().map(move |domain| format!("{local}@{domain}")))
            .collect()
    }

    #[test]
    fn mail_can_be_sent_to_every_address_that_is_accepted() {
        let accepted: Vec<_> =
            tried().into_iter().filter_map(|raw| EmailAddress::try_from(raw).ok()).collect();
        assert!(accepted.len() > 100, "{}", accepted.len());
        for address in accepted {
            let to = address.as_str().parse::<Address>();
            assert!(to.is_ok(), "{}: {to:?}", address.as_str());
            let notice = Notice { address: Some(address.as_str().to_owned()), ..notice("x", "x") };
            let message = mime(&notice, &sender());
            let envelope = message.as_ref().map(|message| message.envelope().to()[0].to_string());
            assert_eq!(envelope.as_deref(), Some(address.as_str()));
        }
    }
}
