//! What SES tells of a sent e-mail, and what it means for the notice.

use std::collections::HashMap;

use market_kernel::aggregate::Aggregate;
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::notices::{Feedback, Notice};
use market_notices::{NOTICE_TAG, RECIPIENT_TAG, recipient_of_tag};
use serde::Deserialize;

/// An event of a configuration set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct SesEvent {
    pub mail: Mail,
    #[serde(flatten)]
    told: MailEvent,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mail {
    pub message_id: String,
    #[serde(default)]
    tags: HashMap<String, Vec<String>>,
}

/// What SES tells, by its `eventType`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "eventType")]
enum MailEvent {
    Delivery,
    Bounce {
        bounce: Bounce,
    },
    Complaint {
        complaint: Complaint,
    },
    Reject {
        reject: Reject,
    },
    #[serde(rename = "Rendering Failure")]
    RenderingFailure,
    /// `Send`, `DeliveryDelay`, `Open`, `Click`, `Subscription`, and whatever there will be.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounce_sub_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    complaint_sub_type: Option<String>,
    #[serde(default)]
    complaint_feedback_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Reject {
    reason: String,
}

impl SesEvent {
    /// What it says, and of which notice; none where it says nothing that a notice records, or names none.
    pub(super) fn read(&self) -> Option<(Key, Feedback)> {
        let feedback = self.told.feedback()?;
        let tag = |name: &str| self.mail.tags.get(name)?.first();
        let partition = recipient_of_tag(tag(RECIPIENT_TAG)?)?;
        Some((
            Key::new(Partition::stored(partition), Sort::new(Notice::PLACE.sorts(), tag(NOTICE_TAG)?)),
            feedback,
        ))
    }
}

/// SES took the message and did not try to send it, because of an earlier one to the same mailbox.
const SUPPRESSED: &str = "OnAccountSuppressionList";

impl MailEvent {
    fn feedback(&self) -> Option<Feedback> {
        let never_sent = |reason: String| Feedback::Bounced { is_final: true, reason };
        Some(match self {
            Self::Delivery => Feedback::Delivered,
            Self::Bounce { bounce: Bounce { bounce_type, bounce_sub_type } } => {
                let is_final = bounce_type != "Transient";
                Feedback::Bounced { is_final, reason: format!("{bounce_type}/{bounce_sub_type}") }
            }
            Self::Complaint { complaint } => {
                match (complaint.complaint_sub_type.as_deref(), complaint.complaint_feedback_type.as_deref())
                {
                    (Some(SUPPRESSED), _) => never_sent(format!("Complaint/{SUPPRESSED}")),
                    (_, Some("not-spam")) => Feedback::Delivered,
                    (_, Some("auth-failure" | "virus")) => return None,
                    _ => Feedback::Complained,
                }
            }
            Self::Reject { reject } => never_sent(format!("Reject/{}", reject.reason)),
            Self::RenderingFailure => never_sent("RenderingFailure".to_owned()),
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An event with every field that SES documents (*Contents of event data that Amazon SES publishes to Amazon
    /// SNS*).
    fn event(kind: &str, name: &str, about: Value) -> Value {
        let mut event = json!({
            "eventType": kind,
            "mail": {
                "timestamp": "2026-01-05T01:00:00.000Z",
                "source": "Market <notices@market.example>",
                "sourceArn": "arn:aws:ses:us-east-1:000000000000:identity/notices@market.example",
                "sendingAccountId": "000000000000",
                "messageId": "ses-1",
                "destination": ["shop@example.com"],
                "headersTruncated": false,
                "headers": [
                    { "name": "From", "value": "Market <notices@market.example>" },
                    { "name": "To", "value": "shop@example.com" },
                    { "name": "MIME-Version", "value": "1.0" },
                ],
                "commonHeaders": { "from": ["Market <notices@market.example>"], "messageId": "ses-1" },
                "tags": {
                    "ses:configuration-set": ["market-notices"],
                    "ses:caller-identity": ["market-worker-notify"],
                    "notice": ["n-1"],
                    "recipient": ["YWNjb3VudCNzaG9wLTE"],
                },
            },
        });
        event[name] = about;
        event
    }

    fn bounce(kind: &str, sub_type: &str) -> Value {
        let recipient = json!({
            "emailAddress": "shop@example.com",
            "action": "failed",
            "status": "5.1.1",
            "diagnosticCode": "smtp; 550 5.1.1 user unknown",
        });
        let about = json!({
            "bounceType": kind,
            "bounceSubType": sub_type,
            "bouncedRecipients": [recipient],
            "timestamp": "2026-01-05T01:00:02.000Z",
            "feedbackId": "f-1",
            "reportingMTA": "dsn; mta.example.com",
        });
        event("Bounce", "bounce", about)
    }

    fn complaint(feedback_type: Value, sub_type: Value) -> Value {
        let about = json!({
            // Whoever was sent it at the domain that complains.
            "complainedRecipients": [
                { "emailAddress": "shop@example.com" },
                { "emailAddress": "it@example.com" },
            ],
            "timestamp": "2026-01-05T01:00:02.000Z",
            "feedbackId": "f-1",
            "userAgent": "Feedback/1.0",
            "complaintFeedbackType": feedback_type,
            "complaintSubType": sub_type,
            "arrivalDate": "2026-01-05T01:00:02.000Z",
        });
        event("Complaint", "complaint", about)
    }

    fn feedback(event: Value) -> Option<Feedback> {
        let event: SesEvent = serde_json::from_value(event).unwrap();
        assert_eq!(event.mail.message_id, "ses-1");
        let (key, feedback) = event.read()?;
        assert_eq!(key, Key::stored("account#shop-1", "notice#n-1"));
        Some(feedback)
    }

    #[allow(clippy::unnecessary_wraps, reason = "as what it is compared with")]
    fn bounced(is_final: bool, reason: &str) -> Option<Feedback> {
        Some(Feedback::Bounced { is_final, reason: reason.to_owned() })
    }

    #[test]
    fn what_arrived_is_told_by_a_delivery() {
        let about = json!({
            "timestamp": "2026-01-05T01:00:02.000Z",
            "processingTimeMillis": 1_893,
            "recipients": ["shop@example.com"],
            "smtpResponse": "250 2.6.0 Message received",
            "reportingMTA": "mta.example.com",
        });
        assert_eq!(feedback(event("Delivery", "delivery", about)), Some(Feedback::Delivered));
    }

    #[test]
    fn a_bounce_is_final_unless_its_cause_is_known_to_pass() {
        for (kind, sub_type, is_final) in [
            ("Permanent", "General", true),
            ("Permanent", "NoEmail", true),
            ("Permanent", "Suppressed", true),
            ("Permanent", "OnAccountSuppressionList", true),
            ("Undetermined", "Undetermined", true),
            ("Transient", "General", false),
            ("Transient", "MailboxFull", false),
            ("Transient", "MessageTooLarge", false),
            ("Transient", "ContentRejected", false),
            ("Transient", "AttachmentRejected", false),
        ] {
            assert_eq!(feedback(bounce(kind, sub_type)), bounced(is_final, &format!("{kind}/{sub_type}")));
        }
    }

    #[test]
    fn who_complains_has_received_it_but_who_is_suppressed_for_an_earlier_complaint_was_sent_nothing() {
        for kind in [json!("abuse"), json!("fraud"), json!("other"), json!("opt-out-list"), json!(null)] {
            assert_eq!(feedback(complaint(kind.clone(), json!(null))), Some(Feedback::Complained), "{kind}");
            let suppressed = complaint(kind.clone(), json!("OnAccountSuppressionList"));
            assert_eq!(feedback(suppressed), bounced(true, "Complaint/OnAccountSuppressionList"), "{kind}");
        }
        let unlabelled = event("Complaint", "complaint", json!({ "feedbackId": "f-1" }));
        assert_eq!(feedback(unlabelled), Some(Feedback::Complained));
    }

    #[test]
    fn a_report_that_is_no_recipients_complaint_is_not_recorded_as_one() {
        assert_eq!(feedback(complaint(json!("not-spam"), json!(null))), Some(Feedback::Delivered));
        for kind in ["auth-failure", "virus"] {
            assert_eq!(feedback(complaint(json!(kind), json!(null))), None, "{kind}");
        }
    }

    #[test]
    fn what_ses_took_and_then_did_not_send_came_back_for_good() {
        let rejected = event("Reject", "reject", json!({ "reason": "Bad content" }));
        assert_eq!(feedback(rejected), bounced(true, "Reject/Bad content"));
        let about = json!({ "errorMessage": "an attribute is missing", "templateName": "notice" });
        assert_eq!(feedback(event("Rendering Failure", "failure", about)), bounced(true, "RenderingFailure"));
    }

    #[test]
    fn what_says_nothing_of_the_outcome_changes_nothing() {
        let delayed = json!({
            "timestamp": "2026-01-05T01:10:00.000Z",
            "delayType": "TransientCommunicationFailure",
            "expirationTime": "2026-01-05T15:00:00.000Z",
            "delayedRecipients": [{
                "emailAddress": "shop@example.com",
                "status": "4.4.1",
                "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
            }],
        });
        let seen =
            json!({ "ipAddress": "192.0.2.1", "timestamp": "2026-01-05T02:00:00.000Z", "userAgent": "x" });
        let subscribed = json!({ "contactList": "all", "timestamp": "2026-01-05T02:00:00.000Z" });
        for (kind, name, about) in [
            ("Send", "send", json!({})),
            ("DeliveryDelay", "deliveryDelay", delayed),
            ("Open", "open", seen.clone()),
            ("Click", "click", seen),
            ("Subscription", "subscription", subscribed),
            ("What comes next", "next", json!([1])),
        ] {
            assert_eq!(feedback(event(kind, name, about)), None, "{kind}");
        }
        let mut nameless = bounce("Permanent", "General");
        nameless["mail"]["tags"] = json!({ "ses:configuration-set": ["market-notices"] });
        assert_eq!(feedback(nameless), None, "it names no notice");
    }

    #[test]
    fn an_event_without_what_its_type_promises_is_no_event_and_is_not_passed_over() {
        for kind in ["Bounce", "Complaint", "Reject"] {
            let hollow = event(kind, "other", json!({}));
            assert!(serde_json::from_value::<SesEvent>(hollow).is_err(), "{kind}");
        }
    }
}
