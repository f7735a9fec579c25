//! The forms that a label has, and what it can mean.

use crate::documents::clauses::numerals::Script;

/// What closes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::documents::clauses) enum Close {
    /// `1.`
    Dot,
    /// `1、`
    Comma,
    /// `（1）`, in either width.
    Brackets,
    /// `1)`
    Bracket,
    /// A blank, or nothing.
    Bare,
}

/// The parts of Chinese and Japanese rules, the outer ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::documents::clauses) enum Unit {
    /// 编, 篇, 部分
    Volume,
    /// 章
    Chapter,
    /// 节
    Section,
    /// 条
    Article,
    /// 款
    Paragraph,
    /// 项
    Item,
    /// 目
    Point,
}

/// The parts of English agreements. Which of them is outside of which differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the words themselves")]
pub(in crate::documents::clauses) enum Word {
    Volume,
    Title,
    Part,
    Chapter,
    Article,
    Section,
    Clause,
    Paragraph,
    Rule,
}

/// A form of label. Numbers of one form follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::documents::clauses) enum Form {
    /// `1.1` and deeper.
    Decimal,
    /// A number by itself, with what closes it.
    Enumerator(Script, Close),
    /// `第一条`
    Unit(Unit),
    /// `Section 1`, `Section 1.02(b)`
    Word(Word),
    /// `附件一`, `Annex A`: by its word's place in [`super::parts::ANNEXES`].
    Annex(usize),
}

/// A number of a label: `5`, with what was put in after it (`5A`, `五之一`: 1; 0 for nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::documents::clauses) struct Step {
    pub value: u16,
    pub branch: u16,
}

impl Step {
    pub const FIRST: Self = Self { value: 1, branch: 0 };

    pub(super) const fn plain(value: u16) -> Self {
        Self { value, branch: 0 }
    }
}

/// What a label can mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::documents::clauses) struct Reading {
    pub form: Form,
    /// Its numbers, the outermost first. Only decimals and words have several.
    pub path: Vec<Step>,
}

impl Reading {
    pub fn last(&self) -> Step {
        self.path.last().copied().unwrap_or(Step::FIRST)
    }

    pub fn is_multilevel(&self) -> bool {
        self.path.len() > 1
    }
}

/// What stands between a label and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::documents::clauses) enum Separation {
    /// The label stands alone.
    End,
    /// A blank, a colon, a dash, an opening bracket.
    Marked,
    /// Nothing.
    None,
}
