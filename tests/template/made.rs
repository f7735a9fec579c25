//! Templates as data. The parts that are written by hand (`parts/`) are read, their blanks filled, what is one of many
//! repeated, and the whole written by a library, so that no template is put together from pieces of text.

use std::borrow::Cow;

use saphyr::{LoadableYamlNode, Mapping, Scalar, ScalarStyle, Tag, Yaml, YamlEmitter};
use serde_json::Value;

/// A piece of a template.
pub type Node = Yaml<'static>;

/// What blanks (`<Name>`) stand for, by their names.
pub type Blanks<'a> = [(&'a str, &'a str)];

/// A part that is written by hand.
pub fn read(part: &'static str) -> Node {
    Yaml::load_from_str(part).expect("a part is YAML").remove(0)
}

pub fn text(value: impl Into<String>) -> Node {
    Yaml::Value(Scalar::String(Cow::Owned(value.into())))
}

pub fn number(value: u32) -> Node {
    Yaml::Value(Scalar::Integer(value.into()))
}

pub fn list(items: impl IntoIterator<Item = Node>) -> Node {
    Yaml::Sequence(items.into_iter().collect())
}

pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Node {
    Yaml::Mapping(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

/// `!Sub …`, `!Ref …`, `!GetAtt …`.
pub fn call(function: &str, of: impl Into<String>) -> Node {
    text(of).into_tagged(Cow::Owned(Tag { handle: "!".to_owned(), suffix: function.to_owned() }))
}

/// Fills blanks, in keys too.
pub fn fill(node: Node, blanks: &Blanks<'_>) -> Node {
    match node {
        Yaml::Value(Scalar::String(value)) => {
            let put = |text: String, (name, value): &(&str, &str)| text.replace(&format!("<{name}>"), value);
            text(blanks.iter().fold(value.into_owned(), put))
        }
        Yaml::Sequence(items) => list(items.into_iter().map(|item| fill(item, blanks))),
        Yaml::Mapping(entries) => Yaml::Mapping(
            entries.into_iter().map(|(key, value)| (fill(key, blanks), fill(value, blanks))).collect(),
        ),
        Yaml::Tagged(tag, inner) => Yaml::Tagged(tag, Box::new(fill(*inner, blanks))),
        other => other,
    }
}

/// Repeats what names one of these blanks: entries by their keys, and whatever of a list is no mapping. Once for each
/// `of` them.
pub fn repeat(node: Node, of: &[Vec<(&str, &str)>]) -> Node {
    let names = || of.iter().flatten().map(|(name, _)| format!("<{name}>"));
    match node {
        Yaml::Sequence(items) => list(items.into_iter().flat_map(|item| {
            if !matches!(item, Yaml::Mapping(_)) && names().any(|name| mentions(&item, &name)) {
                of.iter().map(|blanks| fill(item.clone(), blanks)).collect()
            } else {
                vec![repeat(item, of)]
            }
        })),
        Yaml::Mapping(entries) => Yaml::Mapping(
            entries
                .into_iter()
                .flat_map(|(key, value)| {
                    if names().any(|name| mentions(&key, &name)) {
                        let one = |blanks: &Vec<_>| (fill(key.clone(), blanks), fill(value.clone(), blanks));
                        of.iter().map(one).collect()
                    } else {
                        vec![(key, repeat(value, of))]
                    }
                })
                .collect(),
        ),
        Yaml::Tagged(tag, inner) => Yaml::Tagged(tag, Box::new(repeat(*inner, of))),
        other => other,
    }
}

fn mentions(node: &Node, name: &str) -> bool {
    match node {
        Yaml::Value(Scalar::String(value)) => value.contains(name),
        Yaml::Sequence(items) => items.iter().any(|item| mentions(item, name)),
        Yaml::Mapping(entries) => {
            entries.iter().any(|(key, value)| mentions(key, name) || mentions(value, name))
        }
        Yaml::Tagged(_, inner) => mentions(inner, name),
        _ => false,
    }
}

/// What lies at the end of a path of keys and places in lists, through tags.
pub fn at<'a>(node: &'a mut Node, path: &[&str]) -> &'a mut Node {
    let Some((step, rest)) = path.split_first() else { return node };
    let next = match node {
        Yaml::Tagged(_, inner) => return at(inner, path),
        Yaml::Mapping(entries) => entries.get_mut(&text(*step)),
        Yaml::Sequence(items) => items.get_mut(step.parse::<usize>().expect("a place in a list")),
        _ => None,
    };
    at(next.unwrap_or_else(|| panic!("there is no {step}")), rest)
}

pub fn entries(node: &mut Node) -> &mut Mapping<'static> {
    node.as_mapping_mut().expect("a mapping")
}

pub fn items(node: &mut Node) -> &mut Vec<Node> {
    node.as_sequence_mut().expect("a list")
}

pub fn remove(node: &mut Node, key: &str) -> Option<Node> {
    entries(node).remove(&text(key))
}

/// Puts more into a mapping, at every depth; what is there and no mapping is replaced.
pub fn join(into: &mut Node, more: Node) {
    match (into, more) {
        (Yaml::Mapping(into), Yaml::Mapping(more)) => {
            for (key, value) in more {
                match into.get_mut(&key) {
                    Some(there) => join(there, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, more) => *into = more,
    }
}

/// The same as JSON, for what AWS takes as a text of JSON.
pub fn json(node: &Node) -> Value {
    match node {
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            let key = |key: &Node| key.as_str().expect("a text").to_owned();
            Value::Object(entries.iter().map(|(name, value)| (key(name), json(value))).collect())
        }
        other => panic!("{other:?} is no JSON"),
    }
}

/// A template as it is committed.
pub fn write(node: Node) -> String {
    let mut written = String::new();
    let mut emitter = YamlEmitter::new(&mut written);
    emitter.multiline(true);
    emitter.dump(&with_quoted_dates(node)).expect("it can be written");
    let body = written.strip_prefix("---\n").expect("a document");
    // The emitter leaves a space behind a tag whose value begins on the next line.
    format!(
        "# Made from the code and tests/template/parts; see CONTRIBUTING.md.\n{}\n",
        body.replace(" \n", "\n")
    )
}

/// To readers of YAML 1.1, as those of templates are, a bare 2012-10-17 is a date.
fn with_quoted_dates(node: Node) -> Node {
    match node {
        Yaml::Value(Scalar::String(value)) if value.parse::<jiff::civil::Date>().is_ok() => {
            Yaml::Representation(value, ScalarStyle::SingleQuoted, None)
        }
        Yaml::Sequence(items) => list(items.into_iter().map(with_quoted_dates)),
        Yaml::Mapping(entries) => {
            Yaml::Mapping(entries.into_iter().map(|(key, value)| (key, with_quoted_dates(value))).collect())
        }
        Yaml::Tagged(tag, inner) => Yaml::Tagged(tag, Box::new(with_quoted_dates(*inner))),
        other => other,
    }
}
