//! A notice as an internet message (RFC 5322).

use std::time::{Duration, SystemTime};

use lettre::message::header::ContentType;
use lettre::{Address, Message};
use market_domain::notices::Notice;

use crate::Mailbox;

/// The message that carries a notice by e-mail; none where its address is none. Its Message-ID is the notice's
/// id at the sender's domain, its date the instant of the draft: sent again, it is the same message.
#[must_use]
pub fn mime(notice: &Notice, from: Mailbox) -> Option<Message> {
    let date = Duration::from_secs(u64::try_from(notice.drafted_at.as_second()).unwrap_or_default());
    let domain = from.email.domain().to_owned();
    let to: Address = notice.address.as_ref()?.parse().ok()?;
    Message::builder()
        .from(from)
        .to(to.into())
        .subject(&notice.subject)
        .date(SystemTime::UNIX_EPOCH + date)
        .message_id(Some(format!("<{}@{domain}>", notice.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(notice.body.clone())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use market_domain::text::EmailAddress;

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
            let message = Message::builder()
                .from("market@example.com".parse().unwrap())
                .to(to.unwrap().into())
                .body(String::new());
            let envelope = message.as_ref().map(|message| message.envelope().to()[0].to_string());
            assert_eq!(envelope.ok().as_deref(), Some(address.as_str()));
        }
    }
}
