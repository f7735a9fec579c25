//! What a route declares.

use std::any::TypeId;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

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

/// Where the paths of this version of the API begin.
pub const VERSION: &str = "/v1";

/// What stands beside the version: what tells of the market and its API as such.
pub const BESIDE: [&str; 6] = ["errors", "healthz", "readyz", "version", "openapi.json", "openapi-3.0.json"];

/// The address of a path, as a route declares it.
#[must_use]
pub fn versioned(path: &str) -> String {
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    if BESIDE.contains(&first) { path.to_owned() } else { format!("{VERSION}{path}") }
}

/// The path of an address, as a route declares it.
#[must_use]
pub fn unversioned(address: &str) -> &str {
    address.strip_prefix(VERSION).filter(|path| path.starts_with('/')).unwrap_or(address)
}

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
    /// Nothing is kept of it: it only reads, or what it does is harmless to do once more. A check counts again.
    Harmless,
    /// The `Idempotency-Key` that the caller has to send.
    ByKey,
    /// An id within the body, given by the sender's own system.
    ByContent,
}

/// What a route is to the market's operator: what it has to be there for, how much of it may come, and whether it may be
/// stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Checks of tokens, by data gateways: nearly all requests there are.
    Checks,
    /// Orders, and the money that is paid for them.
    Money,
    /// Acts by which a party takes back, ends or demands: nothing of the operator's may stand in their way.
    Protective,
    /// Everything else.
    Rest,
}

impl Class {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Checks, Self::Money, Self::Protective, Self::Rest];

    /// Its name, as parameters, alarms and figures have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checks => "Checks",
            Self::Money => "Money",
            Self::Protective => "Protective",
            Self::Rest => "Rest",
        }
    }
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
    /// Path, with `{parameters}`, without the version.
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
    /// How long a copy of its answer is good, where anyone may read it.
    pub copies: Copies,
    /// What it is to the operator.
    pub class: Class,
}

/// How long a copy of an answer is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// For ever: it never changes.
    ForEver,
    /// Until it is asked for again: then its tag tells whether it changed.
    WhileTheTagHolds,
    /// It is of the moment.
    Never,
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
            copies: Copies::WhileTheTagHolds,
            class: Class::Rest,
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

    /// The path that it answers at.
    #[must_use]
    pub fn address(&self) -> String {
        versioned(self.path)
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

    /// What it answers with never changes: a copy is good for ever.
    #[must_use]
    pub fn immutable(self) -> Self {
        Self { copies: Copies::ForEver, ..self }
    }

    /// What it answers with is of the moment: nobody keeps a copy.
    #[must_use]
    pub fn volatile(self) -> Self {
        Self { copies: Copies::Never, ..self }
    }

    /// The largest body, where it is another than usual.
    #[must_use]
    pub fn max_body_bytes(self, max_body_bytes: usize) -> Self {
        Self { max_body_bytes, ..self }
    }

    /// What it is to the operator, where it is not one of the rest.
    #[must_use]
    pub fn class(self, class: Class) -> Self {
        Self { class, ..self }
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

/// Where clients find the API, without a slash at its end, as the gateway or the listener knows it: an extension of the
/// request. The `Host` header is the client's own word, and is never read.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub Arc<str>);

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
    /// Where clients find the API; empty where that is not known.
    pub api: Arc<str>,
    /// Where the next page begins, once the reply is a page that has one.
    pub next: OnceLock<String>,
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
    type Body: DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static;
    /// Its reply.
    type Reply: Serialize + JsonSchema + Send;

    /// Its declaration.
    fn route() -> Route;

    /// Whether it takes a body.
    #[must_use]
    fn takes_body() -> bool {
        TypeId::of::<Self::Body>() != TypeId::of::<Nothing>()
    }

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
