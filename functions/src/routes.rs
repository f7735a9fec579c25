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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::cursor::List;
    use crate::http::describe::Describer;
    use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
    use crate::wire::parties::ActorView;

    #[test]
    fn a_name_that_is_used_both_ways_says_the_same_both_ways() {
        let mut describer = Describer::default();
        visit(&mut describer);
        let (going_out, coming_in) = describer.schemas();
        let both: Vec<_> = going_out.keys().filter(|name| coming_in.contains_key(*name)).collect();
        assert!(both.len() > 20, "{both:?}");
        for name in both {
            assert_eq!(going_out[name], coming_in[name], "{name}");
        }
    }

    #[derive(Debug)]
    struct Added;

    impl Endpoint for Added {
        type Path = Nothing;
        type Query = Nothing;
        type Body = Nothing;
        type Reply = List<ActorView>;

        fn route() -> Route {
            Route::get("list_added", "added", "/added")
        }

        async fn decide(_: &Call<Self>, _: &Market) -> Result<Outcome<Self::Reply>, Problem> {
            Err(Problem::not_found())
        }
    }

    #[test]
    fn a_list_that_is_added_renames_no_other() {
        let names = |walk: &dyn Fn(&mut Describer)| {
            let mut describer = Describer::default();
            walk(&mut describer);
            let document = describer.document(&[]);
            let schemas = document["components"]["schemas"].as_object().unwrap();
            schemas.keys().cloned().collect::<Vec<_>>()
        };
        let before = names(&|describer| visit(describer));
        let mut after = names(&|describer| {
            describer.visit::<Added>();
            visit(describer);
        });
        after.retain(|name| name != "ActorPage");
        assert_eq!(before, after);
    }
}
