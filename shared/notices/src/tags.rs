//! The tags of an e-mail by SES: the notice's id and its recipient's partition, so that what SES learns of it later finds
//! the notice without an index.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use market_kernel::keys::Partition;

/// The tag with the notice's id.
pub const NOTICE_TAG: &str = "notice";
/// The tag with its recipient's partition, in base64: a tag's value has few other characters.
pub const RECIPIENT_TAG: &str = "recipient";

/// What the tag says of a recipient's partition.
#[must_use]
pub fn recipient_tag(partition: &Partition) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(partition.as_str())
}

/// The partition that a recipient's tag names.
#[must_use]
pub fn recipient_of_tag(value: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_read_from_its_tag_as_it_was_written_and_from_no_other_text() {
        for partition in ["account#shop-1", "provider#northwind"] {
            let tag = recipient_tag(&Partition::stored(partition));
            assert!(tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{tag}");
            assert_eq!(recipient_of_tag(&tag).as_deref(), Some(partition));
        }
        for other in ["account#shop-1", "YQ==", "_w"] {
            assert_eq!(recipient_of_tag(other), None, "{other}");
        }
    }
}
