use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use market_kernel::characters::line_ranges;
use serde_json::{Value, json};

use super::*;
use crate::documents::draws::Draws;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/numbering")
}

/// What holds for every text.
fn assert_nothing_is_lost(text: &str, outline: &Outline) {
    let clauses = &outline.clauses;
    assert_eq!(clauses.iter().map(|clause| clause_text(text, clause)).collect::<String>(), text);
    assert!(clauses.iter().all(|clause| clause.start < clause.end));
    assert!(clauses.windows(2).all(|pair| pair[0].end == pair[1].start));
    let mut addresses: Vec<_> = clauses.iter().filter_map(|clause| clause.address.clone()).collect();
    for address in &addresses {
        assert_eq!(address.as_str().parse().as_ref(), Ok(address));
    }
    let count = addresses.len();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), count, "an address is given twice");
    assert!(clauses.iter().skip(1).all(|clause| clause.address.is_some()));
}

fn found(text: &str) -> Value {
    let outline = Outline::read(text);
    assert_nothing_is_lost(text, &outline);
    let starts: BTreeMap<u32, usize> =
        line_ranges(text).zip(1..).map(|(range, line)| (u32::try_from(range.start).unwrap(), line)).collect();
    let clauses: Vec<_> = outline
        .clauses
        .iter()
        .filter(|clause| clause.address.is_some())
        .map(|clause| {
            let Clause { depth, label, heading, .. } = clause;
            json!({
                "line": starts[&clause.start], "depth": depth, "label": label, "heading": heading,
                "address": clause.address.as_ref().unwrap(),
            })
        })
        .collect();
    let gaps: Vec<_> = outline.gaps.iter().map(gap).collect();
    let not_clauses: Vec<_> = outline.not_clauses.iter().map(not_clause).collect();
    json!({ "clauses": clauses, "gaps": gaps, "not_clauses": not_clauses })
}

fn gap(gap: &Gap) -> Value {
    let Gap { line, label, kind } = gap;
    match kind {
        GapKind::Skipped { missing } => {
            json!({ "line": line, "label": label, "kind": "skipped", "missing": missing })
        }
        GapKind::Repeated { first_line } => {
            json!({ "line": line, "label": label, "kind": "repeated", "first_line": first_line })
        }
        GapKind::OutOfOrder { after } => {
            json!({ "line": line, "label": label, "kind": "out of order", "after": after })
        }
    }
}

fn not_clause(not_clause: &NotClause) -> Value {
    let NotClause { line, text, reason } = not_clause;
    json!({ "line": line, "text": text, "reason": spelled(*reason) })
}

/// The samples' words for what the API has names for.
fn spelled(reason: Reason) -> String {
    match reason {
        Reason::ContentsTable => "table of contents".to_owned(),
        Reason::ListItem => "list item inside a clause".to_owned(),
        Reason::DateOrTime => "date or time".to_owned(),
        Reason::Quantity => "quantity or plain number".to_owned(),
        Reason::PersonsName => "person's name".to_owned(),
        Reason::Misprint => "misprinted number".to_owned(),
        other => serde_json::to_value(other).unwrap().as_str().unwrap().replace('_', " "),
    }
}

#[test]
fn every_sample_of_how_agreements_are_numbered_is_read_exactly() {
    let expected: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(samples().join("expected.json")).unwrap()).unwrap();
    let mut report = String::new();
    let mut exact = 0;
    for sample in &expected {
        let file = sample["file"].as_str().unwrap();
        let text = std::fs::read_to_string(samples().join(file)).unwrap();
        let found = found(&text);
        let mut differs = String::new();
        for of in ["clauses", "not_clauses", "gaps"] {
            let (wanted, got) = (sample[of].as_array().unwrap(), found[of].as_array().unwrap());
            for one in wanted.iter().filter(|one| !got.contains(one)) {
                let _ = writeln!(differs, "  missing in {of}: {one}");
            }
            for one in got.iter().filter(|one| !wanted.contains(one)) {
                let _ = writeln!(differs, "  not expected in {of}: {one}");
            }
        }
        exact += usize::from(differs.is_empty());
        if !differs.is_empty() {
            let _ = writeln!(report, "{file}\n{differs}");
        }
    }
    assert!(report.is_empty(), "{exact} of {} samples are read exactly\n{report}", expected.len());
}

fn addresses(text: &str) -> Vec<String> {
    let outline = Outline::read(text);
    assert_nothing_is_lost(text, &outline);
    outline.clauses.into_iter().filter_map(|clause| clause.address.map(String::from)).collect()
}

fn reasons(text: &str) -> Vec<(u32, Reason)> {
    Outline::read(text).not_clauses.into_iter().map(|line| (line.line, line.reason)).collect()
}

#[test]
fn a_unit_of_measure_is_no_clause_even_where_its_number_comes_next() {
    for line in
        ["1.2万元以上的订单", "1.2%的费用", "1.2 million calls", "1.2 hours later", "1.2吨货物", "1.2:30开门"]
    {
        let text = format!("1.甲\n1.1乙。\n{line}\n1.2丙\n");
        assert_eq!(addresses(&text), ["1", "1.1", "1.2"], "{line}");
        assert_eq!(Outline::read(&text).clauses[2].start as usize, text.find("1.2丙").unwrap(), "{line}");
    }
    // Words that begin like a unit.
    for line in [
        "1.2年费",
        "1.2版权",
        "1.2成为会员",
        "1.2日常维护",
        "1.2个人信息",
        "1.2元数据",
        "1.2天猫店铺",
        "1.2人员",
    ] {
        assert_eq!(addresses(&format!("1.甲\n1.1乙。\n{line}\n")), ["1", "1.1", "1.2"], "{line}");
    }
}

#[test]
fn a_wrapped_line_that_speaks_of_a_clause_is_none() {
    let text =
        "第一条 甲应当遵守\n第二条的约定。\n第二条 乙，依照\n第三条、第四条办理。\n第三条 丙\n第四条 丁\n";
    assert_eq!(addresses(text), ["第一条", "第二条", "第三条", "第四条"]);
    assert_eq!(reasons(text), [(2, Reason::CrossReference), (4, Reason::CrossReference)]);
}

#[test]
fn what_begins_anew_in_each_part_is_cited_with_its_part_and_what_runs_on_is_not() {
    assert_eq!(
        addresses("第一章 甲\n第一条 乙\n第二章 丙\n第二条 丁\n"),
        ["第一章", "第一条", "第二章", "第二条"]
    );
    assert_eq!(
        addresses("第一章 甲\n第一条 乙\n第二章 丙\n第一条 丁\n（一）戊\n"),
        ["第一章", "第一章第一条", "第二章", "第二章第一条", "第二章第一条（一）"]
    );
}

#[test]
fn a_list_in_the_form_of_the_clauses_around_it_is_text_and_one_in_a_form_of_its_own_is_clauses() {
    let text = "1. 甲\n1.1 乙：\n1. 丙；\n2. 丁。\n1.2 戊：\n(a) 己；\n(b) 庚。\n2. 辛\n";
    assert_eq!(addresses(text), ["1", "1.1", "1.2", "1.2(a)", "1.2(b)", "2"]);
    assert_eq!(reasons(text), [(3, Reason::ListItem), (4, Reason::ListItem)]);
}

#[test]
fn repealed_ranges_and_inserted_articles_leave_no_gap() {
    let text = "第一条 甲\n第一条之一 乙\n第二条至第四条 （已删除）\n第五条及第六条　削除\n第七条 丙\n";
    let outline = Outline::read(text);
    assert_eq!(outline.gaps, []);
    assert_eq!(outline.count(), 5);
}

#[test]
fn the_second_of_two_equal_numbers_has_an_address_of_its_own() {
    assert_eq!(
        addresses("第一条 甲\n第二条 乙\n第二条 丙\n（一）丁\n第三条 戊\n")[2..4],
        ["第二条[2]", "第二条[2]（一）"]
    );
}

#[test]
fn bold_clauses_are_proposed_as_prominent_and_bold_titles_are_not() {
    let text = "**1. 责任**\n1.1 **市场不赔偿间接损失。**\n**1.2** 市场备份配置。\n<b>1.3 上限为当月服务费。</b>\n\
        1.4 **标题**：其余的文字不是粗体。\n";
    let proposed: Vec<_> = Outline::read(text).proposed_prominent().into_iter().map(String::from).collect();
    assert_eq!(proposed, ["1.1", "1.3"]);
}

#[test]
fn the_demos_agreement_has_the_addresses_that_it_had_before_outlines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../infra/local/src/demo/agreement.zh.md");
    let text = std::fs::read_to_string(path).unwrap();
    let places = |outline: &Outline| -> Vec<_> {
        outline.clauses.iter().map(|clause| (clause.address.clone(), clause.start, clause.end)).collect()
    };
    let outline = Outline::read(&text);
    assert_eq!(places(&outline), places(&outline_by_decimals(&text)));
    assert_eq!(outline.gaps, []);
}

#[test]
fn nothing_is_lost_of_any_text_and_every_address_is_given_once() {
    let parts = [
        "1.",
        "1.1",
        "2.",
        "1.1.1",
        "3、",
        "第一条",
        "第二章",
        "第三条之二",
        "第九条至第十条",
        "附件一",
        "（一）",
        "(a)",
        "(i)",
        "①",
        "⒈",
        "Ⅲ、",
        "I.",
        "A.",
        "iv)",
        "Section 1.02(b)(ii)",
        "Article 2",
        "Annex A",
        "Part II",
        "イ",
        "ア、",
        "一",
        "一、",
        "２．３",
        "**",
        "__",
        "<b>",
        "</b>",
        "[",
        "](#",
        ")",
        "|",
        "|---|",
        "#",
        "## ",
        "> ",
        "- ",
        "\\",
        "\t",
        " ",
        "\u{3000}",
        "\u{feff}",
        "\u{200b}",
        "\r",
        "\n",
        "\n",
        "\r\n",
        "\n\n",
        "甲",
        "乙。",
        "丙，",
        "目录",
        "Contents",
        "....... 3",
        "万元",
        "days",
        "%",
        "/",
        "?",
        "&nbsp;",
        "\u{1d7d8}",
        "𠮷",
        "é",
    ];
    let mut draws = Draws(7);
    for _ in 0..3000 {
        let text: String = (0..draws.below(60)).map(|_| parts[draws.below(parts.len())]).collect();
        assert_nothing_is_lost(&text, &Outline::read(&text));
    }
}

#[test]
fn a_hostile_text_is_read_in_bounds() {
    let size = crate::documents::MAX_TEXT_BYTES;
    let many = |line: &str| line.repeat(size / line.len());
    let counted: String = (1..).map(|n| format!("{}.{}\n", n / 900 + 1, n % 900 + 1)).take(30_000).collect();
    for text in [
        many("1.\n"),
        many("1.1.1.1.1.1\n"),
        many("目录\n1. 甲\n"),
        many("目录\n"),
        many("[1. 甲](#1)\n"),
        many("1. 甲 .... 2\n"),
        many("第一章\n第一条\n（一）\n"),
        many("附件一\n"),
        many("(i)\n"),
        many("["),
        many("<"),
        many("**"),
        many("|1|"),
        many(">"),
        many("- "),
        many("一"),
        many("\r"),
        counted,
    ] {
        let outline = Outline::read(&text);
        assert!(outline.clauses.len() <= MAX_CLAUSES + 2);
        assert!(outline.gaps.len() <= MAX_FINDINGS && outline.not_clauses.len() <= MAX_FINDINGS);
        assert!(outline.clauses.iter().all(|clause| usize::from(clause.depth) <= placement::MAX_DEPTH));
        let shown: usize = outline.clauses.iter().map(|clause| clause_text(&text, clause).len()).sum();
        assert_eq!(shown, text.len());
    }
}

#[test]
fn a_list_before_the_first_article_is_around_no_article() {
    let text = "鉴于：\n1. 甲；\n2. 乙。\n第一条 丙\n1.1 丁\n第二条 戊\n";
    let depths: Vec<_> = Outline::read(text).clauses.iter().map(|clause| clause.depth).collect();
    assert_eq!(depths, [0, 1, 1, 1, 2, 1]);
}
