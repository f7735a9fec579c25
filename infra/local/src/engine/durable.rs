//! What was answered is durable, and commits that come together share one wait for the disk.
//!
//! The engine's thread writes each transaction to the log beside its file and goes on. Another thread brings the log
//! to the disk, and lets an answer go once everything that it rests on is there: a write's own commit, and for
//! whatever read or failed after it, that commit too. What comes meanwhile shares the next wait.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use super::Stopped;

/// Where the log lies.
pub(super) trait Disk: Send + 'static {
    /// Returns when everything that was written before the call outlasts a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// An answer that waits for the disk.
struct Waiting {
    answer: Box<dyn FnOnce() + Send>,
    /// How many writes it rests on.
    rests_on: u64,
}

/// The way of answers out of the engine.
pub(super) struct Answers {
    /// How many writes were carried out.
    written: u64,
    log: Option<Log>,
}

struct Log {
    /// How many writes the disk has.
    durable: Arc<AtomicU64>,
    waiting: Sender<Waiting>,
    keeper: JoinHandle<()>,
}

impl Answers {
    /// At once: what is in memory outlasts nothing.
    pub(super) const fn at_once() -> Self {
        Self { written: 0, log: None }
    }

    /// When the disk has what they rest on.
    pub(super) fn of(disk: impl Disk) -> io::Result<Self> {
        let (waiting, arriving) = mpsc::channel();
        let durable: Arc<AtomicU64> = Arc::default();
        let counted = Arc::clone(&durable);
        let keeper = std::thread::Builder::new()
            .name("dynamodb-log".to_owned())
            .spawn(move || keep(disk, &arriving, &counted))?;
        Ok(Self { written: 0, log: Some(Log { durable, waiting, keeper }) })
    }

    /// Takes note of a write, before anything is answered that may rest on it.
    pub(super) const fn note_write(&mut self) {
        self.written += 1;
    }

    /// Gives an answer, or drops it.
    ///
    /// # Errors
    /// Where the disk failed: nobody can tell what it has, so nothing may be written or answered any more.
    pub(super) fn give(&self, answer: impl FnOnce() + Send + 'static) -> Result<(), Stopped> {
        match &self.log {
            Some(log) if log.durable.load(Ordering::Acquire) < self.written => {
                let waiting = Waiting { answer: Box::new(answer), rests_on: self.written };
                log.waiting.send(waiting).map_err(|_| Stopped)
            }
            _ => {
                answer();
                Ok(())
            }
        }
    }

    /// Waits until every answer has gone.
    pub(super) fn finish(self) {
        if let Some(Log { waiting, keeper, .. }) = self.log {
            drop(waiting);
            drop(keeper.join());
        }
    }
}

fn keep(mut disk: impl Disk, arriving: &Receiver<Waiting>, durable: &AtomicU64) {
    while let Ok(first) = arriving.recv() {
        let batch: Vec<Waiting> = std::iter::once(first).chain(arriving.try_iter()).collect();
        let newest = batch.iter().map(|waiting| waiting.rests_on).max().unwrap_or_default();
        if durable.load(Ordering::Relaxed) < newest {
            if let Err(error) = disk.sync() {
                // Those who wait hear that it stopped. What the disk has of their writes is seen at the next start.
                tracing::error!(%error, "the disk failed; the table takes nothing any more");
                return;
            }
            durable.store(newest, Ordering::Release);
        }
        for Waiting { answer, .. } in batch {
            answer();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that begins to wait when it says so, and waits until it is told what comes of it.
    struct Slow {
        begins: Sender<()>,
        ends: Receiver<io::Result<()>>,
    }

    impl Disk for Slow {
        fn sync(&mut self) -> io::Result<()> {
            self.begins.send(()).unwrap();
            self.ends.recv().unwrap()
        }
    }

    fn slow() -> (Answers, Receiver<()>, Sender<io::Result<()>>) {
        let ((begins, begun), (end, ends)) = (mpsc::channel(), mpsc::channel());
        (Answers::of(Slow { begins, ends }).unwrap(), begun, end)
    }

    fn given(answers: &Answers) -> Receiver<()> {
        let (given, arrives) = mpsc::channel();
        answers.give(move || given.send(()).unwrap()).unwrap();
        arrives
    }

    #[test]
    fn an_answer_waits_for_what_it_rests_on_and_for_nothing_else() {
        let (mut answers, begun, end) = slow();
        given(&answers).try_recv().expect("it rests on no write");
        answers.note_write();
        let first = given(&answers);
        begun.recv().unwrap();
        // The disk is at work on the first. These share the next wait: a write, and a read that saw it.
        answers.note_write();
        let shared = [given(&answers), given(&answers)];
        assert!(first.try_recv().is_err());
        end.send(Ok(())).unwrap();
        first.recv().unwrap();
        begun.recv().unwrap();
        assert!(shared.iter().all(|answer| answer.try_recv().is_err()));
        end.send(Ok(())).unwrap();
        for answer in shared {
            answer.recv().unwrap();
        }
        given(&answers).try_recv().expect("the disk has every write");
        answers.finish();
        assert!(begun.recv().is_err(), "a third wait");
    }

    #[test]
    fn when_the_disk_fails_nobody_is_answered_any_more() {
        let (mut answers, begun, end) = slow();
        answers.note_write();
        let first = given(&answers);
        begun.recv().unwrap();
        end.send(Err(io::Error::other("no space"))).unwrap();
        assert!(first.recv().is_err());
        // Its thread has dropped what it had before it ends.
        while answers.give(|| panic!("an answer that nothing backs")).is_ok() {
            std::thread::yield_now();
        }
        answers.finish();
    }
}
