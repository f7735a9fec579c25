//! What each handler may do at the table, kept here as IAM keeps it on AWS.
//!
//! `infra/permissions.json` says it once. The roles in the templates are made from it, and this market refuses a
//! call that it does not allow, before it is sent. So whatever runs here, tests and demo included, shows that no
//! action is missing. A [`Witness`] is told what was done: the acceptance tests keep that, and what all of them did
//! together shows that none is in surplus (`tests/template/permissions.rs`, which also writes the file anew).
//!
//! Inside a transaction each item counts as the action that IAM asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::Intercept;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use market_functions::handler::Handler;
use market_functions::http::{Endpoint, Visitor};
use market_functions::routes;

use crate::reads::Pending;

/// The actions that handlers need, by handler and by resource (`table`, `index/<name>`).
pub type Table = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The committed list, as it was when this was built.
const COMMITTED: &str = include_str!("../../permissions.json");

tokio::task_local! {
    /// Whose turn it is.
    static TURN: Turn;
}

/// One request or wake-up of a handler.
struct Turn {
    handler: String,
    pending: Mutex<Pending>,
}

/// Who is told what handlers do at the table: each deed every time, in the task that does it.
pub trait Witness: Debug + Send + Sync {
    /// A call that was allowed. The action is IAM's (`dynamodb:GetItem`), the resource as in [`Table`].
    fn acted(&self, handler: &str, resource: &str, action: &str);

    /// A kind of thing that a decision read, and that its commit did not rest on.
    fn read(&self, handler: &str, kind: &str);
}

/// What handlers may do.
#[derive(Debug, Clone)]
pub struct Permissions {
    /// None while they are being learnt.
    allowed: Option<Arc<Table>>,
    witness: Option<Arc<dyn Witness>>,
}

/// A call that the handler's role does not allow.
#[derive(Debug, thiserror::Error)]
#[error("{handler} is not authorized to perform {action} on {resource} (infra/permissions.json)")]
struct AccessDenied {
    handler: String,
    action: String,
    resource: String,
}

impl Permissions {
    /// The committed ones, kept.
    ///
    /// # Panics
    /// Where the committed file is not a list of permissions, which its test excludes.
    #[must_use]
    pub fn committed() -> Self {
        Self::kept(serde_json::from_str(COMMITTED).expect("infra/permissions.json lists actions"))
    }

    /// These, kept: whatever else handlers try is refused.
    #[must_use]
    pub fn kept(allowed: Table) -> Self {
        Self { allowed: Some(Arc::new(allowed)), witness: None }
    }

    /// Whatever handlers do is allowed.
    #[must_use]
    pub const fn learning() -> Self {
        Self { allowed: None, witness: None }
    }

    /// The same, before the eyes of a witness.
    #[must_use]
    pub fn witnessed_by(self, witness: Arc<dyn Witness>) -> Self {
        Self { witness: Some(witness), ..self }
    }

    /// Does something as a handler.
    pub async fn of_handler<T>(handler: &str, work: impl Future<Output = T>) -> T {
        TURN.scope(Turn { handler: handler.to_owned(), pending: Mutex::default() }, work).await
    }

    /// The same routes, each as its own handler.
    pub(crate) fn of_routes(routes: axum::Router) -> axum::Router {
        let names = Arc::new(RouteNames::all());
        routes.layer(from_fn(move |request: Request, next: Next| {
            let names = Arc::clone(&names);
            async move {
                let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
                // What is asked for without its body is read all the same.
                let method =
                    if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
                match path.and_then(|path| names.0.get(&(method, path.to_owned()))) {
                    Some(name) => Self::of_handler(name, next.run(request)).await,
                    None => next.run(request).await,
                }
            }
        }))
    }

    fn check(&self, resource: &str, action: &str) -> Result<(), AccessDenied> {
        // Whoever is no handler (the local market itself, a test that looks around) has every right.
        let Ok(handler) = TURN.try_with(|turn| turn.handler.clone()) else { return Ok(()) };
        let action = format!("dynamodb:{action}");
        let allowed = self.allowed.as_ref().is_none_or(|allowed| {
            allowed
                .get(&handler)
                .and_then(|resources| resources.get(resource))
                .is_some_and(|actions| actions.contains(&action))
        });
        if !allowed {
            return Err(AccessDenied { handler, action, resource: resource.to_owned() });
        }
        if let Some(witness) = &self.witness {
            witness.acted(&handler, resource, &action);
        }
        Ok(())
    }

    /// Takes note of what a turn reads, and of what its commit does not rest on.
    fn note(&self, input: &Input) {
        // Whoever is no handler decides nothing.
        let _ = TURN.try_with(|turn| {
            let unrelied = turn.pending.lock().unwrap_or_else(PoisonError::into_inner).note(input);
            for kind in unrelied {
                if let Some(witness) = &self.witness {
                    witness.read(&turn.handler, &kind);
                }
            }
        });
    }
}

/// Routes by method and path.
struct RouteNames(BTreeMap<(Method, String), String>);

impl RouteNames {
    fn all() -> Self {
        let mut names = Self(BTreeMap::new());
        routes::visit(&mut names);
        names
    }
}

impl Visitor for RouteNames {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        let name = format!("api/{}", route.operation);
        debug_assert!(name.parse::<Handler>().is_ok());
        self.0.insert((route.method.clone(), route.address()), name);
    }
}

impl Intercept for Permissions {
    fn name(&self) -> &'static str {
        "permissions"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut aws_sdk_dynamodb::config::ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        self.note(input);
        let table = "table";
        if input.downcast_ref::<GetItemInput>().is_some() {
            self.check(table, "GetItem")?;
        } else if input.downcast_ref::<BatchGetItemInput>().is_some() {
            self.check(table, "BatchGetItem")?;
        } else if input.downcast_ref::<PutItemInput>().is_some() {
            self.check(table, "PutItem")?;
        } else if input.downcast_ref::<UpdateItemInput>().is_some() {
            self.check(table, "UpdateItem")?;
        } else if let Some(query) = input.downcast_ref::<QueryInput>() {
            let index = query.index_name().map(|index| format!("index/{index}"));
            self.check(index.as_deref().unwrap_or(table), "Query")?;
        } else if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
            for item in transaction.transact_items() {
                self.check(table, action_of(item))?;
            }
        } else {
            self.check(table, "another call")?;
        }
        Ok(())
    }
}

fn action_of(item: &TransactWriteItem) -> &'static str {
    match item {
        TransactWriteItem { put: Some(_), .. } => "PutItem",
        TransactWriteItem { update: Some(_), .. } => "UpdateItem",
        TransactWriteItem { delete: Some(_), .. } => "DeleteItem",
        _ => "ConditionCheckItem",
    }
}
