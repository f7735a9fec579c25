//! Evidence as a market tells it over its API: the stored bytes of every record, party by party.
//!
//! It is held against itself: every record's bytes have the hash that is named, every chain is whole, belongs to whom it is
//! told of and begins where it should; a notice's chain goes on from the record that caused it, where that is told too. With
//! heads that were kept elsewhere, nothing was taken back since. What lies in the table beside the records the API does not
//! show, and the outcome says so.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use market_kernel::aggregate::Aggregate;
use market_kernel::evidence::{Evidence, verify_chain};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::keys::{Key, Owner, Partition, Sort};
use market_kernel::notices::Notice;
use serde::Deserialize;

use super::heads::{Head, Heads};
use super::{Faults, Parties, READS, Verification};
use crate::operate::OperateError;
use crate::operate::api::Api;

/// Records of one request.
const PAGE: u16 = 100;
/// What is said of every outcome.
const BESIDE: &str = "what `record` says beside the bytes in `stored`; and states, timers, lists, texts and ledgers: the \
                      API shows the records alone; name the stack or the folder";

/// Whose evidence the API shows.
enum Whose {
    Account(AccountId),
    Provider(ProviderId),
}

impl Whose {
    /// Whoever has this partition; none where its evidence is not shown.
    fn of(partition: &Partition) -> Option<Self> {
        let (kind, id) = partition.split_once('#')?;
        let whose = match kind {
            "account" => Self::Account(id.parse().ok()?),
            "provider" => Self::Provider(id.parse().ok()?),
            _ => return None,
        };
        (whose.partition() == *partition).then_some(whose)
    }

    fn partition(&self) -> Partition {
        match self {
            Self::Account(id) => id.partition(),
            Self::Provider(id) => id.partition(),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Account(id) => format!("/accounts/{id}/evidence"),
            Self::Provider(id) => format!("/providers/{id}/evidence"),
        }
    }
}

/// A record as it was told.
struct Told {
    stored: String,
    sha256: Sha256Hash,
    evidence: Evidence,
}

/// All that is told of a party.
struct Records {
    partition: Partition,
    chains: BTreeMap<Key, Vec<Told>>,
    faults: Faults,
}

#[derive(Deserialize)]
struct Item {
    sha256: Sha256Hash,
    stored: String,
}

/// Refuses what the API shows no evidence of.
pub(super) fn check_parties(parties: &Parties) -> Result<(), OperateError> {
    let given = [
        ("--document", !parties.document.is_empty()),
        ("--listing", !parties.listing.is_empty()),
        ("--payment", !parties.payment.is_empty()),
        ("--credit-code", !parties.credit_code.is_empty()),
        ("--holidays", !parties.holidays.is_empty()),
        ("--announcements", parties.announcements),
        ("--all", parties.all),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(OperateError::NotThere {
            what: flag.to_owned(),
            place: "--url",
            why: "the API shows the evidence of accounts and providers; name the stack or the folder",
        }),
    }
}

/// Verifies what is told of these partitions.
///
/// # Errors
/// Where the market refuses or does not answer; what is found is no error.
pub(super) async fn verify(
    api: &Api,
    partitions: &[Partition],
    against: Option<&Heads>,
    progress: &ProgressBar,
) -> Result<Verification, OperateError> {
    let mut verified = Verification { not_looked_at: vec![BESIDE.to_owned()], ..Verification::default() };
    progress.inc_length(partitions.len() as u64);
    for partition in partitions {
        match Whose::of(partition) {
            Some(whose) => verified = verified.and(verify_party(api, &whose, against).await?),
            None => verified.not_looked_at.push(format!("{partition}: the API does not show its evidence")),
        }
        progress.inc(1);
    }
    Ok(verified)
}

/// A market that goes on working may tell half of what it is writing: what does not hold is read again.
async fn verify_party(
    api: &Api,
    whose: &Whose,
    against: Option<&Heads>,
) -> Result<Verification, OperateError> {
    let mut verified = Records::read(api, whose).await?.verify(against);
    for _ in 1..READS {
        if verified.faults.is_empty() {
            break;
        }
        verified = Records::read(api, whose).await?.verify(against);
    }
    Ok(verified)
}

impl Records {
    async fn read(api: &Api, whose: &Whose) -> Result<Self, OperateError> {
        let partition = whose.partition();
        let mut read = Self { partition, chains: BTreeMap::new(), faults: Faults::default() };
        let (list, mut after) = (format!("{}?limit={PAGE}", whose.path()), None::<String>);
        loop {
            let page = api.page::<Item>(&list, after.as_deref(), "evidence").await?;
            let Some(page) = page else { return Ok(read) };
            if page.unreadable > 0 {
                read.faults.say(&read.partition, format!("{} records cannot be read", page.unreadable));
            }
            for item in page.items {
                read.take(item);
            }
            after = page.next_cursor;
            if after.is_none() {
                return Ok(read);
            }
        }
    }

    fn take(&mut self, Item { sha256, stored }: Item) {
        let Ok(evidence) = Evidence::read(&stored) else {
            self.faults.say(&self.partition, format!("the record {sha256} has no form that is known"));
            return;
        };
        let key = evidence.chain.split_once(':').and_then(|(_, key)| key.split_once('/'));
        let Some((partition, sort)) = key.filter(|(partition, _)| **partition == *self.partition) else {
            self.faults.say(&self.partition, format!("the record {sha256} belongs to {}", evidence.chain));
            return;
        };
        let key = Key::stored(partition, sort);
        if sha256 != Sha256Hash::of(stored.as_bytes()) {
            self.faults.say(&key, format!("record {} has another hash than the one named", evidence.number));
        }
        self.chains.entry(key).or_default().push(Told { stored, sha256, evidence });
    }

    fn verify(mut self, against: Option<&Heads>) -> Verification {
        if self.chains.is_empty() && self.faults.is_empty() {
            self.faults.say(&self.partition, "nothing is told of it");
        }
        let mut verified = Verification::default();
        let causes = self.causes();
        let mut begins_elsewhere = 0_u64;
        for (key, chain) in &self.chains {
            verified.chains += 1;
            verified.records += chain.len() as u64;
            let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
            let is_notice = first.evidence.chain.starts_with(&format!("{}:", Notice::KIND));
            let (number, begins_after) = match (is_notice, causes.get(key)) {
                (false, _) => (1, Sha256Hash::origin()),
                (true, Some(cause)) => (2, cause.clone()),
                (true, None) => {
                    begins_elsewhere += 1;
                    (2, first.evidence.previous.clone())
                }
            };
            let head = Sha256Hash::of(last.stored.as_bytes());
            let stored = chain.iter().map(|told| told.stored.as_str());
            if let Err(fault) = verify_chain(stored, number, &begins_after, &head) {
                self.faults.say(key, fault.to_string());
            }
            if chain.iter().any(|told| told.evidence.chain != first.evidence.chain) {
                self.faults.say(key, "its records are of things of two kinds");
            }
            verified.heads.push(Head {
                partition: key.partition.clone(),
                sort: key.sort.clone(),
                version: last.evidence.number,
                head,
            });
        }
        if begins_elsewhere > 0 {
            verified.not_looked_at.push(format!(
                "{}: what {begins_elsewhere} of its notices were caused by, which is others' evidence",
                self.partition
            ));
        }
        if let Some(heads) = against {
            self.hold_against(heads, &mut verified);
        }
        verified.faults = self.faults.list();
        verified
    }

    /// The hashes of the records that name notices.
    fn causes(&self) -> BTreeMap<Key, Sha256Hash> {
        let named = self.chains.values().flatten().flat_map(|told| {
            told.evidence.notices.iter().map(|notice| {
                (Notice::key_of(&(notice.recipient.clone(), notice.id.clone())), told.sha256.clone())
            })
        });
        named.collect()
    }

    /// That every chain that had a head then has grown from it.
    fn hold_against(&mut self, heads: &Heads, verified: &mut Verification) {
        let then = heads.at();
        for Head { partition, sort, version, head } in heads.of(&self.partition) {
            let key = Key::new(partition.clone(), Sort::clone(sort));
            let wrong = match self.chains.get(&key) {
                Some(chain) => {
                    let number = |wanted: u64| chain.iter().find(move |told| told.evidence.number == wanted);
                    let last = chain.last().map_or(0, |told| told.evidence.number);
                    let was = number(*version)
                        .map(|told| told.sha256.clone())
                        .or_else(|| number(version + 1).map(|told| told.evidence.previous.clone()));
                    if last < *version {
                        Some(format!("its chain ends at record {last}, and was at {version} at {then}"))
                    } else {
                        (was.as_ref() != Some(head))
                            .then(|| format!("its chain is not the one that was at {version} at {then}"))
                    }
                }
                // A notice that was only drafted ends at the record of its cause.
                None if self.chains.values().flatten().any(|told| told.sha256 == *head) => None,
                None if *version == 1 && Notice::PLACE.holds(&key) => {
                    verified
                        .not_looked_at
                        .push(format!("{key}: others' evidence caused it, and it has none"));
                    None
                }
                None => Some(format!("it is gone, and was at version {version} at {then}")),
            };
            if let Some(wrong) = wrong {
                self.faults.say(&key, wrong);
            }
        }
    }
}
