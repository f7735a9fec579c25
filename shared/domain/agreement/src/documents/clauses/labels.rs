//! What can be a label: `4.4.5`, `第五条之一`, `（三）`, `Section 1.02(b)(ii)`, `附件一`.
//!
//! Here a line is looked at by itself: what form of label it begins with, and which number that is. Whether it is a
//! label is for its neighbours to say ([`super::doubts`], [`super::outline`]).

use std::ops::Range;

use super::numerals::{self, Numeral, Script};

/// How many characters a label is looked for in.
const LABEL_CHARS: usize = 64;

/// How many levels a label has at most.
const MAX_LEVELS: usize = 6;

/// What closes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Close {
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
pub(super) enum Unit {
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
pub(super) enum Word {
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
pub(super) enum Form {
    /// `1.1` and deeper.
    Decimal,
    /// A number by itself, with what closes it.
    Enumerator(Script, Close),
    /// `第一条`
    Unit(Unit),
    /// `Section 1`, `Section 1.02(b)`
    Word(Word),
    /// `附件一`, `Annex A`: by its word's place in [`ANNEXES`].
    Annex(usize),
}

/// A number of a label: `5`, with what was put in after it (`5A`, `五之一`: 1; 0 for nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Step {
    pub value: u16,
    pub branch: u16,
}

impl Step {
    pub const FIRST: Self = Self { value: 1, branch: 0 };

    const fn plain(value: u16) -> Self {
        Self { value, branch: 0 }
    }
}

/// What a label can mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Reading {
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
pub(super) enum Separation {
    /// The label stands alone.
    End,
    /// A blank, a colon, a dash, an opening bracket.
    Marked,
    /// Nothing.
    None,
}

/// What a line begins with.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// The bytes of the line that it takes, with its closing mark.
    pub end: usize,
    /// What it can mean; at least one reading.
    pub readings: Vec<Reading>,
    /// The last number, where it stands for a range (`第九条至第十条`).
    pub through: Option<u16>,
    pub separation: Separation,
    /// Where its last number stands.
    number: Range<usize>,
    /// What of the label follows a number without a branch.
    after: Range<usize>,
}

const WORDS: [(&str, Word); 11] = [
    ("volume", Word::Volume),
    ("book", Word::Volume),
    ("title", Word::Title),
    ("part", Word::Part),
    ("chapter", Word::Chapter),
    ("article", Word::Article),
    ("section", Word::Section),
    ("clause", Word::Clause),
    ("paragraph", Word::Paragraph),
    ("rule", Word::Rule),
    ("§", Word::Section),
];

/// What is put after the body and numbers its own clauses.
pub(super) const ANNEXES: [&str; 17] = [
    "annexure",
    "annex",
    "appendix",
    "schedule",
    "exhibit",
    "attachment",
    "addendum",
    "附件",
    "附录",
    "附錄",
    "附表",
    "附図",
    "别紙",
    "別紙",
    "別表",
    "別添",
    "付録",
];

/// Full-width forms as their usual ones; what is no full-width form stays.
fn folded(c: char) -> char {
    match u32::from(c) {
        0x3000 => ' ',
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ if c.is_whitespace() => ' ',
        _ => c,
    }
}

/// The same text in usual width.
pub(super) fn fold(text: &str) -> String {
    text.chars().map(folded).collect()
}

/// Reads characters one after the other.
struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn rest(&self) -> &[char] {
        self.chars.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().first().copied()
    }

    fn after(&self, distance: usize) -> Option<char> {
        self.rest().get(distance).copied()
    }

    fn takes(&mut self, c: char) -> bool {
        let is_there = self.peek() == Some(c);
        self.at += usize::from(is_there);
        is_there
    }

    fn takes_any(&mut self, of: &str) -> bool {
        let is_there = self.peek().is_some_and(|c| of.contains(c));
        self.at += usize::from(is_there);
        is_there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let length = word.chars().count();
        let is_there = self.rest().len() >= length
            && self.rest().iter().zip(word.chars()).all(|(c, other)| c.to_ascii_lowercase() == other);
        self.at += if is_there { length } else { 0 };
        is_there
    }

    fn skip_blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn take(&mut self, numeral: Option<Numeral>) -> Option<Numeral> {
        let numeral = numeral?;
        self.at += numeral.length;
        Some(numeral)
    }

    fn arabic(&mut self) -> Option<u16> {
        self.take(numerals::arabic(self.rest())).filter(|_| !self.is_digit()).map(|numeral| numeral.value)
    }

    /// A level of a decimal after its first: it may have a leading zero (`1.02`).
    fn level(&mut self) -> Option<u16> {
        if self.peek() == Some('0') {
            self.at += 1;
        }
        self.arabic()
    }

    fn is_digit(&self) -> bool {
        self.peek().is_some_and(|c| c.is_ascii_digit())
    }

    /// An Arabic or Chinese number.
    fn either(&mut self) -> Option<Numeral> {
        let numeral = numerals::arabic(self.rest()).or_else(|| numerals::chinese(self.rest()));
        self.take(numeral).filter(|_| !self.is_digit())
    }

    /// A capital letter after a number (`4.3A`), which puts a clause in after that number.
    fn letter_branch(&mut self) -> u16 {
        match (self.peek(), self.after(1)) {
            (Some(letter @ 'A'..='Z'), next) if !next.is_some_and(char::is_alphanumeric) => {
                self.at += 1;
                letter as u16 - 'A' as u16 + 1
            }
            _ => 0,
        }
    }

    /// Whether nothing follows, or what stands apart from a label.
    fn is_apart(&self) -> bool {
        self.peek().is_none_or(|c| APART.contains(c))
    }

    /// What joins two neighbours: `第四条及び第五条　削除`.
    fn takes_pair(&mut self) -> bool {
        self.takes_word("及び") || self.takes_any("及和、")
    }

    /// `至`, `–` and their like.
    fn takes_range(&mut self) -> bool {
        let start = self.at;
        self.skip_blanks();
        let is_there = self.takes_any("至到-–—~～〜") || self.takes_word("to ");
        if is_there {
            self.skip_blanks();
        } else {
            self.at = start;
        }
        is_there
    }
}

/// What can stand between a label and its words.
const APART: &str = " :-–—－([【《〈“\"「『〔";

/// What was read of a label, in characters.
struct Found {
    readings: Vec<Reading>,
    through: Option<u16>,
    number: Range<usize>,
    after: Range<usize>,
}

impl Found {
    fn one(form: Form, step: Step, number: Range<usize>, end: usize) -> Self {
        let readings = vec![Reading { form, path: vec![step] }];
        let after = number.end..end;
        Self { readings, through: None, number, after }
    }
}

/// The label that a cell or a line begins with. A number that nothing closes and nothing follows is one only in a cell.
pub(super) fn read(line: &str, is_cell: bool) -> Option<Label> {
    let head: Vec<(usize, char)> = line.char_indices().take(LABEL_CHARS).collect();
    let mut reader = Reader { chars: head.iter().map(|(_, c)| folded(*c)).collect(), at: 0 };
    let parsers: [fn(&mut Reader) -> Option<Found>; 7] =
        [unit, bracketed, sign, decimal, chinese, annex, word];
    let found =
        parsers.into_iter().chain([latin as fn(&mut Reader) -> Option<Found>]).find_map(|parser| {
            reader.at = 0;
            parser(&mut reader)
        })?;
    let byte = |at: usize| {
        head.get(at)
            .map_or_else(|| head.last().map_or(0, |(start, c)| start + c.len_utf8()), |(start, _)| *start)
    };
    let separation = match reader.peek() {
        None => Separation::End,
        Some(_) if reader.is_apart() => Separation::Marked,
        Some(_) => Separation::None,
    };
    let is_bare = |reading: &Reading| match reading.form {
        Form::Enumerator(script, Close::Bare) => script != Script::Circled,
        _ => false,
    };
    let has_blank = reader.peek() == Some(' ') || (is_cell && separation == Separation::End);
    if found.readings.iter().any(is_bare) && !has_blank {
        return None;
    }
    Some(Label {
        end: byte(reader.at),
        readings: found.readings,
        through: found.through,
        separation,
        number: byte(found.number.start)..byte(found.number.end),
        after: byte(found.after.start)..byte(found.after.end),
    })
}

impl Label {
    /// As it is printed.
    pub fn printed<'l>(&self, line: &'l str) -> &'l str {
        line.get(..self.end).unwrap_or_default()
    }

    /// What follows it.
    pub fn rest<'l>(&self, line: &'l str) -> &'l str {
        line.get(self.end..).unwrap_or_default()
    }

    /// The label that it would be with another last number.
    pub fn printed_as(&self, line: &str, reading: &Reading, value: u16) -> String {
        let number = line.get(self.number.clone()).unwrap_or_default();
        let is_wide = number.chars().any(|c| folded(c) != c);
        let script = match reading.form {
            Form::Enumerator(script, _) => script,
            _ => script_of(number),
        };
        let mut printed = numerals::print(script, value);
        if is_wide {
            printed = printed
                .chars()
                .map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c))
                .collect();
        }
        // `Section 1.02` is followed by `Section 1.03`.
        if number.starts_with('0') && printed.len() == 1 {
            printed.insert(0, '0');
        }
        let before = line.get(..self.number.start).unwrap_or_default();
        let after = line.get(self.after.clone()).unwrap_or_default();
        format!("{before}{printed}{after}")
    }
}

fn script_of(number: &str) -> Script {
    let chars: Vec<char> = number.chars().map(folded).collect();
    match chars.first() {
        Some(c) if numerals::is_chinese_numeral(*c) => Script::Chinese,
        Some(c) if c.is_ascii_alphabetic() => {
            let readings = numerals::latin(&chars);
            readings.last().map_or(Script::Upper, |numeral| numeral.script)
        }
        _ => Script::Arabic,
    }
}

/// `第五条`, `第５条の２`, `第九条至第十条`.
fn unit(reader: &mut Reader) -> Option<Found> {
    if !reader.takes('第') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let numeral = reader.either()?;
    let number = start..reader.at;
    let mut through = None;
    if reader.takes_range() {
        reader.takes('第');
        through = Some(reader.either()?.value);
    }
    reader.skip_blanks();
    let unit_start = reader.at;
    let unit = take_unit(reader)?;
    let after = unit_start..reader.at;
    let mut branch = 0;
    let end = reader.at;
    if reader.takes_any("之の") {
        match reader.either() {
            Some(numeral) => branch = numeral.value,
            None => reader.at = end,
        }
    }
    let end = reader.at;
    if through.is_none() && (reader.takes_range() || reader.takes_pair()) {
        through = reader.takes('第').then(|| reader.either()).flatten().map(|numeral| numeral.value);
        // `第九条至第十条的规定` speaks of them.
        if take_unit(reader) != Some(unit) || !reader.is_apart() {
            through = None;
        }
        if through.is_none() {
            reader.at = end;
        }
    }
    let path = vec![Step { value: numeral.value, branch }];
    let through = through.filter(|last| *last > numeral.value);
    Some(Found { readings: vec![Reading { form: Form::Unit(unit), path }], through, number, after })
}

fn take_unit(reader: &mut Reader) -> Option<Unit> {
    if reader.takes_word("部分") {
        return Some(Unit::Volume);
    }
    let unit = match reader.peek()? {
        '编' | '編' | '篇' | '部' => Unit::Volume,
        '章' => Unit::Chapter,
        '节' | '節' => Unit::Section,
        '条' | '條' => Unit::Article,
        '款' => Unit::Paragraph,
        '项' | '項' => Unit::Item,
        '目' => Unit::Point,
        _ => return None,
    };
    reader.at += 1;
    Some(unit)
}

/// `（一）`, `(1)`, `(a)`.
fn bracketed(reader: &mut Reader) -> Option<Found> {
    if !reader.takes('(') {
        return None;
    }
    let start = reader.at;
    let inside = inside_brackets(reader)?;
    let end = reader.at;
    let number = start..end - 1;
    let readings = inside
        .into_iter()
        .map(|(script, value)| Reading {
            form: Form::Enumerator(script, Close::Brackets),
            path: vec![Step::plain(value)],
        })
        .collect();
    Some(Found { readings, through: None, after: number.end..end, number })
}

/// What is numbered between brackets, of which the first was taken.
fn inside_brackets(reader: &mut Reader) -> Option<Vec<(Script, u16)>> {
    let rest = reader.rest();
    let numerals = match numerals::arabic(rest).or_else(|| numerals::chinese(rest)) {
        Some(numeral) => vec![numeral],
        None => numerals::latin(rest),
    };
    let (length, values) = match numerals.first() {
        Some(numeral) => {
            let values = numerals.iter().map(|numeral| (numeral.script, numeral.value)).collect();
            (numeral.length, values)
        }
        None => (1, numerals::single(reader.peek()?)),
    };
    reader.at += length;
    (!values.is_empty() && reader.takes(')')).then_some(values)
}

/// Signs that are a number and its mark in one: `③`, `⑶`, `⒊`, `㈢`, `Ⅲ`; and kana.
fn sign(reader: &mut Reader) -> Option<Found> {
    let c = reader.peek()?;
    let code = u32::from(c);
    let whole = |first: u32, script, close| {
        u16::try_from(code - first + 1).ok().map(|value| (Form::Enumerator(script, close), value))
    };
    let composed = match code {
        0x2474..=0x2487 => whole(0x2474, Script::Arabic, Close::Brackets),
        0x2488..=0x249b => whole(0x2488, Script::Arabic, Close::Dot),
        0x3220..=0x3229 => whole(0x3220, Script::Chinese, Close::Brackets),
        _ => None,
    };
    reader.at += 1;
    if let Some((form, value)) = composed {
        return Some(Found::one(form, Step::plain(value), 0..1, 1));
    }
    let values = numerals::single(c);
    let close =
        if matches!(values.first(), Some((Script::Circled, _))) { Close::Bare } else { close(reader) };
    let form = |script| Form::Enumerator(script, close);
    let readings: Vec<_> = values
        .into_iter()
        .map(|(script, value)| Reading { form: form(script), path: vec![Step::plain(value)] })
        .collect();
    (!readings.is_empty()).then_some(Found { readings, through: None, number: 0..1, after: 1..reader.at })
}

fn close(reader: &mut Reader) -> Close {
    if reader.takes('.') {
        Close::Dot
    } else if reader.takes_any("、､") {
        Close::Comma
    } else if reader.takes(')') {
        Close::Bracket
    } else {
        Close::Bare
    }
}

/// `4.`, `4.4.5`, `4.3A`, `4、`, `4`.
fn decimal(reader: &mut Reader) -> Option<Found> {
    let (mut path, mut number) = decimal_path(reader)?;
    let end = reader.at;
    let mut through = None;
    if path.len() > 1 && reader.takes_range() {
        let other = decimal_path(reader).map(|(other, _)| other);
        let is_end = reader.is_apart();
        through = other
            .filter(|other| {
                is_end && other.len() == path.len() && other[..other.len() - 1] == path[..path.len() - 1]
            })
            .and_then(|other| other.last().map(|step| step.value));
        if through.is_none() {
            reader.at = end;
        }
    }
    if let Some(last) = path.last_mut() {
        last.branch = reader.letter_branch();
    }
    let close_start = reader.at;
    let close = close(reader);
    let form = if path.len() > 1 { Form::Decimal } else { Form::Enumerator(Script::Arabic, close) };
    // A number and a dot without what follows: `1..` or leaders.
    number.end = number.end.min(close_start);
    Some(Found { readings: vec![Reading { form, path }], through, number, after: close_start..reader.at })
}

/// Levels with dots between, and where the last one stands.
fn decimal_path(reader: &mut Reader) -> Option<(Vec<Step>, Range<usize>)> {
    let mut start = reader.at;
    let mut path = vec![Step::plain(reader.arabic()?)];
    let mut end = reader.at;
    while reader.peek() == Some('.') && reader.after(1).is_some_and(|c| c.is_ascii_digit()) {
        reader.at += 1;
        start = reader.at;
        path.push(Step::plain(reader.level()?));
        end = reader.at;
    }
    (path.len() <= MAX_LEVELS).then_some((path, start..end))
}

/// `一、`, `一.`, `一` with a blank.
fn chinese(reader: &mut Reader) -> Option<Found> {
    let numeral = reader.take(numerals::chinese(reader.rest()))?;
    let end = reader.at;
    let form = Form::Enumerator(Script::Chinese, close(reader));
    Some(Found::one(form, Step::plain(numeral.value), 0..end, reader.at))
}

/// `附件一`, `Annex A`.
fn annex(reader: &mut Reader) -> Option<Found> {
    let kind = ANNEXES.into_iter().position(|word| takes_title(reader, word))?;
    let is_word = ANNEXES[kind].is_ascii();
    if is_word && reader.peek() != Some(' ') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let numerals = match reader.either() {
        Some(numeral) => vec![numeral],
        None => {
            reader.at = start;
            let numerals = numerals::latin(reader.rest());
            let is_upper = |numeral: &Numeral| matches!(numeral.script, Script::Upper | Script::RomanUpper);
            let first = *numerals.first().filter(|numeral| is_upper(numeral))?;
            reader.at += first.length;
            numerals
        }
    };
    let end = reader.at;
    if is_word && reader.peek().is_some_and(char::is_alphanumeric) {
        return None;
    }
    if reader.peek() == Some('.') && reader.after(1).is_none_or(|c| c == ' ') {
        reader.at += 1;
    }
    let reading =
        |numeral: Numeral| Reading { form: Form::Annex(kind), path: vec![Step::plain(numeral.value)] };
    Some(Found {
        readings: numerals.into_iter().map(reading).collect(),
        through: None,
        number: start..end,
        after: end..reader.at,
    })
}

/// Takes a word that is written as a title is: with a capital, or all in capitals.
fn takes_title(reader: &mut Reader, word: &str) -> bool {
    let is_lower = reader.peek().is_some_and(|c| c.is_ascii_lowercase());
    !is_lower && reader.takes_word(word)
}

/// `Article 1`, `Section 1.02(b)(ii)`, `§ 3`.
fn word(reader: &mut Reader) -> Option<Found> {
    let (name, word) = WORDS.into_iter().find(|(name, _)| takes_title(reader, name))?;
    let is_plural = reader.takes('s') || reader.takes('S');
    let is_sign = name == "§";
    if !is_sign && reader.peek() != Some(' ') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let form = Form::Word(word);
    let (roots, mut number) = match decimal_path(reader) {
        Some((mut path, number)) => {
            if let Some(last) = path.last_mut() {
                last.branch = reader.letter_branch();
            }
            (vec![path], number)
        }
        None => {
            reader.at = start;
            let numerals = numerals::latin(reader.rest());
            let is_upper = |numeral: &Numeral| matches!(numeral.script, Script::Upper | Script::RomanUpper);
            reader.at += numerals.first().filter(|numeral| is_upper(numeral))?.length;
            // A Roman number before a letter: `Part I`.
            let paths = numerals.iter().rev().map(|numeral| vec![Step::plain(numeral.value)]).collect();
            (paths, start..reader.at)
        }
    };
    let mut through = None;
    let end = reader.at;
    if is_plural && reader.takes_range() {
        through = reader.arabic().filter(|_| !reader.peek().is_some_and(char::is_alphanumeric));
        if through.is_none() {
            reader.at = end;
        }
    }
    let mut paths = roots;
    let mut after = reader.at..reader.at;
    while reader.peek() == Some('(') {
        let before = reader.at;
        reader.at += 1;
        let Some(values) = inside_brackets(reader) else {
            reader.at = before;
            break;
        };
        number = before + 1..reader.at - 1;
        after = reader.at - 1..reader.at;
        let longer = |path: &Vec<Step>| {
            let of = path.clone();
            values
                .iter()
                .map(move |(_, value)| [of.as_slice(), &[Step::plain(*value)]].concat())
                .collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(longer).take(8).collect();
    }
    if reader.peek().is_some_and(|c| c.is_ascii_alphanumeric())
        || paths.iter().any(|path| path.len() > MAX_LEVELS)
    {
        return None;
    }
    if reader.peek() == Some('.') && reader.after(1).is_none_or(|c| c == ' ') {
        reader.at += 1;
        after.end = reader.at;
    }
    let readings = paths.into_iter().map(|path| Reading { form, path }).collect();
    Some(Found { readings, through, number, after })
}

/// `A.`, `a)`, `iv.`, `A、`: a letter or a Roman number, told apart from words by what follows.
fn latin(reader: &mut Reader) -> Option<Found> {
    let numerals = numerals::latin(reader.rest());
    let length = numerals.first()?.length;
    reader.at += length;
    let close = close(reader);
    let is_followed = match (close, reader.peek()) {
        (Close::Bare, _) => false,
        (_, next) => next.is_none_or(|c| !c.is_ascii() || c == ' '),
    };
    let reading = |numeral: Numeral| Reading {
        form: Form::Enumerator(numeral.script, close),
        path: vec![Step::plain(numeral.value)],
    };
    is_followed.then(|| Found {
        readings: numerals.into_iter().map(reading).collect(),
        through: None,
        number: 0..length,
        after: length..reader.at,
    })
}
