//! A notice as an internet message (RFC 5322).

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::ContentType;
use market_domain::notices::Notice;

use crate::Mailbox;

/// The message that carries a notice by e-mail; none where its address is none. Its Message-ID is the notice's
/// id at the sender's domain, its date the instant of the draft: sent again, it is the same message.
#[must_use]
pub fn mime(notice: &Notice, from: Mailbox) -> Option<Message> {
    let date = Duration::from_secs(u64::try_from(notice.drafted_at.as_second()).unwrap_or_default());
    let domain = from.email.domain().to_owned();
    Message::builder()
        .from(from)
        .to(notice.address.as_ref()?.parse().ok()?)
        .subject(&notice.subject)
        .date(SystemTime::UNIX_EPOCH + date)
        .message_id(Some(format!("<{}@{domain}>", notice.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(notice.body.clone())
        .ok()
}
