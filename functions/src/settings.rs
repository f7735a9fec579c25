//! Settings of what is deployed, from the environment, read once at start. A missing one ends the process
//! with its name: a function that cannot work must not come up.

use std::sync::Arc;

use aws_types::SdkConfig;
use market_ambient::{SystemClock, SystemEntropy};
use market_identity::terms::NoClaimName;
use market_identity::{ClaimName, IssuerKeys, NotBefore, SubjectRule, Subjects, Terms, Verifier};
use market_jobs::sqs::SqsQueues;
use market_kernel::aggregate::Lane;
use market_kernel::party::Operator;
use market_kernel::periods::{Calendar, PublicityMode};
use market_kernel::text::TextError;
use market_notices::{
    Gateway, Gateways, HttpText, NoGateway, Pace, Sender, SesEmail, SmtpEmail, SmtpServer, SnsText, TooSlow,
};
use market_outside::Secret;
use market_store::Store;

use crate::http::{Access, Callers, Endpoint, Market, PaymentKeys, Visitor};
use crate::metrics::Metrics;
use crate::workers::WorkerContext;
use crate::{codes, routes};

/// A setting that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the setting {name} {problem}")]
pub struct SettingError {
    name: &'static str,
    problem: String,
}

fn required(name: &'static str) -> Result<String, SettingError> {
    optional(name).ok_or_else(|| SettingError { name, problem: "is missing".to_owned() })
}

/// An empty setting is none: a template has no other way to leave one out.
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn wrong(name: &'static str) -> impl FnOnce(String) -> SettingError {
    move |problem| SettingError { name, problem }
}

/// The table (`MARKET_TABLE`).
///
/// # Errors
/// Where the setting is missing.
pub fn store(sdk: &SdkConfig) -> Result<Store, SettingError> {
    Ok(Store::new(aws_sdk_dynamodb::Client::new(sdk), required("MARKET_TABLE")?))
}

/// The queues (`MARKET_QUEUE_URLS`: a URL in which `{job}` stands for the job's name).
///
/// # Errors
/// Where the setting is missing.
pub fn queues(sdk: &SdkConfig) -> Result<SqsQueues, SettingError> {
    Ok(SqsQueues::new(aws_sdk_sqs::Client::new(sdk), required("MARKET_QUEUE_URLS")?))
}

/// A claim's name.
fn claim(name: &'static str) -> Result<Option<ClaimName>, SettingError> {
    optional(name)
        .map(|claim| claim.parse().map_err(|error: NoClaimName| wrong(name)(error.to_string())))
        .transpose()
}

/// What verifies tokens: `MARKET_ISSUER`, `MARKET_AUDIENCE`, `MARKET_JWKS_URL`, `MARKET_TOKEN_ALGORITHM`; where they
/// say it (`MARKET_PARTY_CLAIM`, `MARKET_ROLE_CLAIM`, `MARKET_NBF`: `required`, or `optional`); and how subjects become
/// ids (`MARKET_SUBJECTS`: `lawful`, `opaque`, `legacy`; `MARKET_SUBJECT_KEY_SECRET`, or `MARKET_SUBJECT_KEY` as it
/// is).
///
/// # Errors
/// Where a setting is missing or wrong.
pub fn verifier(sdk: &SdkConfig) -> Result<Verifier, SettingError> {
    let algorithm = required("MARKET_TOKEN_ALGORITHM")?.parse().map_err(|_| {
        wrong("MARKET_TOKEN_ALGORITHM")("is not an algorithm (ES256, RS256, EdDSA, …)".to_owned())
    })?;
    let keys = IssuerKeys::at(required("MARKET_JWKS_URL")?);
    let usual = Terms::of(required("MARKET_ISSUER")?, required("MARKET_AUDIENCE")?, algorithm);
    let terms = Terms {
        party_claim: claim("MARKET_PARTY_CLAIM")?.unwrap_or(usual.party_claim),
        role_claim: claim("MARKET_ROLE_CLAIM")?.unwrap_or(usual.role_claim),
        not_before: match optional("MARKET_NBF").as_deref() {
            Some("optional") => NotBefore::Optional,
            Some("required") | None => NotBefore::Required,
            Some(other) => {
                return Err(wrong("MARKET_NBF")(format!("is neither required nor optional: {other}")));
            }
        },
        ..usual
    };
    Ok(Verifier::new(keys, terms, subjects(sdk)?))
}

/// How subjects become ids. The key has to be named even where every subject is lawful: the first that is not must
/// not find it missing.
fn subjects(sdk: &SdkConfig) -> Result<Subjects, SettingError> {
    let rule = match optional("MARKET_SUBJECTS").as_deref() {
        Some("lawful") | None => SubjectRule::Lawful,
        Some("opaque") => SubjectRule::Opaque,
        Some("legacy") => SubjectRule::Legacy,
        Some(other) => {
            return Err(wrong("MARKET_SUBJECTS")(format!("is none of lawful, opaque and legacy: {other}")));
        }
    };
    match optional("MARKET_SUBJECT_KEY") {
        Some(key) => Subjects::given(&key, rule)
            .map_err(|error| wrong("MARKET_SUBJECT_KEY")(format!("is wrong: {error}"))),
        None => Ok(Subjects::of(secret(sdk, "MARKET_SUBJECT_KEY_SECRET")?, rule)),
    }
}

/// Who says who is calling (`MARKET_CALLERS`: `gateway`, `tokens` by default).
fn callers(sdk: &SdkConfig) -> Result<Callers, SettingError> {
    match optional("MARKET_CALLERS").as_deref() {
        Some("gateway") => Ok(Callers::Gateway),
        Some("tokens") | None => Ok(Callers::Tokens(Box::new(verifier(sdk)?))),
        Some(other) => Err(wrong("MARKET_CALLERS")(format!("is neither gateway nor tokens: {other}"))),
    }
}

/// A secret: by its name in Secrets Manager, in a setting that ends in `_SECRET`.
fn secret(sdk: &SdkConfig, name: &'static str) -> Result<Secret, SettingError> {
    Ok(Secret::Named(aws_sdk_secretsmanager::Client::new(sdk), required(name)?))
}

/// The payment system's keys (`MARKET_PAYMENT_KEYS_SECRET`, or `MARKET_PAYMENT_KEYS` as they are).
fn payment_keys(sdk: &SdkConfig) -> Result<PaymentKeys, SettingError> {
    match optional("MARKET_PAYMENT_KEYS") {
        Some(keys) => PaymentKeys::given(&keys)
            .map_err(|error| wrong("MARKET_PAYMENT_KEYS")(format!("is wrong: {error}"))),
        None => Ok(PaymentKeys::of(secret(sdk, "MARKET_PAYMENT_KEYS_SECRET")?)),
    }
}

/// Whether an operation is the payment system's to call; among all of them, one is.
fn is_signed_by_payments(operation: Option<&str>) -> bool {
    struct Search<'a>(Option<&'a str>, bool);
    impl Visitor for Search<'_> {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            let named = self.0.is_none_or(|operation| operation == route.operation);
            self.1 |= named && matches!(route.access, Access::PaymentSignature);
        }
    }
    let mut search = Search(operation, false);
    routes::visit(&mut search);
    search.1
}

/// Who runs the market, as its notices name it (`MARKET_OPERATOR_ZH`, `MARKET_OPERATOR_EN`), and the official
/// e-mail address at which it takes answers (`MARKET_OFFICIAL_ADDRESS`; 11.2).
///
/// # Errors
/// Where a setting is missing or wrong.
pub fn operator() -> Result<Operator, SettingError> {
    let name =
        |setting| required(setting)?.try_into().map_err(|error: TextError| wrong(setting)(error.to_string()));
    let address = "MARKET_OFFICIAL_ADDRESS";
    Ok(Operator {
        name_zh: name("MARKET_OPERATOR_ZH")?,
        name_en: name("MARKET_OPERATOR_EN")?,
        official_address: required(address)?
            .try_into()
            .map_err(|_| wrong(address)("is not an e-mail address".to_owned()))?,
    })
}

/// What the routes of one function have at hand: of one operation, or of all.
///
/// # Errors
/// Where a setting is missing or wrong.
pub fn market(sdk: &SdkConfig, operation: Option<&str>) -> Result<Market, SettingError> {
    Ok(Market {
        store: store(sdk)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        callers: callers(sdk)?,
        payments: is_signed_by_payments(operation).then(|| payment_keys(sdk)).transpose()?,
        calendar: Calendar::published(),
        publicity: match optional("MARKET_PUBLICITY").as_deref() {
            Some("lenient") => PublicityMode::Lenient,
            Some("strict") | None => PublicityMode::Strict,
            Some(other) => {
                return Err(wrong("MARKET_PUBLICITY")(format!("is neither strict nor lenient: {other}")));
            }
        },
        operator: Arc::new(operator()?),
        codes: codes::ALL,
        corruption_alarm: metrics().corruption_alarm(),
    })
}

/// The one origin whose pages may call the API (`MARKET_ALLOWED_ORIGIN`); none by default.
#[must_use]
pub fn allowed_origin() -> Option<String> {
    optional("MARKET_ALLOWED_ORIGIN")
}

/// Where metrics are kept (`MARKET_NAMESPACE`); none are kept by default.
#[must_use]
pub fn metrics() -> Metrics {
    Metrics::new(optional("MARKET_NAMESPACE"))
}

/// What the workers use. Only `notify` sends, so only it needs the gateways.
///
/// # Errors
/// Where a setting is missing or wrong.
pub fn jobs(sdk: &SdkConfig, lane: Lane) -> Result<WorkerContext, SettingError> {
    let nowhere = || Gateways { email: Arc::new(NoGateway), sms: Arc::new(NoGateway) };
    Ok(WorkerContext {
        store: store(sdk)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        gateways: if lane == Lane::Notify { gateways(sdk)? } else { nowhere() },
        pace: if lane == Lane::Notify { pace()?.map(Arc::new) } else { None },
        operator: Arc::new(operator()?),
        metrics: metrics(),
        corruption_alarm: metrics().corruption_alarm(),
        drill: optional("MARKET_DRILL"),
    })
}

/// A whole number.
fn whole(name: &'static str) -> Result<Option<u32>, SettingError> {
    let number = optional(name).map(|number| number.parse());
    number.transpose().map_err(|_| wrong(name)("is not a number".to_owned()))
}

/// How many notices may leave a second, of all workers (`MARKET_NOTICES_PER_SECOND`); any number by default.
///
/// # Errors
/// Where it is not a number.
pub fn notices_per_second() -> Result<Option<u32>, SettingError> {
    whole("MARKET_NOTICES_PER_SECOND")
}

/// What one worker has of that: its share among so many (`MARKET_NOTIFY_CONCURRENCY`).
fn pace() -> Result<Option<Pace>, SettingError> {
    let workers = whole("MARKET_NOTIFY_CONCURRENCY")?.unwrap_or(1);
    let shared = notices_per_second()?.map(|per_second| Pace::shared(per_second, workers));
    let unfit = |error: TooSlow| wrong("MARKET_NOTICES_PER_SECOND")(format!("is too little: {error}"));
    shared.transpose().map_err(unfit)
}

/// Where callers find the API (`MARKET_API_URL`), for a sweep that asks whether it is ready; none by default.
#[must_use]
pub fn api_url() -> Option<String> {
    optional("MARKET_API_URL")
}

/// The ways out: `MARKET_EMAIL_BY` (`ses`, `smtp`) from `MARKET_EMAIL_FROM`, answered to the official address,
/// and `MARKET_SMS_BY` (`none`, `sns`, `http`).
fn gateways(sdk: &SdkConfig) -> Result<Gateways, SettingError> {
    let clock = || Arc::new(SystemClock);
    let sender = Sender::new(&required("MARKET_EMAIL_FROM")?, operator()?.official_address)
        .map_err(|error| wrong("MARKET_EMAIL_FROM")(error.to_string()))?;
    let email: Arc<dyn Gateway> = match required("MARKET_EMAIL_BY")?.as_str() {
        "ses" => Arc::new(SesEmail::new(sdk, sender, optional("MARKET_EMAIL_CONFIGURATION_SET"))),
        "smtp" => {
            let port = required("MARKET_SMTP_PORT")?;
            let port = port.parse().map_err(|_| wrong("MARKET_SMTP_PORT")("is not a port".to_owned()))?;
            let server = SmtpServer { host: required("MARKET_SMTP_SERVER")?, port };
            let secret = secret(sdk, "MARKET_SMTP_SECRET")?;
            Arc::new(
                SmtpEmail::new(server, sender, secret, clock())
                    .map_err(|error| wrong("MARKET_SMTP_SERVER")(error.to_string()))?,
            )
        }
        other => return Err(wrong("MARKET_EMAIL_BY")(format!("is neither ses nor smtp: {other}"))),
    };
    let sms: Arc<dyn Gateway> = match required("MARKET_SMS_BY")?.as_str() {
        "none" => Arc::new(NoGateway),
        "sns" => Arc::new(SnsText::new(sdk)),
        "http" => {
            let secret = secret(sdk, "MARKET_SMS_SECRET")?;
            Arc::new(HttpText::new(required("MARKET_SMS_URL")?, secret, clock()))
        }
        other => return Err(wrong("MARKET_SMS_BY")(format!("is none of none, sns and http: {other}"))),
    };
    Ok(Gateways { email, sms })
}

/// After how many milliseconds a job counts as failed (`MARKET_JOB_TIMEOUT_MS`, 10,000 by default).
///
/// # Errors
/// Where it is not a number.
pub fn job_timeout() -> Result<std::time::Duration, SettingError> {
    let ms = match optional("MARKET_JOB_TIMEOUT_MS") {
        Some(ms) => ms.parse().map_err(|_| wrong("MARKET_JOB_TIMEOUT_MS")("is not a number".to_owned()))?,
        None => 10_000,
    };
    Ok(std::time::Duration::from_millis(ms))
}
