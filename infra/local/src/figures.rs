//! `/metrics`: what a market on one machine counts, for Prometheus and for people (text format 0.0.4).
//!
//! What CloudWatch counts of a deployed market has a name here too ([`Figures::note`]). No label holds an id: operations,
//! roles and lanes are few, and there are as many series for a busy market as for an idle one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use market_ambient::{Clock, SystemClock};
use market_functions::http::Answered;
use market_functions::metrics::Metric;
use market_jobs::sweep::Swept;
use market_kernel::aggregate::Lane;
use market_store::Meter;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::clock::LocalClock;
use market_kernel::stored::values::Named;

/// What the text is, as HTTP names it.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The upper ends of what requests take, in seconds.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    operation: &'static str,
    status: u32,
    role: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfJob {
    lane: &'static str,
    outcome: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// What is counted while a market runs.
#[derive(Debug)]
pub struct Figures {
    registry: Registry,
    requests: Family<OfRequest, Counter>,
    request_seconds: Family<OfOperation, Histogram, fn() -> Histogram>,
    jobs: Family<OfJob, Counter>,
    sweeps: Counter,
    wake_ups_sent: Counter,
    parked: Counter,
    lateness_seconds: Seconds,
    payments_waiting: Gauge,
    work_parked: Gauge,
    notices_waiting: Gauge,
    notices_delayed: Family<OfReason, Counter>,
    notices_bounced: Counter,
    corrupt_items: Counter,
}

impl Figures {
    /// Nothing counted yet. `meters` say what is read and written, for whom; the clock, how far it is ahead.
    pub(crate) fn new(meters: [(&'static str, Meter); 3], clock: Arc<LocalClock>) -> Self {
        let mut figures = Self {
            registry: Registry::with_prefix("market"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            jobs: Family::default(),
            sweeps: Counter::default(),
            wake_ups_sent: Counter::default(),
            parked: Counter::default(),
            lateness_seconds: Seconds::default(),
            payments_waiting: Gauge::default(),
            work_parked: Gauge::default(),
            notices_waiting: Gauge::default(),
            notices_delayed: Family::default(),
            notices_bounced: Counter::default(),
            corrupt_items: Counter::default(),
        };
        let Self { registry, requests, request_seconds, jobs, sweeps, wake_ups_sent, .. } = &mut figures;
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("request_seconds", "How long they took", request_seconds.clone());
        registry.register("jobs", "Wake-ups that were worked off, or failed and come again", jobs.clone());
        registry.register("sweeps", "Passes of the sweep that ran to their end", sweeps.clone());
        registry.register("wake_ups_sent", "Wake-ups that the sweep sent", wake_ups_sent.clone());
        let Self { registry, parked, lateness_seconds, payments_waiting, corrupt_items, .. } = &mut figures;
        registry.register("parked", "Work that a pass gave up on, or found parked", parked.clone());
        registry.register(
            "lateness_seconds",
            "How late the most overdue work of the last pass was",
            lateness_seconds.clone(),
        );
        registry.register(
            "payments_waiting",
            "Payments that are held or have to be returned",
            payments_waiting.clone(),
        );
        registry.register("corrupt_items", "Stored items that could not be read", corrupt_items.clone());
        let Self { registry, work_parked, notices_waiting, notices_delayed, .. } = &mut figures;
        registry.register(
            "work_parked",
            "Work that was given up on and waits for a human",
            work_parked.clone(),
        );
        registry.register(
            "notices_waiting_for_a_human",
            "Notices that did not arrive and that nothing else carries",
            notices_waiting.clone(),
        );
        registry.register(
            "notices_delayed",
            "Attempts to send a notice that did not succeed, from its third on",
            notices_delayed.clone(),
        );
        let Self { registry, notices_bounced, .. } = &mut figures;
        registry.register("notices_bounced", "Notices that came back", notices_bounced.clone());
        let release = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The release that runs", Info::new(release));
        registry.register_collector(Box::new(Asked { meters, clock }));
        figures
    }

    /// Counts what CloudWatch counts of a deployed market.
    pub(crate) fn note(&self, metric: Metric, value: f64) {
        // What is counted is whole, and never less than nothing.
        let count = value.max(0.0) as u64;
        match metric {
            Metric::LatenessMs => drop(self.lateness_seconds.set(value / 1e3)),
            Metric::Sweeps => drop(self.sweeps.inc_by(count)),
            Metric::WakeUpsSent => drop(self.wake_ups_sent.inc_by(count)),
            Metric::PaymentsWaiting => drop(self.payments_waiting.set(count as i64)),
            Metric::WorkParkedNow => drop(self.work_parked.set(count as i64)),
            Metric::NoticesWaitingForAHuman => drop(self.notices_waiting.set(count as i64)),
            Metric::NoticesDelayed(by) => {
                self.notices_delayed.get_or_create(&OfReason { reason: by.name() }).inc_by(count);
            }
            Metric::NoticesBounced => drop(self.notices_bounced.inc_by(count)),
            Metric::CorruptItems => drop(self.corrupt_items.inc_by(count)),
            // Here the workers tell of each job, and there is no authorizer beside the routes, which answer 503. A pass
            // takes as long as it does and leaves nothing, the routes have no gateway before them, and nobody calls from inside an
            // account.
            Metric::JobsFailed
            | Metric::TokensUnverified
            | Metric::ChecksUnanswered
            | Metric::Left
            | Metric::WaveMs
            | Metric::PacedWaveMs
            | Metric::ApiReady => {}
        }
    }

    /// A pass of the sweep that ran to its end.
    pub(crate) fn swept(&self, swept: &Swept) {
        let late_ms =
            swept.lateness.map_or(0, |late| i64::try_from(late.as_millis()).unwrap_or(i64::MAX).max(0));
        self.note(Metric::Sweeps, 1.0);
        self.note(Metric::WakeUpsSent, swept.sent as f64);
        self.parked.inc_by(swept.parked as u64);
        self.note(Metric::LatenessMs, late_ms as f64);
    }

    /// A wake-up that was worked off, or failed.
    fn worked(&self, lane: Lane, is_done: bool) {
        let outcome = if is_done { "done" } else { "failed" };
        self.jobs.get_or_create(&OfJob { lane: lane.name(), outcome }).inc();
    }

    /// A wake-up that is begun.
    pub(crate) fn begins(self: &Arc<Self>, lane: Lane) -> AtWork {
        AtWork { figures: Arc::clone(self), lane, is_done: false }
    }

    fn answered(&self, answered: &Answered) {
        let Answered { operation, status, took, .. } = answered;
        let role = answered.role.map_or("none", market_identity::Role::name);
        let labels = OfRequest { operation, status: u32::from(*status), role };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&OfOperation { operation }).observe(took.as_secs_f64());
    }

    /// All of it, as text.
    ///
    /// # Errors
    /// None that is known: a text takes everything.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A wake-up in hand: failed unless it says otherwise, when it is given up on in time or by a panic too.
#[derive(Debug)]
pub(crate) struct AtWork {
    figures: Arc<Figures>,
    lane: Lane,
    pub(crate) is_done: bool,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.figures.worked(self.lane, self.is_done);
    }
}

/// Counts every answer of the routes.
pub(crate) async fn count(State(figures): State<Arc<Figures>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(answered) = response.extensions().get::<Answered>() {
        figures.answered(answered);
    }
    response
}

/// What is known when it is asked for.
#[derive(Debug)]
struct Asked {
    meters: [(&'static str, Meter); 3],
    clock: Arc<LocalClock>,
}

impl Collector for Asked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Capacity units of the table, as DynamoDB would bill them";
        let mut units = encoder.encode_descriptor("table_units", help, None, MetricType::Counter)?;
        for (part, meter) in &self.meters {
            let cost = meter.so_far();
            for (kind, sum) in [("read", cost.read_units), ("write", cost.write_units)] {
                let labels = [("part", *part), ("kind", kind)];
                ConstCounter::new(sum).encode(units.encode_family(&labels)?)?;
            }
        }
        let ahead = self.clock.now().duration_since(SystemClock.now()).as_secs_f64();
        let help = "By how much the market's clock is ahead of the machine's";
        let clock = encoder.encode_descriptor("clock_ahead_seconds", help, None, MetricType::Gauge)?;
        ConstGauge::new(ahead).encode(clock)
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::notices::Hindrance;

    use super::*;

    fn figures() -> Figures {
        let meters = ["routes", "jobs", "sweep"].map(|part| (part, Meter::counting()));
        Figures::new(meters, Arc::new(LocalClock::standing("2026-01-05T01:00:00Z".parse().unwrap())))
    }

    #[test]
    fn what_cloudwatch_counts_is_counted_here_by_a_name_of_its_own() {
        let line = |metric: Metric| match metric {
            Metric::LatenessMs => Some("market_lateness_seconds 3.0"),
            Metric::Sweeps => Some("market_sweeps_total 3000"),
            Metric::WakeUpsSent => Some("market_wake_ups_sent_total 3000"),
            Metric::PaymentsWaiting => Some("market_payments_waiting 3000"),
            Metric::WorkParkedNow => Some("market_work_parked 3000"),
            Metric::NoticesWaitingForAHuman => Some("market_notices_waiting_for_a_human 3000"),
            Metric::NoticesDelayed(Hindrance::Throttled) => {
                Some("market_notices_delayed_total{reason=\"throttled\"} 3000")
            }
            Metric::NoticesDelayed(Hindrance::Misconfigured) => {
                Some("market_notices_delayed_total{reason=\"misconfigured\"} 3000")
            }
            Metric::NoticesDelayed(Hindrance::Unreachable) => {
                Some("market_notices_delayed_total{reason=\"unreachable\"} 3000")
            }
            Metric::NoticesDelayed(Hindrance::Failing) => {
                Some("market_notices_delayed_total{reason=\"failing\"} 3000")
            }
            Metric::NoticesDelayed(Hindrance::Unanswered) => {
                Some("market_notices_delayed_total{reason=\"unanswered\"} 3000")
            }
            Metric::NoticesBounced => Some("market_notices_bounced_total 3000"),
            Metric::CorruptItems => Some("market_corrupt_items_total 3000"),
            Metric::JobsFailed
            | Metric::TokensUnverified
            | Metric::ChecksUnanswered
            | Metric::Left
            | Metric::WaveMs
            | Metric::PacedWaveMs
            | Metric::ApiReady => None,
        };
        for metric in Metric::ALL {
            let figures = figures();
            let before = figures.text().unwrap();
            figures.note(metric, 3000.0);
            let after = figures.text().unwrap();
            match line(metric) {
                Some(line) => {
                    assert!(after.lines().any(|shown| shown == line), "{metric:?}: {after}");
                    assert!(!before.contains(line));
                }
                None => assert_eq!(before.lines().count(), after.lines().count(), "{metric:?}"),
            }
        }
    }

    #[test]
    fn a_pass_and_a_job_are_counted_by_what_became_of_them() {
        let figures = Arc::new(figures());
        let lateness = Some(jiff::SignedDuration::from_millis(1_500));
        figures.swept(&Swept { sent: 2, parked: 1, lateness, ..Swept::default() });
        for is_done in [true, false, true] {
            figures.begins(Lane::Notify).is_done = is_done;
        }
        drop(figures.begins(Lane::SealLedger));
        let text = figures.text().unwrap();
        for line in [
            "market_sweeps_total 1",
            "market_wake_ups_sent_total 2",
            "market_parked_total 1",
            "market_lateness_seconds 1.5",
            "market_jobs_total{lane=\"notify\",outcome=\"done\"} 2",
            "market_jobs_total{lane=\"notify\",outcome=\"failed\"} 1",
            "market_jobs_total{lane=\"seal_ledger\",outcome=\"failed\"} 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
        }
    }
}
