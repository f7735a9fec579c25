//! `market notices`: what did not arrive and waits for a human, through the API like anyone's.
//!
//! A notice is sent again once: after that another stands in its place, and the market refuses. So the
//! command may be given again after a lost answer. One that a human served another way is recorded so, once; a mistake in
//! that is corrected by a further record.

use std::fmt;
use std::str::FromStr;

use market_ambient::{SystemEntropy, random};
use market_kernel::Timestamp;
use market_kernel::ids::{AccountId, NoticeId, ProviderId};
use market_kernel::notices::{Address, Channel, CorrectionReason, OtherEvidence, ResendRefusal};
use market_kernel::periods::ZONE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::api::Api;
use super::place::Work;
use super::{Common, Ended, OperateError, given, say};

/// What a notice is about that goes to an address that was given up, and goes there again.
const ADDRESS_LEFT: &str = "contacts_left";
/// Notices of one request.
const PAGE: usize = 100;

/// What to do about notices that did not arrive.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many to show at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = |text: &str| given::whole::<u16>(text, 1_000))]
    limit: u16,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) const fn common(&self) -> &Common {
        match &self.command {
            None => &self.common,
            Some(
                Command::Resend { common, .. }
                | Command::ServedOtherwise { common, .. }
                | Command::CorrectService { common, .. },
            ) => common,
        }
    }
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Send one again.
    Resend {
        /// Whom it is for: account/shop-1 or provider/northwind.
        recipient: Party,
        /// Its id.
        id: NoticeId,
        /// The e-mail address or telephone number to send it to; without one, where the contacts point now.
        #[arg(long, value_parser = |raw: &str| Address::try_from(raw.to_owned()))]
        address: Option<Address>,
        /// Show which notice would be sent again, and where to, or why it would be refused; change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Record that one was served another way: by a letter, on the telephone, in person.
    ServedOtherwise {
        /// Whom it is for: account/shop-1 or provider/northwind.
        recipient: Party,
        /// Its id.
        id: NoticeId,
        #[command(flatten)]
        service: Service,
        #[command(flatten)]
        common: Common,
    },
    /// Correct what was recorded of that by mistake. What was recorded stays beside the correction.
    CorrectService {
        /// Whom it is for: account/shop-1 or provider/northwind.
        recipient: Party,
        /// Its id.
        id: NoticeId,
        /// Why it is corrected.
        #[arg(long, value_name = "TEXT", value_parser = |raw: &str| CorrectionReason::try_from(raw.to_owned()))]
        reason: CorrectionReason,
        #[command(flatten)]
        instead: Instead,
        #[command(flatten)]
        common: Common,
    },
}

/// How a human served a notice, recorded at first or by a correction; on the wire, the body of the one and a part of the
/// other.
#[derive(Debug, Clone, Serialize, clap::Args)]
pub struct Service {
    /// On which way.
    #[arg(long)]
    pub way: Way,
    /// When: 2026-03-02T10:00:00+08:00.
    #[arg(long, value_name = "INSTANT")]
    pub served_at: Timestamp,
    /// What shows it: who says so, and where the proof is kept.
    #[arg(long, value_name = "TEXT", value_parser = |raw: &str| OtherEvidence::try_from(raw.to_owned()))]
    pub evidence: OtherEvidence,
}

/// What is true instead of what was recorded, as the market is told.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServiceOutcome {
    /// A human served it so.
    Served(Service),
    /// It was not served, and waits for a human again.
    NotServed,
}

/// What a correction says on the command line: one of the two, and never neither.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("instead").required(true).args(["not_served", "way"]))]
pub struct Instead {
    /// It was not served after all, and waits for a human again.
    #[arg(long, conflicts_with_all = ["served_at", "evidence"])]
    not_served: bool,
    /// On which way it was served instead.
    #[arg(long, requires = "served_at")]
    way: Option<Way>,
    /// When: 2026-03-02T10:00:00+08:00.
    #[arg(long, value_name = "INSTANT", requires = "evidence")]
    served_at: Option<Timestamp>,
    /// What shows it.
    #[arg(long, value_name = "TEXT", requires = "way", value_parser = |raw: &str| OtherEvidence::try_from(raw.to_owned()))]
    evidence: Option<OtherEvidence>,
}

impl Instead {
    fn outcome(self) -> Option<ServiceOutcome> {
        match self {
            Self { not_served: true, way: None, served_at: None, evidence: None } => {
                Some(ServiceOutcome::NotServed)
            }
            Self {
                not_served: false,
                way: Some(way),
                served_at: Some(served_at),
                evidence: Some(evidence),
            } => Some(ServiceOutcome::Served(Service { way, served_at, evidence })),
            _ => None,
        }
    }
}

/// On which way a human served a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a letter, registered or by courier.
    Letter,
    /// On the telephone.
    Telephone,
    /// Handed over, or told face to face.
    InPerson,
    /// Any other way; the evidence tells which.
    Other,
}

/// A merchant or a provider, as the commands name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// `account/shop-1`
    Account(AccountId),
    /// `provider/northwind`
    Provider(ProviderId),
}

impl FromStr for Party {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let said = "must be account/ID or provider/ID";
        match raw.split_once('/') {
            Some(("account", id)) => id.parse().map(Self::Account).map_err(|_| said),
            Some(("provider", id)) => id.parse().map(Self::Provider).map_err(|_| said),
            _ => Err(said),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Provider(id) => write!(f, "provider/{id}"),
        }
    }
}

impl Party {
    /// Where the API has what is theirs.
    fn path(&self) -> String {
        match self {
            Self::Account(id) => format!("/accounts/{id}"),
            Self::Provider(id) => format!("/providers/{id}"),
        }
    }
}

/// A notice, as far as it is told on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeLine {
    /// Whom it is for: `account/shop-1`.
    pub recipient: String,
    /// Its id.
    pub id: NoticeId,
    /// Its channel.
    pub channel: Channel,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it is about.
    pub about: String,
    /// How far it has come.
    pub status: String,
    /// Why it did not arrive, or has not left yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// How a human served it, as it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_otherwise: Option<ServedOtherwise>,
    /// How often that was corrected.
    pub corrections: usize,
}

/// How a human served a notice, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedOtherwise {
    /// On which way.
    pub way: String,
    /// When.
    pub served_at: Timestamp,
    /// What shows it.
    pub evidence: String,
    /// When that was recorded.
    pub recorded_at: Timestamp,
}

/// What is read of the market's answer.
#[derive(Debug, Deserialize)]
struct NoticeAnswer {
    recipient: RecipientAnswer,
    id: NoticeId,
    channel: Channel,
    address: Option<String>,
    about: String,
    status: String,
    reason: Option<String>,
    delayed_by: Option<String>,
    follow_up: Option<NoticeId>,
    served_otherwise: Option<ServedOtherwise>,
    #[serde(default)]
    corrected_services: Vec<Value>,
    drafted_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
enum RecipientAnswer {
    Merchant(AccountId),
    Provider(ProviderId),
    Everyone,
}

impl From<NoticeAnswer> for NoticeLine {
    fn from(notice: NoticeAnswer) -> Self {
        let NoticeAnswer {
            recipient, id, channel, address, about, status, served_otherwise, drafted_at, ..
        } = notice;
        let corrections = notice.corrected_services.len();
        let reason = notice.reason.or(notice.delayed_by);
        let recipient = match recipient {
            RecipientAnswer::Merchant(id) => Party::Account(id).to_string(),
            RecipientAnswer::Provider(id) => Party::Provider(id).to_string(),
            RecipientAnswer::Everyone => "everyone".to_owned(),
        };
        Self {
            recipient,
            id,
            channel,
            address,
            about,
            status,
            reason,
            drafted_at,
            served_otherwise,
            corrections,
        }
    }
}

impl fmt::Display for NoticeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { recipient, id, channel, address, about, status, reason, drafted_at, .. } = self;
        let channel = match channel {
            Channel::Announcement => "announcement",
            Channel::InSite => "in-site",
            Channel::Email => "e-mail",
            Channel::Sms => "text message",
        };
        let to = address.as_deref().unwrap_or_default();
        writeln!(f, "{recipient} {id}")?;
        writeln!(f, "  {about}, {channel} {to}, drafted {}", drafted_at.display_with_offset(ZONE))?;
        writeln!(f, "  {status}{}", reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default())?;
        if let Some(ServedOtherwise { way, served_at, evidence, recorded_at }) = &self.served_otherwise {
            let [served_at, recorded_at] = [served_at, recorded_at].map(|at| at.display_with_offset(ZONE));
            writeln!(f, "  served by a human ({way}) {served_at}: {evidence}; recorded {recorded_at}")?;
        }
        match self.corrections {
            0 => Ok(()),
            1 => writeln!(f, "  corrected once"),
            times => writeln!(f, "  corrected {times} times"),
        }
    }
}

/// What waits for a human, the oldest first.
#[derive(Debug, Clone, Serialize)]
pub struct Undelivered {
    /// The notices.
    pub notices: Vec<NoticeLine>,
    /// Whether there are more than were asked for.
    pub more: bool,
    /// How many of them the market cannot read.
    pub unreadable: u64,
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for notice in &self.notices {
            notice.fmt(f)?;
        }
        match (self.notices.len(), self.more) {
            (0, _) => writeln!(f, "No notice waits for a human.")?,
            (count, true) => writeln!(f, "{count} shown, and there are more.")?,
            (1, false) => writeln!(f, "1 waits for a human.")?,
            (count, false) => writeln!(f, "{count} wait for a human.")?,
        }
        match self.unreadable {
            0 => Ok(()),
            count => writeln!(f, "{count} cannot be read: see the runbook corrupt-items."),
        }
    }
}

/// A notice that was sent again.
#[derive(Debug, Serialize)]
struct Resent(NoticeLine);

impl fmt::Display for Resent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "It is sent again, as this notice:\n{}", self.0)
    }
}

/// A notice that would be sent again.
#[derive(Debug, Serialize)]
pub struct WouldResend {
    /// That nothing was sent.
    pub dry_run: bool,
    /// The notice, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeLine>,
    /// The address that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why it would be refused, if it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl fmt::Display for WouldResend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(notice) = &self.notice {
            write!(f, "{notice}")?;
        }
        match (&self.refused, &self.address) {
            (Some(why), _) => writeln!(f, "It would be refused: {why}.")?,
            (None, Some(address)) => write!(f, "It would be sent again to {address}. ")?,
            (None, None) => write!(f, "It would be sent again to where the contacts point now. ")?,
        }
        write!(f, "Nothing was changed.")
    }
}

/// Lists what waits for a human, as many as this.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn undelivered(api: &Api, limit: u16) -> Result<Undelivered, OperateError> {
    let limit = usize::from(limit);
    let mut undelivered = Undelivered { notices: Vec::new(), more: false, unreadable: 0 };
    // One more than is shown tells whether there is one.
    let of_a_page = (limit + 1).min(PAGE);
    let (list, mut after) = (format!("/notices/undelivered?limit={of_a_page}"), None::<String>);
    loop {
        let page = api.page::<NoticeAnswer>(&list, after.as_deref(), "notices").await?;
        let page = page.ok_or_else(|| OperateError::NotUnderstood("it has no notices".to_owned()))?;
        undelivered.notices.extend(page.items.into_iter().map(Into::into));
        undelivered.unreadable += page.unreadable;
        undelivered.more = undelivered.notices.len() > limit;
        after = page.next_cursor.filter(|_| !undelivered.more);
        if after.is_none() {
            undelivered.notices.truncate(limit);
            return Ok(undelivered);
        }
    }
}

/// Reads a notice, among those to its recipient from the instant of its id on: one alone the API shows of an
/// account's, and not of a provider's.
async fn read(api: &Api, recipient: &Party, id: &NoticeId) -> Result<Option<NoticeAnswer>, OperateError> {
    let list = format!("{}/notices?limit={PAGE}&since={}", recipient.path(), made_at(id));
    let mut after = None::<String>;
    loop {
        let page = api.page::<NoticeAnswer>(&list, after.as_deref(), "notices").await?;
        let Some(page) = page else { return Ok(None) };
        if let Some(notice) = page.items.into_iter().find(|notice| notice.id >= *id) {
            return Ok((notice.id == *id).then_some(notice));
        }
        after = page.next_cursor;
        if after.is_none() {
            return Ok(None);
        }
    }
}

/// The instant that an id begins with.
fn made_at(id: &NoticeId) -> Timestamp {
    let hex = id.as_str().split_once('_').and_then(|(_, hex)| hex.get(..12));
    let ms = hex.and_then(|hex| i64::from_str_radix(hex, 16).ok());
    ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Why it would be refused, by the rules of [`Notice::resend`](market_kernel::notices::Notice::resend).
async fn refusal(
    api: &Api,
    recipient: &Party,
    notice: &NoticeAnswer,
    address: Option<&Address>,
) -> Result<Option<ResendRefusal>, OperateError> {
    let failed = matches!(notice.status.as_str(), "undeliverable" | "bounced");
    if !failed || notice.follow_up.is_some() || notice.served_otherwise.is_some() {
        return Ok(Some(ResendRefusal::NotWaiting));
    }
    if let Some(address) = address {
        return Ok((address.channel() != notice.channel).then_some(ResendRefusal::OtherChannel));
    }
    let contacts = match notice.channel {
        // Everyone can be reached so; and what went to an address that was given up goes there again.
        Channel::Email => return Ok(None),
        Channel::Sms if notice.about == ADDRESS_LEFT => return Ok(None),
        Channel::Sms => api.get(&recipient.path(), api.token()?).await?.success()?["contacts"].clone(),
        Channel::Announcement | Channel::InSite => return Ok(Some(ResendRefusal::NoAddress)),
    };
    Ok((!contacts["phone"].is_string()).then_some(ResendRefusal::NoAddress))
}

/// Finds the notice that would be sent again, or says why it would not.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn would_resend(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    address: Option<Address>,
) -> Result<WouldResend, OperateError> {
    let notice = read(api, recipient, id).await?;
    let refused = match &notice {
        None => Some("there is no such notice to this recipient".to_owned()),
        Some(notice) => {
            refusal(api, recipient, notice, address.as_ref()).await?.map(|refusal| refusal.to_string())
        }
    };
    let (notice, address) = (notice.map(NoticeLine::from), address.map(String::from));
    Ok(WouldResend { dry_run: true, notice, address, refused })
}

/// Sends a notice again. What it is sent as comes back.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn resend(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    address: Option<Address>,
) -> Result<NoticeLine, OperateError> {
    let path = format!("{}/notices/{id}/resending", recipient.path());
    let body = address.map_or_else(|| json!({}), |address| json!({ "address": String::from(address) }));
    post(api, &path, "resend", &body).await
}

/// Has something done about a notice, which comes back as it is then. The key is fresh each time: what was refused for want of
/// an address, or while the notice was still tried, is asked anew.
async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Result<NoticeLine, OperateError> {
    let key = format!("{key}-{:032x}", u128::from_be_bytes(random(&SystemEntropy)));
    let headers = [("idempotency-key", key.as_str())];
    let answer = api.post(path, api.token()?, &headers, body.to_string().into_bytes()).await?;
    Ok(answer.told::<NoticeAnswer>("notice")?.into())
}

/// A notice that a human served another way.
#[derive(Debug, Serialize)]
struct Recorded(NoticeLine);

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "It is recorded as served another way, and waits for nobody any more:\n{}", self.0)
    }
}

/// Records that a human served a notice another way.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn record_other_service(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    service: &Service,
) -> Result<NoticeLine, OperateError> {
    let path = format!("{}/notices/{id}/other-service", recipient.path());
    post(api, &path, "served-otherwise", &json!(service)).await
}

/// Whether a human served it, after a correction.
#[derive(Debug, Serialize)]
struct Corrected {
    #[serde(flatten)]
    notice: NoticeLine,
    #[serde(skip)]
    is_served: bool,
}

impl fmt::Display for Corrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.is_served {
            "It is recorded as served so, beside what was recorded before"
        } else {
            "What was recorded is taken back, and stays beside it"
        };
        write!(f, "{said}:\n{}", self.notice)
    }
}

/// Corrects what was recorded of how a human served a notice another way.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn correct_other_service(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    reason: &CorrectionReason,
    outcome: &ServiceOutcome,
) -> Result<NoticeLine, OperateError> {
    let path = format!("{}/notices/{id}/other-service/correction", recipient.path());
    let body = json!({ "reason": reason, "outcome": outcome });
    post(api, &path, "correct-service", &body).await
}

pub(super) async fn run(arguments: Arguments) -> Result<Ended, OperateError> {
    let Arguments { command, limit, common } = arguments;
    let (recipient, id, address, dry_run, common) = match command {
        None => {
            let found = common.at.at_api(Work::Looks, async |api| undelivered(api, limit).await).await?;
            say(&found, common.json)?;
            return Ok(Ended::Good);
        }
        Some(Command::ServedOtherwise { recipient, id, service, common }) => {
            let record = async |api: &Api| record_other_service(api, &recipient, &id, &service).await;
            let recorded = common.at.at_api(Work::Changes, record).await?;
            say(&Recorded(recorded), common.json)?;
            return Ok(Ended::Good);
        }
        Some(Command::CorrectService { recipient, id, reason, instead, common }) => {
            let outcome = instead.outcome().expect("clap lets one of the two pass");
            let is_served = matches!(outcome, ServiceOutcome::Served(_));
            let correct =
                async |api: &Api| correct_other_service(api, &recipient, &id, &reason, &outcome).await;
            let notice = common.at.at_api(Work::Changes, correct).await?;
            say(&Corrected { notice, is_served }, common.json)?;
            return Ok(Ended::Good);
        }
        Some(Command::Resend { recipient, id, address, dry_run, common }) => {
            (recipient, id, address, dry_run, common)
        }
    };
    if dry_run {
        let would = async |api: &Api| would_resend(api, &recipient, &id, address).await;
        let would = common.at.at_api(Work::Looks, would).await?;
        say(&would, common.json)?;
        return Ok(Ended::well(would.refused.is_none()));
    }
    let resend = async |api: &Api| resend(api, &recipient, &id, address).await;
    let resent = common.at.at_api(Work::Changes, resend).await?;
    say(&Resent(resent), common.json)?;
    Ok(Ended::Good)
}
