//! Keys of the Standard Webhooks scheme: `whsec_` and the base64 of 24 to 64 bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use standardwebhooks::Webhook;

/// The text is not a valid key. It is not included in the error: it may be part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key must be `whsec_` and the base64 of 24 to 64 bytes")]
pub struct BadKey;

/// Reads a key. The library alone would take one without its prefix, of any length: even an empty one, by
/// which everyone can sign.
///
/// # Errors
/// Where it is none.
pub fn key(text: &str) -> Result<Webhook, BadKey> {
    let bytes = text.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok()).ok_or(BadKey)?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(BadKey);
    }
    Webhook::from_bytes(bytes).map_err(|_| BadKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_prefix_and_its_length() {
        let of = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for length in [24, 32, 64] {
            assert!(key(&of(length)).is_ok(), "{length}");
        }
        for length in [0, 1, 23, 65] {
            assert!(key(&of(length)).is_err(), "{length}");
        }
        for text in ["", "changeme", "whsec_?", of(32).trim_start_matches("whsec_")] {
            assert!(key(text).is_err(), "{text}");
        }
    }
}
