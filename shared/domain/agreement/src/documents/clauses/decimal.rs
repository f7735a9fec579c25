//! The rule by which texts were read before their outlines were kept (up to 0.3.0). It never changes: by it, the
//! clauses that were accepted are found again.
//!
//! A clause begins with a line that starts with its number (`4.4.5您应当知晓…`); a chapter's number is followed by a dot
//! (`4.快手服务市场交易规范`). A number counts only if it can follow the clause before it, as its first child, its next
//! sibling, or the next sibling of one of its ancestors. Everything else is text.

use market_kernel::clause::ClauseAddress;

use super::outline::{Clause, Outline};

/// How many levels a number has at most.
const MAX_LEVELS: usize = 6;

/// How many characters of a clause's first line make its heading.
const HEADING_CHARS: usize = 60;

/// The clauses of a text of those days, after what stands before the first (if anything does). Of such a text nothing
/// is reported.
#[must_use]
pub fn outline(text: &str) -> Outline {
    Outline { clauses: clauses(text), ..Outline::default() }
}

/// Offsets are of 32 bits: of a text beyond 4 GiB, far above what a document may have, only the part
/// below is divided.
fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut current: Vec<u16> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let Ok(start) = u32::try_from(offset) else {
            break;
        };
        offset += line.len();
        let end = u32::try_from(offset).unwrap_or(u32::MAX);
        // A byte order mark belongs to the file, not to its first line.
        match split_number(line.trim_start_matches('\u{feff}')) {
            Some((levels, number, rest)) if follows(&levels, &current) => {
                let address = number.parse::<ClauseAddress>().ok();
                let depth = u8::try_from(levels.len()).unwrap_or(u8::MAX);
                let (label, heading) = (number.to_owned(), heading(rest));
                clauses.push(Clause { address, label, depth, heading, is_bold: false, start, end });
                current = levels;
            }
            _ => match clauses.last_mut() {
                Some(clause) => clause.end = end,
                None => {
                    let (label, heading) = (String::new(), heading(line));
                    clauses.push(Clause {
                        address: None,
                        label,
                        depth: 0,
                        heading,
                        is_bold: false,
                        start,
                        end,
                    });
                }
            },
        }
    }
    clauses
}

fn heading(line: &str) -> String {
    line.trim().chars().take(HEADING_CHARS).collect()
}

/// Splits the number off a line: its levels, as written, and what follows it.
fn split_number(line: &str) -> Option<(Vec<u16>, &str, &str)> {
    let end = line.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(line.len());
    let number = line[..end].split("..").next()?.trim_end_matches('.');
    let rest = &line[number.len()..];
    let levels = levels(number)?;
    let chapter_without_dot = levels.len() == 1 && !rest.starts_with('.');
    (!chapter_without_dot).then(|| (levels, number, rest.trim_start_matches('.')))
}

/// The levels of a number: one to six, each from 1 to 999 and without leading zeros.
fn levels(number: &str) -> Option<Vec<u16>> {
    let level = |digits: &str| {
        let lawful = (1..=3).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        lawful.then(|| digits.parse().ok()).flatten()
    };
    let levels: Vec<u16> = number.split('.').map(level).collect::<Option<_>>()?;
    (levels.len() <= MAX_LEVELS).then_some(levels)
}

/// Whether a clause `next` can come directly after the clause `current`; before the first, `current` is empty.
fn follows(next: &[u16], current: &[u16]) -> bool {
    let Some((last, parents)) = next.split_last() else {
        return false;
    };
    match current.get(parents.len()) {
        // A sibling of the current clause, or of its ancestor at that level.
        Some(earlier) => current.starts_with(parents) && *last == earlier + 1,
        None => current == parents && *last == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::clause_text;
    use super::*;

    const AGREEMENT: &str = "# 试用协议

更新日期：【2024】年【4】月【12】日

1.总则

欢迎使用。

1.1《试用协议》是双方的约定。
2024.4.12 起发布，
3.14 倍封顶，
15日内答复。

1.2 您应当认真阅读。
2.授权

2.1授权规范

2.1.1您授权服务商处理数据。
2.1.2授权可以撤回。

2.2终止。

3.通知
";

    fn numbers(text: &str) -> Vec<String> {
        clauses(text).into_iter().map(|clause| clause.label).collect()
    }

    /// What holds for every text.
    fn assert_nothing_is_lost(text: &str) {
        let clauses = clauses(text);
        assert_eq!(clauses.iter().map(|clause| clause_text(text, clause)).collect::<String>(), text);
        assert!(clauses.iter().all(|clause| clause.start < clause.end));
        assert!(clauses.windows(2).all(|pair| pair[0].end == pair[1].start));
    }

    #[test]
    fn an_agreement_is_divided_by_its_numbers() {
        assert_eq!(numbers(AGREEMENT), ["", "1", "1.1", "1.2", "2", "2.1", "2.1.1", "2.1.2", "2.2", "3"]);
        assert_nothing_is_lost(AGREEMENT);
    }

    #[test]
    fn a_clause_has_a_heading_and_its_exact_text() {
        let clauses = clauses(AGREEMENT);
        let headings: Vec<_> = clauses.iter().map(|clause| clause.heading.as_str()).collect();
        assert_eq!(headings[..4], ["# 试用协议", "总则", "《试用协议》是双方的约定。", "您应当认真阅读。"]);
        assert_eq!(
            clause_text(AGREEMENT, &clauses[2]),
            "1.1《试用协议》是双方的约定。\n2024.4.12 起发布，\n3.14 倍封顶，\n15日内答复。\n\n"
        );
    }

    #[test]
    fn a_long_heading_is_cut_between_characters() {
        let text = format!("1.{}", "好".repeat(61));
        assert_eq!(clauses(&text)[0].heading, "好".repeat(60));
        assert_nothing_is_lost(&text);
    }

    #[test]
    fn only_a_number_that_can_come_next_begins_a_clause() {
        assert_eq!(numbers("1.甲\n1.1乙\n1.1.1丙\n1.2丁\n2.戊"), ["1", "1.1", "1.1.1", "1.2", "2"]);
        // Skipped, repeated, going back, an orphan two levels down.
        for stray in ["1.3乙", "1.1乙", "1.甲", "3.丙", "1.1.2丙", "1.1.1.1丙", "2.1丙"] {
            assert_eq!(numbers(&format!("1.甲\n1.1乙\n{stray}\n1.2丁\n")), ["1", "1.1", "1.2"], "{stray}");
        }
        assert_eq!(numbers("2.甲\n1.1乙\n"), [""]);
    }

    #[test]
    fn a_line_that_merely_starts_with_digits_is_text() {
        for stray in ["2 天", "2个月内", "02.丙", "2024.丙", " 2.丙", "2", "二.丙", "2、丙"] {
            assert_eq!(numbers(&format!("1.甲\n{stray}\n")), ["1"], "{stray}");
        }
        assert_eq!(numbers("1.甲\n2.\n3..丙\n3.1.丁\n"), ["1", "2", "3", "3.1"]);
    }

    #[test]
    fn nothing_is_lost_of_any_text() {
        let windows = AGREEMENT.replace('\n', "\r\n");
        assert_eq!(numbers(&windows), numbers(AGREEMENT));
        assert_eq!(clauses(&windows)[1].heading, "总则");
        assert_eq!(numbers("\u{feff}1.甲\n1.1乙"), ["1", "1.1"]);
        let all = [
            &windows,
            "",
            "\n",
            "\r\n\r\n",
            "1.",
            "1.甲",
            "甲\n1.乙",
            "1.甲\n\n\n",
            "\u{feff}1.甲",
            ".",
            "1..1",
        ];
        for text in all {
            assert_nothing_is_lost(text);
            assert_nothing_is_lost(text.trim_end());
        }
        assert_eq!(clauses(""), []);
    }
}
