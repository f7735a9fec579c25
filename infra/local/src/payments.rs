//! A payment system on this machine: it signs reports of payments as the real one does.

use std::path::Path;

use jiff::Timestamp;
use market_ambient::{SystemEntropy, random};
use reqwest::header::HeaderMap;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::folder;

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
    /// Where the file cannot be read or written.
    pub fn open(file: &Path) -> std::io::Result<Self> {
        let key = match std::fs::read_to_string(file) {
            Ok(key) => key.trim().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes: [u8; 24] = random(&SystemEntropy);
                // Hexadecimal digits are base64 too, and make 36 bytes of it.
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let key = format!("whsec_{digits}");
                folder::replace(file, key.as_bytes())?;
                key
            }
            Err(error) => return Err(error),
        };
        Ok(Self { key })
    }

    /// The key that it shares with the market.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The headers that sign a report.
    ///
    /// # Panics
    /// Where the key in the file is none.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> HeaderMap {
        let signature = Webhook::new(&self.key)
            .and_then(|key| key.sign(id, at.as_second(), body))
            .expect("the payment system's key signs");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (HEADER_WEBHOOK_ID, id.to_owned()),
            (HEADER_WEBHOOK_TIMESTAMP, at.as_second().to_string()),
            (HEADER_WEBHOOK_SIGNATURE, signature),
        ] {
            headers.insert(name, value.parse().expect("digits, letters and punctuation"));
        }
        headers
    }
}
