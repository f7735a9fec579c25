//! Numbers as labels print them: Arabic, Chinese, Roman, letters, kana, circled.

/// The largest value of a label. Years and postcodes are beyond it.
pub(super) const MOST: u16 = 999;

/// How a number is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Script {
    /// `12`, in either width.
    Arabic,
    /// `十二`.
    Chinese,
    /// `XII`.
    RomanUpper,
    /// `xii`.
    RomanLower,
    /// `L`.
    Upper,
    /// `l`.
    Lower,
    /// `⑫`.
    Circled,
    /// `イ`, `ロ`, `ハ`.
    Iroha,
    /// `ア`, `イ`, `ウ`.
    Aiueo,
}

/// A number that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    pub script: Script,
    pub value: u16,
    /// How many characters it takes.
    pub length: usize,
}

const DIGITS: &str = "零一二三四五六七八九";
const FORMAL: &str = "零壹贰叁肆伍陆柒捌玖";
const IROHA: &str = "イロハニホヘトチリヌルヲワカヨタレソツネナラム";
const AIUEO: &str = "アイウエオカキクケコサシスセソタチツテト";
const ROMAN: [(char, u16); 7] =
    [('I', 1), ('V', 5), ('X', 10), ('L', 50), ('C', 100), ('D', 500), ('M', 1000)];
const ROMAN_PARTS: [(u16, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

fn position(of: &str, c: char) -> Option<u16> {
    of.chars().position(|other| other == c).and_then(|at| u16::try_from(at).ok())
}

fn ordinal(of: &str, c: char) -> Option<u16> {
    position(of, c).map(|at| at + 1)
}

fn chinese_digit(c: char) -> Option<u16> {
    match c {
        '〇' => Some(0),
        '两' | '兩' => Some(2),
        '貳' | '弐' => Some(2),
        '參' | '参' => Some(3),
        '壱' => Some(1),
        '陸' => Some(6),
        _ => position(DIGITS, c).or_else(|| position(FORMAL, c)),
    }
}

fn chinese_unit(c: char) -> Option<u16> {
    match c {
        '十' | '拾' => Some(10),
        '百' | '佰' => Some(100),
        _ => None,
    }
}

/// Whether a Chinese number can begin with it.
pub(super) fn is_chinese_numeral(c: char) -> bool {
    chinese_digit(c).is_some() || chinese_unit(c).is_some()
}

/// An Arabic number without leading zeros, at most [`MOST`].
pub(super) fn arabic(chars: &[char]) -> Option<Numeral> {
    let length = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    if !(1..=3).contains(&length) || chars[0] == '0' {
        return None;
    }
    let value = chars[..length].iter().fold(0, |value, c| value * 10 + (*c as u16 - '0' as u16));
    Some(Numeral { script: Script::Arabic, value, length })
}

/// A Chinese number, counted (`二十一`) or spelled (`二一`).
pub(super) fn chinese(chars: &[char]) -> Option<Numeral> {
    let length = chars.iter().take_while(|c| is_chinese_numeral(**c)).count();
    if !(1..=7).contains(&length) {
        return None;
    }
    let chars = &chars[..length];
    let value = if chars.iter().any(|c| chinese_unit(*c).is_some()) {
        let mut total = 0_u16;
        let mut digit = None;
        let mut below = 1000;
        for c in chars {
            match (chinese_digit(*c), chinese_unit(*c)) {
                (Some(0), _) => {}
                (Some(value), _) if digit.is_none() => digit = Some(value),
                (None, Some(unit)) if unit < below => {
                    below = unit;
                    total += digit.take().unwrap_or(1) * unit;
                }
                _ => return None,
            }
        }
        total + digit.unwrap_or(0)
    } else if length <= 3 {
        chars.iter().fold(0, |value, c| value * 10 + chinese_digit(*c).unwrap_or(0))
    } else {
        return None;
    };
    (1..=MOST).contains(&value).then_some(Numeral { script: Script::Chinese, value, length })
}

/// What Latin letters can be: a letter by itself, a Roman number, or both.
pub(super) fn latin(chars: &[char]) -> Vec<Numeral> {
    let length = chars.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let word = &chars[..length];
    let is_upper = word.iter().all(char::is_ascii_uppercase);
    if !(1..=8).contains(&length) || !(is_upper || word.iter().all(char::is_ascii_lowercase)) {
        return Vec::new();
    }
    let (letters, numbers) =
        if is_upper { (Script::Upper, Script::RomanUpper) } else { (Script::Lower, Script::RomanLower) };
    let mut found = Vec::new();
    // After `z` comes `aa`, then `bb`.
    if length <= 2 && word.iter().all(|c| *c == word[0]) {
        let place = word[0].to_ascii_lowercase() as u16 - 'a' as u16 + 1;
        let rounds = u16::try_from(length - 1).unwrap_or(0);
        found.push(Numeral { script: letters, value: place + 26 * rounds, length });
    }
    if let Some(value) = roman(word) {
        found.push(Numeral { script: numbers, value, length });
    }
    found
}

fn roman(word: &[char]) -> Option<u16> {
    let digit = |c: &char| {
        ROMAN.iter().find(|(letter, _)| *letter == c.to_ascii_uppercase()).map(|(_, value)| *value)
    };
    let values: Vec<u16> = word.iter().map(digit).collect::<Option<_>>()?;
    let mut total = 0_i32;
    for (at, value) in values.iter().enumerate() {
        let is_taken_off = values.get(at + 1).is_some_and(|next| next > value);
        total += if is_taken_off { -i32::from(*value) } else { i32::from(*value) };
    }
    let value = u16::try_from(total).ok().filter(|value| (1..=MOST).contains(value))?;
    let is_canonical = print_roman(value).chars().eq(word.iter().map(char::to_ascii_uppercase));
    is_canonical.then_some(value)
}

/// What a single character can number: `③`, `㈢`, `Ⅲ`, `⒊`, a kana. The second value says with what mark it is closed.
pub(super) fn single(c: char) -> Vec<(Script, u16)> {
    let code = u32::from(c);
    let from = |first: u32, script, offset: u16| {
        u16::try_from(code - first).ok().map(|at| (script, at + offset)).into_iter().collect()
    };
    match code {
        0x2460..=0x2473 => from(0x2460, Script::Circled, 1),
        0x3251..=0x325f => from(0x3251, Script::Circled, 21),
        0x2160..=0x216b => from(0x2160, Script::RomanUpper, 1),
        0x2170..=0x217b => from(0x2170, Script::RomanLower, 1),
        _ => [(IROHA, Script::Iroha), (AIUEO, Script::Aiueo)]
            .into_iter()
            .filter_map(|(of, script)| ordinal(of, c).map(|value| (script, value)))
            .collect(),
    }
}

fn print_roman(mut value: u16) -> String {
    let mut printed = String::new();
    for (part, letters) in ROMAN_PARTS {
        while value >= part {
            value -= part;
            printed.push_str(letters);
        }
    }
    printed
}

fn print_chinese(value: u16) -> String {
    let digit = |value: u16| DIGITS.chars().nth(value.into()).unwrap_or('零');
    let (hundreds, tens, ones) = (value / 100, value / 10 % 10, value % 10);
    let mut printed = String::new();
    if hundreds > 0 {
        printed.extend([digit(hundreds), '百']);
    }
    match tens {
        0 if hundreds > 0 && ones > 0 => printed.push('零'),
        0 => {}
        1 if hundreds == 0 => printed.push('十'),
        _ => printed.extend([digit(tens), '十']),
    }
    if ones > 0 {
        printed.push(digit(ones));
    }
    printed
}

fn nth(of: &str, value: u16) -> String {
    of.chars().nth(usize::from(value).saturating_sub(1)).map(String::from).unwrap_or_default()
}

/// The number as this script prints it; empty where the script has none such.
pub(super) fn print(script: Script, value: u16) -> String {
    let letter = |first: u8| {
        let at = value.saturating_sub(1);
        let c = char::from(first + u8::try_from(at % 26).unwrap_or(0));
        String::from(c).repeat(usize::from(at / 26) + 1)
    };
    match script {
        Script::Arabic => value.to_string(),
        Script::Chinese => print_chinese(value),
        Script::RomanUpper => print_roman(value),
        Script::RomanLower => print_roman(value).to_ascii_lowercase(),
        Script::Upper => letter(b'A'),
        Script::Lower => letter(b'a'),
        Script::Circled => match u32::from(value) {
            value @ 1..=20 => char::from_u32(0x245f + value).map(String::from).unwrap_or_default(),
            value @ 21..=35 => char::from_u32(0x323c + value).map(String::from).unwrap_or_default(),
            _ => String::new(),
        },
        Script::Iroha => nth(IROHA, value),
        Script::Aiueo => nth(AIUEO, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn what_is_printed_is_read_again() {
        for value in 1..=MOST {
            let read = |script| chinese(&chars(&print(script, value))).map(|numeral| numeral.value);
            assert_eq!(read(Script::Chinese), Some(value));
            assert_eq!(roman(&chars(&print_roman(value))), Some(value));
        }
        for value in 1..=35 {
            let printed = print(Script::Circled, value).chars().next().unwrap();
            assert_eq!(single(printed), [(Script::Circled, value)]);
        }
    }

    #[test]
    fn letters_can_be_roman_numbers_and_words_are_neither() {
        let values = |text| latin(&chars(text)).into_iter().map(|numeral| numeral.value).collect::<Vec<_>>();
        assert_eq!(values("c"), [3, 100]);
        assert_eq!(values("A"), [1]);
        assert_eq!(values("iv"), [4]);
        assert_eq!(values("bb"), [28]);
        for none in ["", "iiii", "vx", "Ab", "the", "abcdefghij"] {
            assert_eq!(values(none), [0; 0], "{none}");
        }
    }

    #[test]
    fn numbers_out_of_shape_or_range_are_none() {
        for none in ["", "0", "01", "1000", "2024"] {
            assert_eq!(arabic(&chars(none)), None, "{none}");
        }
        for none in ["", "零", "十十", "百百", "一二三四", "二〇二四", "十百"] {
            assert_eq!(chinese(&chars(none)), None, "{none}");
        }
        for (text, value) in [("十", 10), ("二十", 20), ("一百零三", 103), ("一〇二", 102), ("叁", 3)]
        {
            assert_eq!(chinese(&chars(text)).map(|numeral| numeral.value), Some(value), "{text}");
        }
    }
}
