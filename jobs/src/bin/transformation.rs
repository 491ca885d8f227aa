//! `transformation`: fetches a source's answers and turns them into typed Parquet with a receipt for each collection.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use contract::Contract;
use jobs::cli::{self, Bars, Common};
use jobs::edge::clock;
use jobs::edge::lake::Lake;
use jobs::edge::source::Api;
use jobs::edge::warehouse::{Address, Postgres, Redshift, Warehouse};
use jobs::failure::Failure;
use jobs::flows::chosen;
use jobs::flows::transform::{Job, Origin, Transformation};
use jobs::load::Ledger;

/// Fetch a source's answers and turn them into typed Parquet with a receipt for each collection.
///
/// Exit codes: 0 done, 1 refused or failed for good, 2 usage, 75 failed for now (trying again may help).
#[derive(Parser, Debug)]
#[command(name = "transformation", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    /// Take the answers from here instead of the contract's host: http(s)://host, file:///dir or s3://bucket/prefix,
    /// the latter two holding <collection>.json
    #[arg(long, env = "SOURCE_URL", value_name = "URL")]
    source_url: Option<String>,
    /// The warehouse whose ledger says which ETags may be sent; without it every collection is fetched whole
    #[arg(long, env = "WAREHOUSE_URL", value_name = "URL", hide_env_values = true)]
    warehouse_url: Option<String>,
    /// How many collections are worked on at once
    #[arg(long, env = "AT_ONCE", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    at_once: u8,
    /// How often a temporary failure is tried again
    #[arg(long, env = "RETRIES", default_value_t = 4)]
    retries: usize,
    /// Milliseconds before the first retry; the wait doubles, with jitter, up to 30 s
    #[arg(long, env = "FIRST_WAIT_MS", default_value_t = 500)]
    first_wait_ms: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let bars = Bars::new(cli.common.log);
    cli::start(&cli.common, &bars);
    let started = OnceLock::new();
    let job = async {
        let work = prepare(&cli, &bars).await?;
        started.get_or_init(|| work).run().await
    };
    let clean_up = async || {
        if let Some(work) = started.get() {
            work.clean_up().await;
        }
    };
    cli::finish(job, clean_up).await
}

async fn prepare(cli: &Cli, bars: &Bars) -> Result<Transformation> {
    let contract = cli.common.contract()?;
    let job = Job {
        run: cli.common.run_id.clone(),
        attempt: clock::attempt(),
        collections: chosen(&contract, &cli.common.collections)?.into_iter().map(str::to_owned).collect(),
        at_once: cli.at_once.into(),
        retries: cli.retries,
        first_wait: Duration::from_millis(cli.first_wait_ms),
        contract,
    };
    let origin = origin(cli.source_url.as_deref(), &job.contract)?;
    let lake = Lake::open(&cli.common.lake_url, true)?;
    let ledger = match (cli.warehouse_url.as_deref().filter(|url| !url.is_empty()), &origin) {
        // Files have no ETags, so the ledger has nothing to say about them.
        (Some(url), Origin::Api(_)) => match Address::parse(url)? {
            Address::Postgres(url) => Postgres::connect(&url).await?.ledger(&job.contract.source).await?,
            Address::Redshift { workgroup, database } => {
                let warehouse = Redshift::open(&workgroup, &database, "default", &job.attempt).await;
                warehouse.ledger(&job.contract.source).await?
            }
        },
        _ => Ledger::default(),
    };
    Ok(Transformation::new(job, origin, lake, ledger, bars.progress()))
}

fn origin(url: Option<&str>, contract: &Contract) -> Result<Origin> {
    let url = url.filter(|url| !url.is_empty()).unwrap_or(&contract.base_url);
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("http" | "https") => Ok(Origin::Api(Api::new(url)?)),
        Some("file" | "s3") => Ok(Origin::Files(Lake::open(url, false)?)),
        _ => {
            let failure = Failure::refused(format!("`{url}` names no source"));
            Err(failure.hint("write http(s)://host, file:///dir or s3://bucket/prefix").into())
        }
    }
}
