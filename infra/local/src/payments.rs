//! A payment system on this machine: it signs reports of payments as the real one does.

use std::path::Path;

use jiff::Timestamp;
use market_ambient::{SystemEntropy, random};
use market_outside::signing;
use reqwest::header::HeaderMap;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::folder::{self, FolderError};

/// The length of a report's id in its header.
const MAX_ID: usize = 128;

/// Signs payment reports.
#[derive(Clone)]
pub struct PaymentSystem {
    key: String,
}

impl std::fmt::Debug for PaymentSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaymentSystem")
    }
}

impl PaymentSystem {
    /// The payment system whose key lies in a file; the key is made where the file does not exist.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or holds no such key.
    pub fn open(file: &Path) -> Result<Self, FolderError> {
        let key = folder::kept(file, || {
            let bytes: [u8; 24] = random(&SystemEntropy);
            // Hexadecimal digits are base64 too, and make 36 bytes of it.
            let digits = bytes.map(|byte| format!("{byte:02x}")).concat();
            Ok(format!("whsec_{digits}").into_bytes())
        })?;
        let key = String::from_utf8(key).ok().map(|key| key.trim().to_owned());
        let key = key.filter(|key| signing::key(key).is_ok()).ok_or_else(|| FolderError::Broken {
            file: file.to_owned(),
            what: "the payment system's key",
            remedy: "restore it from a backup, or delete it: another is made for both sides",
        })?;
        Ok(Self { key })
    }

    /// The key that it shares with the market.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The headers that sign a report. What no header can carry is left out of its id; the report itself says which
    /// payment it is of.
    ///
    /// # Panics
    /// Never: what is put into the headers is made here.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> HeaderMap {
        let id: String = id.chars().filter(char::is_ascii_graphic).take(MAX_ID).collect();
        let signature = Webhook::new(&self.key)
            .and_then(|key| key.sign(&id, at.as_second(), body))
            .expect("a key that was read signs");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (HEADER_WEBHOOK_ID, id),
            (HEADER_WEBHOOK_TIMESTAMP, at.as_second().to_string()),
            (HEADER_WEBHOOK_SIGNATURE, signature),
        ] {
            headers.insert(name, value.parse().expect("digits, letters and punctuation"));
        }
        headers
    }
}
