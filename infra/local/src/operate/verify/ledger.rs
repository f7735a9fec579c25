//! The ledger of a grant: its lines can be read, and those of a sealed day are the ones that were sealed into the
//! grant's chain. Lines from before the first sealed day, and from after the last, have no seal to be held against.

use jiff::civil::Date;
use market_entrustment::events::LedgerSealed;
use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{
    AccessEntry, LEDGER_PARTITIONS, former_ledger_prefix, ledger_partition,
};
use market_entrustment::grants::ledger::{DaySeal, Ledger};
use market_kernel::aggregate::Aggregate;
use market_kernel::events::Happening;
use market_kernel::keys::{Key, Sort};
use market_kernel::periods::{end_of, local_date, start_of};
use market_store::{Asked, Record, Store, StoreError};
use serde_json::Value;

use super::super::OperateError;
use super::Faults;
use super::thing::Thing;

/// Lines of one read.
const PAGE: u16 = 100;

pub(super) async fn check(
    store: &Store,
    thing: &Thing,
    chain: &[Record],
    contents: &[Key],
    faults: &mut Faults,
) -> Result<(), OperateError> {
    let Thing::Grant(grant) = thing else { return Ok(()) };
    check_lines(store, grant, faults).await?;
    let seals = chain.iter().filter(|record| record.evidence.event == LedgerSealed::REGISTERED.name);
    let seals: Vec<(Date, &Record)> = seals.filter_map(|record| Some((day_of(record)?, record))).collect();
    let (Some((first, _)), Some((last, _))) = (seals.first(), seals.last()) else { return Ok(()) };
    let partitions = check_ledger(store, grant, *last, faults).await?;
    // Where lines lay before ledgers had partitions: what is of a sealed day cannot be from then.
    let former = former_ledger_prefix(&grant.id);
    for line in contents {
        let hour = line.sort.strip_prefix(&former).and_then(|rest| rest.split('#').next()?.parse().ok());
        if hour.is_some_and(|hour| local_date(hour) >= *first) {
            faults.say(line, "it is a line of a sealed day, and was not sealed");
        }
    }
    let lines = match store
        .ledger_between(&grant.account_id, &grant.id, partitions, start_of(*first), end_of(*last))
        .await
    {
        Ok(lines) => lines,
        // The line is a fault of its own by now.
        Err(StoreError::Corrupt { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let partition = ledger_partition(&grant.account_id, &grant.id, 0);
    for (day, record) in &seals {
        if !is_sealed_by(*day, &lines, record) {
            let wrong = format!("its lines are not the ones that record {} sealed", record.evidence.number);
            faults.say(Key::new(partition.clone(), Sort::new("", day)), wrong);
        }
    }
    for line in &lines {
        let day = local_date(line.hour);
        if !seals.iter().any(|(sealed, _)| *sealed == day) {
            faults.say(
                Key::new(partition.clone(), Sort::new("", day)),
                "it has lines, and had none when it was to be sealed",
            );
        }
    }
    Ok(())
}

/// The day that a record seals.
fn day_of(record: &Record) -> Option<Date> {
    record.evidence.facts.get("day")?.as_str()?.parse().ok()
}

fn is_sealed_by(day: Date, lines: &[AccessEntry], record: &Record) -> bool {
    let DaySeal { day: _, lines, checks, sha256 } = DaySeal::of(day, lines);
    let facts = &record.evidence.facts;
    facts.get("lines") == Some(&Value::from(lines))
        && facts.get("checks") == Some(&Value::from(checks))
        && facts.get("sha256") == Some(&Value::from(sha256.as_str()))
}

/// What of the ledger cannot be read.
async fn check_lines(store: &Store, grant: &Grant, faults: &mut Faults) -> Result<(), OperateError> {
    let mut after: Option<String> = None;
    loop {
        let page = store.ledger(&grant.account_id, &grant.id, Asked::page(after.as_deref(), PAGE)).await?;
        for error in page.unreadable {
            match error {
                StoreError::Corrupt { key, reason } => {
                    faults.say(key, format!("it cannot be read: {reason}"));
                }
                error => return Err(error.into()),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// A grant with a sealed day has what says how far: sealed at least as far as its chain. Its answer is in how many
/// partitions there are lines; where that cannot be read, every one is looked at.
async fn check_ledger(
    store: &Store,
    grant: &Grant,
    last: Date,
    faults: &mut Faults,
) -> Result<u8, OperateError> {
    let id = (grant.account_id.clone(), grant.id.clone());
    let key = Ledger::key_of(&id);
    match store.get::<Ledger>(&id).await {
        Ok(None) => faults.say(key, format!("it is gone, and its grant, {}, has sealed days", grant.key())),
        Ok(Some(ledger)) => {
            if ledger.sealed_through < Some(last) {
                faults.say(key, format!("{last} is sealed, and it says otherwise"));
            }
            return Ok(ledger.partitions());
        }
        Err(StoreError::Corrupt { reason, .. }) => faults.say(key, format!("it cannot be read: {reason}")),
        Err(error) => return Err(error.into()),
    }
    Ok(LEDGER_PARTITIONS)
}
