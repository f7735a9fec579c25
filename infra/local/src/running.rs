//! Starting the market on one machine, and stopping it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::serve::ListenerExt;
use futures_util::FutureExt;
use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use market_ambient::{Clock, SystemEntropy};
use market_domain::aggregate::Job;
use market_domain::periods::{Calendar, PublicityMode};
use market_functions::api;
use market_functions::metrics::Metrics;
use market_functions::workers::Jobs;
use market_http::{Callers, CorruptionAlarm, Market, PaymentKeys};
use market_identity::{IssuerKeys, Verifier};
use market_jobs::WakeUp;
use market_jobs::memory::MemoryQueues;
use market_jobs::sqs::SqsQueues;
use market_jobs::worker::{Handler, Limits, work};
use market_notices::Gateways;
use market_store::{Meter, Store, schema};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::LocalClock;
use crate::engine::{Engine, sdk_at};
use crate::folder::{self, FolderError, ISSUER_KEY, PAYMENT_KEY};
use crate::issuer::{AUDIENCE, Issuer};
use crate::machine::{LocalQueues, Machine};
use crate::outbox::Outbox;
use crate::payments::PaymentSystem;
use crate::permissions::Permissions;
use crate::routes::{self, Local};
use crate::stream::Stream;

/// The name of its table.
pub const TABLE: &str = "market";

/// How the market's clock moves.
#[derive(Debug, Clone, Copy)]
pub enum Clockwork {
    /// With the machine's; sweep and relay look several times a second.
    Ticking,
    /// Only when it is advanced; so does everything that becomes due.
    Standing(Timestamp),
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Whether the table lives in memory instead, and is gone afterwards.
    pub in_memory: bool,
    /// Where to listen; loopback only.
    pub listen: SocketAddr,
    /// How the clock moves.
    pub clockwork: Clockwork,
    /// An SQS-compatible server, in place of the queues in memory.
    pub sqs_endpoint: Option<String>,
    /// A DynamoDB-compatible server, in place of the embedded engine.
    pub dynamodb_endpoint: Option<String>,
    /// What its handlers may do at the table.
    pub permissions: Permissions,
}

/// Why the market did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another market uses the folder.
    #[error("another market is running on the folder {0}; stop it, or choose another with --data")]
    InUse(PathBuf),
    /// The folder or the address cannot be used.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Only loopback addresses: the development issuer gives a token to whoever asks.
    #[error(
        "{0} is not a loopback address; this market gives a token to whoever asks, so it stays on this machine"
    )]
    NotLoopback(SocketAddr),
    /// What is in the folder is not for this release.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A part did not start.
    #[error("{0}")]
    Part(String),
}

/// A running market.
#[derive(Debug)]
pub struct Running {
    /// Its address, without a slash at the end.
    pub url: String,
    /// The address of its table's engine.
    pub table_endpoint: String,
    /// What moves it.
    pub machine: Arc<Machine>,
    /// What its routes have at hand.
    pub market: Arc<Market>,
    /// Its issuer of tokens.
    pub issuer: Arc<Issuer>,
    /// Its payment system.
    pub payments: PaymentSystem,
    /// What its routes cost.
    pub route_meter: Meter,
    /// What its jobs cost.
    pub job_meter: Meter,
    /// What its sweep costs.
    pub sweep_meter: Meter,
    /// How often something that is stored could not be read; the log says what.
    pub corrupt_items: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    engine: Option<Engine>,
    lock: std::fs::File,
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> StartError {
    move |error| StartError::Io { what: what.into(), error }
}

fn part(error: impl std::fmt::Display) -> StartError {
    StartError::Part(error.to_string())
}

/// Takes a data folder; whoever else has it keeps it.
pub(crate) fn lock(folder: &Path) -> Result<std::fs::File, StartError> {
    let file = folder.join("market.lock");
    let lock = std::fs::File::create(&file).map_err(io(format!("cannot write {}", file.display())))?;
    // The engine would let a second process open the same file.
    lock.try_lock().map_err(|_| StartError::InUse(folder.to_owned()))?;
    Ok(lock)
}

impl Running {
    /// Starts every part.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if !options.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(options.listen));
        }
        let folder = options.folder.as_path();
        std::fs::create_dir_all(folder)
            .map_err(io(format!("cannot make the folder {}", folder.display())))?;
        let lock = lock(folder)?;
        folder::open(folder)?;
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(io(format!("cannot listen on {}", options.listen)))?;
        let url = format!("http://{}", listener.local_addr().map_err(part)?);
        let clock = Arc::new(match options.clockwork {
            Clockwork::Ticking => LocalClock::ticking(folder.join("clock")),
            Clockwork::Standing(at) => LocalClock::standing(at),
        });
        let issuer = Arc::new(
            Issuer::open(&folder.join(ISSUER_KEY), "https://issuer.market.localhost")
                .map_err(io("cannot open the issuer's key"))?,
        );
        let payments =
            PaymentSystem::open(&folder.join(PAYMENT_KEY)).map_err(io("cannot open the payment key"))?;
        let outbox = Arc::new(Outbox::open(folder.join("outbox")).map_err(io("cannot open the outbox"))?);

        let (endpoint, engine) = match options.dynamodb_endpoint {
            Some(endpoint) => (endpoint, None),
            None => {
                let file = folder.join("market.db");
                let engine = Engine::start((!options.in_memory).then_some(file.as_path())).map_err(part)?;
                (engine.url(), Some(engine))
            }
        };
        let sdk = sdk_at(&endpoint).await;
        let client = aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(options.permissions.clone()).build(),
        );
        schema::create_table(&client, TABLE).await.map_err(part)?;
        let store = Store::new(client, TABLE);
        let (route_meter, job_meter, sweep_meter) = (Meter::counting(), Meter::counting(), Meter::counting());

        let corrupt_items: Arc<AtomicUsize> = Arc::default();
        let corruption_alarm: CorruptionAlarm = {
            let count = Arc::clone(&corrupt_items);
            Arc::new(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            })
        };
        let market = Arc::new(Market {
            store: store.metered(route_meter.clone()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            callers: Callers::Tokens(Box::new(Verifier::new(
                IssuerKeys::at(format!("{url}/_local/jwks.json")),
                "https://issuer.market.localhost",
                AUDIENCE,
                Algorithm::ES256,
            ))),
            payments: Some(PaymentKeys::given(payments.key()).map_err(part)?),
            calendar: Calendar::published(),
            publicity: PublicityMode::Strict,
            corruption_alarm: Arc::clone(&corruption_alarm),
        });
        let jobs = Arc::new(Jobs {
            store: store.metered(job_meter.clone()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            gateways: Gateways { email: Arc::clone(&outbox) as _, sms: outbox },
            metrics: Metrics::default(),
            corruption_alarm,
            drill: None,
        });
        let handler: Handler = Arc::new(move |wake_up: WakeUp| {
            let jobs = Arc::clone(&jobs);
            async move {
                let name = format!("worker/{}", wake_up.job);
                Permissions::of_handler(&name, jobs.run(&wake_up)).await.map_err(Into::into)
            }
            .boxed()
        });

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let stopping = move || {
            let mut stopped = stopped.clone();
            async move { drop(stopped.wait_for(|stop| *stop).await) }
        };
        let queues = match options.sqs_endpoint {
            None => {
                let (queues, ends) = MemoryQueues::open();
                for (job, end) in ends {
                    let worker =
                        work(job.name(), end.deliveries(stopping()), handler.clone(), Limits::default());
                    tasks.spawn(async move { log_end(job, worker.await) });
                }
                LocalQueues::Memory(queues)
            }
            Some(endpoint) => {
                let client = aws_sdk_sqs::Client::new(&sdk_at(&endpoint).await);
                let queues = create_queues(&client).await?;
                for job in Job::ALL {
                    let worker =
                        work(job.name(), queues.poll(job, stopping()), handler.clone(), Limits::default());
                    tasks.spawn(async move { log_end(job, worker.await) });
                }
                LocalQueues::Sqs(queues, client)
            }
        };
        let stream = Stream::open(aws_sdk_dynamodbstreams::Client::new(&sdk), TABLE).await.map_err(part)?;
        let machine = Arc::new(Machine::new(clock, store.metered(sweep_meter.clone()), queues, stream));
        if matches!(options.clockwork, Clockwork::Ticking) {
            let (moving, until) = (Arc::clone(&machine), stopping());
            tasks.spawn(async move {
                tokio::select! { () = moving.run() => {}, () = until => {} }
            });
        }
        let local = Local {
            machine: Arc::clone(&machine),
            issuer: Arc::clone(&issuer),
            payments: payments.clone(),
            url: url.clone(),
        };
        let router: Router = market_http::router(Arc::clone(&market), None, |routes| api::visit(routes));
        let router = Permissions::of_routes(router);
        let router = routes::router(local).fallback_service(router);
        let until = stopping();
        tasks.spawn(async move {
            // A reply is one small write: waiting for more to fill a packet would only delay it.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
                tracing::error!(%error, "the server failed");
            }
        });
        Ok(Self {
            url,
            table_endpoint: endpoint,
            machine,
            market,
            issuer,
            payments,
            route_meter,
            job_meter,
            sweep_meter,
            corrupt_items,
            stop,
            tasks,
            engine,
            lock,
        })
    }

    /// Finishes what is in hand and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(std::time::Duration::from_secs(30), finished).await.is_err() {
            tracing::warn!("stopped before everything in hand was finished; it will come back");
        }
        drop(self.engine.take());
        drop(self.lock);
    }
}

fn log_end<E: std::fmt::Display>(job: Job, ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::error!(%job, %error, "a worker broke");
    }
}

/// Makes each job's queue with its dead-letter queue, as the template does on AWS.
async fn create_queues(client: &aws_sdk_sqs::Client) -> Result<SqsQueues, StartError> {
    use aws_sdk_sqs::types::QueueAttributeName::{QueueArn, RedrivePolicy, VisibilityTimeout};
    let failed = |error: &(dyn std::error::Error + 'static)| {
        StartError::Part(format!("the SQS endpoint: {}", aws_sdk_sqs::error::DisplayErrorContext(error)))
    };
    let mut pattern = String::new();
    for job in Job::ALL {
        let dead = client.create_queue().queue_name(format!("market-{job}-dead")).send().await;
        let dead_url = dead.map_err(|error| failed(&error))?.queue_url.unwrap_or_default();
        let attributes =
            client.get_queue_attributes().queue_url(dead_url).attribute_names(QueueArn).send().await;
        let attributes = attributes.map_err(|error| failed(&error))?.attributes.unwrap_or_default();
        let arn = attributes.get(&QueueArn).cloned().unwrap_or_default();
        let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "5" });
        let queue = client
            .create_queue()
            .queue_name(format!("market-{job}"))
            .attributes(VisibilityTimeout, "60")
            .attributes(RedrivePolicy, redrive.to_string())
            .send()
            .await;
        let url = queue.map_err(|error| failed(&error))?.queue_url.unwrap_or_default();
        pattern = url.replace(job.name(), "{job}");
    }
    Ok(SqsQueues::new(client.clone(), pattern))
}
