use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/numbering")
}

/// What holds for every text.
fn assert_nothing_is_lost(text: &str, outline: &Outline) {
    let clauses = &outline.clauses;
    assert_eq!(clauses.iter().map(|clause| clause_text(text, clause)).collect::<String>(), text);
    assert!(clauses.iter().all(|clause| clause.start < clause.end));
    assert!(clauses.windows(2).all(|pair| pair[0].end == pair[1].start));
    let mut addresses: Vec<_> = clauses.iter().filter_map(|clause| clause.address.clone()).collect();
    addresses.iter().for_each(|address| assert_eq!(address.as_str().parse().as_ref(), Ok(address)));
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
