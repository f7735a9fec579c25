//! Around every route: limits, identity, ownership, idempotency, deciding again, encoding.
//!
//! Idempotency is optimistic: a fresh request pays nothing for it beyond one more item in its own
//! transaction. Only if that item exists already, or the decision is a refusal, is the saved reply
//! looked up. So an effect can happen once for a key, whatever is lost or repeated in between.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, Uri, header};
use axum::routing::{MethodFilter, on};
use futures_util::FutureExt;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use market_identity::{IdentityError, Principal, Role, VerifiedCaller, bearer};
use market_kernel::hash::Sha256Hash;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, PartyId};
use market_kernel::salt::Salts;
use market_store::{CommitError, SavedReply, Submission};
use tracing::Instrument;

use super::answered::{Answered, request_span};
use super::cursor;
use super::endpoint::{
    Access, Call, CallerAddress, Endpoint, Outcome, Owned, PublicUrl, Repeats, Route, Visitor, unversioned,
};
use super::json;
use super::market::{Callers, Market};
use super::problem::{Asked, Problem};
use super::reply::{self, JSON, respond};
use super::{problems, query, repeats};

/// How long a body may take to arrive, from the end of the headers on.
pub const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How often a request is decided again when the state moves under it.
const MAX_DECISIONS: u32 = 4;
/// The headers of a reply that clients are meant to read, beside what every page may read of one (CORS).
pub const EXPOSED_HEADERS: &str = "Location, x-request-id, Retry-After, Idempotent-Replayed, ETag, Link, WWW-Authenticate, x-amzn-remapped-www-authenticate";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A router of all the routes that `walk` shows it; only of `operation`, where one is named.
pub fn router(market: Arc<Market>, operation: Option<&str>, walk: impl FnOnce(&mut Routes<'_>)) -> Router {
    let mut routes = Routes { router: Router::new(), operation };
    walk(&mut routes);
    routes
        .router
        .method_not_allowed_fallback(async |State(market): State<Arc<Market>>, request: Request| {
            nowhere(&market, &request, &Problem::new(problems::METHOD_NOT_ALLOWED))
        })
        .fallback(async |State(market): State<Arc<Market>>, request: Request| {
            nowhere(&market, &request, &Problem::not_found())
        })
        .with_state(market)
}

/// Collects routes into a router.
#[derive(Debug)]
pub struct Routes<'a> {
    router: Router<Arc<Market>>,
    operation: Option<&'a str>,
}

impl Visitor for Routes<'_> {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        if self.operation.is_some_and(|only| only != route.operation) {
            return;
        }
        let method = MethodFilter::try_from(route.method.clone()).expect("routes use standard methods");
        self.router = std::mem::take(&mut self.router).route(&route.address(), on(method, serve::<E>));
    }
}

fn request_id(market: &Market) -> String {
    format!("{:032x}", u128::from_be_bytes(market.random()))
}

/// The answer where no route is.
fn nowhere(market: &Market, request: &Request, problem: &Problem) -> Response<Body> {
    let id = request_id(market);
    let _entered = request_span("-", &id).entered();
    let mut response = problem.response(&Asked { id: &id, api: &api(request) });
    Answered::by_no_route(request.method().clone()).tell(&mut response);
    finish(&mut response, &id);
    response
}

/// Where the API is; empty where nobody said so.
fn api(request: &Request) -> Arc<str> {
    request.extensions().get::<PublicUrl>().map_or_else(|| "".into(), |PublicUrl(url)| Arc::clone(url))
}

/// What every response has.
fn finish(response: &mut Response<Body>, request_id: &str) {
    reply::set(response, REQUEST_ID, request_id);
    reply::keep_no_copy(response);
}

async fn serve<E: Endpoint>(State(market): State<Arc<Market>>, request: Request) -> Response<Body> {
    let id = request_id(&market);
    let route = E::route();
    let api = api(&request);
    let span = request_span(route.operation, &id);
    let mut answered = Answered::begin(&route);
    async {
        let role = &mut answered.role;
        let result =
            AssertUnwindSafe(answer::<E>(&market, &route, request, (&id, &api), role)).catch_unwind().await;
        let result = result.unwrap_or_else(|_| {
            tracing::error!("a route panicked");
            Err(Problem::new(problems::INTERNAL))
        });
        let mut response = match result {
            Ok(response) => response,
            Err(problem) => {
                if problem.code == problems::CORRUPT {
                    market.raise_corruption_alarm();
                }
                problem.response(&Asked { id: &id, api: &api })
            }
        };
        answered.tell(&mut response);
        finish(&mut response, &id);
        response
    }
    .instrument(span)
    .await
}

async fn answer<E: Endpoint>(
    market: &Market,
    route: &Route,
    request: Request,
    (request_id, api): (&str, &Arc<str>),
    role: &mut Option<Role>,
) -> Result<Response<Body>, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = match route.access {
        Access::Roles(roles) => Some(authenticate(market, &parts, route, roles, role).await?),
        Access::Public | Access::PaymentSignature => None,
    };
    let principal = caller.as_ref().map(|verified| verified.principal.clone());
    let path = path_of::<E>(&mut parts).await?;
    own(&path, principal.as_ref())?;
    let query = query::parse::<E::Query>(&parts.uri)?;
    let (query_id, after) = page_of(route, &parts)?;
    let bytes = read(body, route.max_body_bytes).await?;
    // Everything has arrived: this is the instant of the decision, at which the caller's token must hold too.
    let now = market.clock.now();
    if let Some(caller) = &caller {
        caller.at(now).map_err(|reason| refused(reason.into()))?;
    }
    if matches!(route.access, Access::PaymentSignature) {
        let keys = market.payments.as_ref().ok_or(Problem::new(problems::INTERNAL))?;
        keys.verify(&parts.headers, &bytes, now).await?;
    }
    let key = match route.repeats {
        Repeats::ByKey => Some(repeats::key(&parts)?),
        Repeats::Harmless | Repeats::ByContent => None,
    };
    let body: E::Body = if matches!(route.access, Access::PaymentSignature) {
        json::signed(&bytes)?
    } else if route.method == Method::GET || bytes.is_empty() && !E::takes_body() {
        // The body of a GET means nothing (RFC 9110, 9.3.1).
        json::parse(NO_FIELDS)?
    } else if E::takes_body() && !is_json(&parts) {
        return Err(Problem::new(problems::UNSUPPORTED_MEDIA_TYPE));
    } else {
        json::parse(&bytes)?
    };
    let submission = match (key, &principal) {
        (Some(key), Some(principal)) => {
            let said = if bytes.is_empty() { NO_FIELDS } else { &bytes };
            Some(repeats::submission(route, &mut parts, principal, key, said).await)
        }
        _ => None,
    };
    let occasion = Occasion {
        at: now,
        actor: actor(principal.as_ref(), route)?,
        request: request_id.to_owned(),
        salts: Salts::drawn(market.random()),
        operator: Arc::clone(&market.operator),
    };
    let address = parts.extensions.get::<CallerAddress>().map(|address| address.0);
    let (headers, api, next) = (parts.headers, Arc::clone(api), OnceLock::new());
    let call =
        Call::<E> { path, query, body, caller, occasion, headers, address, after, query_id, api, next };
    decide(market, &Around { route, uri: parts.uri }, call, submission).await
}

/// The fields of an action that has none.
const NO_FIELDS: &[u8] = b"{}";

fn is_json(parts: &Parts) -> bool {
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.and_then(|given| given.split(';').next()).is_some_and(|t| t.trim().eq_ignore_ascii_case(JSON))
}

/// What a reply is made with, besides what was decided.
struct Around<'a> {
    route: &'a Route,
    uri: Uri,
}

impl Around<'_> {
    /// The address of the next page, as a link (RFC 8288).
    fn next_page(&self, api: &str, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let asked = form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes());
        query.extend_pairs(asked.filter(|(name, _)| name != "cursor")).append_pair("cursor", cursor);
        format!("<{api}{}?{}>; rel=\"next\"", self.uri.path(), query.finish())
    }
}

/// Decides, commits, and encodes; decides again on the state that another request left.
async fn decide<E: Endpoint>(
    market: &Market,
    around: &Around<'_>,
    mut call: Call<E>,
    submission: Option<Submission>,
) -> Result<Response<Body>, Problem> {
    for decision in 1..=MAX_DECISIONS {
        let (change, reply, location) = match E::decide(&call, market).await {
            Ok(Outcome::Content { media_type, content }) => {
                return Ok(reply::read(around.route, &call.headers, media_type, content));
            }
            Ok(Outcome::Reply(reply)) => {
                let mut response = reply::read(around.route, &call.headers, JSON, encode(&reply)?);
                if let Some(cursor) = call.next.get() {
                    reply::set(&mut response, header::LINK, &around.next_page(&call.api, cursor));
                }
                return Ok(response);
            }
            Ok(Outcome::Commit { change, reply, location }) => (change, reply, location),
            Err(problem) => {
                let asked = Asked { id: &call.occasion.request, api: &call.api };
                return refuse(market, problem, submission.as_ref(), &asked, call.occasion.at).await;
            }
        };
        let body = encode(&reply)?;
        let saved = submission.as_ref().map(|submission| SavedReply {
            fingerprint: submission.fingerprint.clone(),
            status: around.route.status,
            location: location.clone(),
            body: body.clone(),
        });
        match market.store.commit(&change, submission.as_ref().zip(saved.as_ref())).await {
            Ok(()) => return Ok(respond(around.route.status, JSON, location.as_deref(), body)),
            Err(CommitError::AlreadyAnswered) => {
                let submission = submission.as_ref().ok_or(Problem::new(problems::INTERNAL))?;
                return replay(market, submission, call.occasion.at)
                    .await?
                    .ok_or(Problem::new(problems::CONTENDED));
            }
            Err(CommitError::Conflict) => {
                if decision < MAX_DECISIONS {
                    let [jitter] = market.random::<1>();
                    tokio::time::sleep(pause(jitter)).await;
                }
                call.occasion.at = market.clock.now();
            }
            Err(CommitError::Behind(newest)) => call.occasion.at = newest,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Problem::new(problems::CONTENDED))
}

/// The pause before the next decision, by chance: 20 to 200 ms, so that those who met do not meet again.
fn pause(jitter: u8) -> Duration {
    Duration::from_millis(20 + u64::from(jitter) * 180 / 255)
}

/// A refusal: of a request that took effect before, its saved reply is the answer. What the state decided
/// is saved itself.
async fn refuse(
    market: &Market,
    problem: Problem,
    submission: Option<&Submission>,
    asked: &Asked<'_>,
    now: market_kernel::Timestamp,
) -> Result<Response<Body>, Problem> {
    let Some(submission) = submission.filter(|_| problem.code.status() < 500) else { return Err(problem) };
    if let Some(response) = replay(market, submission, now).await? {
        return Ok(response);
    }
    if problem.is_decision() {
        let document = encode(&problem.document(asked))?;
        let saved = SavedReply {
            fingerprint: submission.fingerprint.clone(),
            status: problem.code.status(),
            location: None,
            body: document,
        };
        if !market.store.save_reply(submission, &saved, now).await? {
            return replay(market, submission, now).await?.ok_or(problem);
        }
    }
    Err(problem)
}

async fn replay(
    market: &Market,
    submission: &Submission,
    now: market_kernel::Timestamp,
) -> Result<Option<Response<Body>>, Problem> {
    let Some(saved) = market.store.saved_reply(submission, now).await? else { return Ok(None) };
    if !submission.is_of(&saved) {
        return Err(Problem::new(problems::IDEMPOTENCY_KEY_REUSED));
    }
    let media_type = if saved.status < 400 { JSON } else { "application/problem+json" };
    let mut response = respond(saved.status, media_type, saved.location.as_deref(), saved.body);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(Some(response))
}

fn encode<T: serde::Serialize>(reply: &T) -> Result<String, Problem> {
    serde_json::to_string(reply).map_err(|error| {
        tracing::error!(%error, "a reply cannot be encoded");
        Problem::new(problems::INTERNAL)
    })
}

async fn authenticate(
    market: &Market,
    parts: &Parts,
    route: &Route,
    roles: &[Role],
    role: &mut Option<Role>,
) -> Result<VerifiedCaller, Problem> {
    let now = market.clock.now();
    let verified = match &market.callers {
        Callers::Tokens(verifier) => {
            let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            let token = header.and_then(bearer).ok_or(Problem::new(problems::MISSING_TOKEN))?;
            verifier.verify(token, now).await
        }
        Callers::Gateway => Ok(parts
            .extensions
            .get::<VerifiedCaller>()
            .cloned()
            .ok_or(Problem::new(problems::MISSING_TOKEN))?),
    };
    let verified = verified.map_err(refused)?;
    verified.at(now).map_err(|reason| refused(reason.into()))?;
    *role = Some(verified.principal.role);
    if !roles.contains(&verified.principal.role) {
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        let open_to = format!("it is open to {}", names.join(", "));
        return Err(Problem::new(problems::ROLE_NOT_ALLOWED).detail(open_to));
    }
    let scope = route.scope();
    if !verified.principal.scopes.opens(&scope) {
        let reason = format!("it takes the scope {scope}");
        let problem = Problem::new(problems::INSUFFICIENT_SCOPE).challenged("insufficient_scope", &reason);
        return Err(problem.needs_scope(&scope));
    }
    Ok(verified)
}

fn refused(error: IdentityError) -> Problem {
    match error {
        IdentityError::Invalid(reason) => {
            // In the line that tells of the request.
            tracing::Span::current().record("refused", tracing::field::display(&reason));
            Problem::new(problems::INVALID_TOKEN).challenged("invalid_token", &reason.to_string())
        }
        IdentityError::Unavailable(reason) | IdentityError::NoSubjectKey(reason) => {
            tracing::error!(%reason, "tokens cannot be verified");
            Problem::new(problems::UNAVAILABLE)
        }
    }
}

async fn path_of<E: Endpoint>(parts: &mut Parts) -> Result<E::Path, Problem> {
    // An id that cannot be one names nothing.
    Path::<E::Path>::from_request_parts(parts, &())
        .await
        .map(|Path(path)| path)
        .map_err(|_| Problem::not_found())
}

/// A party's own things only; another's answer like things that do not exist (invariant 8).
fn own(path: &impl Owned, principal: Option<&Principal>) -> Result<(), Problem> {
    let owner = match principal {
        Some(Principal { role: Role::Merchant, subject, .. }) => {
            path.account().map(|id| (subject, id.as_str()))
        }
        Some(Principal { role: Role::Provider, subject, .. }) => {
            path.provider().map(|id| (subject, id.as_str()))
        }
        _ => None,
    };
    match owner {
        Some((subject, id)) if subject != id => Err(Problem::not_found()),
        _ => Ok(()),
    }
}

/// What names the query of a list, and where its cursor goes on.
fn page_of(route: &Route, parts: &Parts) -> Result<(Sha256Hash, Option<String>), Problem> {
    // As the query itself is read: a client may encode what need not be.
    let pairs: Vec<_> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
    let mut filters: Vec<_> =
        pairs.iter().filter(|(name, _)| !matches!(&**name, "cursor" | "limit")).collect();
    filters.sort();
    let path = unversioned(parts.uri.path());
    let query_id = Sha256Hash::of(format!("{}\n{path}\n{filters:?}", route.operation).as_bytes());
    let cursor = pairs.iter().find(|(name, cursor)| name == "cursor" && !cursor.is_empty());
    let after = cursor.map(|(_, cursor)| cursor::open(&query_id, cursor)).transpose()?;
    Ok((query_id, after))
}

async fn read(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let whole = tokio::time::timeout(BODY_WITHIN, Limited::new(body, most).collect());
    match whole.await.map_err(|_| Problem::new(problems::REQUEST_TIMEOUT))? {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::new(problems::BODY_TOO_LARGE).detail(format!("it may have {most} bytes")))
        }
        Err(_) => Err(Problem::new(problems::MALFORMED_JSON).detail("the body broke off")),
    }
}

fn actor(principal: Option<&Principal>, route: &Route) -> Result<Actor, Problem> {
    let invalid = |_| Problem::new(problems::INVALID_TOKEN);
    Ok(match principal {
        None => match route.access {
            Access::PaymentSignature => Actor::Payments,
            Access::Public | Access::Roles(_) => Actor::Anyone,
        },
        Some(Principal { role, subject, .. }) => match role {
            Role::Merchant => Actor::Party(PartyId::Merchant(subject.parse().map_err(invalid)?)),
            Role::Provider => Actor::Party(PartyId::Provider(subject.parse().map_err(invalid)?)),
            Role::Operator => Actor::Operator(subject.clone()),
            Role::DataGateway => Actor::DataGateway,
            Role::Upstream => Actor::Upstream,
        },
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::StreamExt;
    use futures_util::stream;

    use super::*;

    #[test]
    fn who_met_is_decided_again_after_20_to_200_milliseconds() {
        assert_eq!((pause(0), pause(u8::MAX)), (Duration::from_millis(20), Duration::from_millis(200)));
        assert!((0..u8::MAX).all(|jitter| pause(jitter) <= pause(jitter + 1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_kept_back_is_waited_for_ten_seconds_and_no_longer() {
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
        let began = tokio::time::Instant::now();
        let refused = read(Body::from_stream(first.chain(stream::pending())), crate::http::MAX_BODY_BYTES)
            .await
            .unwrap_err();
        assert_eq!((refused.code, began.elapsed()), (problems::REQUEST_TIMEOUT, BODY_WITHIN));
    }
}
