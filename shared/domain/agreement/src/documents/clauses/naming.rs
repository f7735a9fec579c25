//! Which address each clause has: the one that people cite it by.
//!
//! A label that says where it stands is the address (`4.4.5`, `Section 1.02`, an article where articles run on); in an
//! annex the annex comes first. Numbers that restart in each part are cited with that part (`第二章第一条`), and a
//! number by itself with the clause that it lies in (`第二条（三）1`). The second of two equal addresses is `…[2]`.

use std::collections::{HashMap, HashSet};

use market_kernel::clause::{ClauseAddress, MAX_ADDRESS_CHARS};

use super::labels::{Close, Form, Unit, fold};
use super::numerals::{self, Script};
use super::placement::Placed;

/// How many characters of a heading make an address.
const HEADING_ADDRESS_CHARS: usize = 40;

/// The addresses of clauses with these printed labels, in order.
pub(super) fn addresses(clauses: &[Placed], labels: &[&str]) -> Vec<ClauseAddress> {
    let restarting = restarting(clauses);
    let mut names: Vec<String> = Vec::with_capacity(clauses.len());
    let mut unique = Unique::default();
    let mut addresses = Vec::with_capacity(clauses.len());
    for (at, clause) in clauses.iter().enumerate() {
        let own = own_name(clause, labels[at]);
        let around = around(clauses, at, &restarting);
        let name = match around {
            Some(parent) => format!("{}{}{own}", names[parent], joint(clauses, parent, clause, &own)),
            None => own,
        };
        let address = unique.take(ClauseAddress::try_from(name).ok(), clause.at);
        names.push(address.as_str().to_owned());
        addresses.push(address);
    }
    addresses
}

/// The addresses of clauses that have headings and no numbers; `lines` are the places of their lines.
pub(super) fn of_headings(headings: &[String], lines: &[usize]) -> Vec<ClauseAddress> {
    let mut unique = Unique::default();
    let named = headings.iter().zip(lines).map(|(heading, line)| {
        let words: String = heading.chars().take(HEADING_ADDRESS_CHARS).collect();
        unique.take(ClauseAddress::of_words(&words), *line)
    });
    named.collect()
}

/// Gives each address once.
#[derive(Debug, Default)]
struct Unique {
    taken: HashSet<ClauseAddress>,
    counts: HashMap<ClauseAddress, usize>,
}

impl Unique {
    /// The address if it is lawful and free, otherwise the next one of its kind; by the line where it is neither.
    fn take(&mut self, wanted: Option<ClauseAddress>, line: usize) -> ClauseAddress {
        let by_line = || ClauseAddress::of_words(&format!("@{}", line + 1));
        let Some(base) = wanted.or_else(by_line) else {
            // `@` and digits are always lawful.
            return self.numbered(None, line);
        };
        if self.taken.insert(base.clone()) {
            return base;
        }
        self.numbered(Some(base), line)
    }

    fn numbered(&mut self, base: Option<ClauseAddress>, line: usize) -> ClauseAddress {
        let mut base = base.map_or_else(|| format!("@{}", line + 1), String::from);
        if base.chars().count() + 8 > MAX_ADDRESS_CHARS {
            base = format!("@{}", line + 1);
        }
        loop {
            let key = ClauseAddress::of_words(&base);
            let count = key.map_or(2, |key| {
                let count = self.counts.entry(key).or_insert(1);
                *count += 1;
                *count
            });
            if let Ok(address) = ClauseAddress::try_from(format!("{base}[{count}]"))
                && self.taken.insert(address.clone())
            {
                return address;
            }
        }
    }
}

/// A label without its closing mark, in usual width.
fn own_name(clause: &Placed, label: &str) -> String {
    let is_bracketed = matches!(clause.reading.form, Form::Enumerator(_, Close::Brackets));
    if is_bracketed {
        return label.chars().filter(|c| !c.is_whitespace()).collect();
    }
    let folded = fold(label);
    let trimmed = folded.trim_end_matches(['.', '、', '､']).trim_end();
    match clause.reading.form {
        Form::Unit(_) => trimmed.chars().filter(|c| *c != ' ').collect(),
        Form::Annex(_) if !trimmed.is_ascii() => trimmed.chars().filter(|c| *c != ' ').collect(),
        _ => trimmed.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Whether a label says by itself where it stands.
fn is_absolute(form: Form) -> bool {
    match form {
        Form::Decimal | Form::Word(_) | Form::Annex(_) => true,
        Form::Unit(unit) => unit <= Unit::Article,
        Form::Enumerator(..) => false,
    }
}

/// The enclosing clause that has no decimal number: where decimals could restart.
fn outer(clauses: &[Placed], at: usize) -> Option<usize> {
    let form = clauses[at].reading.form;
    let mut parent = clauses[at].parent;
    while let Some(other) = parent {
        let inside = &clauses[other].reading;
        let is_kin = inside.form == form
            || (form == Form::Decimal
                && matches!(inside.form, Form::Enumerator(Script::Arabic, close) if close != Close::Brackets));
        if !is_kin {
            return parent;
        }
        parent = clauses[other].parent;
    }
    None
}

fn annex(clauses: &[Placed], at: usize) -> Option<usize> {
    let mut top = at;
    while let Some(parent) = clauses[top].parent {
        top = parent;
    }
    matches!(clauses[top].reading.form, Form::Annex(_)).then_some(top)
}

/// The forms that restart in different parts, by the annex in which they do.
fn restarting(clauses: &[Placed]) -> HashSet<(Option<usize>, Form)> {
    let mut seen = HashMap::new();
    let mut found = HashSet::new();
    for (at, clause) in clauses.iter().enumerate() {
        if !is_absolute(clause.reading.form) || clause.is_repeated {
            continue;
        }
        let annex = annex(clauses, at);
        let outer = outer(clauses, at);
        let first = seen.entry((annex, &clause.reading)).or_insert(outer);
        if *first != outer {
            found.insert((annex, clause.reading.form));
        }
    }
    found
}

/// The clause whose address the address of this one begins with.
fn around(clauses: &[Placed], at: usize, restarting: &HashSet<(Option<usize>, Form)>) -> Option<usize> {
    let form = clauses[at].reading.form;
    let annex = annex(clauses, at).filter(|annex| *annex != at);
    match form {
        Form::Enumerator(..) => clauses[at].parent,
        _ if !is_absolute(form) => clauses[at].parent,
        _ if restarting.contains(&(annex, form)) => outer(clauses, at),
        _ => annex,
    }
}

/// What stands between the address of a clause and the name of one in it.
fn joint(clauses: &[Placed], parent: usize, clause: &Placed, own: &str) -> &'static str {
    let outside = clauses[parent].reading.form;
    let inside = clause.reading.form;
    let is_self_marked =
        matches!(inside, Form::Enumerator(_, Close::Brackets) | Form::Enumerator(Script::Circled, _));
    let ends_marked =
        matches!(outside, Form::Enumerator(_, Close::Brackets) | Form::Enumerator(Script::Circled, _));
    match (outside, inside) {
        (Form::Annex(_), _) => " ",
        _ if is_self_marked || ends_marked => "",
        (Form::Unit(_), Form::Unit(_)) => "",
        (Form::Word(_), Form::Enumerator(_, Close::Dot)) => ".",
        (Form::Enumerator(Script::Chinese, Close::Comma), Form::Enumerator(..) | Form::Decimal) => "、",
        (Form::Enumerator(outer, _), Form::Enumerator(inner, Close::Dot)) if outer != inner => ".",
        (Form::Decimal, Form::Enumerator(inner, Close::Dot)) if inner != Script::Arabic => ".",
        _ => {
            let is_number =
                own.chars().next().is_some_and(|c| c.is_ascii_digit() || numerals::is_chinese_numeral(c));
            let is_letter_with_mark = matches!(inside, Form::Enumerator(_, Close::Bracket)) && !is_number;
            if is_letter_with_mark { "" } else { " " }
        }
    }
}
