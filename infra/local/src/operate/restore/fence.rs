//! The fence: while it stands on a table nobody writes to it, whatever role they have.
//!
//! It is a statement of the table's own policy that denies every write to everyone, so one call sets it, for all functions at
//! once, and a function that is deployed meanwhile is behind it too. Nothing else has to be stopped: a worker sends nothing
//! that it could not claim, the sweep hands out nothing that it could not lease, and what a caller asks for is refused with
//! nothing written. Reads go on. When it was set stands in the statement's id, which is where a command that goes on reads it.
//!
//! Whatever else the policy says stays.

use market_kernel::Timestamp;
use serde_json::{Value, json};

/// How the statement's id begins; the second at which it was set follows. Ids have letters and digits alone.
const SID: &str = "MarketRestore";

/// Every way to write an item. A transaction is asked for the ways of its items.
const WRITES: [&str; 7] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];

/// Since when the policy fences its table.
pub(super) fn since(policy: &str) -> Option<Timestamp> {
    statements(policy).iter().find_map(set_at)
}

/// The policy with the fence.
pub(super) fn with(policy: Option<&str>, table_arn: &str, at: Timestamp) -> String {
    let mut statements = policy.map(statements).unwrap_or_default();
    statements.retain(|statement| set_at(statement).is_none());
    statements.push(json!({
        "Sid": format!("{SID}{}", at.as_second()),
        "Effect": "Deny",
        "Principal": "*",
        "Action": WRITES,
        "Resource": table_arn,
    }));
    document(&statements)
}

/// The policy without the fence; none where it says nothing else.
pub(super) fn without(policy: &str) -> Option<String> {
    let mut statements = statements(policy);
    statements.retain(|statement| set_at(statement).is_none());
    (!statements.is_empty()).then(|| document(&statements))
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// Of a policy its statements; a single one need not be a list.
fn statements(policy: &str) -> Vec<Value> {
    let mut policy: Value = serde_json::from_str(policy).unwrap_or_default();
    match policy["Statement"].take() {
        Value::Array(statements) => statements,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn set_at(statement: &Value) -> Option<Timestamp> {
    let second = statement["Sid"].as_str()?.strip_prefix(SID)?;
    Timestamp::from_second(second.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws-cn:dynamodb:cn-north-1:000000000000:table/market";

    fn instant() -> Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_denies_every_write_to_everyone_and_tells_since_when() {
        let policy = with(None, ARN, instant());
        assert_eq!(since(&policy), Some(instant()));
        let policy: Value = serde_json::from_str(&policy).unwrap();
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!(statement["Principal"], "*");
        assert_eq!(statement["Resource"], ARN);
        let sid = statement["Sid"].as_str().unwrap();
        assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
        for action in statement["Action"].as_array().unwrap() {
            assert!(!action.as_str().unwrap().contains("Get"), "reads go on: {action}");
        }
    }

    #[test]
    fn what_else_the_policy_says_stays_when_it_is_set_and_when_it_is_lifted() {
        let other = r#"{"Version":"2012-10-17","Statement":{"Sid":"Auditors","Effect":"Allow","Principal":{"AWS":"1"},"Action":"dynamodb:GetItem","Resource":"*"}}"#;
        let fenced = with(Some(other), ARN, instant());
        assert_eq!(statements(&fenced).len(), 2);
        let again = with(Some(&fenced), ARN, instant());
        assert_eq!(statements(&again).len(), 2, "it stands once");
        let lifted = without(&again).unwrap();
        assert_eq!(statements(&lifted), statements(other));
        assert_eq!(
            without(&with(None, ARN, instant())),
            None,
            "nothing is left of a policy that was it alone"
        );
        assert_eq!(since(other), None);
    }
}
