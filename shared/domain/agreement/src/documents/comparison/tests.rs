use std::path::Path;

use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::documents::draws::Draws;

/// A comparison as one reads it: a line for each change, words taken out in `[-…-]` and put in in `{+…+}`.
fn read(before: &str, after: &str) -> Vec<String> {
    read_with((before, &[]), (after, &[]))
}

fn read_with(
    (before, then): (&str, &[ClauseAddress]),
    (after, now): (&str, &[ClauseAddress]),
) -> Vec<String> {
    let outlines = [before, after].map(Outline::read);
    let [before, after] = [(before, &outlines[0], then), (after, &outlines[1], now)]
        .map(|(text, outline, prominent)| Read { text, outline, prominent });
    compare(before, after).changes.iter().map(line).collect()
}

fn line(change: &Change) -> String {
    let address = |stands: &Stands| {
        let mark = if stands.is_prominent { "!" } else { "" };
        stands.clause.address.as_ref().map_or("preamble".to_owned(), |address| format!("{address}{mark}"))
    };
    match change {
        Change::Added { after, text } => format!("+ {} {text}", address(after)),
        Change::Removed { before, text } => format!("- {} {text}", address(before)),
        Change::Kept { before, after, is_moved, words } => {
            let verb = if *is_moved { "moved" } else { "stays" };
            let words: String = words.iter().map(marked).collect();
            format!("{} {verb} {} {words}", address(before), address(after)).trim_end().to_owned()
        }
    }
}

fn marked(run: &Run) -> String {
    match run {
        Run::Same(text) => (*text).to_owned(),
        Run::Removed(text) => format!("[-{text}-]"),
        Run::Added(text) => format!("{{+{text}+}}"),
    }
}

const BEFORE: &str = "服务协议\n1. 总则\n1.1 本协议由平台与用户订立。\n1.2 用户应当仔细阅读免责条款。\n2. 订购\n2.1 订单在付款时成立。\n2.2 用户可以申请退款，平台仅转达。\n3. 附则\n3.1 争议由平台所在地法院管辖。\n";

#[test]
fn a_text_does_not_differ_from_itself_nor_from_itself_with_other_line_breaks() {
    assert_eq!(read(BEFORE, BEFORE), [""; 0]);
    assert_eq!(read(BEFORE, &BEFORE.replace("用户应当", "用户\n应当")), [""; 0]);
}

#[test]
fn words_that_are_run_together_are_other_words() {
    let before = "1. Fees\n1.1 Days 10 5, in valid cases.\n";
    for (after, read_as) in [
        (before.replace("10 5", "105"), "1.1 stays 1.1 Days [-10 5-]{+105+}, in valid cases."),
        (before.replace("in valid", "invalid"), "1.1 stays 1.1 Days 10 5, [-in valid -]{+invalid +}cases."),
    ] {
        assert_eq!(read(before, &after), [read_as]);
    }
}

#[test]
fn a_clause_that_becomes_prominent_or_is_so_no_more_is_named_whatever_it_says() {
    let [now, no_more] = ["1.2", "2.1"].map(|address| address.parse::<ClauseAddress>().unwrap());
    assert_eq!(read_with((BEFORE, &[no_more]), (BEFORE, &[now])), ["1.2 stays 1.2!", "2.1! stays 2.1"]);
}

#[test]
fn what_stands_before_the_first_clause_is_no_clause() {
    let after = BEFORE.replace("服务协议\n", "").replace("3.1 争议", "3.1 服务协议\n3.2 争议");
    assert_eq!(read(BEFORE, &after), ["- preamble 服务协议", "+ 3.1 服务协议", "3.1 stays 3.2"]);
}

#[test]
fn a_clause_that_says_something_else_is_shown_with_the_words_marked() {
    let after = BEFORE.replace("付款时成立", "付款后二日内成立");
    assert_eq!(read(BEFORE, &after), ["2.1 stays 2.1 订单在付款[-时-]{+后二日内+}成立。"]);
}

#[test]
fn a_clause_put_in_renumbers_those_behind_it_which_say_the_same() {
    let after = BEFORE.replace("1.2 用户", "1.2 平台不参与交易。\n1.3 用户");
    assert_eq!(read(BEFORE, &after), ["+ 1.2 平台不参与交易。", "1.2 stays 1.3"]);
}

#[test]
fn a_clause_taken_out_is_told_where_it_was_missed() {
    let after = BEFORE.replace("2.1 订单在付款时成立。\n2.2", "2.1");
    assert_eq!(read(BEFORE, &after), ["- 2.1 订单在付款时成立。", "2.2 stays 2.1"]);
}

#[test]
fn a_clause_that_was_renumbered_and_changed_is_still_the_same_clause() {
    let after = BEFORE
        .replace("2.2 用户可以申请退款，平台仅转达。", "2.3 用户可以申请退款，平台仅转达，不作担保。")
        .replace("3. 附则", "2.2 订单不得转让。\n3. 附则");
    let after = after.replace(
        "2.3 用户可以申请退款，平台仅转达，不作担保。\n2.2 订单不得转让。",
        "2.2 订单不得转让。\n2.3 用户可以申请退款，平台仅转达，不作担保。",
    );
    assert_eq!(
        read(BEFORE, &after),
        ["+ 2.2 订单不得转让。", "2.2 stays 2.3 用户可以申请退款，平台仅转达{+，不作担保+}。"]
    );
}

#[test]
fn a_clause_that_stands_elsewhere_has_moved_and_those_it_passed_have_not() {
    let moved = "1.2 用户应当仔细阅读免责条款。\n";
    let after = BEFORE.replace(moved, "").replace("3.1 争议", "3.1 用户应当仔细阅读免责条款。\n3.2 争议");
    assert_eq!(read(BEFORE, &after), ["1.2 moved 3.1", "3.1 stays 3.2"]);
}

#[test]
fn a_clause_at_the_border_of_two_chapters_moves_from_one_into_the_other() {
    let before = "1. 甲\n1.1 子丑寅卯。\n1.2 辰巳午未。\n2. 乙\n2.1 申酉戌亥。\n";
    let after = "1. 甲\n1.1 子丑寅卯。\n2. 乙\n2.1 辰巳午未。\n2.2 申酉戌亥。\n";
    assert_eq!(read(before, after), ["1.2 moved 2.1", "2.1 stays 2.2"]);
}

#[test]
fn a_clause_written_anew_under_its_number_is_another_clause() {
    let after = BEFORE.replace("争议由平台所在地法院管辖", "Nothing of this was said before");
    assert_eq!(
        read(BEFORE, &after),
        ["+ 3.1 Nothing of this was said before。", "- 3.1 争议由平台所在地法院管辖。"]
    );
}

#[test]
fn clauses_that_say_the_same_as_others_are_told_apart_by_their_numbers() {
    let before = "1. 甲\n1.1 无。\n1.2 无。\n2. 乙\n2.1 无。\n";
    let after = "1. 甲\n1.1 无。\n2. 乙\n2.1 无。\n";
    assert_eq!(read(before, after), ["- 1.2 无。"]);
}

#[test]
fn a_sentence_written_anew_is_not_shown_as_a_patchwork_of_what_happened_to_stay() {
    let before = "1. 甲\n1.1 甲方应在三日内，书面答复乙方提出的申请及其理由。\n";
    let after = "1. 甲\n1.1 甲方应在收到之日，逐条回应乙方提出的申请及其理由。\n";
    assert_eq!(
        read(before, after),
        ["1.1 stays 1.1 甲方应在[-三日内，书面答复-]{+收到之日，逐条回应+}乙方提出的申请及其理由。"]
    );
}

#[test]
fn words_of_latin_letters_and_numbers_are_never_cut() {
    let before = "1. Fees\n1.1 The provider pays 3.5% of 10,000 yuan within thirty days.\n";
    let after = "1. Fees\n1.1 The provider pays 3.6% of 10,500 yuan within thirteen days.\n";
    assert_eq!(
        read(before, after),
        [
            "1.1 stays 1.1 The provider pays [-3.5-]{+3.6+}% of [-10,000 -]{+10,500 +}yuan within [-thirty -]{+thirteen +}days."
        ]
    );
}

/// The words of a clause without its number, which stands behind nothing but markup.
fn words_of(text: &str, clause: &Clause) -> Vec<String> {
    let text = clause_text(text, clause);
    let behind = match text.split_once(&clause.label) {
        Some((markup, behind)) if !markup.contains(char::is_alphanumeric) => behind,
        _ => text,
    };
    in_words(behind)
}

fn in_words(text: &str) -> Vec<String> {
    let words = text.split_word_bounds().filter(|word| !word.trim().is_empty());
    words.map(str::to_owned).collect()
}

/// One of two texts, and which of its clauses a comparison has named.
struct Side<'a> {
    text: &'a str,
    outline: &'a Outline,
    is_named: Vec<bool>,
}

impl<'a> Side<'a> {
    fn of(text: &'a str, outline: &'a Outline) -> Self {
        Self { text, outline, is_named: vec![false; outline.clauses.len()] }
    }

    /// A clause is named once, and says this.
    fn says(&mut self, stands: &Stands, said: &[&str]) {
        let at = self.outline.clauses.iter().position(|known| std::ptr::eq(known, stands.clause)).unwrap();
        assert!(!std::mem::replace(&mut self.is_named[at], true), "named twice");
        let said: Vec<_> = said.iter().flat_map(|text| in_words(text)).collect();
        assert_eq!(said, words_of(self.text, stands.clause));
    }

    /// The clauses that are not named, with their addresses and words.
    fn rest(&self) -> Vec<(Option<&ClauseAddress>, Vec<String>)> {
        let rest = self.outline.clauses.iter().zip(&self.is_named).filter(|(_, is_named)| !**is_named);
        rest.map(|(clause, _)| (clause.address.as_ref(), words_of(self.text, clause))).collect()
    }
}

/// Both texts come back from a comparison and the clauses that it does not name.
fn assert_nothing_is_hidden(before: (&str, &Outline), after: (&str, &Outline)) {
    let reads = [before, after];
    let [then, now] = reads.map(|(text, outline)| Read { text, outline, prominent: &[] });
    let [mut was, mut is] = reads.map(|(text, outline)| Side::of(text, outline));
    let found = compare(then, now);
    let mut has_moved = false;
    for change in &found.changes {
        match change {
            Change::Added { after, text } => is.says(after, &[text]),
            Change::Removed { before, text } => was.says(before, &[text]),
            Change::Kept { before, after, is_moved, words } if words.is_empty() => {
                has_moved |= is_moved;
                let said = |side: &Side, stands: &Stands| words_of(side.text, stands.clause).join(" ");
                assert_eq!(said(&was, before), said(&is, after));
                let (text, same) = (clause_text(was.text, before.clause), clause_text(is.text, after.clause));
                was.says(before, &[without_label(text, &before.clause.label)]);
                is.says(after, &[without_label(same, &after.clause.label)]);
            }
            Change::Kept { before, after, is_moved, words } => {
                has_moved |= is_moved;
                let (mut old, mut new) = (Vec::new(), Vec::new());
                for run in words {
                    let (is_old, is_new, text) = match run {
                        Run::Same(text) => (true, true, text),
                        Run::Removed(text) => (true, false, text),
                        Run::Added(text) => (false, true, text),
                    };
                    old.extend(is_old.then_some(*text));
                    new.extend(is_new.then_some(*text));
                }
                was.says(before, &old);
                is.says(after, &new);
            }
        }
    }
    let (mut was, mut is) = (was.rest(), is.rest());
    if has_moved {
        was.sort_unstable();
        is.sort_unstable();
    }
    assert_eq!(was, is, "what is not named is the same, in the same order but for what moved");
    assert_eq!(was.len(), found.unchanged);
}

fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/numbering");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|it| it == "txt" || it == "md")).collect();
    files.sort();
    let texts: Vec<_> = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(texts.len() >= 40, "{} samples", texts.len());
    texts
}

#[test]
fn nothing_is_hidden_whatever_becomes_of_an_agreement() {
    let mut draws = Draws(11);
    for text in samples() {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for _ in 0..12 {
            let mut after = lines.clone();
            for _ in 0..=draws.below(4) {
                let at = draws.below(after.len());
                match draws.below(4) {
                    0 => drop(after.remove(at)),
                    1 => after.insert(at, lines[draws.below(lines.len())]),
                    2 => {
                        let other = draws.below(after.len());
                        after.swap(at, other);
                    }
                    _ => after[at] = "1.1 写入的一句 of other words\n",
                }
                if after.is_empty() {
                    break;
                }
            }
            let after = after.concat();
            let outlines = [&text, &after].map(|text| Outline::read(text));
            let [before, after] = [(&*text, &outlines[0]), (&*after, &outlines[1])];
            assert_nothing_is_hidden(before, after);
            assert_nothing_is_hidden(after, before);
        }
    }
}

#[test]
fn two_hostile_texts_are_compared_in_bounds() {
    let size = crate::documents::MAX_TEXT_BYTES;
    let many = |line: &str| line.repeat(size / line.len());
    let numbered = |line: &str| {
        let lines = (1..).map(|n| format!("{}.{} {line}{n}\n", n / 900 + 1, n % 900 + 1));
        lines.take(2000).collect::<String>()
    };
    let long = |words: &str| {
        (1..=99).fold(String::new(), |text, n| {
            text + &format!("{n}. {}\n", words.repeat(990 / words.chars().count()))
        })
    };
    let texts = [
        many("1.\n"),
        many("甲"),
        many("甲乙"),
        many("a b "),
        numbered("甲"),
        numbered(&"用户".repeat(30)),
        long("甲"),
        long("甲乙"),
        long("甲乙乙甲丙"),
        "\n".into(),
    ];
    let texts = texts.map(|text| (Outline::read(&text), text));
    for (then, before) in &texts {
        for (now, after) in &texts {
            assert_nothing_is_hidden((before, then), (after, now));
            let [then, now] = [(before, then), (after, now)]
                .map(|(text, outline)| bodies(Read { text, outline, prominent: &[] }));
            let (alike, most) = pairing::bounds::alike_and_most(&then, &now);
            assert!(alike <= most, "{alike} of {most}");
        }
    }
}

#[test]
fn in_a_long_clause_the_sentences_that_differ_are_found_before_their_words() {
    let sentences = |third: &str| {
        let others = (0..300).fold(String::new(), |text, n| text + &format!("第{n}句话说的是同一件事。"));
        format!("1. 甲\n1.1 {others}{third}{others}\n")
    };
    let found = read(&sentences("用户在付款后成立订单。"), &sentences("用户在下单后成立订单。"));
    let [change] = &*found else { panic!("{found:?}") };
    assert!(change.contains("同一件事。用户在[-付款-]{+下单+}后成立订单。第0句"), "{change}");
}
