//! `market smoke`: whether a market that was just deployed answers as it should.
//!
//! Every question is harmless: it reads, or is refused before anything could be decided. Asked without a
//! token it shows that the gateway, the authorizer and the routes are wired; with an operator's token, that
//! the issuer is the right one and the table can be read.

use std::fmt;

use serde::Serialize;

use super::api::{Answer, Api};
use super::place::Work;
use super::{Common, Ended, OperateError, say};

/// Where to ask.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) const fn common(&self) -> &Common {
        &self.common
    }
}

/// A question, and what was wrong with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What should hold.
    pub what: &'static str,
    /// Whether it does.
    pub ok: bool,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
}

/// All questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Smoke {
    /// Whether all holds.
    pub ok: bool,
    /// Who was asked.
    pub url: String,
    /// What was asked.
    pub checks: Vec<Check>,
}

impl Smoke {
    /// What does not hold.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| !check.ok)
    }
}

impl fmt::Display for Smoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.url)?;
        for check in &self.checks {
            match &check.wrong {
                None => writeln!(f, "  ok      {}", check.what)?,
                Some(wrong) => writeln!(f, "  FAILED  {}\n          {wrong}", check.what)?,
            }
        }
        let failed = self.failures().count();
        write!(f, "{} of {} hold.", self.checks.len() - failed, self.checks.len())
    }
}

type Expected = Result<(), String>;

fn expect(holds: bool, instead: impl FnOnce() -> String) -> Expected {
    if holds { Ok(()) } else { Err(instead()) }
}

/// A success of a route, in JSON, with what this kind of answer must have.
fn is_success(answer: &Answer, has: impl Fn(&Answer) -> bool) -> Expected {
    expect(answer.status == 200, || answer.problem())?;
    let media_type = answer.header("content-type");
    expect(media_type.starts_with("application/json"), || format!("its content type is {media_type:?}"))?;
    expect(has(answer), || format!("it says something else: {}", answer.problem()))
}

/// A problem document, of this status and one of these codes.
fn is_problem(answer: &Answer, status: u16, codes: &[&str]) -> Expected {
    let code = answer.body["code"].as_str().unwrap_or_default();
    expect(answer.status == status && codes.contains(&code), || answer.problem())?;
    let media_type = answer.header("content-type");
    expect(media_type.starts_with("application/problem+json"), || {
        format!("its content type is {media_type:?}")
    })
}

/// A refusal for want of a token, with the challenge that HTTP asks of every 401. API Gateway renames the header where it
/// comes from a function; its own replies have it.
fn is_unauthorized(answer: &Answer) -> Expected {
    is_problem(answer, 401, &NO_TOKEN)?;
    let challenge = answer.header("www-authenticate");
    expect(challenge.starts_with("Bearer"), || match answer.header(RENAMED) {
        "" => format!("its www-authenticate is {challenge:?}"),
        _ => format!(
            "it has {RENAMED} instead of www-authenticate: a function refused what the gateway should have"
        ),
    })
}

fn has_items(answer: &Answer) -> bool {
    answer.body["items"].is_array()
}

/// What API Gateway makes of a function's `www-authenticate`.
const RENAMED: &str = "x-amzn-remapped-www-authenticate";

/// The gateway knows only that there is no good token, not whether there is one at all.
const NO_TOKEN: [&str; 2] = ["missing-token", "invalid-token"];

/// Asks. With a token, which must be an operator's, it also reads something that only operators may.
pub async fn smoke(api: &Api) -> Smoke {
    let token = api.token().unwrap_or_default();
    let mut checks = Vec::new();
    let mut check = |what, asked: Result<Answer, OperateError>, expected: &dyn Fn(&Answer) -> Expected| {
        let held = asked.map_err(|error| error.to_string()).and_then(|answer| expected(&answer));
        checks.push(Check { what, ok: held.is_ok(), wrong: held.err() });
    };
    let catalogue = api.get("/listings?kind=application", None).await;
    check("anyone can read the catalogue", catalogue, &|answer| is_success(answer, has_items));
    let explained = api.get("/errors/not-found", None).await;
    check(
        "anyone can read what a problem's code means, and the answer names its request",
        explained,
        &|answer| {
            is_success(answer, |answer| answer.body["code"] == "not-found")?;
            expect(!answer.header("x-request-id").is_empty(), || "it has no x-request-id".to_owned())
        },
    );
    let nobody = api.get("/accounts/smoke", None).await;
    check("without a token an account stays closed", nobody, &is_unauthorized);
    let nonsense = api.get("/accounts/smoke", Some("nonsense")).await;
    check("with a nonsense token too", nonsense, &is_unauthorized);
    let unknown = api.get("/no-such-path", None).await;
    check("an unknown path is a problem document", unknown, &|answer| {
        is_problem(answer, 404, &["not-found"])
    });
    // Refused for its key, or before that for its token; and an empty body could not be published either.
    let keyless = api.post("/documents/smoke/versions", token, &[], b"{}".to_vec()).await;
    check(
        "what would change something is refused without an Idempotency-Key",
        keyless,
        &|answer| match token {
            Some(_) => is_problem(answer, 400, &["missing-idempotency-key"]),
            None => is_unauthorized(answer),
        },
    );
    if token.is_some() {
        let reviews = api.get("/reviews", token).await;
        check("an operator can read what waits for review", reviews, &|answer| is_success(answer, has_items));
        // A gateway may take the token for a signature of its own when no route claims it.
        let unknown = api.get("/no-such-path", token).await;
        check("an unknown path is the same problem document with a token", unknown, &|answer| {
            is_problem(answer, 404, &["not-found"])
        });
    }
    Smoke { ok: checks.iter().all(|check| check.ok), url: api.url().to_owned(), checks }
}

pub(super) async fn run(arguments: Arguments) -> Result<Ended, OperateError> {
    let Common { at, json } = arguments.common;
    let smoke = at.at_api(Work::Looks, async |api| Ok(smoke(api).await)).await?;
    say(&smoke, json)?;
    Ok(Ended::well(smoke.ok))
}
