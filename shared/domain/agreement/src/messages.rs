//! What is said of documents and of the end of an agreement.

use jiff::Timestamp;
use market_kernel::message;
use market_kernel::periods::Trace;
use market_parties::samples::{Cast, Sample};

message! {
    /// A version is published, and takes effect later.
    DocumentPublished = "document_published" {
        title: String,
        version: u32,
        effective_at: Timestamp,
    }
    texts: "zh/document_published.txt", "en/document_published.txt";
}

message! {
    /// A version is taken back before it takes effect.
    VersionWithdrawn = "version_withdrawn" {
        title: String,
        version: u32,
        effective_at: Timestamp,
    }
    texts: "zh/version_withdrawn.txt", "en/version_withdrawn.txt";
}

message! {
    /// Notice of termination is given.
    TerminationServed = "termination_served" {
        reason: String,
        period: Trace,
    }
    manner: Grave;
    texts: "zh/termination_served.txt", "en/termination_served.txt";
}

message! {
    /// The agreement ends in so many days, counted when this is drafted (0 is today).
    TerminationComing = "termination_coming" {
        days: u32,
        ends_at: Timestamp,
    }
    manner: Grave;
    texts: "zh/termination_coming.txt", "en/termination_coming.txt";
}

message! {
    /// The notice is withdrawn.
    TerminationWithdrawn = "termination_withdrawn" {
        served_at: Timestamp,
        ends_at: Timestamp,
    }
    manner: Grave;
    texts: "zh/termination_withdrawn.txt", "en/termination_withdrawn.txt";
}

message! {
    /// The holiday schedule that the period waited for has moved the end.
    TerminationMoved = "termination_moved" {
        period: Trace,
    }
    manner: Grave;
    texts: "zh/termination_moved.txt", "en/termination_moved.txt";
}

message! {
    /// The agreement is over: by notice, or with the upstream agreement that is named.
    AgreementEnded = "agreement_ended" {
        ended_at: Timestamp,
        upstream: Option<String>,
    }
    manner: Grave;
    texts: "zh/agreement_ended.txt", "en/agreement_ended.txt";
}

/// Samples of what is said of documents.
#[must_use]
pub fn of_documents(cast: &Cast) -> Vec<Sample> {
    let (title, effective_at) = (cast.title.clone(), cast.midnight());
    vec![
        Sample::new(
            "9.4",
            DocumentPublished { title: title.clone(), version: 2, effective_at },
            cast.everyone(),
        ),
        Sample::new("9.4", VersionWithdrawn { title, version: 2, effective_at }, cast.everyone()),
    ]
}

/// Samples of what is said of the end of an agreement.
#[must_use]
pub fn of_terminations(cast: &Cast) -> Vec<Sample> {
    let (noon, midnight) = (cast.noon(), cast.midnight());
    vec![
        Sample::new(
            "10.1.2",
            TerminationServed { reason: cast.reason.clone(), period: cast.period() },
            cast.merchants(),
        ),
        Sample::new("10.1.2", TerminationComing { days: 1, ends_at: midnight }, cast.merchants()),
        Sample::new("10.1.2", TerminationMoved { period: cast.period() }, cast.merchants()),
        Sample::new("10.1.2", TerminationWithdrawn { served_at: noon, ends_at: midnight }, cast.merchants()),
        Sample::new("10.1.2", AgreementEnded { ended_at: midnight, upstream: None }, cast.merchants()),
        Sample::new(
            "10.1.1",
            AgreementEnded { ended_at: noon, upstream: Some("软件许可及服务协议".to_owned()) },
            cast.merchants(),
        ),
    ]
}
