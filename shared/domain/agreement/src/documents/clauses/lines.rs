//! The lines of a text, and the content of each without its markup.
//!
//! A line ends at LF, at CRLF or at a CR alone. Indents, quotes, bullets, heading marks, bold marks, escapes, links
//! and HTML tags say how a text looks; a label is a label with or without them. They are read in one pass, and what
//! is bold is kept aside: it proposes prominent clauses.

use std::ops::Range;

use market_kernel::characters::line_ranges;

use super::markup::{Emphasis, Tag, blank_entity, emphasis, find_link, find_tag};

/// How many columns a tab and an ideographic space take.
const TAB_COLUMNS: usize = 4;
const WIDE_COLUMNS: usize = 2;

/// A line, read.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// What it says: without indent and markup, without blanks at its ends.
    pub plain: String,
    /// How far it is indented, in columns.
    pub indent: usize,
    /// The level of a heading, from 1; 0 where it is none.
    pub heading: u8,
    /// Whether it begins with a bullet.
    pub is_item: bool,
    /// Whether it is a row of a table; `plain` then begins with the first cell, and cells end at `|`.
    pub is_row: bool,
    /// Whether all of it is a link to a place in the text.
    pub is_link: bool,
    /// What is bold of `plain`, in bytes, in order.
    pub bold: Vec<Range<usize>>,
}

impl Line {
    /// Whether it is empty.
    pub fn is_blank(&self) -> bool {
        self.plain.is_empty()
    }

    /// Whether it is the row of dashes below the header of a table.
    pub fn is_ruler(&self) -> bool {
        self.is_row && self.plain.contains("--") && self.plain.chars().all(|c| "-:| ".contains(c))
    }

    /// The first cell of a row, or all of the line.
    pub fn first_cell(&self) -> &str {
        if self.is_row { self.plain.split('|').next().unwrap_or_default().trim_end() } else { &self.plain }
    }

    /// The cell after the first one.
    pub fn next_cell(&self) -> &str {
        self.plain.split('|').nth(1).unwrap_or_default().trim()
    }
}

/// Reads the lines of a text.
pub(super) fn read(text: &str) -> Vec<Line> {
    let mut bold = Bold::default();
    let mut lines: Vec<Line> = Vec::new();
    for range in line_ranges(text) {
        let content = text[range.clone()].trim_end_matches(['\n', '\r']);
        // A byte order mark belongs to the file, not to its first line.
        let content = if range.start == 0 { content.trim_start_matches('\u{feff}') } else { content };
        let mut line = Line { start: range.start, ..Line::default() };
        let rest = line.take_prefix(content);
        line.take_content(rest, &mut bold, lines.len());
        let is_blank = line.is_blank();
        lines.push(line);
        bold.settle(&mut lines);
        if is_blank {
            bold.end_paragraph();
        }
    }
    lines
}

/// What is bold at a place of the text.
#[derive(Debug, Default)]
struct Bold {
    /// Whether Markdown's marks are open.
    is_marked: bool,
    /// How many HTML elements are open.
    elements: usize,
    /// What is bold if Markdown's marks are closed before the paragraph ends: line and bytes of it.
    pending: Vec<(usize, Range<usize>)>,
    /// What is bold for certain and not yet kept with its line.
    certain: Vec<(usize, Range<usize>)>,
}

impl Bold {
    fn add(&mut self, line: usize, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.elements > 0 {
            self.certain.push((line, range));
        } else if self.is_marked {
            self.pending.push((line, range));
        }
    }

    fn toggle(&mut self) {
        if self.is_marked {
            self.certain.append(&mut self.pending);
        }
        self.is_marked = !self.is_marked;
    }

    fn settle(&mut self, lines: &mut [Line]) {
        for (line, range) in self.certain.drain(..) {
            lines[line].bold.push(range);
        }
    }

    /// In Markdown no emphasis goes on beyond its paragraph: what is not closed there was none.
    fn end_paragraph(&mut self) {
        self.is_marked = false;
        self.pending.clear();
    }
}

impl Line {
    /// Takes indent, quotes, bullets, heading marks and the bar of a table row off the beginning.
    fn take_prefix<'t>(&mut self, content: &'t str) -> &'t str {
        let mut rest = content;
        loop {
            let inner = rest.trim_start();
            self.indent += columns(&rest[..rest.len() - inner.len()]);
            rest = inner;
            let mut chars = rest.chars();
            let Some(first) = chars.next() else { return rest };
            let is_before_blank = chars.next().is_none_or(char::is_whitespace);
            match first {
                '>' => rest = &rest[1..],
                '-' | '*' | '+' if is_before_blank => {
                    self.is_item = true;
                    self.indent += 1;
                    rest = &rest[1..];
                }
                '•' | '●' | '▪' => {
                    self.is_item = true;
                    self.indent += 1;
                    rest = &rest[first.len_utf8()..];
                }
                '#' => {
                    let marks = rest.len() - rest.trim_start_matches('#').len();
                    let after = &rest[marks..];
                    let is_heading = marks <= 6 && (marks > 1 || after.starts_with(char::is_whitespace));
                    if !is_heading {
                        return rest;
                    }
                    self.heading = u8::try_from(marks).unwrap_or(6);
                    // `### Title ###`
                    return after.trim().trim_end_matches('#').trim_end();
                }
                '|' => {
                    self.is_row = true;
                    return rest[1..].trim();
                }
                _ => return rest,
            }
        }
    }

    /// Takes the markup out of what is left of a line.
    fn take_content(&mut self, content: &str, bold: &mut Bold, line: usize) {
        let content = content.trim();
        let mut since = 0;
        let mut at = 0;
        // Where the link that is open has its `]`, and where it ends.
        let mut link: Option<(usize, usize)> = None;
        while let Some(c) = content[at..].chars().next() {
            let next = at + c.len_utf8();
            if let Some((close, end)) = link
                && at == close
            {
                link = None;
                at = end;
                continue;
            }
            match c {
                '\\' if content[next..].starts_with(|c: char| c.is_ascii_punctuation()) => {
                    self.plain.push_str(&content[next..=next]);
                    at = next + 1;
                }
                '*' | '_' => {
                    let run = content[at..].len() - content[at..].trim_start_matches(c).len();
                    let before = content[..at].chars().next_back();
                    let after = content[at + run..].chars().next();
                    match emphasis(c, run, before, after) {
                        Emphasis::None => self.plain.push_str(&content[at..at + run]),
                        Emphasis::Light => {}
                        Emphasis::Bold => {
                            bold.add(line, since..self.plain.len());
                            bold.toggle();
                            since = self.plain.len();
                        }
                    }
                    at += run;
                }
                '[' if link.is_none() => {
                    if let Some(found) = find_link(content, at) {
                        let is_all = at == 0 && found.end == content.len();
                        self.is_link |= is_all && found.is_within && self.heading == 0;
                        link = Some((found.close, found.end));
                    } else {
                        self.plain.push(c);
                    }
                    at = next;
                }
                '<' => match find_tag(content, at) {
                    Some(tag) => {
                        match tag.kind {
                            Tag::Bold { opens } => {
                                bold.add(line, since..self.plain.len());
                                bold.elements =
                                    if opens { bold.elements + 1 } else { bold.elements.saturating_sub(1) };
                                since = self.plain.len();
                            }
                            Tag::Heading(level) => self.heading = level,
                            Tag::Break => self.plain.push(' '),
                            Tag::Other => {}
                        }
                        at = tag.end;
                    }
                    None => {
                        self.plain.push(c);
                        at = next;
                    }
                },
                '&' => match blank_entity(&content[at..]) {
                    Some(length) => {
                        self.plain.push(' ');
                        at += length;
                    }
                    None => {
                        self.plain.push(c);
                        at = next;
                    }
                },
                // What nobody sees hides no label.
                '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => at = next,
                _ => {
                    self.plain.push(c);
                    at = next;
                }
            }
        }
        bold.add(line, since..self.plain.len());
        self.plain.truncate(self.plain.trim_end().len());
        let led = self.plain.len() - self.plain.trim_start().len();
        if led > 0 {
            self.plain.drain(..led);
            let moved = |range: &mut Range<usize>| {
                *range = range.start.saturating_sub(led)..range.end.saturating_sub(led);
            };
            let own = |(of, _): &&mut (usize, Range<usize>)| *of == line;
            bold.pending.iter_mut().filter(own).for_each(|(_, range)| moved(range));
            bold.certain.iter_mut().filter(own).for_each(|(_, range)| moved(range));
        }
    }
}

fn columns(blanks: &str) -> usize {
    let width = |c| match c {
        '\t' => TAB_COLUMNS,
        '\u{3000}' => WIDE_COLUMNS,
        _ => 1,
    };
    blanks.chars().map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<String> {
        read(text).into_iter().map(|line| line.plain).collect()
    }

    #[test]
    fn a_line_ends_at_lf_crlf_or_a_cr_alone_and_nowhere_else() {
        let text = "a\r\nb\rc\n\nd\u{b}e\u{2028}f";
        assert_eq!(line_ranges(text).map(|range| &text[range]).collect::<String>(), text);
        assert_eq!(line_ranges(text).count(), 5);
        assert_eq!(plain("\u{feff}1. a\r\n"), ["1. a"]);
    }

    #[test]
    fn markup_is_taken_away_and_words_stay() {
        for (line, expected) in [
            ("**1.2** 停电", "1.2 停电"),
            ("__2.2__ 清除", "2.2 清除"),
            ("<B>1.6 </B>Stops", "1.6 Stops"),
            ("1\\.2 甲", "1.2 甲"),
            ("### 2.1 How ###", "2.1 How"),
            ("> > - 3.2.1 甲", "3.2.1 甲"),
            ("### [2.1 Entry](#21-entry)", "2.1 Entry"),
            ("\u{3000}\u{a0}第一条\u{3000}甲", "第一条\u{3000}甲"),
            ("| **1.2** | 甲 |", "1.2 | 甲 |"),
            ("甲方：____ <店铺> a*b a__b 2 ** 3", "甲方：____ <店铺> a*b a__b 2 ** 3"),
            ("[甲](乙", "[甲](乙"),
            ("&nbsp;&nbsp;1. 甲", "1. 甲"),
        ] {
            assert_eq!(plain(line), [expected], "{line}");
        }
    }

    #[test]
    fn what_is_bold_is_kept_aside_if_its_marks_are_closed() {
        let bold = |text: &str| {
            let of = |line: &Line| {
                line.bold.iter().map(|range| &line.plain[range.clone()]).collect::<Vec<_>>().concat()
            };
            read(text).iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(bold("1.5 **间接**：<b>甲</b>"), ["间接甲"]);
        assert_eq!(bold("**1 甲\n乙** 丙"), ["1 甲", "乙"]);
        assert_eq!(bold("**1 甲\n\n乙 **丙** 丁"), ["", "", "丙"]);
        assert_eq!(bold("<strong> 甲\n\n乙</strong>丙"), ["甲", "", "乙"]);
    }
}
