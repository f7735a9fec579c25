//! What SES learns of an e-mail after it took it: it arrived, it came back, its recipient called it a nuisance
//! (11.1). SES publishes an event, and the notice that its tags name records it:
//!
//! | `eventType` | the notice |
//! |---|---|
//! | `Delivery` | arrived |
//! | `Bounce`: `Permanent`, `Undetermined` | came back for good; suppressed ones among them |
//! | `Bounce`: `Transient` | came back, unless it arrived |
//! | `Complaint` with `complaintSubType` `OnAccountSuppressionList` | came back for good: it was never sent |
//! | `Complaint`: `not-spam` | arrived: its recipient takes an earlier complaint back |
//! | `Complaint`: `auth-failure`, `virus` | nothing: its mail provider's finding, no sign of arrival |
//! | `Complaint`: `abuse`, `fraud`, `other`, any other, or none | arrived, and its recipient complained |
//! | `Reject` | came back for good: SES took it, and then took it for a virus |
//! | `Rendering Failure` | came back for good: never sent (of templates; we have none) |
//! | `Send`, `DeliveryDelay`, `Open`, `Click`, `Subscription`, any other | nothing |
//!
//! A message has one recipient, so an event's list of recipients says nothing that its tags do not; and who
//! complained is not on a suppression list for certain. What SES cannot tell (`Undetermined`) counts as final: in doubt
//! the message goes another way too.
//!
//! Events come late, twice and out of order. A notice takes each only once, and only of the very message that
//! it was sent as. Where the record of the sending was lost, the first event proves that it was sent: the tag names the
//! notice, and only the gateway that took it writes the tag.

mod event;

use std::sync::Arc;

use market_ambient::{Clock, Entropy, random};
use market_kernel::Timestamp;
use market_kernel::keys::Key;
use market_kernel::notices::{Feedback, Notice, NoticeStatus};
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Contacts, Operator, PartyId, Recipient};
use market_kernel::salt::Salts;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::{CommitError, Store, StoreError};

use self::event::SesEvent;
use crate::metrics::{Metric, Metrics};

/// Why an event was not recorded; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// It is not an event of SES's.
    #[error("not an event of SES: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The record of the sending is on the way; the event comes again after it.
    #[error("the notice is not known to be sent yet")]
    NotYetSent,
    /// The notice moved meanwhile.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What SES publishes once, as plain text, when it is told to publish to the topic.
const GREETING: &str = "Successfully validated SNS topic";

/// How often an event is processed again when another event changed the same notice meanwhile.
const HEARINGS: u32 = 4;

/// What events are recorded with.
pub struct Recorder<'a> {
    /// Where the notices lie.
    pub store: &'a Store,
    /// The market's time.
    pub clock: &'a dyn Clock,
    /// What salts and ids are drawn from.
    pub entropy: &'a dyn Entropy,
    /// Who runs the market.
    pub operator: &'a Arc<Operator>,
    /// Where what came back is counted.
    pub metrics: &'a Metrics,
}

/// Records one event, as the queue carries it.
///
/// # Errors
/// See [`FeedbackError`].
pub async fn record_feedback(recorder: Recorder<'_>, body: &str) -> Result<(), FeedbackError> {
    let Recorder { store, clock, entropy, operator, metrics } = recorder;
    if body.starts_with(GREETING) {
        return Ok(());
    }
    let event: SesEvent = serde_json::from_str(body)?;
    let Some((key, feedback)) = event.read() else { return Ok(()) };
    let message_id = event.mail.message_id.as_str();
    let mut left = HEARINGS;
    loop {
        let occasion = Occasion {
            at: clock.now(),
            actor: Actor::Job("feedback".to_owned()),
            request: format!("event of {message_id}"),
            salts: Salts::drawn(random(entropy)),
            operator: Arc::clone(operator),
        };
        left -= 1;
        match take_feedback(store, &key, message_id, &feedback, &occasion).await {
            Err(FeedbackError::Commit(CommitError::Conflict)) if left > 0 => {}
            // It was sent, but not recorded as sent. Now that it is recorded, the event is processed again.
            Ok(Heard::Proven) if left > 0 => {}
            Ok(Heard::Recorded(notice)) => {
                alert_of_bounce(metrics, occasion.at, &key, &notice);
                return Ok(());
            }
            Ok(Heard::Nothing) => return Ok(()),
            Ok(Heard::Proven) => return Err(CommitError::Conflict.into()),
            Err(error) => return Err(error),
        }
    }
}

/// What became of hearing an event.
enum Heard {
    /// It says nothing new.
    Nothing,
    /// The event proved that the notice was sent; it has still to be processed itself.
    Proven,
    /// It is recorded, and so stands the notice by now.
    Recorded(Box<Notice>),
}

/// Counts what came back, and calls a human where nothing else carries it.
pub(crate) fn alert_of_bounce(metrics: &Metrics, at: Timestamp, key: &Key, notice: &Notice) {
    if let NoticeStatus::Bounced { reason, .. } = &notice.status {
        tracing::warn!(notice = %key.told(), %reason, "a notice came back");
        metrics.put(at, &[(Metric::NoticesBounced, 1.0)]);
    }
}

async fn take_feedback(
    store: &Store,
    key: &Key,
    message_id: &str,
    feedback: &Feedback,
    occasion: &Occasion,
) -> Result<Heard, FeedbackError> {
    let Some(notice) = store.get_at::<Notice>(key).await? else {
        tracing::warn!("an event names a notice that is not here");
        return Ok(Heard::Nothing);
    };
    if let Some(change) = Notice::prove_sent(&notice, occasion, message_id) {
        store.commit(&change, None).await?;
        return Ok(Heard::Proven);
    }
    let sent_as = match &notice.status {
        NoticeStatus::Sent { gateway_id, .. } | NoticeStatus::Delivered { gateway_id, .. } => {
            gateway_id.as_deref()
        }
        // A release before attempts were claimed is sending it.
        NoticeStatus::Queued { .. } => return Err(FeedbackError::NotYetSent),
        NoticeStatus::Bounced { gateway_id, .. } => gateway_id.as_deref(),
        NoticeStatus::Undeliverable { .. } | NoticeStatus::Superseded { .. } => return Ok(Heard::Nothing),
    };
    if sent_as != Some(message_id) {
        return Ok(Heard::Nothing);
    }
    let Some(contacts) = contacts(store, &notice.recipient).await? else { return Ok(Heard::Nothing) };
    let Some((after, change)) = Notice::take_feedback(&notice, &contacts, occasion, feedback) else {
        return Ok(Heard::Nothing);
    };
    store.commit(&change, None).await?;
    Ok(Heard::Recorded(Box::new(after)))
}

pub(crate) async fn contacts(store: &Store, recipient: &Recipient) -> Result<Option<Contacts>, StoreError> {
    Ok(match recipient {
        Recipient::Party(PartyId::Merchant(id)) => {
            store.get::<MarketAccount>(id).await?.map(|account| account.state.contacts)
        }
        Recipient::Party(PartyId::Provider(id)) => {
            store.get::<Provider>(id).await?.map(|provider| provider.state.contacts)
        }
        Recipient::Everyone => None,
    })
}
