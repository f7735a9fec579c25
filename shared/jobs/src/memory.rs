//! Queues in memory, for the market on one machine.
//!
//! They may forget everything: each due lane is durable in the table, and what a crash loses comes back
//! when its lease ends. They know when nothing is in hand, so that a clock can be advanced in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, stream};
use market_kernel::aggregate::Lane;
use tokio::sync::{Notify, mpsc};

use crate::worker::{Receipt, ReceivedWakeUp};
use crate::{Outgoing, Queues, Unsent, WakeUp};

/// Deliveries before a message is left to its lease in the index.
const MAX_RECEIVED: u32 = 4;

#[derive(Debug, Default)]
struct InHand {
    count: AtomicUsize,
    none: Notify,
}

/// One queue for each lane, within the process.
#[derive(Debug, Clone)]
pub struct MemoryQueues {
    senders: HashMap<Lane, mpsc::UnboundedSender<(WakeUp, u32)>>,
    in_hand: Arc<InHand>,
}

/// The receiving end of one queue.
#[derive(Debug)]
pub struct MemoryQueue {
    receiver: mpsc::UnboundedReceiver<(WakeUp, u32)>,
    queues: MemoryQueues,
}

impl MemoryQueues {
    /// The queues, and their receiving ends.
    #[must_use]
    pub fn open() -> (Self, Vec<(Lane, MemoryQueue)>) {
        let (senders, receivers): (HashMap<_, _>, Vec<_>) = Lane::ALL
            .into_iter()
            .map(|lane| {
                let (sender, receiver) = mpsc::unbounded_channel();
                ((lane, sender), (lane, receiver))
            })
            .unzip();
        let queues = Self { senders, in_hand: Arc::default() };
        let ends = receivers
            .into_iter()
            .map(|(lane, receiver)| (lane, MemoryQueue { receiver, queues: queues.clone() }))
            .collect();
        (queues, ends)
    }

    /// Waits until every message that was sent is settled for good.
    pub async fn idle(&self) {
        loop {
            let none = self.in_hand.none.notified();
            if self.in_hand.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            none.await;
        }
    }

    fn deliver(&self, wake_up: WakeUp, received: u32) {
        let lane = wake_up.lane;
        // A worker that has gone takes nothing any more; its work comes back by its lease.
        if self.senders.get(&lane).is_none_or(|queue| queue.send((wake_up, received)).is_err()) {
            self.settled();
        }
    }

    fn settled(&self) {
        if self.in_hand.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.in_hand.none.notify_waiters();
        }
    }
}

impl Queues for MemoryQueues {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        for Outgoing { wake_up, delay } in outgoing {
            self.in_hand.count.fetch_add(1, Ordering::SeqCst);
            if delay.is_zero() {
                self.deliver(wake_up, 1);
            } else {
                let queues = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    queues.deliver(wake_up, 1);
                });
            }
        }
        Vec::new()
    }
}

impl MemoryQueue {
    /// What arrives, until `stop` resolves.
    pub fn deliveries(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> impl Stream<Item = ReceivedWakeUp> + Send + Unpin {
        let stop = stop.boxed().shared();
        Box::pin(stream::unfold((self, stop), |(mut queue, stop)| async move {
            let (wake_up, received) = tokio::select! {
                biased;
                () = stop.clone() => None,
                message = queue.receiver.recv() => message,
            }?;
            let receipt = MemoryReceipt { queues: queue.queues.clone(), wake_up: wake_up.clone(), received };
            Some((ReceivedWakeUp { wake_up, received, receipt: Arc::new(receipt) }, (queue, stop)))
        }))
    }
}

struct MemoryReceipt {
    queues: MemoryQueues,
    wake_up: WakeUp,
    received: u32,
}

impl Receipt for MemoryReceipt {
    fn settle(&self, done: bool) -> BoxFuture<'static, ()> {
        if done || self.received >= MAX_RECEIVED {
            self.queues.settled();
        } else {
            let (queues, wake_up, received) = (self.queues.clone(), self.wake_up.clone(), self.received);
            // Milliseconds where SQS takes seconds: nobody shares this machine.
            let delay = Duration::from_millis(20 << received);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                queues.deliver(wake_up, received + 1);
            });
        }
        async {}.boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use market_kernel::keys::Key;

    use super::*;
    use crate::worker::{Limits, WakeUpHandler, work};

    /// Runs one worker over the given keys; each handler's outcome is chosen by the key.
    async fn run(keys: &[&str], limits: Limits) -> HashMap<String, u32> {
        let (queues, ends) = MemoryQueues::open();
        let seen: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let counted = Arc::clone(&seen);
        let handler: WakeUpHandler = Arc::new(move |wake_up: WakeUp| {
            let name = wake_up.key.sort.to_string();
            *counted.lock().unwrap().entry(name.clone()).or_default() += 1;
            async move {
                match name.as_str() {
                    "error" => Err("no".into()),
                    "panic" => panic!("on purpose"),
                    "hang" => std::future::pending().await,
                    _ => Ok(()),
                }
            }
            .boxed()
        });
        let (_, end) = ends.into_iter().find(|(lane, _)| *lane == Lane::Notify).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let deliveries = end.deliveries(async { drop(stopped.await) });
        let worker = tokio::spawn(async move { work("test", deliveries, handler, limits).await });
        let outgoing = keys.iter().map(|key| Outgoing {
            wake_up: WakeUp { lane: Lane::Notify, key: Key::stored("p", *key) },
            delay: Duration::ZERO,
        });
        assert_eq!(queues.send(outgoing.collect()).await, []);
        queues.idle().await;
        drop(stop);
        worker.await.unwrap().unwrap();
        Arc::try_unwrap(seen)
            .map_or_else(|seen| seen.lock().unwrap().clone(), |seen| seen.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_a_panic_and_a_hang_come_again_and_harm_no_neighbour() {
        let seen = run(&["ok", "error", "panic", "hang", "fine"], Limits::default()).await;
        let times = |key: &str| seen.get(key).copied().unwrap_or_default();
        assert_eq!((times("ok"), times("fine")), (1, 1));
        assert_eq!(
            (times("error"), times("panic"), times("hang")),
            (MAX_RECEIVED, MAX_RECEIVED, MAX_RECEIVED)
        );
    }
}
