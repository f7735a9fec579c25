//! What is named must be there: a thing that was deleted together with its chain leaves no trace of its own.

use std::collections::{BTreeMap, HashMap};

use market_agreement::documents::acceptance::Acceptance;
use market_agreement::events::CascadeStepped;
use market_agreement::terminations::{Termination, TerminationStatus};
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::events::{DemandDrafted, GrantEnded, GrantExpired, GrantRevoked};
use market_entrustment::grants::{Grant, GrantStatus};
use market_kernel::aggregate::Aggregate;
use market_kernel::events::Happening;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::{Key, Sort};
use market_kernel::notices::Notice;
use market_parties::accounts::MarketAccount;
use market_store::{Record, Store, StoreError, StoredThing, of};

use super::super::OperateError;
use super::partition::{WholePartition, records};
use super::thing::Thing;
use super::{Doubt, Faults, READS, broken};

/// That whatever the things and the records of a partition name is there, and is what it is named as.
pub(super) async fn check(
    store: &Store,
    read: &WholePartition,
    things: &[(Key, Thing)],
    faults: &mut Faults,
) -> Result<(), OperateError> {
    check_things(store, read, things, faults).await?;
    check_notices(store, read, faults).await?;
    for (key, thing) in things {
        match thing {
            Thing::Grant(grant) => {
                let demand = DeletionDemand::key_of(&(grant.account_id.clone(), grant.id.clone()));
                let outcome = check_demand(store, read, grant, &demand, read.chain(&key.sort)).await;
                faults.judge(&demand, outcome)?;
            }
            Thing::Termination(termination) => {
                let account = MarketAccount::key_of(&termination.account_id);
                faults.judge(&account, check_end(store, termination).await)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What lies elsewhere, or came after this partition was read.
async fn elsewhere<'a>(
    store: &Store,
    read: &WholePartition,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<HashMap<Key, Result<StoredThing, StoreError>>, StoreError> {
    store.stored_things(keys.filter(|key| !is_here(read, key)).cloned()).await
}

fn is_here(read: &WholePartition, key: &Key) -> bool {
    key.partition == read.name && read.has(key)
}

/// An acceptance of a later agreement period has its number behind the key of the first.
fn is_here_in_another_period(read: &WholePartition, key: &Key) -> bool {
    let later = Sort::stored(format!("{}#", key.sort));
    key.partition == read.name
        && Acceptance::PLACE.holds(key)
        && read.things.range::<Sort, _>(&later..).next().is_some_and(|(sort, _)| sort.starts_with(&*later))
}

async fn check_things(
    store: &Store,
    read: &WholePartition,
    things: &[(Key, Thing)],
    faults: &mut Faults,
) -> Result<(), OperateError> {
    let mut named = BTreeMap::new();
    for (key, thing) in things {
        let targets = read.chain(&key.sort).iter().filter_map(target_of);
        for name in thing.names().into_iter().chain(targets) {
            named.entry(name).or_insert(key);
        }
    }
    let found = elsewhere(store, read, named.keys()).await?;
    for (key, by) in named {
        if !is_here(read, &key) && !found.contains_key(&key) && !is_here_in_another_period(read, &key) {
            faults.say(&key, format!("it is gone, and {by} names it"));
        }
    }
    Ok(())
}

/// What ended with an agreement, as its cascade records it.
fn target_of(record: &Record) -> Option<Key> {
    if record.evidence.event != CascadeStepped::REGISTERED.name {
        return None;
    }
    let (partition, sort) = record.evidence.facts.get("target")?.as_str()?.split_once('/')?;
    Some(Key::stored(partition, sort))
}

async fn check_notices(
    store: &Store,
    read: &WholePartition,
    faults: &mut Faults,
) -> Result<(), OperateError> {
    let mut named = BTreeMap::new();
    for record in read.chains.values().flatten() {
        for notice in &record.evidence.notices {
            named.insert(Notice::key_of(&(notice.recipient.clone(), notice.id.clone())), record);
        }
    }
    let found = elsewhere(store, read, named.keys()).await?;
    for (key, cause) in named {
        // Those of this partition were held against their causes with their own chains.
        if is_here(read, &key) {
            continue;
        }
        match found.get(&key) {
            None => {
                let record = format!("{}@{}", cause.evidence.chain, cause.evidence.number);
                faults.say(&key, format!("it is gone, and the record of its cause, {record}, names it"));
            }
            Some(Err(error)) => faults.say(&key, format!("it cannot be read: {error}")),
            Some(Ok(as_stored)) => faults.judge(&key, check_notice(store, as_stored, cause).await)?,
        }
    }
    Ok(())
}

async fn check_notice(store: &Store, as_stored: &StoredThing, cause: &Record) -> Result<(), Doubt> {
    let Thing::Notice(notice) = Thing::read(as_stored)?.whole(store).await? else {
        return Err(broken("it is no notice"));
    };
    if let Some(departs) = notice.departs_from(&cause.evidence, as_stored.version, &as_stored.body) {
        return Err(broken(departs));
    }
    let begins_with_cause = as_stored.head == Sha256Hash::of(cause.stored.as_bytes());
    if as_stored.version == 1 && !begins_with_cause {
        return Err(broken("its chain does not begin with the record of its cause"));
    }
    Ok(())
}

/// An agreement that was terminated has the end that its termination set (10.1).
async fn check_end(store: &Store, termination: &Termination) -> Result<(), Doubt> {
    let mut outcome = Ok(());
    // Both may have moved since the partition was read, and one of them between the two.
    for _ in 0..READS {
        let account = of::<MarketAccount>(termination.account_id.clone());
        let termination = of::<Termination>((termination.account_id.clone(), termination.id.clone()));
        let (Some(account), Some(termination)) = store.load((account, termination)).await? else {
            return Ok(());
        };
        let is_running = matches!(
            termination.status,
            TerminationStatus::Served { .. }
                | TerminationStatus::Ending(_)
                | TerminationStatus::Completed { .. }
        );
        let is_of_this_period = account.agreement_period == termination.agreement_period;
        if !is_running || !is_of_this_period || account.ends_at == Some(termination.ends_at) {
            return Ok(());
        }
        let (end, says) = (termination.ends_at, termination.key());
        outcome = Err(broken(format!("its agreement ends at {end}, as {says} says, and it says otherwise")));
    }
    outcome
}

/// When a grant ended, as its chain says.
fn end_of(chain: &[Record]) -> Option<&str> {
    let ends = [GrantExpired::REGISTERED.name, GrantRevoked::REGISTERED.name, GrantEnded::REGISTERED.name];
    let end = chain.iter().find(|record| ends.contains(&record.evidence.event.as_str()))?;
    end.evidence.facts.get("ended_at")?.as_str()
}

/// An ended grant has its demand (4.4.5), drafted at its end; a grant that goes on has none.
async fn check_demand(
    store: &Store,
    read: &WholePartition,
    grant: &Grant,
    key: &Key,
    chain: &[Record],
) -> Result<(), Doubt> {
    let recorded = end_of(chain);
    let found = match read.things.get(&key.sort) {
        Some(as_stored) => Some(as_stored.clone()),
        None => store.stored_thing(key).await?,
    };
    let (GrantStatus::Ended { ended_at, .. }, Some(as_stored)) = (&grant.status, &found) else {
        return match (&grant.status, recorded, found.is_some()) {
            (GrantStatus::Active, None, false) => Ok(()),
            (GrantStatus::Active, None, true) => {
                Err(broken("it demands deletion, and its grant has not ended"))
            }
            _ => Err(broken(format!("it is gone, and its grant, {}, has ended", grant.key()))),
        };
    };
    let Thing::DeletionDemand(demand) = Thing::read(as_stored)? else {
        return Err(broken("it is no demand"));
    };
    let first = match read.chains.get(&key.sort) {
        Some(chain) => chain.first().cloned(),
        None => records(store, key).await?.into_iter().next(),
    };
    let is_drafted_at_the_end = first.is_some_and(|first| {
        first.evidence.event == DemandDrafted::REGISTERED.name
            && first.evidence.facts.get("ended_at").and_then(|at| at.as_str()) == recorded
    });
    if demand.ended_at != *ended_at || !is_drafted_at_the_end {
        return Err(broken(format!("it was not drafted at the end of its grant, {ended_at}")));
    }
    Ok(())
}
