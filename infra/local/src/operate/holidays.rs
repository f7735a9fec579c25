//! `market holidays publish`: a year's holiday schedule, through the API like anyone's.
//!
//! The file has the form of an entry of `shared/domain/src/periods/holidays.json`, so that the same file serves the next
//! release. The idempotency key is derived from all that is published: giving the command again publishes nothing
//! twice.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods::ZONE;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::Api;
use super::{ApiArgs, OperateError, say, token};

/// What to do with holiday schedules.
#[derive(Debug, clap::Subcommand)]
pub enum Holidays {
    /// Publish the holiday schedule of a year, or a version that corrects it. MARKET_TOKEN holds an operator's bearer
    /// token.
    Publish(Arguments),
}

/// What to publish.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schedule, as JSON: year, notice, what it changes, holidays.
    #[arg(long)]
    file: PathBuf,
    /// The number of the newest version, where this corrects it.
    #[arg(long, value_name = "VERSION")]
    corrects: Option<u32>,
    #[command(flatten)]
    api: ApiArgs,
}

/// What is read of the market's answer.
#[derive(Debug, Deserialize)]
struct Answered {
    year: i16,
    versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    published_at: Timestamp,
}

/// A schedule that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The year.
    pub year: i16,
    /// The version's number.
    pub version: usize,
    /// When it was published.
    pub published_at: Timestamp,
    /// Whether an earlier command had published it.
    pub repeated: bool,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.repeated { "had been published before; nothing is new" } else { "is published" };
        writeln!(f, "The holiday schedule of {}, version {}, {what}.", self.year, self.version)?;
        writeln!(f, "  since  {}", self.published_at.display_with_offset(ZONE))?;
        writeln!(f, "Periods that wait for it are reckoned again at 10:00, and an hour before their end.")
    }
}

/// Publishes a schedule: an object with its year.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn publish(
    url: &str,
    token: &str,
    mut schedule: Value,
    corrects: Option<u32>,
) -> Result<Published, OperateError> {
    let refused = |why: &str| OperateError::Refused(why.to_owned());
    let given = schedule.as_object_mut().ok_or_else(|| refused("the file has no schedule: no object"))?;
    let year = given.remove("year").ok_or_else(|| refused("the schedule names no year"))?;
    if let Some(corrects) = corrects {
        given.insert("corrects".to_owned(), corrects.into());
    }
    let body = serde_json::to_vec(&schedule).map_err(OperateError::Unwritable)?;
    let path = format!("/holidays/{year}");
    let key = format!("holidays-{}", Sha256Hash::of(&[path.as_bytes(), b"\n", &body].concat()));
    let answer = Api::at(url).post(&path, Some(token), &[("idempotency-key", key.as_str())], body).await?;
    if !(200..300).contains(&answer.status) {
        return Err(OperateError::Refused(answer.problem()));
    }
    let Answered { year, versions } = serde_json::from_value(answer.body.clone())
        .map_err(|error| OperateError::Refused(format!("{} is no schedule: {error}", answer.problem())))?;
    let newest = versions.last().ok_or_else(|| refused("the market answers with no version"))?;
    Ok(Published {
        year,
        version: versions.len(),
        published_at: newest.published_at,
        repeated: answer.header("idempotent-replayed") == "true",
    })
}

fn read(file: &Path) -> Result<Value, OperateError> {
    let unread = |reason: String| OperateError::File { file: file.display().to_string(), reason };
    let text = std::fs::read_to_string(file).map_err(|error| unread(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unread(error.to_string()))
}

pub(super) async fn run(holidays: Holidays) -> Result<ExitCode, OperateError> {
    let Holidays::Publish(Arguments { file, corrects, api }) = holidays;
    let token = token().ok_or(OperateError::NoToken)?;
    let published = publish(&api.url().await?, &token, read(&file)?, corrects).await?;
    say(&published, api.common.json)?;
    Ok(ExitCode::SUCCESS)
}
