//! Metrics in CloudWatch's embedded metric format: a line of the log that CloudWatch also counts. No request
//! leaves for them, and where no namespace is set nothing is written.

use std::io::Write;
use std::sync::Arc;

use market_kernel::Timestamp;
use serde_json::{Map, Value, json};

use crate::http::CorruptionAlarm;

/// What operators watch; `infra/made/alarms.yaml` names each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How late the most overdue work was when a sweep found it, in milliseconds; 0 where nothing was due.
    LatenessMs,
    /// Sweeps that ran to their end.
    Sweeps,
    /// Wake-ups that a sweep sent.
    WakeUpsSent,
    /// Work that a sweep gave up on: it waits for a human.
    Parked,
    /// Payments that are held or have to be returned, when a sweep looked.
    PaymentsWaiting,
    /// Messages that a worker handed back to their queue.
    JobsFailed,
    /// Notices that can be sent on no further attempt: they wait for a human.
    NoticesUndeliverable,
    /// Notices that came back.
    NoticesBounced,
    /// Stored items that could not be read.
    CorruptItems,
    /// Tokens of which nothing could be said, because the issuer's keys could not be had.
    TokensUnverified,
}

impl Metric {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::LatenessMs,
        Self::Sweeps,
        Self::WakeUpsSent,
        Self::Parked,
        Self::PaymentsWaiting,
        Self::JobsFailed,
        Self::NoticesUndeliverable,
        Self::NoticesBounced,
        Self::CorruptItems,
        Self::TokensUnverified,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::LatenessMs => "LatenessMs",
            Self::Sweeps => "Sweeps",
            Self::WakeUpsSent => "WakeUpsSent",
            Self::Parked => "Parked",
            Self::PaymentsWaiting => "PaymentsWaiting",
            Self::JobsFailed => "JobsFailed",
            Self::NoticesUndeliverable => "NoticesUndeliverable",
            Self::NoticesBounced => "NoticesBounced",
            Self::CorruptItems => "CorruptItems",
            Self::TokensUnverified => "TokensUnverified",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::LatenessMs => "Milliseconds",
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
        if let Some(line) = self.line(at, values) {
            // Whether the log takes it is not our business.
            drop(writeln!(std::io::stdout(), "{line}"));
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
        let dimensions: Vec<&str> = self.dimension.iter().map(|(name, _)| *name).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [dimensions], "Metrics": names }],
            }),
        );
        line.extend(values.iter().map(|(metric, value)| (metric.name().to_owned(), json!(value))));
        line.extend(self.dimension.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
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
    fn who_is_told_within_the_process_is_told_each_value_and_nothing_is_written() {
        let told: Arc<std::sync::Mutex<Vec<(Metric, f64)>>> = Arc::default();
        let heard = Arc::clone(&told);
        let metrics = Metrics::told(move |metric, value| heard.lock().unwrap().push((metric, value)));
        let values = [(Metric::NoticesBounced, 1.0), (Metric::NoticesUndeliverable, 2.0)];
        metrics.put(Timestamp::UNIX_EPOCH, &values);
        assert_eq!(*told.lock().unwrap(), values);
        assert_eq!(metrics.line(Timestamp::UNIX_EPOCH, &values), None);
    }

    #[test]
    fn every_metric_is_among_all_of_them_once() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.map(Metric::name).into();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}
