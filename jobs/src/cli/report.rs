//! `report`: writes the page of a run to the lake.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use clap::Parser;
use connect::aws;
use contract::RunId;
use serde::de::DeserializeOwned;

use crate::cli::{self, Base, given};
use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::warehouse::{Address, Postgres};
use crate::failure::Failure;
use crate::flows::report::{Job, Written, report};
use crate::lineage::place_of_warehouse;

/// Write the page of a run to the lake: its result, what was loaded, the results of dbt, the last runs, and charts.
///
/// The page is written even if the run has failed, or if the warehouse cannot be read; it then says so.
///
/// Exit codes: 0 success, 1 failure, 2 usage error, 75 temporary failure (a retry may succeed).
#[derive(Parser)]
#[command(name = "report", version)]
struct Cli {
    #[command(flatten)]
    base: Base,
    /// The run ID: 1 to 64 characters from A-Z a-z 0-9 _ -
    #[arg(long, env = "RUN_ID")]
    run_id: RunId,
    /// The warehouse, in the same format as for `copy`
    #[arg(long, env = "WAREHOUSE_URL", value_name = "URL", hide_env_values = true)]
    warehouse_url: String,
    /// The steps of the run: {"steps": [{"task", "state", "seconds", "billed_seconds", "cause", "log"}], "link"}
    #[arg(long, env = "STEPS", value_name = "JSON")]
    steps: Option<String>,
    /// What an hour costs in US dollars: {"hour": {"<task>": …, "warehouse": …}, "note"}
    #[arg(long, env = "PRICES", value_name = "JSON")]
    prices: Option<String>,
    /// The folder with dbt's artifacts, if they are not in the lake
    #[arg(long, env = "DBT_ARTIFACTS", value_name = "DIR")]
    dbt_artifacts: Option<PathBuf>,
}

/// Runs the program.
#[tokio::main]
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::start(&cli.base, &cli::bars(cli.base.log));
    cli::finish(run(&cli), async || (), &OnceLock::new(), |_: &Written| BTreeMap::new()).await
}

async fn run(cli: &Cli) -> Result<Written> {
    let contract = cli.base.contract()?;
    let aws = aws::config_for(&[Some(&cli.base.lake_url), Some(&cli.warehouse_url)]).await?;
    let lake = Lake::open(&cli.base.lake_url, false, aws.as_ref())?;
    let job = Job {
        contract: &contract,
        run: cli.run_id.clone(),
        written_at: clock::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        places: [cli.base.lake_url.clone(), place_of_warehouse(&cli.warehouse_url)],
        steps: json("--steps", &cli.steps)?.unwrap_or_default(),
        prices: json("--prices", &cli.prices)?,
        artifacts: cli.dbt_artifacts.as_deref().map(artifacts).transpose()?,
    };
    match Address::parse(&cli.warehouse_url)? {
        Address::Postgres(url) => report(job, &lake, Postgres::connect(&url).await).await,
        #[cfg(feature = "aws")]
        Address::Redshift { workgroup, database } => {
            use crate::edge::warehouse::Redshift;
            report(job, &lake, Redshift::open(aws.as_ref(), &workgroup, &database, "default")).await
        }
    }
}

fn json<T: DeserializeOwned>(name: &str, text: &Option<String>) -> Result<Option<T>> {
    let wrong = |error| Failure::refused(format!("{name} is not the expected JSON")).because(error);
    Ok(given(text).map(|text| serde_json::from_str(text).map_err(wrong)).transpose()?)
}

/// Reads dbt's results and its manifest from a folder.
fn artifacts(dir: &std::path::Path) -> Result<[String; 2]> {
    let read = |name| {
        let file = dir.join(name);
        std::fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))
    };
    Ok([read("run_results.json")?, read("manifest.json")?])
}
