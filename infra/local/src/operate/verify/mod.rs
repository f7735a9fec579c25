//! `market verify`: whether what lies in the table is what its evidence says, record by record.
//!
//! For each thing in the partitions that are named it is checked that
//!
//! - its chain is whole and ends where the thing says, and every record belongs to that chain ([`chain`]);
//! - the stored state is the one that the newest record led to, its timer and its place in a list are the ones
//!   that this state asks for ([`thing`]);
//! - whatever a thing or a record names is there: each notice, the demand of each ended grant, the order of a
//!   grant, the termination of an account ([`named`]);
//! - of documents, the versions and texts are those whose publication is recorded ([`documents`]); of grants, the
//!   lines of each sealed day are those that were sealed ([`ledger`]).
//!
//! Records without their thing are a fault, and so is whatever cannot be read or is of no kind. What was taken
//! back together with its records cannot be seen in the table; for that, heads are kept elsewhere ([`heads`]).
//!
//! At a URL the records are verified as the API tells them ([`told`]); what it cannot show is said.
//!
//! A market that goes on working meanwhile must not look broken: what does not hold is read again before it
//! is said. One thing is said of each item.

mod chain;
mod documents;
mod heads;
mod ledger;
mod named;
mod partition;
pub(super) mod thing;
mod told;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use indicatif::ProgressBar;
use market_agreement::documents::Document;
use market_agreement::holidays::Holidays;
use market_kernel::Timestamp;
use market_kernel::aggregate::Aggregate;
use market_kernel::ids::{AccountId, DocumentId, ListingId, PaymentRecordId, ProviderId};
use market_kernel::keys::{Key, Owner, Partition};
use market_kernel::party::Recipient;
use market_kernel::periods::Calendar;
use market_parties::credit_code::GivenCode;
use market_parties::vouching::Vouching;
use market_store::{Store, StoreError};
use market_trade::listings::Listing;
use market_trade::payments::PaymentRecord;
use serde::Serialize;

pub use self::heads::{Head, Heads};
use self::partition::WholePartition;
use super::place::Place;
use super::source::Source;
use super::{Common, Ended, OperateError, counted, given, progress, say};

/// How often what does not hold is read before it is said.
const READS: u32 = 3;

/// What to verify, and where it lies.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
    /// Write down where every chain that was verified ends, if all holds. Keep it where nobody who can write to the
    /// table can write.
    #[arg(long, value_name = "FILE")]
    export_heads: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Arguments {
    pub(super) const fn common(&self) -> &Common {
        &self.common
    }
}

/// Whose evidence.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Parties {
    /// An account, with its orders, grants, demands, terminations and notices.
    #[arg(long, value_name = "ID")]
    account: Vec<AccountId>,
    /// A provider, with its notices.
    #[arg(long, value_name = "ID")]
    provider: Vec<ProviderId>,
    /// A document, with its texts.
    #[arg(long, value_name = "ID")]
    document: Vec<DocumentId>,
    /// A listing.
    #[arg(long, value_name = "ID")]
    listing: Vec<ListingId>,
    /// A report of the payment system, with what became of the money.
    #[arg(long, value_name = "ID")]
    payment: Vec<PaymentRecordId>,
    /// A credit code that the operator vouched for.
    #[arg(long, value_name = "CODE")]
    credit_code: Vec<GivenCode>,
    /// The holiday schedule of a year.
    #[arg(long, value_name = "YEAR", value_parser = given::year)]
    holidays: Vec<i16>,
    /// The notice board.
    #[arg(long)]
    announcements: bool,
    /// Everything in a data folder.
    #[arg(long, requires = "data")]
    all: bool,
    /// Compare with heads that were exported before. Where nobody else is named, everything that they are of is
    /// verified.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

impl Parties {
    /// These, in order; and what heads are of, where nobody else is named. What is gone whole stands in them alone.
    fn with_heads(&self, mut partitions: Vec<Partition>, against: Option<&Heads>) -> Vec<Partition> {
        if let (true, Some(heads)) = (self.all || partitions.is_empty(), against) {
            partitions.extend(heads.partitions());
        }
        partitions.sort();
        partitions.dedup();
        partitions
    }

    /// Whom the heads say nothing of, among those that were named.
    fn without_heads(&self, heads: &Heads) -> Vec<String> {
        let named = self.partitions();
        let without = named.iter().filter(|partition| heads.of(partition).next().is_none());
        without
            .map(|partition| format!("{partition}: the heads that were exported say nothing of it"))
            .collect()
    }

    fn partitions(&self) -> Vec<Partition> {
        let accounts = self.account.iter().map(Owner::partition);
        let providers = self.provider.iter().map(Owner::partition);
        let documents = self.document.iter().map(Document::partition);
        let listings = self.listing.iter().map(|id| Listing::key_of(id).partition);
        let payments = self.payment.iter().map(|id| PaymentRecord::key_of(id).partition);
        let codes = self.credit_code.iter().map(|code| Vouching::key_of(code).partition);
        let holidays = self.holidays.iter().map(|year| Holidays::key_of(year).partition);
        let board = self.announcements.then(|| Recipient::Everyone.partition());
        accounts
            .chain(providers)
            .chain(documents)
            .chain(listings)
            .chain(payments)
            .chain(codes)
            .chain(holidays)
            .chain(board)
            .collect()
    }
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The thing: its partition, a slash, its sort key.
    pub item: String,
    /// What is wrong.
    pub wrong: String,
}

/// What was verified, and what does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Things, each with its chain.
    pub chains: u64,
    /// Records in them.
    pub records: u64,
    /// What is wrong, one thing of each item.
    pub faults: Vec<Fault>,
    /// What the place that was asked does not show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_looked_at: Vec<String>,
    /// Where the chains end.
    #[serde(skip)]
    pub heads: Vec<Head>,
}

impl Verification {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.chains += other.chains;
        self.records += other.records;
        self.heads.extend(other.heads);
        self.not_looked_at.extend(other.not_looked_at);
        for fault in other.faults {
            if !self.faults.iter().any(|said| said.item == fault.item) {
                self.faults.push(fault);
            }
        }
        self
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Fault { item, wrong } in &self.faults {
            writeln!(f, "{item}\n  {wrong}")?;
        }
        for what in &self.not_looked_at {
            writeln!(f, "Not looked at: {what}.")?;
        }
        let Self { chains, records, faults, not_looked_at: _, heads: _ } = self;
        let (chains, records) = (counted(*chains, "chain", "chains"), counted(*records, "record", "records"));
        let do_not = if faults.len() == 1 { "does not" } else { "do not" };
        write!(f, "Verified: {chains} with {records}; {} {do_not} hold.", faults.len())
    }
}

/// Why something is not said to hold.
pub(super) enum Doubt {
    /// It does not.
    Broken(String),
    /// It could not be read.
    Unread(StoreError),
}

impl From<StoreError> for Doubt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { key, reason } => Self::Broken(format!("{key} cannot be read: {reason}")),
            error => Self::Unread(error),
        }
    }
}

fn broken(what: impl Into<String>) -> Doubt {
    Doubt::Broken(what.into())
}

/// What is found wrong, by item. What is said first of an item is nearest to the cause, and stands.
#[derive(Debug, Default)]
struct Faults(BTreeMap<String, String>);

impl Faults {
    fn say(&mut self, item: impl ToString, wrong: impl Into<String>) {
        self.0.entry(item.to_string()).or_insert_with(|| wrong.into());
    }

    /// # Errors
    /// Where it could not be read.
    fn judge(&mut self, item: &Key, outcome: Result<(), Doubt>) -> Result<(), OperateError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Doubt::Broken(wrong)) => {
                self.say(item, wrong);
                Ok(())
            }
            Err(Doubt::Unread(error)) => Err(error.into()),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn list(self) -> Vec<Fault> {
        self.0.into_iter().map(|(item, wrong)| Fault { item, wrong }).collect()
    }
}

/// Verifies everything in a partition, at no instant in particular: how far into the future a running lease may
/// reach is not judged.
///
/// # Errors
/// Where it cannot be read; what is found in it is no error.
pub async fn verify(
    store: &Store,
    partition: &Partition,
    progress: &ProgressBar,
) -> Result<Verification, OperateError> {
    verify_at(store, partition, &Expected::default(), progress).await
}

/// What is known from elsewhere of what is verified.
#[derive(Debug, Default)]
pub struct Expected<'a> {
    /// The market's time.
    pub now: Option<Timestamp>,
    /// Heads that were exported before.
    pub heads: Option<&'a Heads>,
}

/// Verifies everything in a partition, and holds it against what is known from elsewhere.
///
/// # Errors
/// Where it cannot be read; what is found in it is no error.
pub async fn verify_at(
    store: &Store,
    partition: &Partition,
    expected: &Expected<'_>,
    progress: &ProgressBar,
) -> Result<Verification, OperateError> {
    let read = WholePartition::read(store, partition).await?;
    progress.inc_length(read.things.len() as u64);
    let mut faults = Faults::default();
    for (key, reason) in &read.unreadable {
        faults.say(key, format!("it cannot be read: {reason}"));
    }
    let mut not_looked_at = Vec::new();
    if read.is_empty() {
        match built_in(partition) {
            Some(year) => not_looked_at.push(format!(
                "the holidays of {year}, which are built into this release; nothing is stored of them"
            )),
            None => faults.say(
                partition,
                "it is not there: the id is another, or all of it was deleted, together with its evidence",
            ),
        }
    }
    let mut understood = Vec::new();
    for (sort, as_stored) in &read.things {
        let key = Key::new(partition.clone(), sort.clone());
        match chain::check(store, &key, Some(as_stored), read.chain(sort), expected.now).await? {
            Ok(thing) => understood.push((key, thing)),
            Err(wrong) => faults.say(key, wrong),
        }
        progress.inc(1);
    }
    for sort in read.chains.keys().filter(|sort| !read.things.contains_key(*sort)) {
        let key = Key::new(partition.clone(), sort.clone());
        if read.unreadable.contains_key(&key) {
            continue;
        }
        if let Err(wrong) = chain::check(store, &key, None, read.chain(sort), expected.now).await? {
            faults.say(key, wrong);
        }
    }
    for content in &read.contents {
        if !partition::is_known_content(content) {
            faults.say(content, "it is of no kind that this release knows");
        }
    }
    named::check(store, &read, &understood, &mut faults).await?;
    for (key, thing) in &understood {
        faults.judge(key, documents::check(store, thing, read.chain(&key.sort)).await)?;
        ledger::check(store, thing, read.chain(&key.sort), &read.contents, &mut faults).await?;
    }
    if let Some(heads) = expected.heads {
        heads.hold_against(&read, &mut faults);
    }
    let heads = read.things.values().map(Head::of).collect();
    let records = read.chains.values().map(|chain| chain.len() as u64).sum();
    let orphans = read.chains.keys().filter(|sort| !read.things.contains_key(*sort)).count();
    let chains = (read.things.len() + orphans) as u64;
    Ok(Verification { chains, records, faults: faults.list(), not_looked_at, heads })
}

/// The year whose holidays these are, where this release carries them.
fn built_in(partition: &Partition) -> Option<i16> {
    let year = partition.rsplit('#').next()?.parse().ok()?;
    let is_theirs = Holidays::key_of(&year).partition == *partition;
    is_theirs.then(|| Calendar::built_in(year)).flatten().map(|schedule| schedule.year)
}

/// What was verified, as it is printed.
#[derive(Debug, Serialize)]
struct Outcome {
    /// Whether all holds that was looked at.
    ok: bool,
    #[serde(flatten)]
    verified: Verification,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verified.fmt(f)
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<Ended, OperateError> {
    let Arguments { parties, export_heads, common } = arguments;
    if common.at.url()?.is_some() {
        told::check_parties(&parties)?;
    } else if parties.all && common.at.data.is_none() {
        return Err(OperateError::NotThere {
            what: "--all".to_owned(),
            place: "a stack",
            why: "a deployed table is not scanned; name whose evidence, or heads that were exported",
        });
    }
    let against = parties.against.as_deref().map(Heads::read).transpose()?;
    let (mut verified, title) = match common.at.find().await? {
        Place::Url(api) => {
            let partitions = parties.with_heads(parties.partitions(), against.as_ref());
            let bar = progress("Verifying", common.json);
            let verified = told::verify(&api, &partitions, against.as_ref(), &bar).await?;
            bar.finish_and_clear();
            let at = api.now().await;
            (verified, (None, api.url().to_owned(), at))
        }
        Place::Folder(folder) => {
            of_table(Source::Folder(folder), &parties, against.as_ref(), common.json).await?
        }
        Place::Stack(stack) => {
            of_table(Source::stack(&stack)?, &parties, against.as_ref(), common.json).await?
        }
    };
    if let Some(heads) = &against {
        verified.not_looked_at.extend(parties.without_heads(heads));
    }
    if let (true, Some(file)) = (verified.faults.is_empty(), &export_heads) {
        let (stack, table, at) = title;
        Heads::new(stack, table, at, &verified).write(file)?;
    }
    let ok = verified.faults.is_empty();
    say(&Outcome { ok, verified }, common.json)?;
    Ok(Ended::well(ok))
}

/// Of which table, and when.
type Title = (Option<String>, String, Timestamp);

async fn of_table(
    source: Source,
    parties: &Parties,
    against: Option<&Heads>,
    json: bool,
) -> Result<(Verification, Title), OperateError> {
    let verified = verify_all(&source, parties, against, json).await;
    let (stack, table) = source.names();
    let title = (stack, table, source.now());
    source.close().await;
    Ok((verified?, title))
}

async fn verify_all(
    source: &Source,
    parties: &Parties,
    against: Option<&Heads>,
    json: bool,
) -> Result<Verification, OperateError> {
    let mut partitions = parties.partitions();
    if parties.all {
        partitions.extend(source.partitions().await?);
    }
    let bar = progress("Verifying", json);
    let mut verified = Verification::default();
    let expected = Expected { now: Some(source.now()), heads: against };
    for partition in &parties.with_heads(partitions, against) {
        verified = verified.and(verify_at(source.store(), partition, &expected, &bar).await?);
    }
    bar.finish_and_clear();
    Ok(verified)
}
