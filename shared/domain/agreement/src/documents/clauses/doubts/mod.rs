//! What speaks against a label: a line can begin with a number and be an amount, a date, or the end of a sentence.
//!
//! Each sign that a line is not a clause counts. None is certain by itself but a unit of measure; the outline
//! weighs them against the place that the number would have ([`super::placement`]).

mod quantities;
mod reason;
mod sentences;

use self::quantities::measured;
pub(super) use self::quantities::number_like;
pub use self::reason::Reason;
use self::sentences::{is_continued, is_initial, is_unfinished, joined};
use super::labels::{Close, Form, Label, Reading, Separation, fold};
use super::lines::Line;
use super::numerals::Script;

/// That a line is not a clause.
pub(super) const CERTAIN: u8 = 2;

/// What speaks against a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    /// How many signs; [`CERTAIN`] and more settle it.
    pub weight: u8,
    /// What the line then is, where a sign says so.
    pub reason: Option<Reason>,
}

impl Doubts {
    fn add(&mut self, weight: u8, reason: Option<Reason>) {
        self.weight = self.weight.saturating_add(weight);
        self.reason = self.reason.or(reason);
    }
}

/// The headings of first columns that hold labels.
const LABEL_COLUMNS: [&str; 18] = [
    "", "no", "no.", "nr", "nr.", "#", "number", "clause", "section", "article", "item", "序号", "编号",
    "条款", "条目", "条", "条号", "項番",
];

/// How a line stands among its neighbours.
pub(super) struct Setting<'l> {
    pub line: &'l Line,
    /// The line before, if no blank one lies between.
    pub before: Option<(&'l Line, Option<&'l Label>)>,
    /// Whether a blank line lies before that one.
    pub is_before_after_blank: bool,
    /// Whether any label stands above.
    pub is_first: bool,
    /// Whether it is a row of a table whose first column holds something else than labels.
    pub is_data: bool,
}

/// What speaks against a label where it stands.
pub(super) fn doubts(setting: &Setting<'_>, label: &Label, reading: &Reading) -> Doubts {
    let mut doubts = Doubts::default();
    let line = setting.line;
    if line.is_row {
        if setting.is_data {
            doubts.add(CERTAIN, Some(Reason::TableData));
        } else if line.next_cell().chars().all(|c| c.is_ascii_digit() || ".,%元 ".contains(c)) {
            doubts.add(1, Some(Reason::TableData));
        }
        return doubts;
    }
    let is_arabic = matches!(reading.form, Form::Decimal | Form::Enumerator(Script::Arabic, _));
    let is_bracketed = matches!(reading.form, Form::Enumerator(_, Close::Brackets));
    let is_bare = matches!(reading.form, Form::Enumerator(Script::Arabic, Close::Bare));
    let rest = fold(&label.rest(&line.plain).chars().take(48).collect::<String>());
    let words = rest.trim_start();
    if is_arabic
        && !is_bracketed
        && let Some((reason, is_certain)) = measured(&line.plain)
    {
        let is_pair = matches!(reading.form, Form::Enumerator(_, Close::Comma));
        doubts.add(if (is_certain || is_bare) && !is_pair { CERTAIN } else { 1 }, Some(reason));
    }
    if line.heading > 0 {
        return doubts;
    }
    if is_continued(&rest, words, is_arabic) {
        doubts.add(1, None);
    }
    if let Some(reason) = joined(label, reading, words) {
        doubts.add(1, reason);
    }
    let is_lower = words.starts_with(|c: char| c.is_ascii_lowercase());
    let is_spoken = matches!(reading.form, Form::Decimal | Form::Word(_) | Form::Annex(_)) || is_bare;
    if is_lower && is_spoken {
        doubts.add(1, None);
    }
    if is_initial(reading, words) {
        doubts.add(1, Some(Reason::PersonsName));
    }
    if matches!(reading.form, Form::Annex(_)) {
        doubts.add(u8::from(label.separation == Separation::None), None);
        // A title of its own line follows the text before it; a sentence about the annex is part of it.
        let is_title = label.separation == Separation::Marked && !words.ends_with(['.', '。', ';', ',']);
        doubts.add(u8::from(setting.before.is_some() && !line.is_item && !is_title), None);
    }
    let is_wrapped = setting.before.is_some_and(|(before, label)| {
        let is_title = label.is_none() && setting.is_first;
        !is_title && is_unfinished(before, label, setting.is_before_after_blank)
    });
    if is_wrapped && !line.is_item {
        let by_reference = setting.before.is_some_and(|(before, _)| before.plain.ends_with('第'));
        doubts.add(1, by_reference.then_some(Reason::CrossReference));
    }
    doubts
}

/// Whether the first row of a table says that its first column holds labels.
pub(super) fn is_label_column(header: &Line) -> bool {
    let name = header.first_cell().trim().to_ascii_lowercase();
    LABEL_COLUMNS.contains(&name.as_str())
}
