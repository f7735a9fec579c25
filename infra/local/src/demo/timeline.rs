//! The timeline: what was done and refused, what happened, and who was told, in market time.

use std::fmt;

use jiff::Timestamp;
use market_kernel::periods;
use serde_json::Value;

/// One line of the story.
#[derive(Debug, Clone)]
enum Entry {
    Chapter(String),
    Did(String),
    Refused { what: String, code: String },
    Met(String),
    Failed(String),
    Happened { event: String, clause: String, actor: String, chain: String },
    Told { recipient: String, channel: String, subject: String, clause: String, served: Option<Timestamp> },
}

/// Everything that happened, in the order of its time.
#[derive(Debug, Default)]
pub struct Timeline {
    entries: Vec<(Timestamp, Entry)>,
    /// Expectations that held.
    pub met: usize,
    /// Expectations that did not.
    pub failed: usize,
}

impl Timeline {
    /// Begins a chapter.
    pub fn chapter(&mut self, at: Timestamp, title: &str) {
        self.entries.push((at, Entry::Chapter(title.to_owned())));
    }

    /// Notes what someone did.
    pub fn did(&mut self, at: Timestamp, what: impl Into<String>) {
        self.entries.push((at, Entry::Did(what.into())));
    }

    /// Notes what was refused, as it should be.
    pub fn refused(&mut self, at: Timestamp, what: impl Into<String>, code: &str) {
        self.met += 1;
        self.entries.push((at, Entry::Refused { what: what.into(), code: code.to_owned() }));
    }

    /// Notes whether something holds.
    pub fn expect(&mut self, at: Timestamp, what: impl Into<String>, holds: bool) {
        if holds {
            self.met += 1;
            self.entries.push((at, Entry::Met(what.into())));
        } else {
            self.failed += 1;
            self.entries.push((at, Entry::Failed(what.into())));
        }
    }

    /// Adds an evidence record.
    pub(super) fn happened(&mut self, record: &Value) {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let actor = match (record["actor"]["role"].as_str(), record["actor"]["id"].as_str()) {
            (Some(role), Some(id)) => format!("{role} {id}"),
            (Some(role), None) => role.to_owned(),
            _ => String::new(),
        };
        if let Ok(at) = text("decided_at").parse() {
            let entry =
                Entry::Happened { event: text("event"), clause: text("clause"), actor, chain: text("chain") };
            self.entries.push((at, entry));
        }
    }

    /// Adds a notice.
    pub(super) fn told(&mut self, notice: &Value) {
        let text = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
        let recipient = match notice["recipient"]["id"].as_str() {
            Some(id) => id.to_owned(),
            None => "everyone".to_owned(),
        };
        if let Ok(at) = text("drafted_at").parse() {
            let entry = Entry::Told {
                recipient,
                channel: text("channel"),
                subject: text("subject"),
                clause: text("clause"),
                served: text("served_at").parse().ok(),
            };
            self.entries.push((at, entry));
        }
    }
}

/// Events that only say that a notice went out or a cursor moved; the timeline shows the thing itself.
const SILENT: [&str; 2] = ["NoticeServed", "CascadeStepped"];

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries: Vec<&(Timestamp, Entry)> = self.entries.iter().collect();
        // An act, what happened by it, who was told, and what was expected of it.
        let rank = |entry: &Entry| match entry {
            Entry::Chapter(_) => 0,
            Entry::Did(_) | Entry::Refused { .. } => 1,
            Entry::Happened { .. } => 2,
            Entry::Told { .. } => 3,
            Entry::Met(_) | Entry::Failed(_) => 4,
        };
        entries.sort_by_key(|(at, entry)| (*at, rank(entry)));
        let mut day = None;
        for (at, entry) in entries {
            let local = periods::ZONE.to_datetime(*at);
            if let Entry::Chapter(title) = entry {
                writeln!(f, "\n━━ {title} ━━")?;
                continue;
            }
            if matches!(entry, Entry::Happened { event, .. } if SILENT.contains(&event.as_str())) {
                continue;
            }
            if day != Some(local.date()) {
                writeln!(f, "\n{}", local.date())?;
                day = Some(local.date());
            }
            let time = local.time().strftime("%H:%M:%S");
            match entry {
                Entry::Chapter(_) => {}
                Entry::Did(what) => writeln!(f, "  {time}  ▸ {what}")?,
                Entry::Refused { what, code } => writeln!(f, "  {time}  ✗ refused: {what} ({code})")?,
                Entry::Met(what) => writeln!(f, "  {time}  ✓ {what}")?,
                Entry::Failed(what) => writeln!(f, "  {time}  ✗✗ EXPECTED: {what}")?,
                Entry::Happened { event, clause, actor, chain } => {
                    let kind = chain.split(':').next().unwrap_or_default();
                    writeln!(f, "  {time}    {event} [{clause}] – {kind}, by {actor}")?;
                }
                Entry::Told { recipient, channel, subject, clause, served } => {
                    let served = match served {
                        Some(served) if served == at => String::new(),
                        Some(served) => format!(", served {}", periods::ZONE.to_datetime(*served)),
                        None => ", NOT SERVED".to_owned(),
                    };
                    writeln!(f, "  {time}      → {recipient} by {channel} [{clause}]: {subject}{served}")?;
                }
            }
        }
        // Again, where they are read: the story is long.
        for (at, entry) in &self.entries {
            if let Entry::Failed(what) = entry {
                writeln!(f, "\n✗✗ FAILED at {}: {what}", periods::ZONE.to_datetime(*at))?;
            }
        }
        writeln!(f, "\n{} expectations held, {} failed.", self.met, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_told_again_at_the_end_and_where_nothing_did_the_last_line_says_so() {
        let at = "2026-01-05T01:00:00Z".parse().unwrap();
        let mut timeline = Timeline::default();
        timeline.expect(at, "the grant is active", false);
        for n in 0..50 {
            timeline.expect(at, format!("step {n}"), true);
        }
        let told = timeline.to_string();
        let end: Vec<&str> = told.lines().rev().take(4).filter(|line| !line.is_empty()).collect();
        assert_eq!(
            end,
            ["50 expectations held, 1 failed.", "✗✗ FAILED at 2026-01-05T09:00:00: the grant is active"]
        );
        let mut timeline = Timeline::default();
        timeline.expect(at, "the grant is active", true);
        assert!(
            !timeline.to_string().contains("✗✗")
                && timeline.to_string().ends_with("1 expectations held, 0 failed.\n")
        );
    }
}
