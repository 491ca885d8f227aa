//! `transformation`: fetches a source's responses and converts them to typed Parquet, with a manifest per collection.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::cli::{self, Common};
use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::source::Api;
use crate::edge::warehouse::{Address, Postgres, Warehouse};
use crate::failure::Failure;
use crate::flows::chosen;
use crate::flows::lineage::Lineage;
use crate::flows::transform::{Job, Origin, Report, Transformation};
use crate::incremental::Choice;
use crate::load::Ledger;
use crate::secrets::Secrets;
use crate::table::HashKey;
use anyhow::{Result, ensure};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use connect::aws::{self, SdkConfig};
use contract::{Contract, Exit, RunId};
use indicatif::MultiProgress;
use tokio::runtime::Builder;

/// Fetch a source's responses and convert them to typed Parquet with a manifest for each collection; with --from-raw,
/// convert the responses that an earlier run stored.
///
/// Exit codes: 0 success, 1 failure, 2 usage error, 75 temporary failure (a retry may succeed).
#[derive(Parser)]
#[command(name = "transformation", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    /// The run ID: 1 to 64 characters from A-Z a-z 0-9 _ - (required unless --verify is set)
    #[arg(long, env = "RUN_ID")]
    run_id: Option<RunId>,
    /// Read the responses from this URL instead of the contract's base URL: http(s)://host, or file:///dir or
    /// s3://bucket/prefix, which must contain <collection>.json files
    #[arg(long, env = "SOURCE_URL", value_name = "URL")]
    source_url: Option<String>,
    /// Replay this run: transform its stored responses (in raw/) as a new run with the ID in --run-id, without sending
    /// requests to the source
    #[arg(long, env = "FROM_RAW", value_name = "RUN_ID")]
    from_raw: Option<String>,
    /// Verify the run in --from-raw: transform its responses again, without writing anything, and compare the files
    /// with the run's manifests
    #[arg(long, env = "VERIFY", value_parser = clap::builder::FalseyValueParser::new())]
    verify: bool,
    /// The warehouse, in the same format as for `copy`; its ledger determines which ETags may be sent, and from where changes
    /// are requested. Without this option, every collection is fetched in full
    #[arg(long, env = "WAREHOUSE_URL", value_name = "URL", hide_env_values = true)]
    warehouse_url: Option<String>,
    /// Request only the records from this value of the cursor: 2026-01-31, 2026-01-31T12:00:00Z or an integer
    #[arg(long, env = "RANGE_FROM", value_name = "VALUE")]
    from: Option<String>,
    /// Request only the records up to this value of the cursor, in the same format
    #[arg(long, env = "RANGE_TO", value_name = "VALUE")]
    to: Option<String>,
    /// Request all records, even of collections of which only the changes are usually requested
    #[arg(long, env = "FULL_REFRESH", value_parser = clap::builder::FalseyValueParser::new())]
    full_refresh: bool,
    /// The number of collections to process in parallel (default: 4, or the number of cores if it is larger)
    #[arg(long, env = "AT_ONCE", value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: Option<u8>,
    /// The number of jobs that read from the source at the same time, each some of its collections: they share the
    /// contract's `rate_limit` and `concurrency`
    #[arg(long, env = "SHARED_BY", value_name = "JOBS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    shared_by: u8,
    /// The number of retries after a temporary failure
    #[arg(long, env = "RETRIES", default_value_t = 4)]
    retries: usize,
    /// Milliseconds before the first retry; the delay doubles each time, with jitter, up to 30 s
    #[arg(long, env = "FIRST_WAIT_MS", default_value_t = 500)]
    first_wait_ms: u64,
}

/// Returns the number of cores that the job may use, within the limits of its container. There are as many threads that
/// compute, and as many that wait for files; not more, because the allocator keeps memory for each thread.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs the program.
pub fn main() -> ExitCode {
    let (mut threads, cores) = (Builder::new_multi_thread(), cores());
    match threads.worker_threads(cores).max_blocking_threads(cores).enable_all().build() {
        Ok(runtime) => runtime.block_on(start()),
        Err(error) => {
            eprintln!("error: cannot start the worker threads: {error}");
            Exit::TempFail.into()
        }
    }
}

async fn start() -> ExitCode {
    let cli = Cli::parse();
    let (run, replays) = task(&cli).unwrap_or_else(|misuse| misuse.exit());
    let choice = choice(&cli).unwrap_or_else(|misuse| misuse.exit());
    let bars = cli::bars(cli.common.base.log);
    cli::start(&cli.common.base, &bars);
    let (started, lineage) = (OnceLock::new(), OnceLock::new());
    let job = async {
        let work = prepare(&cli, (run, replays, choice), &bars, &lineage).await?;
        started.get_or_init(|| work).run().await
    };
    let clean_up = async || {
        if let Some(work) = started.get() {
            work.clean_up().await;
        }
    };
    cli::finish(job, clean_up, &lineage, Report::written).await
}

/// Returns the run to create or to verify, and the run to replay. The options are checked here rather than in clap,
/// because AWS Batch passes a parameter without a value as an empty variable, which clap treats as given.
fn task(cli: &Cli) -> Result<(RunId, Option<RunId>), clap::Error> {
    use ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
    let misuse = |kind, message: &str| Cli::command().error(kind, message);
    let from = cli::given(&cli.from_raw).map(str::parse::<RunId>).transpose();
    let from = from.map_err(|error| misuse(ValueValidation, &format!("--from-raw: {error}")))?;
    if from.is_some() && cli::given(&cli.source_url).is_some() {
        let message =
            "--from-raw and --source-url (or SOURCE_URL) cannot be used together: a replay does not send requests";
        return Err(misuse(ArgumentConflict, message));
    }
    let (kind, message) = match (from, cli.run_id.clone(), cli.verify) {
        (None, Some(run), false) => return Ok((run, None)),
        (Some(from), Some(run), false) if run != from => return Ok((run, Some(from))),
        (Some(from), None, true) => return Ok((from.clone(), Some(from))),
        (None, None, false) => (MissingRequiredArgument, "--run-id (or RUN_ID) is missing"),
        (None, _, true) => (MissingRequiredArgument, "--verify requires --from-raw, the run to verify"),
        (Some(_), None, false) => {
            (MissingRequiredArgument, "--run-id (or RUN_ID) is missing: a replay requires a new run ID")
        }
        (Some(_), Some(_), false) => {
            (ArgumentConflict, "--run-id and --from-raw specify the same run: a replay needs a new run ID")
        }
        (Some(_), Some(_), true) => (ArgumentConflict, "--verify does not create a run: omit --run-id (or RUN_ID)"),
    };
    Err(misuse(kind, message))
}

/// Returns which records to request.
fn choice(cli: &Cli) -> Result<Choice, clap::Error> {
    let misuse = |message: &str| Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
    match (cli::given(&cli.from), cli::given(&cli.to)) {
        (None, None) if cli.full_refresh => Ok(Choice::All),
        (None, None) => Ok(Choice::Changes),
        (Some(_), Some(_)) if cli.full_refresh => misuse("--full-refresh requests more than the range --from --to"),
        (Some(_), Some(_)) if cli::given(&cli.from_raw).is_some() => {
            misuse("--from and --to cannot be used with --from-raw: a replay has the records of its run")
        }
        (Some(from), Some(to)) => Ok(Choice::Range(from.to_owned(), to.to_owned())),
        _ => misuse("--from and --to (or RANGE_FROM and RANGE_TO) must be used together"),
    }
}

async fn prepare(
    cli: &Cli,
    (run, replays, choice): (RunId, Option<RunId>, Choice),
    bars: &MultiProgress,
    started: &OnceLock<Lineage>,
) -> Result<Arc<Transformation>> {
    let mut contract = cli.common.base.contract()?;
    contract.request.share(cli.shared_by).map_err(|problem| Failure::refused(format!("--shared-by: {problem}")))?;
    let job = Job {
        run,
        verifies: cli.verify,
        attempt: clock::attempt(),
        collections: chosen(&contract, &cli.common.collections)?.into_iter().map(str::to_owned).collect(),
        at_once: cli.at_once.map_or_else(|| cores().max(4), usize::from),
        retries: cli.retries,
        first_wait: Duration::from_millis(cli.first_wait_ms),
        choice,
        hash_key: hash_key(&contract)?,
        contract,
    };
    let source = cli::given(&cli.source_url).unwrap_or(&job.contract.base_url);
    let warehouse = cli::given(&cli.warehouse_url);
    let aws = aws::config_for(&[Some(&cli.common.base.lake_url), Some(source), warehouse]).await?;
    let origin = match replays {
        Some(run) => Origin::Raw(run),
        None => origin(source, &job.contract, aws.as_ref())?,
    };
    ensure!(!matches!((&job.choice, &origin), (Choice::Range(..), Origin::Files(_))), {
        Failure::refused("a range can be requested only of an API").hint("omit --from and --to, or --source-url")
    });
    // If there is a run to replay, the lake already exists.
    let lake = Lake::open(&cli.common.base.lake_url, !matches!(origin, Origin::Raw(_)), aws.as_ref())?;
    // A verification writes nothing, so it has no lineage.
    if !job.verifies {
        let collections = job.collections.iter().map(String::as_str).collect();
        let subject = cli.common.subject(&job.contract, collections, &job.run);
        let from = (!matches!(origin, Origin::Raw(_))).then_some(source);
        let (events, key) = (subject.transformation(from), subject.key("transformation", &job.attempt));
        started.get_or_init(|| cli.common.lineage.start(events, &lake, key));
    }
    let ledger = match (warehouse, &origin) {
        // Files have no ETags.
        (Some(url), Origin::Api(_)) => match Address::parse(url)? {
            Address::Postgres(url) => Postgres::connect(&url).await?.ledger(&job.contract.source, None).await?,
            #[cfg(feature = "aws")]
            Address::Redshift { workgroup, database } => {
                let redshift = crate::edge::warehouse::Redshift::open(aws.as_ref(), &workgroup, &database, "default")?;
                redshift.ledger(&job.contract.source, None).await?
            }
        },
        _ => Ledger::default(),
    };
    Ok(Transformation::new(job, origin, lake, ledger, bars.clone()))
}

fn origin(url: &str, contract: &Contract, aws: Option<&SdkConfig>) -> Result<Origin> {
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("http" | "https") => Ok(Origin::Api(Api::new(url, contract, secrets(contract.secrets())?)?)),
        Some("file" | "s3") => Ok(Origin::Files(Lake::open(url, false, aws)?)),
        _ => {
            let failure = Failure::refused(format!("`{url}` is not a source URL"));
            Err(failure.hint("use http(s)://host, file:///dir or s3://bucket/prefix").into())
        }
    }
}

/// Returns the key of the contract's hashes, which a replay needs, too.
pub(super) fn hash_key(contract: &Contract) -> Result<Option<HashKey>> {
    let Some(parameter) = &contract.hash_key else { return Ok(None) };
    let key = HashKey::new(&secrets(parameter.secret())?.of(parameter)).map_err(|problem| {
        let name = parameter.secret().unwrap_or_default();
        Failure::refused(format!("the secret `{name}` {problem}")).hint("create one with `openssl rand -hex 32`")
    })?;
    Ok(Some(key))
}

/// Reads secrets of a contract: each from a variable of its own, or all from a JSON object in `SOURCE_SECRETS`, as AWS
/// Batch passes them.
fn secrets<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Secrets> {
    let given = std::env::var("SOURCE_SECRETS").unwrap_or_default();
    let all: BTreeMap<String, String> = match given.as_str() {
        "" => BTreeMap::new(),
        // The error is not shown, because it may quote a secret.
        all => serde_json::from_str(all).map_err(|_| {
            let failure = Failure::refused("SOURCE_SECRETS is not a JSON object of names and texts");
            failure.hint(r#"write {"NAME": "value"}"#)
        })?,
    };
    let find = |name: &str| all.get(name).cloned().or_else(|| std::env::var(name).ok());
    let of_batch = "add it to the JSON object that `sources.<name>.secret` in the settings names";
    Ok(Secrets::new(names, find).map_err(|failure| if given.is_empty() { failure } else { failure.hint(of_batch) })?)
}
