//! Files that are named to a command.

use std::fmt::Display;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::OperateError;
use crate::folder::in_words;

/// Why a file is not what it should be.
pub(super) fn unread(file: &Path, reason: impl Display) -> OperateError {
    OperateError::File { file: file.display().to_string(), reason: reason.to_string() }
}

/// The text of a file.
///
/// # Errors
/// Where it cannot be read, or is none.
pub(super) fn read(file: &Path) -> Result<String, OperateError> {
    std::fs::read_to_string(file).map_err(|error| unread(file, in_words(&error)))
}

/// What a JSON file of this form says.
///
/// # Errors
/// Where it cannot be read, or has another form.
pub(super) fn read_json<T: DeserializeOwned>(file: &Path, form: &str) -> Result<T, OperateError> {
    serde_json::from_str(&read(file)?).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            Category::Data => {
                unread(file, format!("it has another form at {place}; it must be JSON such as {form}"))
            }
            Category::Eof => {
                unread(file, format!("it ends before its JSON does; it must be JSON such as {form}"))
            }
            Category::Syntax | Category::Io => {
                unread(file, format!("it stops being JSON at {place}; it must be JSON such as {form}"))
            }
        }
    })
}
