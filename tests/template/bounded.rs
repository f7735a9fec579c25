//! No role that a market's templates make may do more than the boundary that an administrator set (`infra/apart/access.yaml`):
//! whoever deploys decides what functions do, and cannot make a role by which a person could do anything.

use crate::made::{Node, at, entries, join, read};

/// The same template, each of its roles within the boundary, where one is set.
pub fn bounded(mut template: Node) -> Node {
    let mut part = read(include_str!("parts/bounded.yaml"));
    let bound = at(&mut part, &["Role"]).clone();
    for section in ["Parameters", "Conditions"] {
        join(at(&mut template, &[section]), at(&mut part, &[section]).clone());
    }
    for (_, resource) in entries(at(&mut template, &["Resources"])).iter_mut() {
        if at(resource, &["Type"]).as_str() == Some("AWS::IAM::Role") {
            join(at(resource, &["Properties"]), bound.clone());
        }
    }
    template
}
