//! `copy`: validates a run's manifests and objects, then loads it into the warehouse exactly once.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use crate::cli::{self, Common};
use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::warehouse::{Address, Postgres};
use crate::failure::Failure;
use crate::flows::chosen;
use crate::flows::copy::{Job, Report, copy};
use crate::flows::lineage::Lineage;
use crate::lineage::Written;
use anyhow::{Result, ensure};
use clap::Parser;
use connect::aws;
use contract::RunId;

/// Validate a run's manifests and objects, then load it into the warehouse in one transaction, exactly once.
///
/// Exit codes: 0 success (also if this run or a newer one is already loaded), 1 failure, 2 usage error, 75 temporary
/// failure (a retry may succeed).
#[derive(Parser)]
#[command(name = "copy", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    /// The run ID: 1 to 64 characters from A-Z a-z 0-9 _ -
    #[arg(long, env = "RUN_ID")]
    run_id: RunId,
    /// The warehouse: redshift://workgroup/database or postgres://user:password@host:port/database.
    /// By default, connections to a remote PostgreSQL server use TLS and verify the certificate. `?sslrootcert=FILE`
    /// selects the CA, `sslmode=require` disables the verification, and `sslmode=disable` disables TLS
    #[arg(long, env = "WAREHOUSE_URL", value_name = "URL", hide_env_values = true)]
    warehouse_url: String,
    /// The IAM role that Redshift uses to read the lake: an ARN, or `default` for the namespace's default role
    #[arg(long, env = "COPY_ROLE", default_value = "default", value_name = "ROLE")]
    copy_role: String,
    /// Load this run even if it is implausible: a response is empty or only one of several pages, or a table would lose
    /// more of its rows or values than the contract allows. The ledger keeps the reason
    #[arg(long, env = "ACCEPT", value_name = "REASON")]
    accept: Option<String>,
    /// The command that accepts an implausible run, for messages
    #[arg(long, env = "ACCEPT_WITH", value_name = "COMMAND", hide = true)]
    accept_with: Option<String>,
    /// Milliseconds before the first retry after a conflict with another transaction; the delay doubles each time, with
    /// jitter, up to 30 s
    #[arg(long, env = "FIRST_WAIT_MS", default_value_t = 500)]
    first_wait_ms: u64,
}

/// Runs the program.
#[tokio::main]
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::start(&cli.common.base, &cli::bars(cli.common.base.log));
    // When a load is dropped, its connection closes: the server rolls back, and the next load removes the leftovers.
    let lineage = OnceLock::new();
    cli::finish(load(&cli, &lineage), async || (), &lineage, written).await
}

fn written(report: &Report) -> BTreeMap<String, Written> {
    let rows = report.tables.iter().map(|(table, counts)| {
        let rows = counts.inserted + counts.updated + counts.deleted;
        (table.clone(), Written { rows, ..Written::default() })
    });
    rows.collect()
}

async fn load(cli: &Cli, lineage: &OnceLock<Lineage>) -> Result<Report> {
    let contract = cli.common.base.contract()?;
    let accept = cli::given(&cli.accept).map(contract::reason).transpose();
    let job = Job {
        contract: &contract,
        run: cli.run_id.clone(),
        attempt: clock::attempt(),
        loaded_at: clock::rfc3339(clock::now()),
        collections: chosen(&contract, &cli.common.collections)?,
        accept: accept.map_err(|problem| Failure::refused(format!("--accept: {problem}")))?,
        accept_with: cli::given(&cli.accept_with)
            .map_or_else(|| format!("copy --run-id {} --accept 'REASON'", cli.run_id), str::to_owned),
        first_wait: Duration::from_millis(cli.first_wait_ms),
    };
    let (from_bucket, redshift) =
        (cli.common.base.lake_url.starts_with("s3://"), cli.warehouse_url.starts_with("redshift://"));
    ensure!(from_bucket || !redshift, {
        Failure::refused("Redshift can load only from an S3 bucket").hint("set LAKE_URL to s3://bucket")
    });
    let aws = aws::config_for(&[Some(&cli.common.base.lake_url), Some(&cli.warehouse_url)]).await?;
    let lake = Lake::open(&cli.common.base.lake_url, false, aws.as_ref())?;
    let address = Address::parse(&cli.warehouse_url)?;
    let subject = cli.common.subject(&contract, job.collections.clone(), &job.run);
    let events = subject.copy(&cli.warehouse_url, aws.as_ref().and_then(aws::region));
    lineage.get_or_init(|| cli.common.lineage.start(events, &lake, subject.key("copy", &job.attempt)));
    match address {
        Address::Postgres(url) => copy(&job, &lake, &mut Postgres::connect(&url).await?).await,
        #[cfg(feature = "aws")]
        Address::Redshift { workgroup, database } => {
            let warehouse =
                crate::edge::warehouse::Redshift::open(aws.as_ref(), &workgroup, &database, &cli.copy_role)?;
            copy(&job, &lake, &mut warehouse.first_wait(job.first_wait)).await
        }
    }
}
