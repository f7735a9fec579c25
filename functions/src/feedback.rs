//! What SES learns of an e-mail after it took it: it arrived, it came back, its recipient called it a nuisance
//! (11.1). SES publishes an event, and the notice that its tags name records it.
//!
//! Events come late, twice and out of order. A notice takes each only once, and only of the very message that
//! it was sent as. Where the record of the sending was lost, the first event proves that it was sent: the tag names the
//! notice, and only the gateway that took it writes the tag.

use market_domain::accounts::MarketAccount;
use market_domain::aggregate::{Aggregate, Key};
use market_domain::change::Occasion;
use market_domain::notices::{Delivery, Feedback, Notice, Sending};
use market_domain::party::{Actor, Contacts, Recipient};
use market_domain::providers::Provider;
use market_domain::salt::Salts;
use market_notices::{NOTICE_TAG, RECIPIENT_TAG, recipient_of_tag};
use market_store::{CommitError, Store, StoreError};
use serde::Deserialize;
use std::collections::HashMap;

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

/// Records one event, as the queue carries it.
///
/// # Errors
/// See [`FeedbackError`].
pub async fn record_feedback(
    store: &Store,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    metrics: &Metrics,
    body: &str,
) -> Result<(), FeedbackError> {
    if body.starts_with(GREETING) {
        return Ok(());
    }
    let event: SesEvent = serde_json::from_str(body)?;
    let Some((key, feedback)) = event.read() else { return Ok(()) };
    let message_id = event.mail.message_id;
    let occasion = || Occasion {
        at: clock.now(),
        actor: Actor::Job("feedback".to_owned()),
        request: format!("event of {message_id}"),
        salts: Salts::drawn(random(entropy)),
    };
    let Some(mut notice) = store.get_at::<Notice>(&key).await? else {
        tracing::warn!("an event names a notice that is not here");
        return Ok(());
    };
    if let Delivery::Queued { attempts, .. } = notice.delivery {
        let taken = Sending::Accepted { gateway_id: Some(message_id.clone()) };
        let proven = Notice::record(&notice, &occasion(), attempts, taken).filter(|_| attempts > 0);
        // A release before claims was still sending it: its record is on the way, and the event comes again after it.
        let Some((_, change)) = proven else { return Err(CommitError::Conflict.into()) };
        store.commit(&change, None).await?;
        let Some(sent) = store.get_at::<Notice>(&key).await? else { return Ok(()) };
        notice = sent;
    }
    let sent_as = match &notice.delivery {
        Delivery::Sent { gateway_id, .. } | Delivery::Delivered { gateway_id, .. } => gateway_id.as_deref(),
        Delivery::Queued { .. } | Delivery::Bounced { .. } | Delivery::Undeliverable { .. } => return Ok(()),
    };
    if sent_as != Some(message_id.as_str()) {
        return Ok(());
    }
    let Some(contacts) = contacts(store, &notice.recipient).await? else { return Ok(()) };
    let occasion = occasion();
    let Some(change) = Notice::hear(&notice, &contacts, &occasion, &feedback) else { return Ok(()) };
    store.commit(&change, None).await?;
    if let Feedback::Bounced { reason, .. } = &feedback {
        tracing::warn!(notice = %notice.key(), %reason, "a notice came back");
        metrics.put(occasion.at, &[(Metric::NoticesBounced, 1.0)]);
    }
    Ok(())
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
