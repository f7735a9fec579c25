//! What differs between two versions as a page that people read (`templates/difference.html`), in both languages of the
//! market.

use askama::Template;
use market_agreement::documents::clauses::Clause;
use market_agreement::documents::difference::{Change, Difference, Run};
use market_kernel::party::Language;

use super::super::page::rendered;
use super::{Compared, is_prominent};
use crate::http::Problem;

impl Compared {
    /// What differs, as a page.
    pub fn page(&self, language: Language) -> Result<String, Problem> {
        let words = match language {
            Language::Chinese => &CHINESE,
            Language::English => &ENGLISH,
        };
        let Difference { changes, unchanged } = self.difference();
        rendered(&Page {
            words,
            title: self.after.title.as_str(),
            before: self.before.version.number,
            after: self.after.version.number,
            unchanged,
            changes: changes.iter().map(|change| self.section(words, change)).collect(),
        })
    }

    fn section<'a>(&self, words: &'static Words, change: &'a Change<'a>) -> Section<'a> {
        let (heading, marks, text) = match change {
            Change::Added { after, text } => (printed(after), vec![words.added], vec![Run::Added(text)]),
            Change::Removed { before, text } => {
                (printed(before), vec![words.removed], vec![Run::Removed(text)])
            }
            Change::Kept { before, after, is_moved, words: runs } => {
                let is_renumbered = before.address != after.address;
                let heading = if is_renumbered {
                    format!("{} → {}", printed(before), printed(after))
                } else {
                    printed(after)
                };
                let marks = [
                    (!runs.is_empty(), words.changed),
                    (*is_moved, words.moved),
                    (is_renumbered && !is_moved, words.renumbered),
                ];
                let marks = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
                (heading, marks, runs.clone())
            }
        };
        let is_prominent = match change {
            Change::Added { after, .. } => is_prominent(&self.after, after),
            Change::Removed { before, .. } => is_prominent(&self.before, before),
            Change::Kept { before, after, .. } => {
                is_prominent(&self.before, before) || is_prominent(&self.after, after)
            }
        };
        Section { heading, marks, is_prominent, text }
    }
}

/// A clause's address as it is printed on the page; what stands before the first clause has none.
fn printed(clause: &Clause) -> String {
    clause.address.as_ref().map_or("—".to_owned(), ToString::to_string)
}

#[derive(Template)]
#[template(path = "difference.html")]
struct Page<'a> {
    words: &'static Words,
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
    prominent: &'static str,
    nothing: &'static str,
}

const CHINESE: Words = Words {
    language: "zh-CN",
    heading: "版本对照",
    before: "原版本",
    after: "新版本",
    unchanged: "未变更的条款数",
    added: "新增",
    removed: "删除",
    changed: "修改",
    moved: "移动",
    renumbered: "编号变更",
    says_the_same: "条文内容未变更",
    prominent: "请特别注意：本条免除或者限制责任",
    nothing: "两个版本的条款没有差异。",
};
const ENGLISH: Words = Words {
    language: "en",
    heading: "Comparison of versions",
    before: "Earlier version",
    after: "Later version",
    unchanged: "Clauses that have not changed",
    added: "Added",
    removed: "Removed",
    changed: "Changed",
    moved: "Moved",
    renumbered: "Renumbered",
    says_the_same: "The wording has not changed",
    prominent: "Please note: this clause limits or excludes liability",
    nothing: "The clauses of the two versions do not differ.",
};
