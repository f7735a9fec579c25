//! What a route declares.

use std::future::Future;
use std::net::IpAddr;

use axum::http::{HeaderMap, Method};
use market_identity::{Principal, Role, VerifiedCaller};
use market_kernel::change::Change;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::occasion::Occasion;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::market::Market;
use super::problem::{Code, Problem};

/// The largest body, in bytes, where a route says nothing else.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// Who may call a route.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Anyone, without a token.
    Public,
    /// Holders of a token with one of these roles.
    Roles(&'static [Role]),
    /// The payment system, by its signature over the body.
    PaymentSignature,
}

/// What makes a repeated request harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// It only reads, or counts.
    Harmless,
    /// The `Idempotency-Key` that the caller has to send.
    ByKey,
    /// An id within the body, given by the sender's own system.
    ByContent,
}

/// A route's declaration; the only place where each of these things is said.
#[derive(Debug, Clone)]
pub struct Route {
    /// The operation's id: `revoke_grant`. Also the name of its Lambda handler.
    pub operation: &'static str,
    /// The operation's id in earlier releases, where it had another: requests are told apart by it, so that one which was
    /// sent before the change is still known as the same.
    pub first_called: Option<&'static str>,
    /// The resource that it belongs to: `grants`. Its functions stand in one stack, and one role may invoke them.
    pub resource: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path, with `{parameters}`.
    pub path: &'static str,
    /// One sentence for the API description.
    pub summary: &'static str,
    /// What it does and when it is refused, for whoever integrates it.
    pub about: &'static str,
    /// The clauses that it carries out.
    pub clauses: &'static [&'static str],
    /// Who may call it.
    pub access: Access,
    /// What makes a repeat harmless.
    pub repeats: Repeats,
    /// The status of success.
    pub status: u16,
    /// The problems that only this route can answer with.
    pub problems: &'static [Code],
    /// The largest body that it takes, in bytes.
    pub max_body_bytes: usize,
}

impl Route {
    const fn new(
        method: Method,
        operation: &'static str,
        resource: &'static str,
        path: &'static str,
        repeats: Repeats,
    ) -> Self {
        Self {
            operation,
            first_called: None,
            resource,
            method,
            path,
            summary: "",
            about: "",
            clauses: &[],
            access: Access::Public,
            repeats,
            status: 200,
            problems: &[],
            max_body_bytes: MAX_BODY_BYTES,
        }
    }

    /// A route that reads; public, until roles are named.
    #[must_use]
    pub const fn get(operation: &'static str, resource: &'static str, path: &'static str) -> Self {
        Self::new(Method::GET, operation, resource, path, Repeats::Harmless)
    }

    /// A route that changes something, once for each idempotency key.
    #[must_use]
    pub const fn post(operation: &'static str, resource: &'static str, path: &'static str) -> Self {
        Self::new(Method::POST, operation, resource, path, Repeats::ByKey)
    }

    /// The scope that opens it to a token that has scopes: `orders:read`, `orders:write`.
    #[must_use]
    pub fn scope(&self) -> String {
        let verb = if self.method == Method::GET { "read" } else { "write" };
        format!("{}:{verb}", self.resource)
    }

    /// Under the id that it had first.
    #[must_use]
    pub fn first_called(self, operation: &'static str) -> Self {
        Self { first_called: Some(operation), ..self }
    }

    /// One sentence for the API description.
    #[must_use]
    pub fn summary(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// What it does and when it is refused, for whoever integrates it.
    #[must_use]
    pub fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    /// The clauses that it carries out.
    #[must_use]
    pub fn clauses(self, clauses: &'static [&'static str]) -> Self {
        Self { clauses, ..self }
    }

    /// Only for callers of these roles.
    #[must_use]
    pub fn roles(self, roles: &'static [Role]) -> Self {
        Self { access: Access::Roles(roles), ..self }
    }

    /// Only for the payment system.
    #[must_use]
    pub fn signed_by_payments(self) -> Self {
        Self { access: Access::PaymentSignature, repeats: Repeats::ByContent, ..self }
    }

    /// What makes a repeat harmless, where it is not the idempotency key.
    #[must_use]
    pub fn repeats(self, repeats: Repeats) -> Self {
        Self { repeats, ..self }
    }

    /// Success creates something: status 201.
    #[must_use]
    pub fn creates(self) -> Self {
        Self { status: 201, ..self }
    }

    /// The largest body, where it is another than usual.
    #[must_use]
    pub fn max_body_bytes(self, max_body_bytes: usize) -> Self {
        Self { max_body_bytes, ..self }
    }

    /// The problems that only this route can answer with.
    #[must_use]
    pub fn problems(self, problems: &'static [Code]) -> Self {
        Self { problems, ..self }
    }
}

/// A path whose parameters say whose things are asked for.
pub trait Owned {
    /// The merchant whose things they are.
    fn account(&self) -> Option<&AccountId> {
        None
    }
    /// The provider whose things they are.
    fn provider(&self) -> Option<&ProviderId> {
        None
    }
}

/// No path parameters, no query, no body.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl Owned for Nothing {}

/// The network address that sent a request, as the gateway or the connection reports it: an extension of the
/// request. A header such as `X-Forwarded-For` is the client's own word, and is never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerAddress(pub IpAddr);

/// A request, decoded and authenticated.
#[derive(Debug)]
pub struct Call<E: Endpoint + ?Sized> {
    /// Path parameters.
    pub path: E::Path,
    /// Query parameters.
    pub query: E::Query,
    /// The body.
    pub body: E::Body,
    /// The caller; none on public routes.
    pub caller: Option<VerifiedCaller>,
    /// When, by whom and in which request.
    pub occasion: Occasion,
    /// The request's headers: what the client says, and no more than that.
    pub headers: HeaderMap,
    /// The network address that it came from.
    pub address: Option<IpAddr>,
    /// Where the page's cursor goes on.
    pub after: Option<String>,
    /// What names the query, for binding cursors to it.
    pub query_id: Sha256Hash,
}

impl<E: Endpoint + ?Sized> Call<E> {
    /// Whether a provider calls.
    #[must_use]
    pub fn is_provider(&self) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.principal.role == Role::Provider)
    }

    /// Whether the caller may see a thing of this provider's: the provider itself, or anyone who is not a
    /// provider (their own rights are checked by the path).
    ///
    /// # Errors
    /// "Not found": a thing that one may not see answers like one that does not exist (invariant 8).
    pub fn may_see(&self, provider: &ProviderId) -> Result<(), Problem> {
        match self.caller.as_ref().map(|caller| &caller.principal) {
            Some(Principal { role: Role::Provider, subject, .. }) if subject != provider.as_str() => {
                Err(Problem::not_found())
            }
            _ => Ok(()),
        }
    }
}

/// What a route decided.
#[derive(Debug)]
pub enum Outcome<R> {
    /// The reply; nothing is written.
    Reply(R),
    /// The change to commit, the reply to it, and where the created thing is.
    Commit {
        /// What to write.
        change: Box<Change>,
        /// What to answer.
        reply: R,
        /// The path of the created thing.
        location: Option<String>,
    },
    /// Exact bytes.
    Content {
        /// Its media type.
        media_type: &'static str,
        /// The bytes.
        content: String,
    },
}

impl<R> Outcome<R> {
    /// A change and its reply.
    pub fn commit((reply, change): (R, Change)) -> Self {
        Self::Commit { change: Box::new(change), reply, location: None }
    }

    /// A change that creates something, its reply, and the path of the created thing.
    pub fn created((reply, change): (R, Change), location: String) -> Self {
        Self::Commit { change: Box::new(change), reply, location: Some(location) }
    }

    /// The same outcome with another form of its reply.
    pub fn map<S>(self, f: impl FnOnce(R) -> S) -> Outcome<S> {
        match self {
            Self::Reply(reply) => Outcome::Reply(f(reply)),
            Self::Commit { change, reply, location } => Outcome::Commit { change, reply: f(reply), location },
            Self::Content { media_type, content } => Outcome::Content { media_type, content },
        }
    }
}

/// One route.
pub trait Endpoint: Send + Sync + 'static {
    /// Its path parameters.
    type Path: DeserializeOwned + JsonSchema + Owned + Clone + Send + Sync;
    /// Its query parameters; they may include `cursor` and `limit`.
    type Query: DeserializeOwned + JsonSchema + Clone + Send + Sync;
    /// Its body.
    type Body: DeserializeOwned + JsonSchema + Clone + Send + Sync;
    /// Its reply.
    type Reply: Serialize + JsonSchema + Send;

    /// Its declaration.
    fn route() -> Route;

    /// Loads what is needed and decides. Called again when the state moved before the commit.
    fn decide(
        call: &Call<Self>,
        market: &Market,
    ) -> impl Future<Output = Result<Outcome<Self::Reply>, Problem>> + Send;
}

/// Walks the list of routes.
pub trait Visitor {
    /// Sees one route.
    fn visit<E: Endpoint>(&mut self);
}
