//! Who runs a market in samples and in tests. Nothing here is anyone's.

use std::sync::Arc;

use jiff::Timestamp;

use crate::occasion::Occasion;
use crate::party::{Actor, Operator};
use crate::salt::Salts;

/// Why the samples here cannot fail.
const LAWFUL: &str = "a sample is lawful";

/// Who runs the sample's market.
///
/// # Panics
/// Never: what is written here is lawful.
#[must_use]
pub fn operator() -> Operator {
    Operator {
        name_zh: "服务市场示例运营有限公司".try_into().expect(LAWFUL),
        name_en: "Sample Market Ltd.".try_into().expect(LAWFUL),
        official_address: "notices@market.example.com".to_owned().try_into().expect(LAWFUL),
    }
}

/// An occasion in the sample's market.
#[must_use]
pub fn occasion(at: Timestamp, actor: Actor) -> Occasion {
    Occasion {
        at,
        actor,
        request: "r".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(operator()),
    }
}
