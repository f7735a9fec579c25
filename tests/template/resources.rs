//! The routes as the templates see them: by resource, each with what its function may do.

use std::collections::BTreeMap;

use market_functions::http::{Endpoint, Route, Visitor};
use market_functions::routes;

/// The routes of each resource of the API: a template of `infra/made/routes`.
pub struct Resources(pub BTreeMap<String, Vec<Route>>);

impl Resources {
    pub fn all() -> Self {
        let mut resources = Self(BTreeMap::new());
        routes::visit(&mut resources);
        resources
    }
}

impl Visitor for Resources {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        self.0.entry(route.resource.to_owned()).or_default().push(route);
    }
}

/// The methods by which a route is asked for, the operation's own first. What can be read answers a HEAD too (RFC 9110,
/// 9.3.2).
pub fn methods_of(route: &Route) -> Vec<String> {
    let name = route.method.as_str().to_lowercase();
    let head = (name == "get").then(|| "head".to_owned());
    [name].into_iter().chain(head).collect()
}

/// `place_order` as the name of a resource: `PlaceOrder`.
pub fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(word).collect()
}

/// A file of the project, by its path from the root.
pub fn path(file: &str) -> String {
    format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"))
}
