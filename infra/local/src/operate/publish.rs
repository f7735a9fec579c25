//! `market publish`: a version of a document, through the API like anyone's.
//!
//! The idempotency key is derived from the document's id and all that is published, so giving the command
//! again, after a lost answer or by mistake, publishes nothing twice. The text is sent as it lies in the
//! file, to the byte, and the hash that the market answers with is compared with the file's own.
//!
//! What the market reads in the text is shown: its clauses with `--dry-run`, which publishes nothing, and always what
//! was not recognised. Where the market reads it wrongly, `--outline` says what the clauses are.

use std::fmt;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use market_agreement::documents::DocumentKind;
use market_functions::register::KnownRules;
use market_kernel::Timestamp;
use market_kernel::citations::Rules;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use market_kernel::periods::ZONE;
use serde::{Deserialize, Serialize};

use super::api::Api;
use super::files::{read, read_json};
use super::outline::OutlineAnswer;
use super::place::Work;
use super::{Common, Ended, OperateError, given, say};

/// The form of a file of rules.
const RULES: &str = r#"{"10.1.2": "8.3"}"#;
/// The form of a file of clauses.
const OUTLINE: &str = r#"[{"line": 7, "depth": 1, "address": "1"}]"#;

/// What to publish.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The text, in UTF-8; every byte of it is kept.
    #[arg(long)]
    file: PathBuf,
    /// The document's id; the agreement itself is market-agreement.
    #[arg(long, value_name = "ID")]
    document: DocumentId,
    /// What it is.
    #[arg(long, value_parser = kinds())]
    kind: DocumentKind,
    /// Its title.
    #[arg(long)]
    title: String,
    /// The clauses that limit or exclude liability, to be shown prominently (clause 1.2).
    #[arg(long, value_name = "CLAUSE", value_delimiter = ',')]
    prominent: Vec<ClauseAddress>,
    /// A JSON file that names, for rules of the market, the clauses that carry them: {"10.1.2": "8.3"}.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// When it takes effect, such as 2026-01-13T00:00:00+08:00; at once where nothing is said.
    #[arg(long, value_name = "INSTANT", value_parser = given::instant)]
    effective_at: Option<Timestamp>,
    /// It changes an earlier version in a major way: 15 days of publicity in place of 7 (clause 9.4).
    #[arg(long)]
    major: bool,
    /// A JSON file that says what the clauses are, in place of what is read off the text:
    /// [{"line": 7, "depth": 1, "address": "1"}, …].
    #[arg(long, value_name = "FILE")]
    outline: Option<PathBuf>,
    /// The text has no clauses.
    #[arg(long)]
    unnumbered: bool,
    /// Show how the text is read and whether it would be refused; publish nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) const fn common(&self) -> &Common {
        &self.common
    }
}

/// The operator's kinds; subscription agreements are their providers' to publish.
fn kinds() -> impl TypedValueParser<Value = DocumentKind> {
    PossibleValuesParser::new(["body", "annex", "rule"])
        .try_map(|kind| serde_json::from_value::<DocumentKind>(kind.into()))
}

/// A version to publish: the body of the request, and where it goes.
#[derive(Debug, Clone, Serialize)]
pub struct ToPublish {
    /// The document.
    #[serde(skip)]
    pub document: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Its exact text.
    pub text: String,
    /// The clauses to be shown prominently.
    pub prominent: Vec<ClauseAddress>,
    /// The clauses that carry the market's rules.
    #[serde(skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
    /// When it takes effect; at once by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// Whether it changes an earlier version in a major way.
    pub major: bool,
    /// Its clauses, where they are not read off the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outline: Option<Vec<GivenClause>>,
    /// Whether it has no clauses.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unnumbered: bool,
}

/// A clause of an outline that is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenClause {
    /// The line that it begins with, from 1.
    pub line: u32,
    /// 1, and 1 more for each clause around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u8>,
    /// Its address.
    pub address: ClauseAddress,
}

/// What is read of the market's answer.
#[derive(Debug, Deserialize)]
struct Document {
    id: DocumentId,
    versions: Vec<Version>,
    /// A market of 0.3.0 or before tells none.
    #[serde(default)]
    outline: Option<OutlineAnswer>,
}

/// A version, as far as it is told on.
#[derive(Debug, Deserialize)]
struct Version {
    number: u32,
    sha256: Sha256Hash,
    size_bytes: u64,
    effective_at: Timestamp,
    warning: Option<String>,
}

/// A version that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The document.
    pub document: DocumentId,
    /// The version's number.
    pub version: u32,
    /// The hash of its text.
    pub sha256: Sha256Hash,
    /// The size of its text.
    pub size_bytes: u64,
    /// When it takes effect.
    pub effective_at: Timestamp,
    /// Why its publicity period was only just long enough, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Whether an earlier command had published it.
    pub repeated: bool,
    /// How its text was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outline: Option<OutlineAnswer>,
}

/// How a text would be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How it is read.
    pub outline: OutlineAnswer,
    /// Why it would be refused, if it would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// That nothing was published.
    #[serde(default = "yes")]
    pub dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// Why a text would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The problem's code.
    pub code: String,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.outline.listed(), self.outline)?;
        match &self.refused {
            Some(Refused { code, title, detail }) => {
                writeln!(f, "It would be refused: {title} ({code}) {}", detail.as_deref().unwrap_or_default())
            }
            None => writeln!(f, "It would be published."),
        }?;
        writeln!(f, "Nothing was changed.")
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.repeated { "had been published before; nothing is new" } else { "is published" };
        writeln!(f, "{} version {} {what}.", self.document, self.version)?;
        writeln!(f, "  SHA-256       {}", self.sha256)?;
        writeln!(f, "  size          {} bytes", self.size_bytes)?;
        writeln!(f, "  takes effect  {}", self.effective_at.display_with_offset(ZONE))?;
        if let Some(warning) = &self.warning {
            writeln!(f, "  warning       {warning}")?;
        }
        match &self.outline {
            Some(outline) => write!(f, "{outline}"),
            None => Ok(()),
        }
    }
}

/// Publishes.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn publish(api: &Api, wanted: &ToPublish) -> Result<Published, OperateError> {
    let body = serde_json::to_vec(wanted).map_err(OperateError::Unwritable)?;
    let content = [wanted.document.as_str().as_bytes(), b"\n", &body].concat();
    let key = format!("publish-{}", Sha256Hash::of(&content));
    let path = format!("/documents/{}/versions", wanted.document);
    let answer = api.post(&path, api.token()?, &[("idempotency-key", key.as_str())], body).await?;
    let document: Document = answer.told("document")?;
    let sha256 = Sha256Hash::of(wanted.text.as_bytes());
    let Some(version) = document.versions.last().filter(|version| version.sha256 == sha256) else {
        return Err(OperateError::NotUnderstood(format!(
            "the newest version is not the text whose SHA-256 is {sha256}"
        )));
    };
    Ok(Published {
        version: version.number,
        sha256,
        size_bytes: version.size_bytes,
        effective_at: version.effective_at,
        warning: version.warning.clone(),
        repeated: answer.header("idempotent-replayed") == "true",
        outline: document.outline,
        document: document.id,
    })
}

/// Shows how a text would be published.
///
/// # Errors
/// Where the market does not say.
pub async fn preview(api: &Api, wanted: &ToPublish) -> Result<Preview, OperateError> {
    let body = serde_json::to_vec(wanted).map_err(OperateError::Unwritable)?;
    let path = format!("/documents/{}/preview", wanted.document);
    api.post(&path, api.token()?, &[], body).await?.told("preview")
}

pub(super) async fn run(arguments: Arguments) -> Result<Ended, OperateError> {
    let Arguments {
        file,
        document,
        kind,
        title,
        prominent,
        rules,
        effective_at,
        major,
        outline,
        unnumbered,
        dry_run,
        common,
    } = arguments;
    let text = read(&file)?;
    let rules = rules.map(|file| read_json::<KnownRules>(&file, RULES)).transpose()?.unwrap_or_default().0;
    let outline = outline.map(|file| read_json(&file, OUTLINE)).transpose()?;
    let wanted =
        ToPublish { document, kind, title, text, prominent, rules, effective_at, major, outline, unnumbered };
    if dry_run {
        let preview = common.at.at_api(Work::Looks, async |api| preview(api, &wanted).await).await?;
        say(&preview, common.json)?;
        return Ok(Ended::well(preview.refused.is_none()));
    }
    let published = common.at.at_api(Work::Changes, async |api| publish(api, &wanted).await).await?;
    say(&published, common.json)?;
    Ok(Ended::Good)
}
