//! The key by which subjects become ids on this machine. It is made on the first start and kept in the data folder:
//! with another one everyone would be someone else.

use std::io::ErrorKind;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use market_ambient::{SystemEntropy, random};

use crate::folder;

/// The key in a file; it is made where the file does not exist.
///
/// # Errors
/// Where the file cannot be read or written.
pub fn open(file: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(key) => Ok(key),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = STANDARD.encode(random::<32>(&SystemEntropy));
            folder::replace(file, key.as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}
