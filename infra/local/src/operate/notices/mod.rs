//! `market notices`: what did not arrive and waits for a human, through the API like anyone's.
//!
//! A notice is sent again once: after that another stands in its place, and the market refuses. So the
//! command may be given again after a lost answer. One that a human served another way is recorded so, once; a mistake in
//! that is corrected by a further record.

mod line;
mod service;

use std::fmt;

use market_ambient::{SystemEntropy, random};
use market_kernel::Timestamp;
use market_kernel::ids::NoticeId;
use market_kernel::notices::{Address, Channel, CorrectionReason, ResendRefusal};
use serde::Serialize;
use serde_json::{Value, json};

use super::api::Api;
use super::place::Work;
use super::{Common, Ended, OperateError, given, say};
use line::NoticeAnswer;
pub use line::{NoticeLine, Party, ServedOtherwise};
use service::{Corrected, Recorded};
pub use service::{Instead, Service, ServiceOutcome, Way, correct_other_service, record_other_service};

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
            let correct =
                async |api: &Api| correct_other_service(api, &recipient, &id, &reason, &outcome).await;
            let corrected = common.at.at_api(Work::Changes, correct).await?;
            say(&Corrected(corrected), common.json)?;
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
