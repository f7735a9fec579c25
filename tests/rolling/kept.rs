//! What the story keeps of the replies, for later steps.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// The name under which the time of a step is kept.
pub const NOW: &str = "now";

/// Texts by name.
#[derive(Debug, Default)]
pub struct Remembered(BTreeMap<&'static str, String>);

impl Remembered {
    pub fn keep(&mut self, name: &'static str, text: String) {
        self.0.insert(name, text);
    }

    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("nothing is kept as {name}"))
    }

    /// When the step is done.
    pub fn now(&self) -> Timestamp {
        self.text(NOW).parse().unwrap()
    }

    pub fn in_days(&self, days: i64) -> Timestamp {
        self.now() + SignedDuration::from_hours(24 * days)
    }

    /// A path with what is kept in place of names in braces.
    pub fn path(&self, path: &str) -> String {
        path.split('{')
            .enumerate()
            .map(|(n, part)| match part.split_once('}') {
                Some((name, rest)) if n > 0 => format!("{}{rest}", self.text(name)),
                _ => part.to_owned(),
            })
            .collect()
    }
}
