//! How a character is displayed: visibly, invisibly, or by changing the direction of the text.
//!
//! A name that shows nothing names nobody, and one that turns text is not the name that is seen. Both are told by
//! the characters' Unicode properties (UTS 39, UAX 9), not by a list of ours, which would be out of date.

use std::ops::Range;

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint, VariationSelector,
    WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Blanks that Unicode counts among the symbols: the braille pattern without dots, the notehead that is none.
const BLANKS: [char; 2] = ['\u{2800}', '\u{1d159}'];
/// What joins or parts two letters, or makes one picture of two; it has its place within what shows.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn is_selector(c: char) -> bool {
    CodePointSetData::new::<VariationSelector>().contains(c)
}

/// Whether a reader sees something of it. A mark alone does not count: it shows upon another character.
fn shows(c: char) -> bool {
    use GeneralCategory::{Control, EnclosingMark, Format, NonspacingMark};
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    !(shows_nothing(c) || matches!(category, Control | Format | NonspacingMark | EnclosingMark))
}

/// White space, and characters that are not displayed.
fn shows_nothing(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c) || is_ignorable(c) || BLANKS.contains(&c)
}

/// Whether a reader sees something of a text.
pub fn show(text: &str) -> bool {
    text.chars().any(shows)
}

/// A text without what shows nothing at its ends. A selector at the end chooses the form of what it follows.
pub fn trimmed(text: &str) -> &str {
    text.trim_start_matches(shows_nothing).trim_end_matches(|c| shows_nothing(c) && !is_selector(c))
}

/// Whether it belongs in no text of anyone's: it turns what is shown, breaks a line where the clauses' reader sees
/// none, carries what no reader sees, or means something to its sender alone (private use, what is not assigned yet).
#[must_use]
pub fn is_unfit(c: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator, PrivateUse, Unassigned};
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(category, Control | LineSeparator | ParagraphSeparator | PrivateUse | Unassigned)
        || CodePointSetData::new::<BidiControl>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        // Formats that Unicode advises against, annotations between lines, what stands for an object, and tags.
        || matches!(c, '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffc}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether it hides within a line: two lines that differ in it alone look the same.
#[must_use]
pub fn hides(c: char) -> bool {
    is_ignorable(c) && !is_selector(c) && !JOINERS.contains(&c)
}

/// The lines of a text, as ranges of bytes; each has its line end.
pub fn line_ranges(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let length = match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(at) if rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n') => at + 2,
            Some(at) => at + 1,
            None => rest.len(),
        };
        let range = start..start + length;
        start = range.end;
        Some(range)
    })
}

/// The first character that a document's text must not have, and the number of its line. Tabs and line breaks of
/// every system are kept: the text is kept to the byte.
#[must_use]
pub fn unfit_in_document(text: &str) -> Option<(usize, char)> {
    (1..).zip(line_ranges(text)).find_map(|(number, line)| {
        text[line]
            .chars()
            .find(|c| is_unfit(*c) && !matches!(c, '\t' | '\r' | '\n'))
            .map(|found| (number, found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_told_from_what_shows() {
        for nothing in
            "\u{200b}\u{2060}\u{3164}\u{115f}\u{1160}\u{ffa0}\u{2800}\u{feff}\u{ad}\u{34f}\u{180e}\u{200d}\u{fe0f}\u{301}\u{3000} \t\n"
                .chars()
        {
            assert!(!shows(nothing), "{nothing:?}");
        }
        for something in "a好𠮷👍．١\u{ac00}\u{1100}".chars() {
            assert!(shows(something), "{something:?}");
        }
    }

    #[test]
    fn a_documents_text_keeps_its_tabs_and_breaks_and_names_the_line_of_what_it_must_not_have() {
        assert_eq!(unfit_in_document("\u{feff}1.甲\r\n\t乙\r丙\n"), None);
        assert_eq!(unfit_in_document("1.甲\n1.1乙\u{202e}\n"), Some((2, '\u{202e}')));
        assert_eq!(unfit_in_document("1.甲\r1.1乙\r\n1.2\u{202e}"), Some((3, '\u{202e}')));
        for unfit in "\0\u{b}\u{85}\u{2028}\u{2066}\u{e000}\u{e0041}\u{fffe}".chars() {
            assert_eq!(unfit_in_document(&format!("甲{unfit}")), Some((1, unfit)), "{unfit:?}");
        }
    }
}
