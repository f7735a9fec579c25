//! What ends with an agreement, thing by thing: grants first, then orders, then what could not be read before.

use std::collections::VecDeque;

use market_agreement::terminations::{Cascade, Termination};
use market_entrustment::grants::{EndCause, Ending, Grant, GrantStatus};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::Change;
use market_kernel::ids::{GrantId, OrderId, ProviderId};
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::occasion::Occasion;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::{Asked, StoreError};
use market_trade::orders::{CloseReason, Order};

use crate::workers::{JobError, WorkerContext};

/// Things of one page.
const PAGE: u16 = 100;
/// Pages that one wake-up looks at: what has ended long ago is read, and takes time too.
const PAGES: u32 = 20;
/// How many unreadable things a termination can list; more than that is not a matter of single items.
const MOST_ASIDE: usize = 500;

const GRANTS: &str = Grant::PLACE.sorts();
const ORDERS: &str = Order::PLACE.sorts();

/// A thing that may have to end.
enum Target {
    Grant(Box<Loaded<Grant>>),
    Order(Box<Loaded<Order>>),
}

/// What the search came to.
pub(super) enum SearchResult {
    /// Something that has to end, and its end.
    Target(Key, Change),
    /// Nothing so far, and enough was looked at for one wake-up.
    Nothing,
    /// Nothing but what is set aside, and why it still is.
    Aside(JobError),
    /// Nothing any more.
    End,
}

/// The search of one wake-up: it goes on where it stood, and reads each page once.
pub(super) struct Targets<'a> {
    jobs: &'a WorkerContext,
    partition: Partition,
    /// Where a second look begins with orders, after the grants; a first one at the first.
    first_order: String,
    /// The place after which the next page begins.
    after: Option<String>,
    /// What was read and not looked at yet.
    read: VecDeque<Target>,
    /// The last thing that was looked at.
    last: Option<String>,
    /// Whether the last page was read.
    is_read_out: bool,
    aside: Vec<String>,
    pages: u32,
}

impl<'a> Targets<'a> {
    pub(super) fn of(jobs: &'a WorkerContext, termination: &Loaded<Termination>, cascade: &Cascade) -> Self {
        // Ids sort by the instant that they were made at.
        let since = termination.stragglers_since();
        let first_grant = since.map(|since| format!("{GRANTS}{}", GrantId::first_of(since)));
        let first_order = since.map(|since| OrderId::first_of(since).to_string()).unwrap_or_default();
        Self {
            jobs,
            partition: termination.key().partition,
            first_order: format!("{ORDERS}{first_order}"),
            after: cascade.cursor.clone().or(first_grant),
            read: VecDeque::new(),
            last: None,
            is_read_out: false,
            aside: cascade.aside.clone(),
            pages: 0,
        }
    }

    /// How far it has looked, and what it set aside.
    pub(super) fn place(&self) -> (Option<String>, Vec<String>) {
        let cursor = if self.read.is_empty() { &self.after } else { &self.last };
        (cursor.clone(), self.aside.clone())
    }

    /// The next thing that has to end, and its end.
    pub(super) async fn next(
        &mut self,
        termination: &Loaded<Termination>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Result<SearchResult, JobError> {
        loop {
            while let Some(target) = self.read.pop_front() {
                let key = target.key();
                self.last = Some(key.sort.to_string());
                match self.end(&target, termination, account, occasion).await {
                    Ok(Some(change)) => return Ok(SearchResult::Target(key, change)),
                    Ok(None) => {}
                    Err(error) => self.set_aside(key.sort.to_string(), error)?,
                }
            }
            if self.is_read_out {
                return self.mended(termination, account, occasion).await;
            }
            if self.pages == PAGES {
                return Ok(SearchResult::Nothing);
            }
            self.pages += 1;
            self.read_on().await?;
        }
    }

    /// Reads the next page.
    async fn read_on(&mut self) -> Result<(), JobError> {
        let (store, after) = (&self.jobs.store, self.after.as_deref());
        let (next, unreadable) = if after.is_none_or(|after| after.starts_with(GRANTS)) {
            let page = store.list::<Grant>(&self.partition, Asked::page(after, PAGE)).await?;
            self.read.extend(page.items.into_iter().map(|grant| Target::Grant(Box::new(grant))));
            (page.next.or_else(|| Some(self.first_order.clone())), page.unreadable)
        } else {
            let after = after.filter(|after| *after != ORDERS);
            let page = store.list::<Order>(&self.partition, Asked::page(after, PAGE)).await?;
            self.read.extend(page.items.into_iter().map(|order| Target::Order(Box::new(order))));
            (page.next, page.unreadable)
        };
        for error in unreadable {
            if let StoreError::Corrupt { key, .. } = &error {
                self.set_aside(key.sort.to_string(), error.into())?;
            }
        }
        self.is_read_out = next.is_none();
        self.after = next.or_else(|| Some(self.read.back()?.key().sort.to_string())).or(self.after.take());
        Ok(())
    }

    /// The first thing of those set aside that can be read by now and has to end.
    async fn mended(
        &mut self,
        termination: &Loaded<Termination>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Result<SearchResult, JobError> {
        let mut still_aside = None;
        for sort in self.aside.clone() {
            let key = Key::new(self.partition.clone(), Sort::stored(sort.as_str()));
            match self.end_of(&key, termination, account, occasion).await {
                Ok(change) => {
                    self.aside.retain(|aside| *aside != sort);
                    if let Some(change) = change {
                        return Ok(SearchResult::Target(key, change));
                    }
                }
                Err(error) if is_its_own(&error) => still_aside = Some(error),
                Err(error) => return Err(error),
            }
        }
        Ok(still_aside.map_or(SearchResult::End, SearchResult::Aside))
    }

    async fn end_of(
        &self,
        key: &Key,
        termination: &Loaded<Termination>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Result<Option<Change>, JobError> {
        let store = &self.jobs.store;
        let target = if key.sort.starts_with(GRANTS) {
            store.get_at::<Grant>(key).await?.map(|grant| Target::Grant(Box::new(grant)))
        } else {
            store.get_at::<Order>(key).await?.map(|order| Target::Order(Box::new(order)))
        };
        match target {
            Some(target) => self.end(&target, termination, account, occasion).await,
            None => Ok(None),
        }
    }

    async fn end(
        &self,
        target: &Target,
        termination: &Loaded<Termination>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Result<Option<Change>, JobError> {
        match target {
            Target::Grant(grant) if grant.status == GrantStatus::Active => {
                let provider = self.provider(&target.key(), &grant.provider_id).await?;
                let ending = Ending { cause: EndCause::AgreementEnded, ended_at: termination.ends_at };
                Ok(Grant::end(grant, account, &provider, ending, occasion).map(|(_, change)| change))
            }
            Target::Order(order) if order.is_open() => {
                let provider = self.provider(&target.key(), &order.provider_id).await?;
                Ok(Order::close(order, account, &provider, CloseReason::AgreementEnded, occasion))
            }
            Target::Grant(_) | Target::Order(_) => Ok(None),
        }
    }

    /// Who will be told of a target's end.
    async fn provider(&self, target: &Key, provider: &ProviderId) -> Result<Loaded<Provider>, JobError> {
        let provider = self.jobs.store.get::<Provider>(provider).await?;
        provider.ok_or_else(|| JobError::Orphan(target.clone()))
    }

    /// Leaves one thing for later; what is not its own trouble stops the search.
    fn set_aside(&mut self, sort: String, error: JobError) -> Result<(), JobError> {
        if !is_its_own(&error) || self.aside.len() == MOST_ASIDE {
            return Err(error);
        }
        tracing::error!(%error, "a thing that ends with its agreement is set aside");
        (self.jobs.corruption_alarm)(self.jobs.clock.now());
        if !self.aside.contains(&sort) {
            self.aside.push(sort);
        }
        Ok(())
    }
}

/// Whether a failure is of the one thing that was looked at: it, or its provider, cannot be read or is not there.
const fn is_its_own(error: &JobError) -> bool {
    matches!(error, JobError::Store(StoreError::Corrupt { .. }) | JobError::Orphan(_))
}

impl Target {
    fn key(&self) -> Key {
        match self {
            Self::Grant(grant) => grant.key(),
            Self::Order(order) => order.key(),
        }
    }
}
