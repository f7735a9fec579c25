//! The key by which subjects become ids on this machine. It is made on the first start and kept in the data folder:
//! with another one everyone would be someone else.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use market_ambient::{SystemEntropy, random};
use market_identity::{SubjectRule, Subjects};

use crate::folder::{self, FolderError};

/// The key in a file; it is made where the file does not exist.
///
/// # Errors
/// Where the file cannot be read or written, or holds no key.
pub fn open(file: &Path) -> Result<String, FolderError> {
    let key = folder::kept(file, || Ok(STANDARD.encode(random::<32>(&SystemEntropy)).into_bytes()))?;
    let key = String::from_utf8(key).ok();
    key.filter(|key| Subjects::given(key, SubjectRule::Lawful).is_ok()).ok_or_else(|| FolderError::Broken {
        file: file.to_owned(),
        what: "the key by which subjects become ids",
        remedy: "restore it from a backup; with another one everyone whose id was derived is someone else",
    })
}
