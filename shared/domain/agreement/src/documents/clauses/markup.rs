//! What Markdown and HTML mark in a line: emphasis, links, tags, blanks.

/// How far a link or a tag is looked for, in bytes: no more than a line of text has, and a bound on hostile lines.
const MARKUP_BYTES: usize = 512;

pub(super) enum Emphasis {
    None,
    Light,
    Bold,
}

/// What a run of `*` or `_` means between two characters.
pub(super) fn emphasis(mark: char, run: usize, before: Option<char>, after: Option<char>) -> Emphasis {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    if is_blank(before) && is_blank(after) && run < 4 {
        return Emphasis::None;
    }
    match (mark, run) {
        ('*', 1) if is_word(before) && is_word(after) => Emphasis::None,
        ('*', 1) => Emphasis::Light,
        ('*', 2 | 3) => Emphasis::Bold,
        // `____` is a blank to fill in; `a__b` a name.
        ('_', 2 | 3) if !(is_word(before) && is_word(after)) => Emphasis::Bold,
        _ => Emphasis::None,
    }
}

pub(super) struct Link {
    pub close: usize,
    pub end: usize,
    /// Whether it leads to a place of the same text.
    pub is_within: bool,
}

pub(super) fn find_link(content: &str, at: usize) -> Option<Link> {
    let window = bounded(&content[at..]);
    let close = window.find("](")?;
    let target = close + 2;
    let end = target + window[target..].find(')')?;
    let is_within = window[target..].starts_with('#');
    Some(Link { close: at + close, end: at + end + 1, is_within })
}

pub(super) enum Tag {
    Bold { opens: bool },
    Heading(u8),
    Break,
    Other,
}

pub(super) struct FoundTag {
    pub kind: Tag,
    pub end: usize,
}

/// The tags of text. Whatever else stands between `<` and `>` is what the text says.
pub(super) fn find_tag(content: &str, at: usize) -> Option<FoundTag> {
    let window = bounded(&content[at..]);
    let close = window.find('>')?;
    let inside = &window[1..close];
    let opens = !inside.starts_with('/');
    let name = inside.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next()?.to_ascii_lowercase();
    let kind = match name.as_str() {
        "b" | "strong" => Tag::Bold { opens },
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if opens => Tag::Heading(name.as_bytes()[1] - b'0'),
        "br" => Tag::Break,
        "i" | "em" | "u" | "s" | "a" | "p" | "div" | "span" | "font" | "small" | "sup" | "sub" | "mark"
        | "center" | "ul" | "ol" | "li" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            Tag::Other
        }
        _ => return None,
    };
    Some(FoundTag { kind, end: at + close + 1 })
}

pub(super) fn blank_entity(rest: &str) -> Option<usize> {
    ["&nbsp;", "&ensp;", "&emsp;", "&#160;", "&#12288;"]
        .into_iter()
        .find(|name| rest.starts_with(name))
        .map(str::len)
}

/// The beginning of a text, at most as long as markup is looked for.
fn bounded(text: &str) -> &str {
    let mut end = text.len().min(MARKUP_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
