//! Starting the market on one machine, and stopping it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use futures_util::FutureExt;
use indicatif::ProgressBar;
use jiff::Timestamp;
use market_ambient::{Clock, SystemEntropy};
use market_functions::codes;
use market_functions::http::{Callers, CorruptionAlarm, Market, PaymentKeys, PublicUrl};
use market_functions::kinds;
use market_functions::metrics::{Metric, Metrics};
use market_functions::workers::WorkerContext;
use market_identity::{IssuerKeys, SubjectRule, Subjects, Terms, Verifier};
use market_jobs::WakeUp;
use market_jobs::memory::MemoryQueues;
use market_jobs::worker::{Limits, WakeUpHandler, work};
use market_kernel::aggregate::Lane;
use market_kernel::party::Operator;
use market_kernel::periods::{Calendar, PublicityMode};
use market_notices::Gateways;
use market_store::schema::{self, Made};
use market_store::{Meter, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::LocalClock;
use crate::commits::Commits;
#[cfg(feature = "stack")]
use crate::engine::sdk_at;
use crate::engine::{Endpoint, Engine, EngineError, table_at};
use crate::figures::{self, Figures};
use crate::folder::{self, CLOCK, FolderError, ISSUER_KEY, OUTBOX, PAYMENT_KEY, SUBJECT_KEY, TABLE_FILE};
use crate::gate::{self, Origin};
use crate::issuer::{ALGORITHM, AUDIENCE, Issuer};
use crate::listening::listen;
use crate::machine::{Feed, Machine};
use crate::operate::{lists, partitions};
use crate::outbox::Outbox;
use crate::payments::PaymentSystem;
use crate::permissions::Permissions;
#[cfg(feature = "stack")]
use crate::queues;
use crate::queues::LocalQueues;
use crate::routes::{self, Local};
use crate::serving::serve;
#[cfg(feature = "stack")]
use crate::stream::Stream;
use crate::subject_key;

/// The name of its table.
pub const TABLE: &str = "market";
/// What a program that was built for one machine says of everything else.
pub const WITHOUT_AWS: &str = "this `market` was built without AWS; `cargo run --features stack -- …` has it, and so does an \
                               installed one (docs/DEPLOY.md)";
/// Wake-ups of one job that are worked off at once.
const AT_ONCE: usize = 16;
/// The name of its issuer.
pub(crate) const ISSUER: &str = "https://issuer.market.localhost";

/// Who runs it, as its notices say.
fn operator() -> Result<Operator, StartError> {
    Ok(Operator {
        name_zh: "本机服务市场运营方".try_into().map_err(part)?,
        name_en: "Local Market Operator".try_into().map_err(part)?,
        official_address: "notices@market.example".to_owned().try_into().map_err(part)?,
    })
}

/// How the market's clock moves.
#[derive(Debug, Clone, Copy)]
pub enum Clockwork {
    /// With the machine's; what becomes due is done when it does.
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
    /// The one site whose pages may call it, beside its own.
    pub allow_origin: Option<Origin>,
}

/// Why the market did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be used.
    #[error("{what}: {}", folder::in_words(.error))]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Something else listens there.
    #[error(
        "something listens on {0} already, perhaps another market: stop it, or choose another port with --listen"
    )]
    Taken(SocketAddr),
    /// Only loopback addresses: the development issuer gives a token to whoever asks.
    #[error(
        "{0} is not a loopback address; this market gives a token to whoever asks, so it stays on this machine"
    )]
    NotLoopback(SocketAddr),
    /// This program was built for one machine.
    #[error("{0} is not served: {WITHOUT_AWS}")]
    WithoutAws(&'static str),
    /// The folder is in use, or what is in it is not for this release or is damaged.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The table cannot be opened.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A part did not start.
    #[error("{0}")]
    Part(String),
}

/// A running market.
#[derive(Debug)]
pub struct Running {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Where its table is.
    pub table_endpoint: Endpoint,
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

pub(crate) fn part(error: impl std::fmt::Display) -> StartError {
    StartError::Part(error.to_string())
}

/// The market, as its routes see it, over a table on this machine.
pub(crate) fn market_over(
    store: Store,
    clock: Arc<dyn Clock>,
    callers: Callers,
    payments: Option<PaymentKeys>,
    corruption_alarm: CorruptionAlarm,
) -> Result<Market, StartError> {
    Ok(Market {
        store,
        clock,
        entropy: Arc::new(SystemEntropy),
        callers,
        payments,
        calendar: Calendar::published(),
        publicity: PublicityMode::Strict,
        operator: Arc::new(operator()?),
        codes: codes::ALL,
        corruption_alarm,
    })
}

impl Running {
    /// Starts every part.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if cfg!(not(feature = "stack")) {
            for (flag, given) in [
                ("--sqs-endpoint", &options.sqs_endpoint),
                ("--dynamodb-endpoint", &options.dynamodb_endpoint),
            ] {
                if given.is_some() {
                    return Err(StartError::WithoutAws(flag));
                }
            }
        }
        let folder = options.folder.as_path();
        // A folder in use is the better reason, and one that does not exist is not made for a market that cannot listen.
        let held = folder.exists().then(|| folder::lock(folder)).transpose()?;
        let listener = listen(options.listen).await?;
        let lock = held.map_or_else(|| folder::lock(folder), Ok)?;
        folder::open(folder)?;
        let address = listener.local_addr().map_err(part)?;
        let url = format!("http://{address}");
        folder::announce(&lock, &url).map_err(io(format!("cannot write into {}", folder.display())))?;
        let issuer = Arc::new(Issuer::open(&folder.join(ISSUER_KEY), ISSUER)?);
        let payments = PaymentSystem::open(&folder.join(PAYMENT_KEY))?;
        let subject_key = subject_key::open(&folder.join(SUBJECT_KEY))?;
        let outbox = folder.join(OUTBOX);
        let outbox = Outbox::open(outbox.clone(), operator()?.official_address)
            .map_err(io(format!("cannot open {}", outbox.display())))?;
        let outbox = Arc::new(outbox);

        let commits = Arc::new(Commits::default());
        let (table_endpoint, engine, shown) = match options.dynamodb_endpoint {
            Some(url) => (Endpoint::Url(url), None, None),
            None => {
                let (engine, shown) = if options.in_memory {
                    (Engine::in_memory(Arc::clone(&commits))?, None)
                } else {
                    Engine::on_file(&folder.join(TABLE_FILE), Arc::clone(&commits))?
                };
                (Endpoint::Embedded(engine.clone()), Some(engine), shown)
            }
        };
        let clock = Arc::new(match options.clockwork {
            Clockwork::Ticking => LocalClock::ticking(folder.join(CLOCK), shown)?,
            Clockwork::Standing(at) => LocalClock::standing(at),
        });
        let client = table_at(&table_endpoint).await.interceptor(options.permissions.clone()).build();
        let client = aws_sdk_dynamodb::Client::from_conf(client);
        let made = schema::create_table(&client, TABLE).await.map_err(|error| match &table_endpoint {
            Endpoint::Url(url) => part(format!("no table is made at --dynamodb-endpoint {url}: {error}")),
            Endpoint::Embedded(_) => part(error),
        })?;
        let store = Store::new(client.clone(), TABLE);
        // A server's table may be anyone's, and is not looked through.
        if engine.is_some() && made == Made::Completed {
            let all = partitions(&client).await.map_err(part)?;
            lists::fill(&store, all, lists::How::Write, &ProgressBar::hidden()).await.map_err(part)?;
        }
        let (route_meter, job_meter, sweep_meter) = (Meter::counting(), Meter::counting(), Meter::counting());

        let meters =
            [("routes", route_meter.clone()), ("jobs", job_meter.clone()), ("sweep", sweep_meter.clone())];
        let figures = Arc::new(Figures::new(meters, Arc::clone(&clock)));

        let corrupt_items: Arc<AtomicUsize> = Arc::default();
        let corruption_alarm: CorruptionAlarm = {
            let (count, figures) = (Arc::clone(&corrupt_items), Arc::clone(&figures));
            Arc::new(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
                figures.note(Metric::CorruptItems, 1.0);
            })
        };
        let verifier = Verifier::new(
            IssuerKeys::at(format!("{url}/_local/jwks.json")),
            Terms::of(ISSUER, AUDIENCE, ALGORITHM),
            Subjects::given(&subject_key, SubjectRule::Lawful).map_err(part)?,
        );
        let market = Arc::new(market_over(
            store.metered(route_meter.clone()),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Callers::Tokens(Box::new(verifier)),
            Some(PaymentKeys::given(payments.key()).map_err(part)?),
            Arc::clone(&corruption_alarm),
        )?);
        let jobs = Arc::new(WorkerContext {
            store: store.metered(job_meter.clone()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            gateways: Gateways { email: Arc::clone(&outbox) as _, sms: outbox },
            pace: None,
            operator: Arc::clone(&market.operator),
            metrics: {
                let figures = Arc::clone(&figures);
                Metrics::told(move |metric, value| figures.note(metric, value))
            },
            corruption_alarm,
            drill: None,
        });
        let worked = Arc::clone(&figures);
        let handler: WakeUpHandler = Arc::new(move |wake_up: WakeUp| {
            let (jobs, worked) = (Arc::clone(&jobs), Arc::clone(&worked));
            async move {
                let name = format!("worker/{}", wake_up.lane);
                let mut at_work = worked.begins(wake_up.lane);
                let outcome = Permissions::of_handler(&name, kinds::run(&jobs, &wake_up)).await;
                at_work.is_done = outcome.is_ok();
                outcome.map_err(Into::into)
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
                for (lane, end) in ends {
                    // Commits that come together share one wait for the disk.
                    let limits = Limits { concurrency: AT_ONCE, ..Limits::default() };
                    let worker = work(lane.name(), end.deliveries(stopping()), handler.clone(), limits);
                    tasks.spawn(async move { log_end(lane, worker.await) });
                }
                LocalQueues::Memory(queues)
            }
            #[cfg(feature = "stack")]
            Some(endpoint) => {
                let (queues, client) = queues::at(&endpoint).await.map_err(StartError::Part)?;
                for lane in Lane::ALL {
                    let worker =
                        work(lane.name(), queues.poll(lane, stopping()), handler.clone(), Limits::default());
                    tasks.spawn(async move { log_end(lane, worker.await) });
                }
                LocalQueues::Sqs(queues, client)
            }
            #[cfg(not(feature = "stack"))]
            Some(_) => return Err(StartError::WithoutAws("--sqs-endpoint")),
        };
        let feed = match &engine {
            Some(_) => Feed::Commits(commits),
            #[cfg(feature = "stack")]
            None => {
                let client = aws_sdk_dynamodbstreams::Client::new(&sdk_at(&table_endpoint).await);
                Feed::Stream(Stream::open(client, TABLE).await.map_err(part)?.into())
            }
            #[cfg(not(feature = "stack"))]
            None => return Err(StartError::WithoutAws("--dynamodb-endpoint")),
        };
        let sweeping = store.metered(sweep_meter.clone());
        let machine = Arc::new(Machine::new(
            clock,
            sweeping,
            queues.clone(),
            feed,
            engine.clone(),
            Arc::clone(&figures),
        ));
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
            figures: Arc::clone(&figures),
            queues,
        };
        let router: Router = market_functions::http::router(Arc::clone(&market), None, |routes| {
            market_functions::routes::visit(routes);
        });
        let router = Permissions::of_routes(router)
            .layer(Extension(PublicUrl(url.as_str().into())))
            .layer(from_fn_with_state(figures, figures::count));
        let router =
            gate::before(routes::router(local).fallback_service(router), address, options.allow_origin);
        let until = stopping();
        tasks.spawn(serve(listener, router, until));
        Ok(Self {
            url,
            table_endpoint,
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

    /// Finishes what is in hand and stops. What was kept in a file then lies in that file alone.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(std::time::Duration::from_secs(30), finished).await.is_err() {
            tracing::warn!("stopped before everything in hand was finished; it will come back");
        }
        // Whatever is still under way is not waited for, and finds no table.
        self.tasks.shutdown().await;
        if let Err(error) = self.machine.keep_time().await {
            tracing::warn!(%error, "the time was not kept");
        }
        if let Some(engine) = self.engine.take() {
            engine.close().await;
        }
        drop(self.lock);
    }
}

fn log_end<E: std::fmt::Display>(lane: Lane, ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::error!(%lane, %error, "a worker broke");
    }
}
