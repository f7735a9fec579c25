//! Metrics in CloudWatch's embedded metric format: a line of the log that CloudWatch also counts. No request
//! leaves for them, and where no namespace is set nothing is written.

use std::io::Write;
use std::sync::Arc;

use market_kernel::Timestamp;
use market_kernel::notices::Hindrance;
use market_kernel::stored::values::Named;
use serde_json::{Map, Value, json};

use crate::http::CorruptionAlarm;

/// What operators watch; `infra/made/alarms.yaml` names each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How late the most overdue work was when a sweep found it, in milliseconds, in the lanes of which it left nothing; 0
    /// where nothing was due.
    LatenessMs,
    /// The same in the lanes of which it left something and that have no pace: how old a wave is that is worked off; 0 where
    /// nothing is left.
    WaveMs,
    /// The same in the lane that has a pace, of notices.
    PacedWaveMs,
    /// Sweeps that ran to their end.
    Sweeps,
    /// Wake-ups that a sweep sent.
    WakeUpsSent,
    /// Shards of the due index that a sweep had no time for, or not for all of, or whose lane has a pace that leaves more.
    Left,
    /// Work that was given up on and waits for a human, when a sweep looked.
    WorkParkedNow,
    /// Payments that are held or have to be returned, when a sweep looked.
    PaymentsWaiting,
    /// Notices that did not arrive and that nothing else carries, when a sweep looked.
    NoticesWaitingForAHuman,
    /// Whether the API said through its gateway that it is ready, when a sweep asked: 1, or 0.
    ApiReady,
    /// Messages that a worker handed back to their queue.
    JobsFailed,
    /// Attempts to send a notice that did not succeed, from its third on: by why.
    NoticesDelayed(Hindrance),
    /// Notices that came back.
    NoticesBounced,
    /// Stored items that could not be read.
    CorruptItems,
    /// Tokens of which nothing could be said, because the issuer's keys could not be had.
    TokensUnverified,
    /// Calls from inside the account that left a check unanswered by no fault of the caller's: no gateway's log has them.
    ChecksUnanswered,
}

impl Metric {
    /// Every one.
    pub const ALL: [Self; 20] = [
        Self::LatenessMs,
        Self::WaveMs,
        Self::PacedWaveMs,
        Self::Sweeps,
        Self::WakeUpsSent,
        Self::Left,
        Self::WorkParkedNow,
        Self::PaymentsWaiting,
        Self::NoticesWaitingForAHuman,
        Self::ApiReady,
        Self::JobsFailed,
        Self::NoticesDelayed(Hindrance::Throttled),
        Self::NoticesDelayed(Hindrance::Misconfigured),
        Self::NoticesDelayed(Hindrance::Unreachable),
        Self::NoticesDelayed(Hindrance::Failing),
        Self::NoticesDelayed(Hindrance::Unanswered),
        Self::NoticesBounced,
        Self::CorruptItems,
        Self::TokensUnverified,
        Self::ChecksUnanswered,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::LatenessMs => "LatenessMs",
            Self::WaveMs => "WaveMs",
            Self::PacedWaveMs => "PacedWaveMs",
            Self::Sweeps => "Sweeps",
            Self::WakeUpsSent => "WakeUpsSent",
            Self::Left => "Left",
            Self::WorkParkedNow => "WorkParkedNow",
            Self::PaymentsWaiting => "PaymentsWaiting",
            Self::NoticesWaitingForAHuman => "NoticesWaitingForAHuman",
            Self::ApiReady => "ApiReady",
            Self::JobsFailed => "JobsFailed",
            Self::NoticesDelayed(_) => "NoticesDelayed",
            Self::NoticesBounced => "NoticesBounced",
            Self::CorruptItems => "CorruptItems",
            Self::TokensUnverified => "TokensUnverified",
            Self::ChecksUnanswered => "ChecksUnanswered",
        }
    }

    /// What its values are told apart by, beside the sum of all.
    fn told_apart(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::NoticesDelayed(by) => Some(("Reason", by.name())),
            _ => None,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::LatenessMs | Self::WaveMs | Self::PacedWaveMs => "Milliseconds",
            _ => "Count",
        }
    }
}

/// Who is told of each value, within this process.
type Told = Arc<dyn Fn(Metric, f64) + Send + Sync>;

/// Where metrics are written.
#[derive(Clone, Default)]
pub struct Metrics {
    namespace: Option<String>,
    dimension: Option<(&'static str, String)>,
    told: Option<Told>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { namespace, dimension, told: _ } = self;
        f.debug_struct("Metrics")
            .field("namespace", namespace)
            .field("dimension", dimension)
            .finish_non_exhaustive()
    }
}

impl Metrics {
    /// Metrics of one namespace; without a namespace nothing is written.
    #[must_use]
    pub const fn new(namespace: Option<String>) -> Self {
        Self { namespace, dimension: None, told: None }
    }

    /// Metrics that are told within this process, and written nowhere.
    #[must_use]
    pub fn told(to: impl Fn(Metric, f64) + Send + Sync + 'static) -> Self {
        Self { told: Some(Arc::new(to)), ..Self::default() }
    }

    /// The same, told apart by one dimension.
    #[must_use]
    pub fn of(self, dimension: &'static str, value: impl Into<String>) -> Self {
        Self { dimension: Some((dimension, value.into())), ..self }
    }

    /// Writes values of one instant.
    pub fn put(&self, at: Timestamp, values: &[(Metric, f64)]) {
        if let Some(told) = &self.told {
            for (metric, value) in values {
                told(*metric, *value);
            }
        }
        // What is told apart by something has a line of its own.
        let (apart, together): (Vec<_>, Vec<_>) =
            values.iter().partition(|(metric, _)| metric.told_apart().is_some());
        let together = (!together.is_empty()).then_some(together);
        for values in together.into_iter().chain(apart.into_iter().map(|value| vec![value])) {
            if let Some(line) = self.line(at, &values) {
                // Whether the log takes it is not our business.
                drop(writeln!(std::io::stdout(), "{line}"));
            }
        }
    }

    /// What counts the items that cannot be read; `corrupt-items` in `infra/made/alarms.yaml` watches it.
    #[must_use]
    pub fn corruption_alarm(self) -> CorruptionAlarm {
        Arc::new(move |at| self.put(at, &[(Metric::CorruptItems, 1.0)]))
    }

    fn line(&self, at: Timestamp, values: &[(Metric, f64)]) -> Option<Value> {
        let namespace = self.namespace.as_deref()?;
        let names: Vec<Value> = values
            .iter()
            .map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit() }))
            .collect();
        let own = values.first().and_then(|(metric, _)| metric.told_apart());
        let usual: Vec<&str> = self.dimension.iter().map(|(name, _)| *name).collect();
        // The sum of all too: an alarm on it need not know what it is told apart by.
        let apart = own.map(|(name, _)| usual.iter().copied().chain([name]).collect());
        let dimensions: Vec<Vec<&str>> = [usual].into_iter().chain(apart).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": dimensions, "Metrics": names }],
            }),
        );
        line.extend(values.iter().map(|(metric, value)| (metric.name().to_owned(), json!(value))));
        line.extend(self.dimension.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        line.extend(own.map(|(name, value)| (name.to_owned(), json!(value))));
        Some(line.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metrics_as_the_embedded_metric_format_wants_it() {
        let at = Timestamp::from_millisecond(1_500).unwrap();
        let metrics = Metrics::new(Some("market".to_owned())).of("Job", "notify");
        let line = metrics.line(at, &[(Metric::JobsFailed, 2.0)]).unwrap();
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_500,
                    "CloudWatchMetrics": [{
                        "Namespace": "market",
                        "Dimensions": [["Job"]],
                        "Metrics": [{ "Name": "JobsFailed", "Unit": "Count" }],
                    }],
                },
                "JobsFailed": 2.0,
                "Job": "notify",
            })
        );
        assert_eq!(Metrics::default().line(at, &[(Metric::Sweeps, 1.0)]), None);
    }

    #[test]
    fn what_is_told_apart_by_a_reason_counts_into_the_sum_of_all_reasons_too() {
        let metrics = Metrics::new(Some("market".to_owned()));
        let delayed = Metric::NoticesDelayed(Hindrance::Throttled);
        let line = metrics.line(Timestamp::UNIX_EPOCH, &[(delayed, 1.0)]).unwrap();
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[], ["Reason"]]));
        assert_eq!((&line["NoticesDelayed"], &line["Reason"]), (&json!(1.0), &json!("throttled")));
    }

    #[test]
    fn who_is_told_within_the_process_is_told_each_value_and_nothing_is_written() {
        let told: Arc<std::sync::Mutex<Vec<(Metric, f64)>>> = Arc::default();
        let heard = Arc::clone(&told);
        let metrics = Metrics::told(move |metric, value| heard.lock().unwrap().push((metric, value)));
        let values = [(Metric::NoticesBounced, 1.0), (Metric::WakeUpsSent, 2.0)];
        metrics.put(Timestamp::UNIX_EPOCH, &values);
        assert_eq!(*told.lock().unwrap(), values);
        assert_eq!(metrics.line(Timestamp::UNIX_EPOCH, &values), None);
    }

    #[test]
    fn every_metric_is_among_all_of_them_once() {
        let names: std::collections::BTreeSet<_> =
            Metric::ALL.map(|metric| (metric.name(), metric.told_apart())).into();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(Hindrance::ALL.iter().all(|by| Metric::ALL.contains(&Metric::NoticesDelayed(*by))));
    }
}
