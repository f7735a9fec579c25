//! `market holidays publish`: a year's holiday schedule, through the API like anyone's.
//!
//! The file has the form of an entry of `shared/kernel/src/periods/holidays.json`, so that the same file serves the next
//! release. The idempotency key is derived from all that is published: giving the command again publishes nothing
//! twice.

use std::fmt;
use std::path::PathBuf;

use market_agreement::holidays::{Holidays as Versions, PublishedSchedule};
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods::{Schedule, ZONE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::api::{Api, understood};
use super::files::{read_json, unread};
use super::place::Work;
use super::{Common, Ended, OperateError, given, say};

/// What to do with holiday schedules.
#[derive(Debug, clap::Subcommand)]
pub enum Holidays {
    /// Publish the holiday schedule of a year, or a version that corrects it. MARKET_TOKEN holds an operator's bearer
    /// token.
    Publish(Arguments),
}

/// The form of the file.
const FORM: &str = concat!(
    r#"{"year": 2027, "notice": {"title": "…", "number": "…", "date": "2026-11-05"}, "#,
    r#""holidays": [{"name_zh": "元旦", "name_en": "New Year's Day", "from": "2027-01-01", "to": "2027-01-03", "#,
    r#""make_up": ["2027-01-09"]}]}"#,
);

/// The form of the file, with what may be beside.
fn form() -> String {
    format!(
        "The schedule, as JSON, of the form of an entry of shared/kernel/src/periods/holidays.json:\n{FORM}\n\
         and \"changed_by\", a list of the notices that changed it"
    )
}

/// A year's schedule, as a file has it.
#[derive(Debug, Clone, Deserialize)]
pub struct GivenSchedule {
    year: i16,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl GivenSchedule {
    fn read(&self) -> Result<Schedule, serde_json::Error> {
        let mut whole = self.rest.clone();
        whole.insert("year".to_owned(), self.year.into());
        serde_json::from_value(whole.into())
    }
}

/// What to publish.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schedule, as JSON: year, notice, what it changes, holidays; --help shows its form.
    #[arg(long, long_help = form())]
    file: PathBuf,
    /// The number of the newest version, where this corrects it.
    #[arg(long, value_name = "VERSION", value_parser = |text: &str| given::whole::<u32>(text, u32::MAX.into()))]
    corrects: Option<u32>,
    /// Show whether it would be published, and as which version; publish nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

impl Holidays {
    pub(super) const fn common(&self) -> &Common {
        let Self::Publish(arguments) = self;
        &arguments.common
    }
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

/// How a schedule would be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// That nothing was published.
    pub dry_run: bool,
    /// The year.
    pub year: i16,
    /// The number that it would have, or has.
    pub version: usize,
    /// Whether it is published already, as that version.
    pub published: bool,
    /// Why it would be refused, if it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dry_run: _, year, version, published, refused } = self;
        match refused {
            None if *published => {
                writeln!(
                    f,
                    "The holiday schedule of {year}, version {version}, is published already: nothing is new."
                )?;
            }
            Some(why) => writeln!(f, "The holiday schedule of {year} would be refused: {why}.")?,
            None => writeln!(f, "The holiday schedule of {year} would be published, as version {version}.")?,
        }
        write!(f, "Nothing was changed.")
    }
}

/// Holds a schedule against those that stand, by the rules of its publication.
///
/// # Errors
/// Where the market does not say what stands.
pub async fn preview(api: &Api, schedule: &Schedule, corrects: Option<u32>) -> Result<Preview, OperateError> {
    let year = schedule.year;
    let answer = api.get(&format!("/holidays/{year}"), None).await?;
    let mut versions = Vec::new();
    if answer.status != 404 {
        for version in answer.success()?["versions"].as_array().into_iter().flatten() {
            versions.push(version_of(year, version)?);
        }
    }
    let standing = (!versions.is_empty()).then_some(Versions { year, versions });
    let refused = Versions::check_publication(standing.as_ref(), schedule, corrects, api.now().await);
    let there = standing.as_ref().map_or(0, |standing| standing.versions.len());
    let newest = standing.as_ref().and_then(|standing| standing.versions.last());
    let published =
        newest.filter(|newest| newest.published_at > Timestamp::MIN && newest.schedule == *schedule);
    // The command that published it would be answered as it was.
    if published.is_some() && corrects.map_or(1, |corrected| corrected as usize + 1) == there {
        return Ok(Preview { dry_run: true, year, version: there, published: true, refused: None });
    }
    let refused = refused.err().map(|why| why.to_string());
    Ok(Preview { dry_run: true, year, version: there + 1, published: false, refused })
}

/// A version as the market shows it. What is part of a release has no instant.
fn version_of(year: i16, version: &Value) -> Result<PublishedSchedule, OperateError> {
    let mut said = version.clone();
    let fields = said.as_object_mut();
    let published_at = fields.and_then(|fields| {
        fields.insert("year".to_owned(), year.into());
        fields.remove("published_at")
    });
    let published_at = match published_at {
        Some(at) => understood(&at, "instant")?,
        None => Timestamp::MIN,
    };
    Ok(PublishedSchedule { schedule: understood(&said, "schedule")?, published_at })
}

/// Publishes the schedule of a year.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn publish(
    api: &Api,
    GivenSchedule { year, rest: mut schedule }: GivenSchedule,
    corrects: Option<u32>,
) -> Result<Published, OperateError> {
    if let Some(corrects) = corrects {
        schedule.insert("corrects".to_owned(), corrects.into());
    }
    let body = serde_json::to_vec(&schedule).map_err(OperateError::Unwritable)?;
    let path = format!("/holidays/{year}");
    let key = format!("holidays-{}", Sha256Hash::of(&[path.as_bytes(), b"\n", &body].concat()));
    let answer = api.post(&path, api.token()?, &[("idempotency-key", key.as_str())], body).await?;
    let Answered { year, versions } = answer.told("schedule")?;
    let newest =
        versions.last().ok_or_else(|| OperateError::NotUnderstood("it has no version".to_owned()))?;
    Ok(Published {
        year,
        version: versions.len(),
        published_at: newest.published_at,
        repeated: answer.header("idempotent-replayed") == "true",
    })
}

pub(super) async fn run(holidays: Holidays) -> Result<Ended, OperateError> {
    let Holidays::Publish(Arguments { file, corrects, dry_run, common }) = holidays;
    let schedule: GivenSchedule = read_json(&file, FORM)?;
    if dry_run {
        let schedule =
            schedule.read().map_err(|error| unread(&file, format!("{error}; the form is {FORM}")))?;
        let preview = async |api: &Api| preview(api, &schedule, corrects).await;
        let preview = common.at.at_api(Work::Looks, preview).await?;
        say(&preview, common.json)?;
        return Ok(Ended::well(preview.refused.is_none()));
    }
    let publish = async |api: &Api| publish(api, schedule, corrects).await;
    let published = common.at.at_api(Work::Changes, publish).await?;
    say(&published, common.json)?;
    Ok(Ended::Good)
}
