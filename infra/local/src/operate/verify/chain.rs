//! A thing and its chain, held against each other.

use market_kernel::Timestamp;
use market_kernel::evidence::{Evidence, verify_chain};
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::Key;
use market_kernel::notices::{CausingRecord, Notice};
use market_store::commit::evidence_key;
use market_store::{Record, Store, StoredThing};

use super::super::OperateError;
use super::partition::records;
use super::thing::Thing;
use super::{Doubt, READS, broken};

/// The thing, or what is wrong with it, as long as it stays wrong.
pub(super) async fn check(
    store: &Store,
    key: &Key,
    thing: Option<&StoredThing>,
    chain: &[Record],
    now: Option<Timestamp>,
) -> Result<Result<Thing, String>, OperateError> {
    let mut outcome = check_once(store, key, thing, chain, now).await;
    for _ in 1..READS {
        if !matches!(outcome, Err(Doubt::Broken(_))) {
            break;
        }
        outcome = match (records(store, key).await, store.stored_thing(key).await) {
            (Ok(chain), Ok(thing)) => check_once(store, key, thing.as_ref(), &chain, now).await,
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
        };
    }
    match outcome {
        Ok(thing) => Ok(Ok(thing)),
        Err(Doubt::Broken(wrong)) => Ok(Err(wrong)),
        Err(Doubt::Unread(error)) => Err(error.into()),
    }
}

async fn check_once(
    store: &Store,
    key: &Key,
    thing: Option<&StoredThing>,
    chain: &[Record],
    now: Option<Timestamp>,
) -> Result<Thing, Doubt> {
    let as_stored = thing.ok_or_else(|| broken("its records are here, and it is gone"))?;
    let thing = Thing::read(as_stored)?.whole(store).await?;
    let (first, begins_after) = match &thing {
        Thing::Notice(notice) => (2, cause_of(store, notice, as_stored).await?),
        _ => (1, Sha256Hash::origin()),
    };
    let stored = chain.iter().map(|record| record.stored.as_str());
    let count = verify_chain(stored, first, &begins_after, &as_stored.head)
        .map_err(|fault| broken(fault.to_string()))?;
    let number = count + first - 1;
    if number != as_stored.version {
        return Err(broken(format!(
            "it is at version {}, and its chain at record {number}",
            as_stored.version
        )));
    }
    let name = format!("{}:{key}", as_stored.kind);
    if let Some(other) = chain.iter().find(|record| record.evidence.chain != name) {
        return Err(broken(format!("record {} belongs to {}", other.evidence.number, other.evidence.chain)));
    }
    let state = Sha256Hash::of(as_stored.body.as_bytes());
    if chain.last().is_some_and(|record| record.evidence.state != state) {
        return Err(broken(format!("its state is not the one that record {number} led to")));
    }
    let newest = chain.iter().map(|record| record.evidence.at).max().or(match &thing {
        Thing::Notice(notice) => Some(notice.drafted_at),
        _ => None,
    });
    // An earlier one is what a release left that does not write it, and whose clock may have been behind. One later than
    // all records lets nothing be decided of it.
    if as_stored.changed_at.is_some_and(|at| newest.is_some_and(|newest| at > newest)) {
        return Err(broken("it says that it was changed after its newest record"));
    }
    thing.check_place(as_stored, now)?;
    Ok(thing)
}

/// The hash of the record that a notice's chain goes on from, which must name that notice.
async fn cause_of(store: &Store, notice: &Notice, as_stored: &StoredThing) -> Result<Sha256Hash, Doubt> {
    let place = CausingRecord::of(&notice.cause).map(|chain| evidence_key(&chain.key, chain.number));
    let place = place.ok_or_else(|| broken(format!("its cause, {}, is no record", notice.cause)))?;
    let stored = store.content(&place).await?;
    let stored =
        stored.ok_or_else(|| broken(format!("the record of its cause, {}, is gone", notice.cause)))?;
    let cause = Evidence::read(&stored)
        .map_err(|reason| broken(format!("its cause, {place}, cannot be read: {reason}")))?;
    match notice.departs_from(&cause, as_stored.version, &as_stored.body) {
        Some(departs) => Err(broken(departs)),
        None => Ok(Sha256Hash::of(stored.as_bytes())),
    }
}
