//! The worker: one apalis pipeline over any source of deliveries.
//!
//! Every delivery counts as failed until its handler has returned `Ok`: settling is the outermost layer,
//! so an error, a panic and a hang all leave the message to its queue, which delivers it again. Nothing
//! is retried in the process. A source that ends (one Lambda event) ends the worker; one that does not (a
//! long poll, the queue in memory) runs until it is told to stop.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BoxDynError, Data, Task, WorkerBuilder, WorkerContext, WorkerError};
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};
use tower::layer::util::Identity;
use tower::{Layer, Service};

use crate::WakeUp;

/// Settles a delivery with the queue that it came from.
pub trait Receipt: Send + Sync {
    /// The handler is done, or it failed: the message goes away, or comes again.
    fn settle(&self, done: bool) -> BoxFuture<'static, ()>;
}

/// A wake-up that was received.
#[derive(Clone)]
pub struct ReceivedWakeUp {
    /// What to look at.
    pub wake_up: WakeUp,
    /// How often it was received, this time included.
    pub received: u32,
    /// The way back to its queue.
    pub receipt: Arc<dyn Receipt>,
}

impl fmt::Debug for ReceivedWakeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (received {})", self.wake_up, self.received)
    }
}

/// What a worker does with a wake-up.
pub type WakeUpHandler = Arc<dyn Fn(WakeUp) -> BoxFuture<'static, Result<(), BoxDynError>> + Send + Sync>;

/// What one worker may take at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Handlers at work at the same time.
    pub concurrency: usize,
    /// After which a handler counts as failed. A queue's visibility is at least six times as long.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 10, timeout: Duration::from_secs(10) }
    }
}

/// Works off a source of deliveries until it ends, and finishes what is in hand. Stopping a worker is
/// ending its source.
///
/// # Errors
/// Where the worker itself broke, which no delivery can cause.
pub fn work<S>(
    name: &str,
    deliveries: S,
    handler: WakeUpHandler,
    limits: Limits,
) -> BoxFuture<'static, Result<(), WorkerError>>
where
    S: Stream<Item = ReceivedWakeUp> + Send + Unpin + 'static,
{
    // The first layer added is the outermost.
    WorkerBuilder::new(name)
        .backend(Deliveries(deliveries))
        .layer(SettleLayer)
        .concurrency(limits.concurrency)
        .data(handler)
        .timeout(limits.timeout)
        .catch_panic()
        .build(handle)
        .run()
        // Boxed here, where its types are known: spawned as it is, the compiler cannot prove it `Send`.
        .boxed()
}

async fn handle(delivery: ReceivedWakeUp, handler: Data<WakeUpHandler>) -> Result<(), BoxDynError> {
    (handler.0)(delivery.wake_up).await
}

/// Any stream of deliveries, as apalis wants it.
struct Deliveries<S>(S);

impl<S> Backend for Deliveries<S>
where
    S: Stream<Item = ReceivedWakeUp> + Send + Unpin,
{
    type Task = Task<ReceivedWakeUp>;
    // An error here would end the worker and drop what is in hand; sources deal with their own.
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<ReceivedWakeUp>, Infallible>>> {
        self.0.poll_next_unpin(cx).map(|delivery| delivery.map(|delivery| Ok(Task::new(delivery))))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, worker: &WorkerContext) -> Poll<Result<(), Infallible>> {
        // An exhausted source does not end an apalis worker by itself; asked earlier, it drops what is in hand.
        if let Err(error) = worker.stop() {
            tracing::debug!(%error, "the worker had stopped already");
        }
        Poll::Ready(Ok(()))
    }
}

impl<S> BackendConfig for Deliveries<S> {
    type Args = ReceivedWakeUp;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

/// Settles every delivery by what came of it; the outermost layer, so it sees panics and timeouts too.
#[derive(Clone, Copy)]
struct SettleLayer;

impl<S> Layer<S> for SettleLayer {
    type Service = Settle<S>;

    fn layer(&self, inner: S) -> Settle<S> {
        Settle(inner)
    }
}

#[derive(Clone)]
struct Settle<S>(S);

impl<S> Service<Task<ReceivedWakeUp>> for Settle<S>
where
    S: Service<Task<ReceivedWakeUp>, Response = (), Error: Into<BoxDynError>>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, task: Task<ReceivedWakeUp>) -> Self::Future {
        let ReceivedWakeUp { wake_up, received, receipt } = task.args.clone();
        let outcome = self.0.call(task);
        Box::pin(async move {
            let outcome = outcome.await.map_err(Into::into);
            // First, so that nothing that is said of it can leave it in hand.
            receipt.settle(outcome.is_ok()).await;
            if let Err(error) = &outcome {
                tracing::warn!(%wake_up, received, error = %error, "a job failed; its message will come again");
            }
            outcome
        })
    }
}
