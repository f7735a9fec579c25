//! What differs between two versions as a page that people read (`templates/comparison.html`), in both languages of the
//! market.

use askama::Template;
use market_agreement::documents::comparison::{Change, Comparison, Run, Stands};
use market_kernel::party::Language;

use super::super::html::{prominent_mark, rendered};
use super::Compared;
use crate::http::Problem;

impl Compared {
    /// What differs, as a page.
    pub fn page(&self, language: Language) -> Result<String, Problem> {
        let words = match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        };
        let Comparison { changes, unchanged } = self.comparison();
        rendered(&Page {
            words,
            prominent: prominent_mark(language),
            title: self.after.title.as_str(),
            before: self.before.version.number,
            after: self.after.version.number,
            unchanged,
            changes: changes.into_iter().map(|change| Section::of(words, change)).collect(),
        })
    }
}

impl<'a> Section<'a> {
    fn of(words: &'static Words, change: Change<'a>) -> Self {
        let is_renumbered = change.is_renumbered();
        match change {
            Change::Added { after, text } => Self {
                heading: printed(after),
                marks: vec![words.added],
                is_prominent: after.is_prominent,
                text: vec![Run::Added(text)],
            },
            Change::Removed { before, text } => Self {
                heading: printed(before),
                marks: vec![words.removed],
                is_prominent: false,
                text: vec![Run::Removed(text)],
            },
            Change::Kept { before, after, is_moved, words: text } => {
                let heading = [before, after].map(printed);
                let marks = [
                    (!text.is_empty(), words.changed),
                    (is_moved, words.moved),
                    (is_renumbered && !is_moved, words.renumbered),
                    (after.is_prominent && !before.is_prominent, words.prominent_now),
                    (before.is_prominent && !after.is_prominent, words.prominent_no_more),
                ];
                Self {
                    heading: if is_renumbered { heading.join(" → ") } else { printed(after) },
                    marks: marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect(),
                    is_prominent: after.is_prominent,
                    text,
                }
            }
        }
    }
}

/// A clause's address as it is printed on the page; what stands before the first clause has none.
fn printed(stands: Stands<'_>) -> String {
    stands.clause.address.as_ref().map_or("—".to_owned(), ToString::to_string)
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct Page<'a> {
    words: &'static Words,
    prominent: &'static str,
    title: &'a str,
    before: u32,
    after: u32,
    unchanged: usize,
    changes: Vec<Section<'a>>,
}

struct Section<'a> {
    heading: String,
    /// What became of it, in words.
    marks: Vec<&'static str>,
    is_prominent: bool,
    text: Vec<Run<'a>>,
}

struct Words {
    language: &'static str,
    heading: &'static str,
    before: &'static str,
    after: &'static str,
    unchanged: &'static str,
    added: &'static str,
    removed: &'static str,
    changed: &'static str,
    moved: &'static str,
    renumbered: &'static str,
    says_the_same: &'static str,
    prominent_now: &'static str,
    prominent_no_more: &'static str,
    nothing: &'static str,
}

const CHINESE: Words = Words {
    language: "zh-CN",
    heading: "版本对照",
    before: "对照版本",
    after: "本版本",
    unchanged: "未变更的条款数",
    added: "新增",
    removed: "删除",
    changed: "修改",
    moved: "移动",
    renumbered: "编号变更",
    says_the_same: "条文内容未变更",
    prominent_now: "新标示为提请特别注意",
    prominent_no_more: "不再标示为提请特别注意",
    nothing: "两个版本的条款没有差异。",
};
const ENGLISH: Words = Words {
    language: "en",
    heading: "Comparison of versions",
    before: "Compared with version",
    after: "This version",
    unchanged: "Clauses that have not changed",
    added: "Added",
    removed: "Removed",
    changed: "Changed",
    moved: "Moved",
    renumbered: "Renumbered",
    says_the_same: "The wording has not changed",
    prominent_now: "Now set off for attention",
    prominent_no_more: "No longer set off for attention",
    nothing: "The clauses of the two versions do not differ.",
};
