//! Texts that have to be short.

use unicode_segmentation::UnicodeSegmentation;

/// A text of at most so many characters: what is cut off leaves `…`, and nothing is cut within what a reader
/// sees as one character.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut kept = String::new();
    for seen in text.graphemes(true) {
        let Some(after) = left.checked_sub(seen.chars().count()) else { break };
        left = after;
        kept.push_str(seen);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_what_a_reader_sees_as_characters() {
        assert_eq!(cut("北风订单助手", 6), "北风订单助手");
        assert_eq!(cut("北风订单助手", 5), "北风订单…");
        assert_eq!(cut("ab c", 4), "ab c");
        assert_eq!(cut("ab cd", 4), "ab…");
        for whole in ["👨‍👩‍👧", "👍🏽", "🇨🇳", "e\u{301}"] {
            let text = format!("a{whole}{whole}");
            for most in 2..text.chars().count() {
                let kept = cut(&text, most);
                assert!(kept.chars().count() <= most);
                assert!(["a…".to_owned(), format!("a{whole}…")].contains(&kept), "{kept:?}");
            }
        }
    }
}
