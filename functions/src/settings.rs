//! Settings of what is deployed, from the environment, read once at start. A missing one ends the process
//! with its name: a function that cannot work must not come up.

use std::sync::Arc;

use aws_config::SdkConfig;
use market_ambient::{SystemClock, SystemEntropy};
use market_domain::periods::{Calendar, PublicityMode};
use market_http::{Market, PaymentKeys};
use market_identity::{IssuerKeys, Verifier};
use market_jobs::sqs::SqsQueues;
use market_notices::{Gateways, SesEmail, SnsText};
use market_store::Store;

use crate::workers::Jobs;

/// A setting that is missing or wrong.
#[derive(Debug, thiserror::Error)]
#[error("the setting {name} {problem}")]
pub struct SettingError {
    name: &'static str,
    problem: String,
}

fn required(name: &'static str) -> Result<String, SettingError> {
    std::env::var(name).map_err(|_| SettingError { name, problem: "is missing".to_owned() })
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

/// What routes have at hand.
///
/// # Errors
/// Where a setting is missing or wrong.
pub fn market(sdk: &SdkConfig) -> Result<Market, SettingError> {
    let algorithm = required("MARKET_TOKEN_ALGORITHM")?.parse().map_err(|_| {
        wrong("MARKET_TOKEN_ALGORITHM")("is not an algorithm (ES256, RS256, EdDSA, …)".to_owned())
    })?;
    let keys = IssuerKeys::at(required("MARKET_JWKS_URL")?);
    let payment_keys = required("MARKET_PAYMENT_KEYS")?;
    Ok(Market {
        store: store(sdk)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        verifier: Verifier::new(keys, &required("MARKET_ISSUER")?, &required("MARKET_AUDIENCE")?, algorithm),
        payments: PaymentKeys::new(payment_keys.split(','))
            .map_err(|error| wrong("MARKET_PAYMENT_KEYS")(format!("is wrong: {error}")))?,
        calendar: Calendar::published(),
        publicity: match std::env::var("MARKET_PUBLICITY").as_deref() {
            Ok("lenient") => PublicityMode::Lenient,
            Ok("strict") | Err(_) => PublicityMode::Strict,
            Ok(other) => {
                return Err(wrong("MARKET_PUBLICITY")(format!("is neither strict nor lenient: {other}")));
            }
        },
    })
}

/// What jobs have at hand.
///
/// # Errors
/// Where a setting is missing.
pub fn jobs(sdk: &SdkConfig) -> Result<Jobs, SettingError> {
    Ok(Jobs {
        store: store(sdk)?,
        clock: Arc::new(SystemClock),
        gateways: Gateways {
            email: Arc::new(SesEmail::new(
                aws_sdk_sesv2::Client::new(sdk),
                required("MARKET_EMAIL_FROM")?,
                std::env::var("MARKET_EMAIL_CONFIGURATION_SET").ok(),
            )),
            sms: Arc::new(SnsText::new(aws_sdk_sns::Client::new(sdk))),
        },
        drill: std::env::var("MARKET_DRILL").ok(),
    })
}

/// After how many milliseconds a job counts as failed (`MARKET_JOB_TIMEOUT_MS`, 10,000 where nothing is said).
///
/// # Errors
/// Where it is not a number.
pub fn job_timeout() -> Result<std::time::Duration, SettingError> {
    let ms = match std::env::var("MARKET_JOB_TIMEOUT_MS") {
        Ok(ms) => ms.parse().map_err(|_| wrong("MARKET_JOB_TIMEOUT_MS")("is not a number".to_owned()))?,
        Err(_) => 10_000,
    };
    Ok(std::time::Duration::from_millis(ms))
}
