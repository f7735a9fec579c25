//! The handler `feedback`: what SES tells of an e-mail finds the notice that it was.

use market_kernel::keys::Key;
use market_kernel::notices::{Notice, NoticeStatus};
use serde_json::{Value, json};

use crate::function::Function;
use crate::json::Json;
use crate::surroundings::{Surroundings, long_ago, messages, occasion, wake_up};

/// A queue's event with these bodies.
fn event(bodies: &[String]) -> Value {
    let ids: Vec<_> = (0..bodies.len()).map(|number| format!("m-{number}")).collect();
    messages(&ids.iter().zip(bodies).map(|(id, body)| (id.as_str(), body.clone(), 1)).collect::<Vec<_>>())
}

/// An event of SES's, of the mail that was sent with these tags.
fn told(kind: &str, message_id: &str, sent: &Json) -> String {
    let tags: serde_json::Map<String, Value> = sent["EmailTags"]
        .as_array()
        .expect("it was sent with tags")
        .iter()
        .map(|tag| (tag["Name"].as_str().expect("a name").to_owned(), json!([tag["Value"]])))
        .collect();
    json!({
        "eventType": kind,
        "mail": { "messageId": message_id, "timestamp": "2026-01-01T00:00:00Z", "tags": tags },
        "bounce": { "bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": [] },
        "complaint": { "complaintSubType": "OnAccountSuppressionList", "complainedRecipients": [] },
        "reject": { "reason": "Bad content" },
    })
    .to_string()
}

/// An e-mail that SES took, and how it was sent.
async fn sent(around: &Surroundings) -> (Key, Json) {
    let key = around.notice_due("northwind", long_ago()).await;
    let mut worker = Function::start("worker/notify", around.settings()).await;
    let response = worker.invoke(event(&[wake_up(&key)])).await.expect("a batch response");
    assert_eq!(response["batchItemFailures"], json!([]));
    (key, around.services.calls("SendEmail").remove(0))
}

#[tokio::test]
async fn a_bounce_finds_its_notice_which_stays_served_and_only_what_cannot_be_read_comes_again() {
    let around = Surroundings::start().await;
    let (key, mail) = sent(&around).await;
    let mut feedback = Function::start("feedback", around.settings()).await;
    let bounced = told("Bounce", "ses-1", &mail);
    let events = [
        "{".to_owned(),
        // What SES says when it is told to publish, and no event.
        "Successfully validated SNS topic for Amazon SES event publishing.".to_owned(),
        told("Open", "ses-1", &mail),
        told("Bounce", "ses-of-another", &mail),
        told("Delivery", "ses-1", &mail),
        bounced.clone(),
        bounced,
    ];
    let response = feedback.invoke(event(&events)).await.expect("a batch response");
    assert_eq!(response["batchItemFailures"], json!([{ "itemIdentifier": "m-0" }]));
    let NoticeStatus::Bounced { gateway_id, reason, follow_up, .. } = around.notice(&key).await.status else {
        panic!("it bounced");
    };
    assert_eq!((gateway_id.as_deref(), reason.as_str()), (Some("ses-1"), "Permanent/NoEmail"));
    assert_eq!(follow_up, None, "this provider has no telephone");
}

#[tokio::test]
async fn what_ses_took_and_never_sent_came_back() {
    for (kind, because) in
        [("Complaint", "Complaint/OnAccountSuppressionList"), ("Reject", "Reject/Bad content")]
    {
        let around = Surroundings::start().await;
        let (key, mail) = sent(&around).await;
        let mut feedback = Function::start("feedback", around.settings()).await;
        let response = feedback.invoke(event(&[told(kind, "ses-1", &mail)])).await.expect("a batch response");
        assert_eq!(response["batchItemFailures"], json!([]));
        let NoticeStatus::Bounced { reason, .. } = around.notice(&key).await.status else {
            panic!("{kind}: it came back");
        };
        assert_eq!(reason, because);
    }
}

#[tokio::test]
async fn what_comes_before_the_record_of_the_sending_comes_again() {
    let around = Surroundings::start().await;
    let key = around.notice_due("northwind", long_ago()).await;
    let id = key.sort.trim_start_matches("notice#");
    let tags = json!({ "EmailTags": [
        { "Name": "notice", "Value": id }, { "Name": "recipient", "Value": "cHJvdmlkZXIjbm9ydGh3aW5k" },
    ] });
    let mut feedback = Function::start("feedback", around.settings()).await;
    let response =
        feedback.invoke(event(&[told("Delivery", "ses-1", &tags.clone().into())])).await.expect("a response");
    assert_eq!(response["batchItemFailures"], json!([{ "itemIdentifier": "m-0" }]));
}

#[tokio::test]
async fn an_event_of_an_attempt_whose_record_was_lost_proves_that_it_was_sent() {
    let bounces = ["Bounce", "Complaint", "Reject"].map(|kind| (kind, false));
    for (kind, is_there) in [("Delivery", true)].into_iter().chain(bounces) {
        let around = Surroundings::start().await;
        let key = around.notice_due("northwind", long_ago()).await;
        let notice = around.store.get_at::<Notice>(&key).await.expect("the engine answers");
        let (_, claimed) =
            Notice::claim(&notice.expect("it was drafted"), &occasion(long_ago())).expect("due");
        around.commit(&claimed).await;
        let id = key.sort.trim_start_matches("notice#");
        let tags = json!({ "EmailTags": [
            { "Name": "notice", "Value": id }, { "Name": "recipient", "Value": "cHJvdmlkZXIjbm9ydGh3aW5k" },
        ] });
        let mut feedback = Function::start("feedback", around.settings()).await;
        let response = feedback
            .invoke(event(&[told(kind, "ses-7", &tags.clone().into())]))
            .await
            .expect("a batch response");
        assert_eq!(response["batchItemFailures"], json!([]));
        let (id, arrived) = match around.notice(&key).await.status {
            NoticeStatus::Delivered { gateway_id, .. } => (gateway_id, true),
            NoticeStatus::Bounced { gateway_id, .. } => (gateway_id, false),
            other => panic!("{other:?}"),
        };
        assert_eq!((id.as_deref(), arrived), (Some("ses-7"), is_there));
    }
}
