//! Lines put into lists of lines.

/// Puts a line among those that begin so, in their order; none of them is there: at the end.
pub fn insert_sorted(text: &str, beginning: &str, line: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_of_it = |at: &usize| lines[*at].starts_with(beginning);
    let after = (0..lines.len()).filter(is_of_it).find(|at| lines[*at] > line);
    let at = after.or_else(|| (0..lines.len()).rfind(is_of_it).map(|at| at + 1)).unwrap_or(lines.len());
    insert_at(&lines, at, line)
}

/// Puts a line behind the last that contains this, or, without one, behind the last that contains the other.
pub fn insert_behind(text: &str, containing: &str, otherwise: &str, line: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let last = |what: &str| lines.iter().rposition(|line| line.contains(what));
    let at = last(containing).or_else(|| last(otherwise))?;
    Some(insert_at(&lines, at + 1, line))
}

/// Declares a module where the file's are declared: before what it uses.
pub fn declare_module(text: &str, module: &str) -> String {
    let line = format!("mod {module};");
    if text.lines().any(|line| line.starts_with("mod ")) {
        return insert_sorted(text, "mod ", &line);
    }
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("use ")).unwrap_or(lines.len());
    insert_at(&lines, at, &format!("{line}\n"))
}

/// Imports something, unless it is imported; what has no path needs no import.
pub fn import(text: &str, path: &str) -> String {
    let Some((module, name)) = path.rsplit_once("::") else { return text.to_owned() };
    let names = |used: &str| used.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    let uses = text.split("\nuse ").skip(1).filter_map(|used| used.split(';').next());
    if uses.filter_map(|used| used.strip_prefix(module)).any(names) {
        return text.to_owned();
    }
    let line = format!("use {path};");
    // What is the crate's own stands apart, behind the rest.
    match module.starts_with("self") && !text.contains("\nuse self::") {
        true => insert_sorted(text, "use crate::", &line),
        false if module.starts_with("self") => insert_sorted(text, "use self::", &line),
        false => insert_sorted(text, "use ", &line),
    }
}

fn insert_at(lines: &[&str], at: usize, line: &str) -> String {
    let (before, after) = lines.split_at(at);
    let mut text = String::new();
    for line in before.iter().chain([&line]).chain(after) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_finds_its_place_among_its_like() {
        let list = "//! x\n\nmod a;\nmod c;\n\npub use a::A;\n";
        assert_eq!(
            insert_sorted(list, "mod ", "mod b;"),
            "//! x\n\nmod a;\nmod b;\nmod c;\n\npub use a::A;\n"
        );
        assert!(insert_sorted(list, "mod ", "mod d;").contains("mod c;\nmod d;\n\n"));
        assert!(insert_sorted(list, "pub use ", "pub use d::D;").ends_with("pub use a::A;\npub use d::D;\n"));
        assert!(insert_sorted(list, "use ", "use z;").ends_with("use z;\n"));
    }

    #[test]
    fn a_module_is_declared_once_before_what_the_file_uses() {
        assert_eq!(declare_module("//! x\n\nuse a::A;\n", "b"), "//! x\n\nmod b;\n\nuse a::A;\n");
        assert_eq!(declare_module("//! x\n\nmod a;\n\nuse c;\n", "b"), "//! x\n\nmod a;\nmod b;\n\nuse c;\n");
    }

    #[test]
    fn what_is_imported_alone_or_with_others_is_not_imported_again() {
        let file = "//! x\n\nuse a::{B, C};\nuse d::E;\n\nuse crate::F;\n";
        for known in ["a::B", "a::C", "d::E", "String"] {
            assert_eq!(import(file, known), file, "{known}");
        }
        assert!(
            import(file, "a::D").contains("use a::{B, C};\nuse d::E;")
                && import(file, "a::D").contains("use a::D;\n")
        );
        assert!(import(file, "b::G").contains("use a::{B, C};\nuse b::G;\nuse d::E;\n"));
        assert!(import(file, "self::h::H").contains("\nuse crate::F;\nuse self::h::H;\n"));
    }

    #[test]
    fn a_line_goes_behind_the_last_of_its_own_or_behind_all() {
        let list = "f {\n v(a::A);\n v(a::B);\n v(c::C);\n}\n";
        let with = |own: &str| insert_behind(list, own, "v(", " new").unwrap();
        assert_eq!(with("a::"), "f {\n v(a::A);\n v(a::B);\n new\n v(c::C);\n}\n");
        assert_eq!(with("b::"), "f {\n v(a::A);\n v(a::B);\n v(c::C);\n new\n}\n");
        assert_eq!(insert_behind(list, "no", "nor", "new"), None);
    }
}
