//! Events as SES publishes them.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::{Json, Router};
use market_kernel::notices::Sending;
use market_notices::{Sender, SesEmail};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

pub(super) fn sent() -> Sending {
    Sending::Accepted { gateway_id: None }
}

/// As much of SES as takes an e-mail and tells of it later.
pub(super) struct Ses {
    pub(super) gateway: SesEmail,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Ses {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<Vec<Value>>>::default();
        let router = Router::new().fallback(Self::take).with_state(Arc::clone(&taken));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let sdk = market::sdk_at(&url).await;
        let official = "legal@market.example.com".to_owned().try_into().unwrap();
        let sender = Sender::new("notices@market.example.com", official).unwrap();
        Self { gateway: SesEmail::new(&sdk, sender, None), taken }
    }

    async fn take(State(taken): State<Arc<Mutex<Vec<Value>>>>, body: Bytes) -> Json<Value> {
        let mut taken = taken.lock().unwrap();
        taken.push(serde_json::from_slice(&body).unwrap());
        Json(json!({ "MessageId": format!("ses-{}", taken.len()) }))
    }

    /// What it tells of the e-mail that it took last.
    pub(super) fn event(&self, kind: &str) -> String {
        let taken = self.taken.lock().unwrap();
        let tags = taken.last().unwrap()["EmailTags"].as_array().unwrap();
        let tags: Map<_, _> = tags
            .iter()
            .map(|tag| (tag["Name"].as_str().unwrap().to_owned(), json!([tag["Value"]])))
            .collect();
        let (kind, bounce) = match kind {
            "Transient" => ("Bounce", ("Transient", "MailboxFull")),
            kind => (kind, ("Permanent", "NoEmail")),
        };
        json!({
            "eventType": kind,
            "mail": { "messageId": format!("ses-{}", taken.len()), "tags": tags },
            "bounce": { "bounceType": bounce.0, "bounceSubType": bounce.1 },
            "complaint": { "complaintSubType": null, "complaintFeedbackType": "abuse" },
        })
        .to_string()
    }
}
