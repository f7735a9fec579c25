//! Every code of a problem, once: those that are of no context, then those of each. What explains a code, and the pages
//! about them, are made from it. The market gets it at start, for the route that explains codes is one of a context.

use crate::http::{Code, problems};
use crate::{agreement, entrustment, market, parties, trade};

/// The codes, list by list.
pub const ALL: &[&[Code]] =
    &[problems::CODES, parties::CODES, agreement::CODES, trade::CODES, entrustment::CODES, market::CODES];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::{Endpoint, Visitor};
    use crate::routes;

    /// The names of the problems that routes declare as their own.
    #[derive(Default)]
    struct Declared(BTreeSet<&'static str>);

    impl Visitor for Declared {
        fn visit<E: Endpoint>(&mut self) {
            self.0.extend(E::route().problems.iter().map(|code| code.name()));
        }
    }

    #[test]
    fn no_two_codes_have_one_name() {
        let names: Vec<_> = ALL.iter().copied().flatten().map(|code| code.name()).collect();
        let once: BTreeSet<_> = names.iter().collect();
        assert_eq!(once.len(), names.len(), "{names:?}");
    }

    #[test]
    fn a_code_of_a_context_is_declared_by_a_route_and_what_a_route_declares_is_explained() {
        let mut declared = Declared::default();
        routes::visit(&mut declared);
        let of_no_context: BTreeSet<_> = problems::CODES.iter().map(|code| code.name()).collect();
        let all: BTreeSet<_> = ALL.iter().copied().flatten().map(|code| code.name()).collect();
        let of_contexts: BTreeSet<_> = all.difference(&of_no_context).copied().collect();
        assert_eq!(
            of_contexts.difference(&declared.0).collect::<Vec<_>>(),
            [&""; 0],
            "no route answers with it"
        );
        assert_eq!(declared.0.difference(&all).collect::<Vec<_>>(), [&""; 0], "no list has it");
    }
}
