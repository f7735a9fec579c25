//! Which part of the one artifact a function is: Lambda hands a custom runtime its `Handler` property as
//! `_HANDLER`.

use std::str::FromStr;

use market_kernel::aggregate::Lane;

use crate::http::{Endpoint, Visitor};
use crate::routes;

/// A part of the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handler {
    /// `api/<operation>`: one route; `api`, or no name at all: every route.
    Api(Option<String>),
    /// `worker/<lane>`: the worker of one lane's queue.
    Worker(Lane),
    /// `sweep`: hands out what has become due.
    Sweep,
    /// `relay`: hands out what a commit made due at once.
    Relay,
    /// `authorizer`: tells the gateway who is calling.
    Authorizer,
    /// `checks`: answers batches of checks to gateways inside the account, which invoke it themselves.
    Checks,
    /// `feedback`: records what SES learns of an e-mail after it took it.
    Feedback,
}

/// No part has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no handler is called {0:?}; there are api, api/<operation>, worker/<lane>, sweep, relay, authorizer, checks and feedback"
)]
pub struct UnknownHandler(String);

/// Every handler's name, as the template may use it.
#[must_use]
pub fn names() -> Vec<String> {
    struct Names(Vec<String>);
    impl Visitor for Names {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push(format!("api/{}", E::route().operation));
        }
    }
    let mut names = Names(vec!["api".to_owned()]);
    routes::visit(&mut names);
    names.0.extend(Lane::ALL.iter().map(|lane| format!("worker/{lane}")));
    names.0.extend(["sweep", "relay", "authorizer", "checks", "feedback"].map(str::to_owned));
    names.0
}

impl FromStr for Handler {
    type Err = UnknownHandler;

    fn from_str(name: &str) -> Result<Self, UnknownHandler> {
        let unknown = || UnknownHandler(name.to_owned());
        match name.split_once('/') {
            None => match name {
                "" | "api" => Ok(Self::Api(None)),
                "sweep" => Ok(Self::Sweep),
                "relay" => Ok(Self::Relay),
                "authorizer" => Ok(Self::Authorizer),
                "checks" => Ok(Self::Checks),
                "feedback" => Ok(Self::Feedback),
                _ => Err(unknown()),
            },
            Some(("api", operation)) if names().iter().any(|known| known == name) => {
                Ok(Self::Api(Some(operation.to_owned())))
            }
            Some(("worker", lane)) => lane.parse().map(Self::Worker).map_err(|_| unknown()),
            Some(_) => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_handler_and_nothing_else_is() {
        for name in names() {
            assert!(name.parse::<Handler>().is_ok(), "{name}");
        }
        for unknown in ["bootstrap", "api/", "api/drop_table", "worker/", "worker/none", "sweep/x"] {
            assert!(unknown.parse::<Handler>().is_err(), "{unknown}");
        }
    }
}
