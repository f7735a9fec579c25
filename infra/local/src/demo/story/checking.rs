//! Whether an answer is as a step says it should be.

use serde_json::{Value, json};

use super::{Seen, Story};
use crate::demo::DemoError;
use crate::demo::script::Step;

impl Story<'_> {
    /// What an answer does not have that it should.
    pub(super) fn lacking(&self, step: &Step, body: &Value) -> Result<Option<String>, DemoError> {
        for (pointer, wanted) in &step.has {
            let wanted = self.names.fill(wanted)?;
            let found = body.pointer(pointer);
            let right = if wanted == "*" {
                found.is_some_and(|found| !found.is_null())
            } else {
                found == Some(&wanted)
            };
            if !right {
                return Ok(Some(format!("{pointer} should be {wanted}, and is {found:?}")));
            }
        }
        Ok(step.lacks.iter().find(|pointer| body.pointer(pointer).is_some()).cloned())
    }

    /// What is wrong with the last answer.
    pub(super) fn wrong(&self, step: &Step) -> Result<Option<String>, DemoError> {
        let Seen { status, body, text } = &self.last;
        let refused = || Ok(Some(format!("{status} {text}")));
        let asks = step.get.is_some() || step.post.is_some() || step.pay.is_some();
        match step.status {
            Some(wanted) if asks && wanted != *status => return refused(),
            None if asks && !(200..300).contains(status) => return refused(),
            _ => {}
        }
        if step.code.as_ref().is_some_and(|code| body["code"] != *code) {
            return refused();
        }
        if let Some(wanted) = &step.text
            && *text != self.names.text(wanted)?
        {
            return Ok(Some("the text is another".to_owned()));
        }
        if let Some(beginning) = &step.begins
            && !text.starts_with(&self.names.text(beginning)?)
        {
            return Ok(Some(format!("it begins otherwise: {text}")));
        }
        let items = body.as_array().map_or(0, Vec::len);
        if step.count.is_some_and(|count| count != items) {
            return Ok(Some(format!("there are {items}")));
        }
        for (pointer, wanted) in &step.length {
            let found = body.pointer(pointer).and_then(Value::as_array).map(Vec::len);
            if json!(found) != self.names.fill(wanted)? {
                return Ok(Some(format!("{pointer} has {found:?} items")));
            }
        }
        self.lacking(step, body)
    }
}
