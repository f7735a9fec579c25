//! The sweep: hands out what has become due.
//!
//! It looks at each shard of the due index up to a horizon, takes a lease on every entry it finds and
//! sends a wake-up with the delay that is left. A pass costs one query for each shard, however many timers
//! are pending, and one update and a tenth of a message for each one that is due.
//!
//! A pass works in rounds, each of one page of every shard that has more: so the first round finds the most overdue
//! entry there is, and no lane's wave keeps another waiting. It looks at the clock for each page, begins none from
//! `stops_at` on, and can be cut off at any instant ([`Sweep::pass_until`]): either way it tells what it did and how many
//! shards are left. What was leased and not sent when it was cut off comes back with the end of its lease.
//!
//! How late work was is told of lanes that were handed out whole apart from those of which something is left: in the latter it
//! says how old a wave is, in the former that something did not come in time. Of a lane that has a pace it is told apart too: its
//! wave may last for hours, and no other lane's may. So no lane's wave hides that another is late.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{ready, select};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::{DueEntry, Lease, SHARDS, Shard};
use market_store::{Store, StoreError};

use crate::{Outgoing, Queues, Unsent, WakeUp};

/// Entries of one query.
const PAGE: u16 = 100;
/// Shards at work at once.
const PARALLEL: usize = 16;
/// Leases of one of them under way at once: at 8 ms each, these are the 500 a second that a shard of the index takes. More
/// would only wait in the table, and time out there.
const LEASES: usize = 4;

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Wake-ups sent.
    pub sent: usize,
    /// Entries that wait for a human: given up on in this pass, or looked at again and still there.
    pub parked: usize,
    /// How late the most overdue entry was when it was found, in the lanes of which nothing is left.
    pub lateness: Option<SignedDuration>,
    /// The same in the lanes of which something is left and that have no pace: how old the wave is that is worked off.
    pub wave: Option<SignedDuration>,
    /// The same in the lane that has a pace.
    pub paced_wave: Option<SignedDuration>,
    /// Shards that the pass had no time for, or not for all of, or whose lane's pace leaves more for the next one, which goes on
    /// with them: a wave that is worked off.
    pub left: usize,
}

/// A lane of which a pass hands out no more than its worker can do until the next: what waits in a queue for longer than
/// its lease is handed out again and again, and is parked in the end though nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paced {
    /// The lane.
    pub lane: Lane,
    /// How many of its entries.
    pub per_pass: usize,
}

impl Paced {
    /// What a shard of this lane may hand out in a pass. The shards of a lane have as much as one another to do, and
    /// none waits for another's share.
    fn share(self, lane: Lane) -> Option<usize> {
        (self.lane == lane).then(|| self.per_pass.div_ceil(usize::from(SHARDS)))
    }
}

/// Why a shard could not be handed out whole; the next pass goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The index could not be read or leased from.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue did not take a wake-up.
    #[error(transparent)]
    Queue(#[from] Unsent),
}

/// A pass in which a shard failed. The others were handed out all the same: no lane waits for another's trouble.
#[derive(Debug, thiserror::Error)]
#[error("{failed} shards could not be handed out: {first}")]
pub struct BrokenPass {
    /// What it did nevertheless.
    pub swept: Swept,
    /// Shards that failed.
    pub failed: usize,
    /// Why the first of them did.
    #[source]
    pub first: SweepError,
}

/// A pass: what it hands out, where to, and how far.
#[derive(Debug)]
pub struct Sweep<'a, Q, C> {
    /// The table.
    pub store: &'a Store,
    /// Where wake-ups go.
    pub queues: &'a Q,
    /// What time it is.
    pub now: C,
    /// How far ahead of its time an entry is handed out, for the queue to keep until then.
    pub horizon: Duration,
    /// No page is begun from this instant on; none where a pass may take as long as it does.
    pub stops_at: Option<Timestamp>,
    /// The lane that is handed out at a pace.
    pub paced: Option<Paced>,
}

/// What a pass did so far. It counts every shard as left until it is through with it, and what is late or fails as soon as that
/// is seen, so that it is true at any instant.
#[derive(Debug, Default)]
struct Progress(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    sent: usize,
    parked: usize,
    /// Shards that it is not through with.
    left: BTreeSet<(Lane, Shard)>,
    /// The most overdue entry of each lane.
    late: BTreeMap<Lane, SignedDuration>,
    failed: usize,
    first: Option<SweepError>,
}

impl Noted {
    fn swept(&self, paced: Option<Lane>) -> Swept {
        let is_left = |lane: &Lane| self.left.iter().any(|(left, _)| left == lane);
        let (waves, whole): (Vec<_>, Vec<_>) = self.late.iter().partition(|(lane, _)| is_left(lane));
        let (paced, waves): (Vec<_>, Vec<_>) = waves.into_iter().partition(|(lane, _)| paced == Some(**lane));
        let most = |late: Vec<(&Lane, &SignedDuration)>| late.into_iter().map(|(_, late)| *late).max();
        Swept {
            sent: self.sent,
            parked: self.parked,
            lateness: most(whole),
            wave: most(waves),
            paced_wave: most(paced),
            left: self.left.len(),
        }
    }
}

impl Progress {
    fn of(shards: &[(Lane, Shard)]) -> Self {
        Self(Mutex::new(Noted { left: shards.iter().copied().collect(), ..Noted::default() }))
    }

    fn note(&self, what: impl FnOnce(&mut Noted)) {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A shard that cannot be handed out whole, once for each.
    fn note_failure(&self, error: SweepError) {
        self.note(|noted| {
            noted.failed += 1;
            noted.first.get_or_insert(error);
        });
    }
}

/// A shard in the middle of a pass.
#[derive(Debug)]
struct Open {
    lane: Lane,
    shard: Shard,
    /// Its next page begins behind this.
    last: Option<DueEntry>,
    /// What it may still hand out, where its lane has a pace.
    share: Option<usize>,
}

/// What became of a page.
enum Page {
    /// There is more behind it.
    More(Open),
    /// There is nothing more to do in its shard.
    Done,
    /// There was no time to begin it, or its lane has handed out what its pace allows; the next pass has it.
    Left,
    /// It failed, as is noted. A queue that takes nothing, or a table that leases nothing, does no better with the next.
    Failed,
}

impl<Q: Queues, C: Fn() -> Timestamp + Sync> Sweep<'_, Q, C> {
    /// Hands out everything that is due by now and the horizon.
    ///
    /// # Errors
    /// See [`BrokenPass`].
    pub async fn pass(&self) -> Result<Swept, BrokenPass> {
        self.pass_over(Shard::of_all_lanes().collect()).await
    }

    /// The same of these shards only, for whoever knows that nothing is due in the others.
    ///
    /// # Errors
    /// See [`BrokenPass`].
    pub async fn pass_over(&self, shards: Vec<(Lane, Shard)>) -> Result<Swept, BrokenPass> {
        self.rounds(shards, std::future::pending()).await
    }

    /// A pass that is cut off when this resolves, wherever it is then.
    ///
    /// # Errors
    /// See [`BrokenPass`].
    pub async fn pass_until(&self, cut_off: impl Future<Output = ()>) -> Result<Swept, BrokenPass> {
        self.rounds(Shard::of_all_lanes().collect(), cut_off).await
    }

    async fn rounds(
        &self,
        shards: Vec<(Lane, Shard)>,
        cut_off: impl Future<Output = ()>,
    ) -> Result<Swept, BrokenPass> {
        let progress = Progress::of(&shards);
        let open = shards.into_iter().map(|(lane, shard)| Open {
            lane,
            shard,
            last: None,
            share: self.paced.and_then(|paced| paced.share(lane)),
        });
        let rounds = async {
            let mut open: Vec<_> = open.collect();
            while !open.is_empty() {
                let pages: Vec<_> = stream::iter(open)
                    .map(|open| self.page(open, &progress))
                    .buffer_unordered(PARALLEL)
                    .collect()
                    .await;
                open = pages.into_iter().flatten().collect();
            }
        };
        // What cuts it off is asked first: work that is always ready must not keep it from its turn.
        select(pin!(cut_off), pin!(rounds)).await;
        let noted = progress.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (swept, failed) = (noted.swept(self.paced.map(|paced| paced.lane)), noted.failed);
        match noted.first {
            None => Ok(swept),
            Some(first) => Err(BrokenPass { swept, failed, first }),
        }
    }

    /// A page of a shard; the shard again, where there is more behind it.
    async fn page(&self, open: Open, progress: &Progress) -> Option<Open> {
        let of = (open.lane, open.shard);
        match self.next_page(open, progress).await {
            Page::More(open) => return Some(open),
            Page::Left => {}
            Page::Done | Page::Failed => progress.note(|noted| {
                noted.left.remove(&of);
            }),
        }
        None
    }

    async fn next_page(&self, open: Open, progress: &Progress) -> Page {
        let now = (self.now)();
        if self.stops_at.is_some_and(|stop| now >= stop) {
            return Page::Left;
        }
        let until = SignedDuration::try_from(self.horizon)
            .ok()
            .and_then(|horizon| now.saturating_add(horizon).ok())
            .unwrap_or(now);
        let Open { lane, shard, last, share } = open;
        let entries = match self.store.due(lane, shard, until, last.as_ref(), PAGE).await {
            Ok(entries) => entries,
            Err(error) => {
                progress.note_failure(error.into());
                return Page::Failed;
            }
        };
        let is_last_page = entries.len() < usize::from(PAGE);
        let last = entries.last().cloned();
        // The horizon is for what was never handed out; what was belongs to its lease until that ends.
        let free = entries.into_iter().filter(|entry| !entry.is_leased_at(now));
        let mut free: Vec<_> = free.collect();
        let found = free.len();
        free.truncate(share.unwrap_or(usize::MAX));
        let is_behind = free.len() < found || !is_last_page;
        let share = share.map(|share| share - free.len());
        let is_whole = self.hand_out(free, now, progress).await;
        match share {
            _ if !is_whole => Page::Failed,
            _ if !is_behind => Page::Done,
            Some(0) => Page::Left,
            _ => Page::More(Open { lane, shard, last, share }),
        }
    }

    /// Leases and sends a page; whether all of it was.
    async fn hand_out(&self, free: Vec<DueEntry>, now: Timestamp, progress: &Progress) -> bool {
        progress.note(|noted| {
            for entry in &free {
                let late = now.duration_since(entry.due_at);
                noted.late.entry(entry.lane).and_modify(|most| *most = late.max(*most)).or_insert(late);
            }
        });
        let is_whole = AtomicBool::new(true);
        // Where one lease is not to be had, none is begun any more.
        let mut leases = stream::iter(free)
            .take_while(|_| ready(is_whole.load(Ordering::Relaxed)))
            .map(async |entry| (self.store.lease(&entry, now).await, entry))
            .buffer_unordered(LEASES);
        let mut taken = Vec::new();
        while let Some((lease, entry)) = leases.next().await {
            match lease {
                Ok(Lease::Taken) => {
                    progress.note(|noted| noted.parked += usize::from(entry.is_parked()));
                    taken.push(entry);
                }
                Ok(Lease::Parked) => {
                    tracing::error!(lane = %entry.lane, item = %entry.key.told(), "given up on; a human has to look at it");
                    progress.note(|noted| noted.parked += 1);
                }
                Ok(Lease::Lost) => {}
                // What was leased beside it is sent all the same.
                Err(error) if is_whole.swap(false, Ordering::Relaxed) => progress.note_failure(error.into()),
                Err(_) => {}
            }
        }
        let outgoing = taken.iter().map(|entry| Outgoing {
            wake_up: WakeUp { lane: entry.lane, key: entry.key.clone() },
            delay: Duration::try_from(entry.due_at.duration_since(now)).unwrap_or_default(),
        });
        let unsent = self.queues.send(outgoing.collect()).await;
        progress.note(|noted| noted.sent += taken.len() - unsent.len());
        // Entries that could not be sent do not count a try, so a queue that is down for hours parks nothing.
        let back = stream::iter(unsent.iter().filter_map(|unsent| taken.get(unsent.place)));
        back.for_each_concurrent(LEASES, async |entry| {
            if let Err(error) = self.store.give_back(entry, now).await {
                tracing::warn!(%error, item = %entry.key.told(), "an unsent entry comes back when its lease ends");
            }
        })
        .await;
        if let Some(unsent) = unsent.into_iter().next()
            && is_whole.swap(false, Ordering::Relaxed)
        {
            progress.note_failure(unsent.into());
        }
        is_whole.load(Ordering::Relaxed)
    }
}

/// A whole pass at one instant, as benchmarks and tests have it.
///
/// # Errors
/// See [`BrokenPass`].
pub async fn sweep<Q: Queues>(
    store: &Store,
    queues: &Q,
    now: Timestamp,
    horizon: Duration,
) -> Result<Swept, BrokenPass> {
    Sweep { store, queues, now: || now, horizon, stops_at: None, paced: None }.pass().await
}
