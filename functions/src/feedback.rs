//! What SES learns of an e-mail after it took it: it arrived, it came back, its recipient called it a nuisance
//! (11.1). SES publishes an event, and the notice that its tags name records it.
//!
//! Events come late, twice and out of order. A notice takes each only once, and only of the very message that
//! it was sent as. Where the record of the sending was lost, the first event proves that it was sent: the tag names the
//! notice, and only the gateway that took it writes the tag.

use market_domain::accounts::MarketAccount;
use market_domain::aggregate::Key;
use market_domain::change::Occasion;
use market_domain::notices::{Delivery, Feedback, Notice};
use market_domain::party::{Actor, Contacts, Operator, Recipient};
use market_domain::providers::Provider;
use market_domain::salt::Salts;
use market_notices::{NOTICE_TAG, RECIPIENT_TAG, recipient_of_tag};
use market_store::{CommitError, Store, StoreError};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

use market_ambient::{Clock, Entropy, random};

use crate::metrics::{Metric, Metrics};

/// An event of a configuration set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SesEvent {
    event_type: String,
    mail: Mail,
    #[serde(default)]
    bounce: Option<Bounce>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: String,
}

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

impl SesEvent {
    /// What it says, and of which notice; none where it says nothing that a notice records, or names none.
    fn read(&self) -> Option<(Key, Feedback)> {
        let feedback = match (self.event_type.as_str(), &self.bounce) {
            ("Delivery", _) => Feedback::Delivered,
            ("Complaint", _) => Feedback::Complained,
            ("Bounce", Some(Bounce { bounce_type, bounce_sub_type })) => {
                let is_final = bounce_type != "Transient";
                Feedback::Bounced { is_final, reason: format!("{bounce_type}/{bounce_sub_type}") }
            }
            _ => return None,
        };
        let tag = |name: &str| self.mail.tags.get(name)?.first();
        let partition = recipient_of_tag(tag(RECIPIENT_TAG)?)?;
        Some((Key::new(partition, format!("notice#{}", tag(NOTICE_TAG)?)), feedback))
    }
}

/// What SES publishes once, as plain text, when it is told to publish to the topic.
const GREETING: &str = "Successfully validated SNS topic";

/// How often an event is heard anew, where another was heard of the same notice meanwhile.
const HEARINGS: u32 = 4;

/// Records one event, as the queue carries it.
///
/// # Errors
/// See [`FeedbackError`].
pub async fn record_feedback(
    store: &Store,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    operator: &Arc<Operator>,
    metrics: &Metrics,
    body: &str,
) -> Result<(), FeedbackError> {
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
        match hear(store, &key, message_id, &feedback, &occasion).await {
            Err(FeedbackError::Commit(CommitError::Conflict)) if left > 0 => {}
            // It was sent, and nobody had recorded it: the event is heard again of a notice that was.
            Ok(Heard::Proven) if left > 0 => {}
            Ok(Heard::Recorded) => {
                if let Feedback::Bounced { reason, .. } = &feedback {
                    tracing::warn!(notice = %key, %reason, "a notice came back");
                    metrics.put(occasion.at, &[(Metric::NoticesBounced, 1.0)]);
                }
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
    /// It proved that the notice was sent, and has yet to be heard itself.
    Proven,
    /// It is recorded.
    Recorded,
}

async fn hear(
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
    let sent_as = match &notice.delivery {
        Delivery::Sent { gateway_id, .. } | Delivery::Delivered { gateway_id, .. } => gateway_id.as_deref(),
        // A release before attempts were claimed is sending it.
        Delivery::Queued { .. } => return Err(FeedbackError::NotYetSent),
        Delivery::Bounced { .. } | Delivery::Undeliverable { .. } => return Ok(Heard::Nothing),
    };
    if sent_as != Some(message_id) {
        return Ok(Heard::Nothing);
    }
    let Some(contacts) = contacts(store, &notice.recipient).await? else { return Ok(Heard::Nothing) };
    let Some(change) = Notice::hear(&notice, &contacts, occasion, feedback) else {
        return Ok(Heard::Nothing);
    };
    store.commit(&change, None).await?;
    Ok(Heard::Recorded)
}

async fn contacts(store: &Store, recipient: &Recipient) -> Result<Option<Contacts>, StoreError> {
    Ok(match recipient {
        Recipient::Merchant(id) => {
            store.get::<MarketAccount>(id).await?.map(|account| account.state.contacts)
        }
        Recipient::Provider(id) => store.get::<Provider>(id).await?.map(|provider| provider.state.contacts),
        Recipient::Everyone => None,
    })
}
