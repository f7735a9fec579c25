//! `market verify`: whether the evidence of a party's things holds, record by record.
//!
//! For each thing in the partitions that are named it is checked that its chain is whole and ends where the
//! thing says (nothing edited, dropped, swapped or cut off), that every record belongs to that chain, and
//! that the stored state is the one that the newest record led to. A notice's chain goes on from the record
//! that caused it, wherever that is; that record must name the notice and its text. Of documents the versions
//! and texts are checked too, and of grants the lines of their ledgers are read. Records without their thing
//! are a fault, and so is whatever cannot be read.
//!
//! A market that goes on working meanwhile must not look broken: what does not hold is read again before it
//! is said.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;

use indicatif::ProgressBar;
use market_domain::accounts::MarketAccount;
use market_domain::accounts::termination::Termination;
use market_domain::aggregate::{Aggregate, Key};
use market_domain::deletion::DeletionDemand;
use market_domain::documents::acceptance::Acceptance;
use market_domain::documents::{Document, VERSIONS, Version};
use market_domain::events::{DocumentPublished, Happening};
use market_domain::evidence::{Evidence, verify_chain};
use market_domain::grants::Grant;
use market_domain::grants::token::GrantTokens;
use market_domain::hash::Sha256Hash;
use market_domain::ids::{AccountId, DocumentId, ListingId, ProviderId};
use market_domain::listings::Listing;
use market_domain::notices::Notice;
use market_domain::orders::Order;
use market_domain::payments::PaymentRecord;
use market_domain::providers::Provider;
use market_domain::stored;
use market_domain::vouching::Vouching;
use market_store::commit::{EVIDENCE, evidence_key, evidence_prefix};
use market_store::{Standing, Store, StoreError};
use serde::Serialize;
use serde_json::Value;

use super::stack::Stack;
use super::{Common, OperateError, exit, progress, say};

/// Things or records of one read.
const PAGE: u16 = 100;
/// How often what does not hold is read again.
const READS: u32 = 3;
/// What the sort keys of everything with a chain begin with (docs/ARCHITECTURE.md, "The table").
const KINDS: [&str; 7] = ["state", "acceptance#", "order#", "grant#", "demand#", "termination#", "notice#"];

/// What to verify.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    parties: Parties,
    #[command(flatten)]
    common: Common,
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
    /// The notice board.
    #[arg(long)]
    announcements: bool,
}

impl Parties {
    fn partitions(&self) -> Vec<String> {
        let accounts = self.account.iter().map(|id| format!("account#{id}"));
        let providers = self.provider.iter().map(|id| format!("provider#{id}"));
        let documents = self.document.iter().map(|id| format!("document#{id}"));
        let listings = self.listing.iter().map(|id| format!("listing#{id}"));
        let board = self.announcements.then(|| "announcements".to_owned());
        accounts.chain(providers).chain(documents).chain(listings).chain(board).collect()
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
pub struct Verified {
    /// Things, each with its chain.
    pub chains: u64,
    /// Records in them.
    pub records: u64,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl Verified {
    fn and(mut self, other: Self) -> Self {
        self.chains += other.chains;
        self.records += other.records;
        self.faults.extend(other.faults);
        self
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Fault { item, wrong } in &self.faults {
            writeln!(f, "{item}\n  {wrong}")?;
        }
        let Self { chains, records, faults } = self;
        write!(f, "{chains} chains with {records} records were verified; {} do not hold.", faults.len())
    }
}

/// Why a chain is not said to hold.
enum Doubt {
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

/// A thing as what its kind says it is.
fn read<A: Aggregate>(thing: &Standing) -> Result<A, Doubt> {
    stored::read(&thing.body, thing.schema)
        .map(|(state, _)| state)
        .map_err(|reason| broken(format!("it cannot be read: {reason}")))
}

/// Whether a thing of any kind can be read.
fn check_readable(thing: &Standing) -> Result<(), Doubt> {
    match thing.kind.as_str() {
        MarketAccount::KIND => read::<MarketAccount>(thing).map(drop),
        Acceptance::KIND => read::<Acceptance>(thing).map(drop),
        Order::KIND => read::<Order>(thing).map(drop),
        Grant::KIND => read::<Grant>(thing).map(drop),
        GrantTokens::KIND => read::<GrantTokens>(thing).map(drop),
        DeletionDemand::KIND => read::<DeletionDemand>(thing).map(drop),
        Termination::KIND => read::<Termination>(thing).map(drop),
        Notice::KIND => read::<Notice>(thing).map(drop),
        PaymentRecord::KIND => read::<PaymentRecord>(thing).map(drop),
        Provider::KIND => read::<Provider>(thing).map(drop),
        Document::KIND => read::<Document>(thing).map(drop),
        Listing::KIND => read::<Listing>(thing).map(drop),
        Vouching::KIND => read::<Vouching>(thing).map(drop),
        other => Err(broken(format!("no kind is called {other}"))),
    }
}

/// The records of one chain, in their order. One that cannot be read is missing, and shows as that.
async fn records(store: &Store, key: &Key) -> Result<Vec<String>, StoreError> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let prefix = evidence_prefix(&key.sort);
        let page = store.list_records(&key.partition, &prefix, after.as_deref(), PAGE).await?;
        all.extend(page.items.into_iter().map(|record| record.stored));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// The records of every chain of a partition, by the sort key of its thing, and what cannot be read.
async fn chains(
    store: &Store,
    partition: &str,
) -> Result<(BTreeMap<String, Vec<String>>, Vec<StoreError>), StoreError> {
    let (mut chains, mut unreadable) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    let mut after: Option<String> = None;
    loop {
        let page = store.list_records(partition, EVIDENCE, after.as_deref(), PAGE).await?;
        for record in page.items {
            let thing = record.sort.strip_prefix(EVIDENCE).unwrap_or(&record.sort);
            let thing = thing.rsplit_once('#').map_or(thing, |(thing, _number)| thing);
            chains.entry(thing.to_owned()).or_default().push(record.stored);
        }
        unreadable.extend(page.unreadable);
        after = page.next;
        if after.is_none() {
            return Ok((chains, unreadable));
        }
    }
}

/// What of a grant's ledger cannot be read.
async fn unreadable_lines(store: &Store, grant: &Grant) -> Result<Vec<StoreError>, StoreError> {
    let mut unreadable = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.ledger(&grant.account_id, &grant.id, after.as_deref(), PAGE).await?;
        unreadable.extend(page.unreadable);
        after = page.next;
        if after.is_none() {
            return Ok(unreadable);
        }
    }
}

/// Every thing of a partition that has a chain, and what is wrong with those that cannot be read at all.
async fn standings(store: &Store, partition: &str) -> Result<(Vec<Standing>, Vec<StoreError>), StoreError> {
    let (mut all, mut unreadable) = (Vec::new(), Vec::new());
    for prefix in KINDS {
        let mut after: Option<String> = None;
        loop {
            let page = store.list_standings(partition, prefix, after.as_deref(), PAGE).await?;
            all.extend(page.items);
            unreadable.extend(page.unreadable);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok((all, unreadable))
}

/// The record that a notice's chain goes on from.
async fn cause_of(store: &Store, notice: &Standing) -> Result<Sha256Hash, Doubt> {
    let notice: Notice = read(notice)?;
    // `kind:partition/sort@number`
    let place = notice.cause.rsplit_once('@').and_then(|(chain, number)| {
        let (partition, sort) = chain.split_once(':')?.1.split_once('/')?;
        Some(evidence_key(&Key::new(partition, sort), number.parse().ok()?))
    });
    let place = place.ok_or_else(|| broken(format!("its cause, {}, is no record", notice.cause)))?;
    let stored = store.content(&place).await?;
    let stored =
        stored.ok_or_else(|| broken(format!("the record of its cause, {}, is gone", notice.cause)))?;
    let cause = Evidence::read(&stored)
        .map_err(|reason| broken(format!("its cause, {place}, cannot be read: {reason}")))?;
    let content = notice.commitment();
    match cause.notices.iter().find(|named| named.id == notice.id) {
        None => Err(broken(format!("its cause, {}, does not name it", notice.cause))),
        Some(named) if named.content != content => {
            Err(broken(format!("its text is not the one that its cause, {}, names", notice.cause)))
        }
        Some(_) => Ok(Sha256Hash::of(stored.as_bytes())),
    }
}

/// The versions of a document: those in items of their own, and those that it holds itself.
async fn versions(store: &Store, document: &Document) -> Result<Vec<Version>, Doubt> {
    let partition = Document::partition(&document.id);
    let mut versions = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.list_forms::<Version>(&partition, VERSIONS, after.as_deref(), PAGE).await?;
        versions.extend(page.items);
        if let Some(error) = page.unreadable.first() {
            return Err(broken(format!("a version cannot be read: {error}")));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    versions.extend(document.versions.iter().cloned());
    Ok(versions)
}

/// The versions and texts of a document are the ones whose publication its chain records.
async fn check_versions(store: &Store, document: &Standing, chain: &[String]) -> Result<(), Doubt> {
    let document: Document = read(document)?;
    let mut unseen: Vec<Value> = chain
        .iter()
        .filter_map(|record| Evidence::read(record).ok())
        .filter(|record| record.event == DocumentPublished::REGISTERED.name)
        .map(|record| Value::Object(record.facts))
        .collect();
    let published = unseen.clone();
    for version in &versions(store, &document).await? {
        let is_this = |facts: &Value| {
            facts["version"] == version.number
                && facts["sha256"] == version.sha256.as_str()
                && facts["effective_at"] == version.effective_at.to_string()
        };
        if !published.iter().any(is_this) {
            return Err(broken(format!(
                "version {} is not the one whose publication is recorded",
                version.number
            )));
        }
        unseen.retain(|facts| !is_this(facts));
        let text = store.content(&Document::text_key(&document.id, version.number)).await?;
        if text.map(|text| Sha256Hash::of(text.as_bytes())).as_ref() != Some(&version.sha256) {
            return Err(broken(format!("the text of version {} is not the one published", version.number)));
        }
    }
    match unseen.first() {
        Some(gone) => Err(broken(format!("version {} was published, and is gone", gone["version"]))),
        None => Ok(()),
    }
}

/// A thing and its chain, held against each other.
async fn check(store: &Store, thing: Option<&Standing>, chain: &[String]) -> Result<(), Doubt> {
    let thing = thing.ok_or_else(|| broken("its records are here, and it is gone"))?;
    check_readable(thing)?;
    let is_notice = thing.kind == Notice::KIND;
    let (first, begins_after) =
        if is_notice { (2, cause_of(store, thing).await?) } else { (1, Sha256Hash::origin()) };
    let count = verify_chain(chain.iter().map(String::as_str), first, &begins_after, &thing.head)
        .map_err(|fault| broken(fault.to_string()))?;
    let number = count + first - 1;
    if number != thing.version {
        return Err(broken(format!("it is at version {}, and its chain at record {number}", thing.version)));
    }
    let name = format!("{}:{}", thing.kind, thing.key);
    let mut state = None;
    for record in chain {
        let record =
            Evidence::read(record).map_err(|reason| broken(format!("a record cannot be read: {reason}")))?;
        if record.chain != name {
            return Err(broken(format!("record {} belongs to {}", record.number, record.chain)));
        }
        state = Some(record.state);
    }
    if state.is_some_and(|state| state != Sha256Hash::of(thing.body.as_bytes())) {
        return Err(broken(format!("its state is not the one that record {number} led to")));
    }
    if thing.kind == Document::KIND { check_versions(store, thing, chain).await } else { Ok(()) }
}

/// What is wrong with a thing, as long as it stays wrong.
async fn fault_of(
    store: &Store,
    key: &Key,
    thing: Option<&Standing>,
    chain: &[String],
) -> Result<Option<Fault>, OperateError> {
    let mut outcome = check(store, thing, chain).await;
    for _ in 1..READS {
        if !matches!(outcome, Err(Doubt::Broken(_))) {
            break;
        }
        let again = records(store, key).await?;
        outcome = check(store, store.standing(key).await?.as_ref(), &again).await;
    }
    match outcome {
        Ok(()) => Ok(None),
        Err(Doubt::Broken(wrong)) => Ok(Some(Fault { item: key.to_string(), wrong })),
        Err(Doubt::Unread(error)) => Err(error.into()),
    }
}

/// Verifies everything in a partition.
///
/// # Errors
/// Where it cannot be read; what is found in it is no error.
pub async fn verify(
    store: &Store,
    partition: &str,
    progress: &ProgressBar,
) -> Result<Verified, OperateError> {
    let (mut chains, mut unreadable) = chains(store, partition).await?;
    let (things, broken_things) = standings(store, partition).await?;
    for error in &broken_things {
        if let StoreError::Corrupt { key, .. } = error {
            chains.remove(&key.sort);
        }
    }
    unreadable.extend(broken_things);
    for grant in things.iter().filter(|thing| thing.kind == Grant::KIND) {
        if let Ok(grant) = read::<Grant>(grant) {
            unreadable.extend(unreadable_lines(store, &grant).await?);
        }
    }
    let mut verified = Verified::default();
    progress.inc_length(things.len() as u64);
    for error in unreadable {
        let StoreError::Corrupt { key, reason } = error else { return Err(error.into()) };
        verified.faults.push(Fault { item: key.to_string(), wrong: format!("it cannot be read: {reason}") });
    }
    if things.is_empty() && chains.is_empty() && verified.faults.is_empty() {
        let wrong = "nothing is stored of it".to_owned();
        verified.faults.push(Fault { item: partition.to_owned(), wrong });
    }
    for thing in &things {
        let chain = chains.remove(&thing.key.sort).unwrap_or_default();
        verified.chains += 1;
        verified.records += chain.len() as u64;
        verified.faults.extend(fault_of(store, &thing.key, Some(thing), &chain).await?);
        progress.inc(1);
    }
    for (sort, chain) in chains {
        verified.chains += 1;
        verified.records += chain.len() as u64;
        verified.faults.extend(fault_of(store, &Key::new(partition, sort), None, &chain).await?);
    }
    Ok(verified)
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, OperateError> {
    let Arguments { parties, common } = arguments;
    let store = Stack::find(&common.stack).await?.store()?;
    let bar = progress("Verifying", common.json);
    let mut verified = Verified::default();
    for partition in parties.partitions() {
        verified = verified.and(verify(&store, &partition, &bar).await?);
    }
    bar.finish_and_clear();
    say(&verified, common.json)?;
    Ok(exit(verified.faults.is_empty()))
}
