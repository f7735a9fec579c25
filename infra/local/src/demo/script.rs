//! The story as data, `story.json`. It is written once and played twice: here, on a clock that is set ahead, and by
//! `tests/template/story.py` on a deployed market, where time is real. A player adds only what the other cannot have.
//!
//! A step says one sentence and asks the market one thing. The sentence is under `do` (it must succeed, or the story
//! ends), `refused` (with this status and code), `expect` (what follows holds) or `until` (it holds as soon as the
//! workers are done); a step without one only reads. What is asked is `get`, `post`, `all` (a whole list), `pay` (a
//! signed report of the payment system) or `notice`; an `expect` that asks nothing looks at the last answer. `has`
//! gives values by JSON pointer, where `*` is anything that is there. `keep` gives names to parts of the answer, and
//! `{name}` in any text is what that name stands for.

use std::collections::BTreeMap;

use jiff::{Span, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::DemoError;

/// Values by name.
pub(super) type Values = Map<String, Value>;

/// The whole story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// When the clock stands still first.
    pub begins: Timestamp,
    /// Who plays, as role and subject.
    pub players: BTreeMap<String, (String, String)>,
    /// What an operator would mark prominent, as far as the document has it.
    pub prominent: Vec<String>,
    /// Bodies and paths that are used more than once, filled in when they are used.
    pub names: Values,
    /// Steps that are played more than once.
    pub parts: BTreeMap<String, Vec<Step>>,
    /// In their order.
    pub chapters: Vec<Chapter>,
}

/// Which player alone plays something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Only {
    /// This one.
    Demo,
    /// The one on a deployed market.
    Deployed,
}

/// A chapter, with its title.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chapter {
    pub chapter: String,
    pub only: Option<Only>,
    #[serde(default)]
    pub with: Values,
    pub steps: Vec<Step>,
}

/// What a notice is found by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The path of the list that shows it, such as `accounts/shop-1`.
    pub to: String,
    pub about: String,
    pub channel: String,
}

/// On which days a party was told of something in the market, counted from an instant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Days {
    pub to: String,
    pub about: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub are: Vec<u32>,
}

/// A payment as the payment system reports it; when it was made is the player's to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    pub payment_id: String,
    pub account_id: String,
    pub order_id: String,
    /// A name, or a number.
    pub amount_fen: Value,
}

/// One step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub only: Option<Only>,
    /// Names for this step and those that follow.
    #[serde(default)]
    pub with: Values,

    /// A part to play: once, or for each value of a list under this name.
    pub part: Option<String>,
    pub each: Option<String>,
    pub of: Option<Value>,
    /// A scene of the player's own.
    pub play: Option<String>,

    /// Lets time pass, and everything that is due in it happen.
    pub pass: Option<Span>,
    /// The same up to an instant, or to a little less.
    pub to: Option<String>,
    pub less: Option<Span>,
    /// Moves the clock to an instant and lets no worker run.
    pub clock: Option<String>,
    /// Waits until the workers have nothing to do.
    #[serde(default)]
    pub settle: bool,
    /// A `do` takes a minute, so that the timeline shows what followed from it; this one does not.
    #[serde(default)]
    pub at_once: bool,

    #[serde(rename = "do")]
    pub act: Option<String>,
    pub refused: Option<String>,
    pub expect: Option<String>,
    pub until: Option<String>,
    /// A sentence that is only told.
    pub tell: Option<String>,

    pub by: Option<String>,
    pub get: Option<String>,
    pub post: Option<String>,
    pub all: Option<String>,
    pub pay: Option<Payment>,
    pub notice: Option<Wanted>,
    pub days: Option<Days>,
    /// The body of a `post`, and what is otherwise in it this time.
    pub body: Option<Value>,
    #[serde(default)]
    pub but: Values,
    /// An idempotency key; a fresh one otherwise.
    pub key: Option<String>,

    /// A success where none is named.
    pub status: Option<u16>,
    pub code: Option<String>,
    #[serde(default)]
    pub has: Values,
    #[serde(default)]
    pub lacks: Vec<String>,
    /// The whole text, or how it begins.
    pub text: Option<String>,
    pub begins: Option<String>,
    /// How many items a whole list has, and lists within the answer.
    pub count: Option<usize>,
    #[serde(default)]
    pub length: Values,
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

impl Script {
    /// The story that this binary was built with.
    pub fn read() -> Result<Self, DemoError> {
        serde_json::from_str(include_str!("story.json"))
            .map_err(|error| DemoError::Stuck(format!("story.json: {error}")))
    }
}

/// What the names of the story stand for.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Filled in whenever they are used.
    templates: Values,
    /// As they are: what the market said is never taken for a template.
    known: Values,
}

impl Names {
    pub fn new(templates: Values) -> Self {
        Self { templates, known: Values::new() }
    }

    pub fn learn(&mut self, name: &str, value: Value) {
        self.known.insert(name.to_owned(), value);
    }

    /// Learns values after filling them in.
    pub fn learn_all(&mut self, values: &Values) -> Result<(), DemoError> {
        for (name, value) in values {
            let value = self.fill(value)?;
            self.learn(name, value);
        }
        Ok(())
    }

    fn value(&self, name: &str) -> Result<Value, DemoError> {
        match (self.known.get(name), self.templates.get(name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(template)) => self.fill(template),
            (None, None) => Err(DemoError::Stuck(format!("nothing is named {name:?}"))),
        }
    }

    /// The value with every `{name}` in its texts replaced. A text that is only a name becomes what it stands for,
    /// of whatever type.
    pub fn fill(&self, value: &Value) -> Result<Value, DemoError> {
        Ok(match value {
            Value::String(text) => {
                let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                match name.filter(|name| !name.contains('{')) {
                    Some(name) => self.value(name)?,
                    None => self.text(text)?.into(),
                }
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?,
            Value::Object(fields) => fields
                .iter()
                .map(|(name, field)| Ok((name.clone(), self.fill(field)?)))
                .collect::<Result<Values, DemoError>>()?
                .into(),
            other => other.clone(),
        })
    }

    /// A text with every name replaced.
    pub fn text(&self, text: &str) -> Result<String, DemoError> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else {
                return Err(DemoError::Stuck(format!("a name does not end: {text}")));
            };
            filled.push_str(before);
            match self.value(name)? {
                Value::String(value) => filled.push_str(&value),
                other => filled.push_str(&other.to_string()),
            }
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        let templates =
            json!({ "path": "/accounts/{shop}", "body": { "shown": "{list}", "to": ["{shop}!"] } });
        let mut names = Names::new(templates.as_object().unwrap().clone());
        names.learn("shop", json!("shop-1"));
        names.learn("list", json!(["1.1"]));
        names.learn("said", json!("not {a} name"));
        names
    }

    #[test]
    fn a_name_alone_keeps_its_type_and_within_a_text_becomes_text() {
        let filled = names().fill(&json!(["{body}", "{path}/x", "{list}"])).unwrap();
        assert_eq!(filled, json!([{ "shown": ["1.1"], "to": ["shop-1!"] }, "/accounts/shop-1/x", ["1.1"]]));
    }

    #[test]
    fn what_the_market_said_is_never_taken_for_a_template() {
        assert_eq!(names().text("it says: {said}").unwrap(), "it says: not {a} name");
    }

    #[test]
    fn an_unknown_name_stops_the_story() {
        assert!(names().fill(&json!({ "deep": ["{nobody}"] })).is_err());
        assert!(names().text("no {end").is_err());
    }

    /// A step with two sentences or two requests would be played in part, and the rest of it prove nothing.
    #[test]
    fn every_step_says_one_sentence_and_asks_one_thing() {
        let script = Script::read().unwrap();
        for step in
            script.parts.values().chain(script.chapters.iter().map(|chapter| &chapter.steps)).flatten()
        {
            let said = [&step.act, &step.refused, &step.expect, &step.until, &step.tell];
            assert!(said.into_iter().flatten().count() <= 1, "{step:?}");
            let asked = [
                step.get.is_some(),
                step.post.is_some(),
                step.all.is_some(),
                step.pay.is_some(),
                step.notice.is_some(),
                step.days.is_some(),
            ];
            let asked = asked.into_iter().filter(|asked| *asked).count();
            assert!(asked <= 1, "{step:?}");
            let alone = step.act.is_some() || step.refused.is_some() || step.until.is_some();
            assert!(!alone || asked == 1, "nothing is asked: {step:?}");
            let wants = !step.has.is_empty() || !step.length.is_empty() || step.days.is_some();
            let wants = wants || step.text.is_some() || step.begins.is_some() || step.count.is_some();
            assert!(step.expect.is_none() || wants || asked == 1, "nothing is expected: {step:?}");
        }
    }
}
