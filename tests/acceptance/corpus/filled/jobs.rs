//! What jobs and tokens leave in the table.

use std::sync::Arc;

use jiff::SignedDuration;
use market::requests;
use market_agreement::terminations::{Next, Termination, TerminationStatus};
use market_ambient::SystemEntropy;
use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, CheckOutcome};
use market_entrustment::grants::ledger::Ledger;
use market_functions::feedback::{Recorder, record_feedback};
use market_functions::kinds;
use market_functions::metrics::Metrics;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::Sending;
use market_kernel::party::Actor;
use market_notices::Gateways;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use serde_json::json;

use super::ses::sent;
use super::{AGREEMENT, Play, done};
use crate::harness::Always;

impl Play<'_> {
    /// An order whose timer was handed out again and again, and nobody did anything about it.
    pub(super) async fn park_an_order(&self) {
        let shop = self.open("order-parked").await;
        let order = shop.order("month").await;
        let key = Key::stored(format!("account#{}", shop.name), format!("order#{order}"));
        let store = &self.world.running.market.store;
        let mut taken = Vec::new();
        for hour in 0..=i64::from(MAX_TRIES) {
            let now = self.world.now() + SignedDuration::from_hours(24 + hour);
            for shard in 0..SHARDS {
                let due = store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 100).await.unwrap();
                for entry in due.iter().filter(|entry| entry.key == key) {
                    taken.push(store.lease(entry, now).await.unwrap());
                }
            }
        }
        assert_eq!(taken.last(), Some(&Lease::Parked));
    }

    /// A check on a day that is over, and sealed, when the corpus is taken.
    pub(super) async fn check_a_token(&self) {
        let shop = self.open("ledger-sealed").await;
        let order = shop.buy("year").await;
        let grant = shop.grant(&order).await;
        let token = shop.token(&grant).await;
        assert_eq!(self.stage.check(&token, "orders.read").await, "allowed");
    }

    /// A check that the first partition of its ledger did not take: it is counted as `check_token` counts it then.
    pub(super) async fn spread_a_ledger(&self) {
        let shop = self.open("ledger-spread").await;
        let order = shop.buy("year").await;
        let grant = shop.grant(&order).await;
        let token = shop.token(&grant).await;
        assert_eq!(self.stage.check(&token, "orders.read").await, "allowed");
        let store = &self.world.running.market.store;
        let id = ("ledger-spread".parse().unwrap(), grant.parse().unwrap());
        let grant = store.get::<Grant>(&id).await.unwrap().unwrap();
        let ledger = store.get::<Ledger>(&id).await.unwrap();
        let occasion = self.occasion(Actor::DataGateway);
        let spread = Ledger::spread(ledger.as_ref(), &grant, &occasion).unwrap();
        store.commit(&spread, None).await.unwrap();
        let (scope, now) = ("orders.read".parse().unwrap(), self.world.now());
        store
            .begin_line(
                Check { grant: &grant, scope: &scope, outcome: CheckOutcome::Allowed, at: now, times: 1 },
                3,
            )
            .await
            .unwrap();
    }

    /// Grants with and without a token, and a check of every outcome.
    pub(super) async fn check_tokens(&self) {
        let shop = self.open("grant-active").await;
        let order = shop.buy("year").await;
        shop.grant(&order).await;
        let grant = shop.grant(&order).await;
        let (replaced, token) = (shop.token(&grant).await, shop.token(&grant).await);
        let stolen = format!("{}{}", &token[..token.len() - 64], "0".repeat(64));
        let revoked = shop.grant(&order).await;
        let dead = shop.token(&revoked).await;
        shop.revoke(&revoked).await;
        for (token, scope, outcome) in [
            (&token, "orders.read", "allowed"),
            (&token, "orders.read", "allowed"),
            (&token, "buyers.read", "wrong_scope"),
            (&replaced, "orders.read", "allowed"),
            (&stolen, "orders.read", "wrong_token"),
            (&dead, "orders.read", "ended"),
        ] {
            assert_eq!(self.stage.check(token, scope).await, outcome);
        }
    }

    /// E-mails that SES took and told of later, and one that it refused.
    pub(super) async fn tell(&self) {
        for (name, phone, told) in [
            ("email-delivered", None, ["Delivery"].as_slice()),
            ("email-complained-of", None, &["Delivery", "Complaint"]),
            ("email-came-back", None, &["Transient"]),
            ("email-bounced", None, &["Bounce"]),
            ("email-bounced-followed-up", Some("+8613800000002"), &["Bounce"]),
        ] {
            let shop = self.apply(name, "zh", phone).await;
            shop.accept(AGREEMENT, "click").await;
            let key = shop.email().await;
            let gateways =
                Gateways { email: Arc::new(self.ses.gateway.clone()), sms: Arc::new(Always(sent())) };
            kinds::run(&self.world.jobs(gateways), &WakeUp { lane: Lane::Notify, key }).await.unwrap();
            for kind in told {
                let (market, clock) = (&self.world.running.market, &self.world.running.machine.clock);
                let event = self.ses.event(kind);
                let (entropy, metrics) = (SystemEntropy, Metrics::default());
                let recorder = Recorder {
                    store: &market.store,
                    clock: clock.as_ref(),
                    entropy: &entropy,
                    operator: &market.operator,
                    metrics: &metrics,
                };
                record_feedback(recorder, &event).await.unwrap();
            }
        }
        let refused = Sending::Refused { reason: "BadRequestException".to_owned() };
        self.open("email-undeliverable").await.send_email(refused.clone()).await;
        let served = self.open("email-served-otherwise").await;
        let email = served.email().await.sort;
        served.send_email(refused.clone()).await;
        let path = served.path(&format!("notices/{}/other-service", email.trim_start_matches("notice#")));
        let service = requests::other_service(self.world.now());
        done(self.stage.operator.post(&path, service).await);
        // Recorded by mistake, and served so indeed; and one that was not served at all.
        for (name, instead) in [("email-service-corrected", true), ("email-service-taken-back", false)] {
            let shop = self.open(name).await;
            let email = shop.email().await.sort;
            shop.send_email(refused.clone()).await;
            let path = shop.path(&format!("notices/{}/other-service", email.trim_start_matches("notice#")));
            let now = self.world.now();
            done(self.stage.operator.post(&path, requests::other_service(now)).await);
            let correction = requests::correction(instead.then_some(now));
            done(self.stage.operator.post(&format!("{path}/correction"), correction).await);
        }
        let resent = self.open("email-resent").await;
        let email = resent.email().await.sort;
        resent.send_email(refused).await;
        let path = resent.path(&format!("notices/{}/resending", email.trim_start_matches("notice#")));
        let elsewhere = json!({ "address": "elsewhere@example.com" });
        done(self.stage.operator.post(&path, elsewhere).await);
        let moved = self.open("contacts-changed").await;
        moved.post("contacts", requests::contacts("moved@example.com")).await;
    }

    /// A grant that ends before its beginning was said, which is not said any more; and an answer that waits for the
    /// acknowledgement before it.
    pub(super) async fn outrun(&self) {
        let shop = self.open("email-outrun").await;
        let order = shop.buy("month").await;
        let grant = shop.ended_grant(&order).await;
        shop.demand(&grant, "service", json!({})).await;
        self.acknowledge(shop.name, &grant).await;
        let path = shop.path(&format!("demands/{grant}/attestation"));
        done(self.stage.provider.post(&path, requests::attestation(self.world.now())).await);
        for about in ["grant_activated", "demand_attested"] {
            let email = shop.email_about(about).await;
            self.wake(Lane::Notify, shop.name, email.sort.to_string(), sent()).await;
        }
    }

    /// Has a job look at a merchant's thing, once, on channels that answer so.
    pub(super) async fn wake(&self, job: Lane, name: &str, sort: String, answer: Sending) {
        self.world.wake(job, Key::stored(format!("account#{name}"), sort), answer).await;
    }

    /// A cascade set something aside, and found nothing else to end in all that one wake-up looks at.
    pub(super) async fn pass_over(&self, name: &str, termination: &str) {
        let store = &self.world.running.market.store;
        let key = Key::stored(format!("account#{name}"), termination);
        let termination = store.get_at::<Termination>(&key).await.unwrap().unwrap();
        let TerminationStatus::Ending(cascade) = &termination.status else {
            panic!("{:?}", termination.status)
        };
        let aside = cascade.cursor.clone().into_iter().collect();
        let occasion = self.occasion(Actor::Job(Lane::TerminateAccount.name().to_owned()));
        let place = (cascade.cursor.clone(), aside);
        let passed = Termination::pass(&termination, place, Next::Anyone, &occasion).unwrap();
        store.commit(&passed, None).await.unwrap();
    }
}
