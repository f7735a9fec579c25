//! The way in: what the market is, sign in as anyone, where to go on.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use market_identity::Role;

use super::{OWN, openapi, operations, page};
use crate::routes::Local;

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    url: &'a str,
    release: &'static str,
    /// Where the API says who a token is.
    me: String,
    operations: usize,
    roles: [Shown; 5],
}

/// A role, to people.
struct Shown {
    name: &'static str,
    title: &'static str,
    does: &'static str,
    /// Whom one may be, for a beginning.
    subject: &'static str,
}

impl From<Role> for Shown {
    fn from(role: Role) -> Self {
        let (title, does, subject) = match role {
            Role::Merchant => {
                ("Merchant", "accepts the agreement, orders, grants data and takes it back", "shop-1")
            }
            Role::Provider => ("Provider", "offers listings, delivers, deletes data", "northwind"),
            Role::Operator => {
                ("Operator", "publishes documents, admits parties, looks after what is stuck", "ops")
            }
            Role::DataGateway => {
                ("Data gateway", "checks grant tokens before it gives data out", "gateway-1")
            }
            Role::Upstream => ("Upstream platform", "tells when it ends a merchant’s access", "upstream"),
        };
        Self { name: role.name(), title, does, subject }
    }
}

pub(super) async fn start(State(local): State<Arc<Local>>) -> Response {
    let document = openapi();
    let me = operations(&document).find(|(_, _, operation)| operation["operationId"] == "get_me");
    let start = Start {
        url: &local.url,
        release: env!("CARGO_PKG_VERSION"),
        me: me.map(|(path, _, _)| path.to_owned()).unwrap_or_default(),
        operations: operations(&document).count(),
        roles: Role::ALL.map(Shown::from),
    };
    page(&start, OWN)
}
