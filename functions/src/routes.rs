//! Every route, once: the list that routing, the API description, the templates and the tests are made from. A folder for
//! each context, in it one for each resource, in that a file for each route.

use crate::http::Visitor;
use crate::{agreement, entrustment, market, parties, trade};

/// What each resource is, as the API description says it.
#[must_use]
pub fn resources() -> Vec<(&'static str, &'static str)> {
    [parties::RESOURCES, agreement::RESOURCES, trade::RESOURCES, entrustment::RESOURCES, market::RESOURCES]
        .concat()
}

/// Visits the routes of every context.
pub fn visit(visitor: &mut impl Visitor) {
    agreement::visit(visitor);
    parties::visit(visitor);
    trade::visit(visitor);
    entrustment::visit(visitor);
    market::visit(visitor);
}
