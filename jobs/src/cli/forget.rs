//! `forget`: removes records from the lake and the warehouse, and searches what is left. `cargo xtask forget` starts it; it is
//! in no image.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Result, ensure};
use clap::Parser;
use connect::aws;
use contract::Answer;

use crate::cli::transformation::hash_key;
use crate::cli::{self, Common};
use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::warehouse::{Address, Postgres};
use crate::failure::Failure;
use crate::flows::chosen;
use crate::flows::forget::{Job, Report, SHORTEST_KEY, forget, single};

/// Count the records with these keys in the lake and the warehouse; with --apply, remove them, and search what is left.
///
/// Exit codes: 0 success, 1 failure, 2 usage error, 75 temporary failure (run it again).
#[derive(Parser)]
#[command(name = "forget", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    /// The warehouse, in the same format as for `copy`
    #[arg(long, env = "WAREHOUSE_URL", value_name = "URL", hide_env_values = true)]
    warehouse_url: String,
    /// The secret of Redshift's administrator
    #[arg(long, env = "ADMIN_SECRET", value_name = "ARN")]
    admin_secret: Option<String>,
    /// The keys as a JSON array of texts; only in the environment, because the arguments of a process are visible
    #[arg(env = "FORGET_KEYS", hide = true, hide_env_values = true)]
    keys: String,
    /// The request, for the manifests
    #[arg(long, env = "FORGET_REQUEST", value_name = "TEXT")]
    request: String,
    /// Remove the records
    #[arg(long)]
    apply: bool,
}

/// Runs the program.
#[tokio::main]
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::start(&cli.common.base, &cli::bars(cli.common.base.log));
    cli::finish(run(&cli), async || (), &OnceLock::new(), |_: &Report| BTreeMap::new()).await
}

async fn run(cli: &Cli) -> Result<Report> {
    let contract = cli.common.base.contract()?;
    let refused = |problem: &str| Failure::refused(format!("FORGET_KEYS {problem}"));
    // The error is not shown, because it may quote a key.
    let keys: BTreeSet<String> =
        serde_json::from_str(&cli.keys).map_err(|_| refused("is not a JSON array of texts"))?;
    ensure!(!keys.is_empty() && !keys.contains(""), refused("has an empty key"));
    let chosen = chosen(&contract, &cli.common.collections)?;
    if cli.common.collections.iter().any(|name| !name.trim().is_empty())
        && let Some(name) = chosen.iter().find(|name| contract.collections[**name].answer == Answer::Object)
    {
        return Err(single(name).into());
    }
    let request =
        contract::reason(&cli.request).map_err(|problem| Failure::refused(format!("--request: {problem}")))?;
    ensure!(!keys.iter().any(|key| key.len() >= SHORTEST_KEY && request.contains(key)), {
        let failure = Failure::refused("--request: the text contains a key, and manifests keep the text");
        failure.hint("write the number of the request")
    });
    let job = Job {
        collections: chosen.into_iter().map(str::to_owned).collect(),
        keys,
        hash_key: hash_key(&contract)?,
        request,
        at: clock::rfc3339(clock::now()),
        attempt: clock::attempt(),
        applies: cli.apply,
        contract,
    };
    let aws = aws::config_for(&[Some(&cli.common.base.lake_url), Some(&cli.warehouse_url)]).await?;
    let lake = Lake::open(&cli.common.base.lake_url, false, aws.as_ref())?;
    match Address::parse(&cli.warehouse_url)? {
        Address::Postgres(url) => forget(&job, &lake, &mut Postgres::connect(&url).await?).await,
        #[cfg(feature = "aws")]
        Address::Redshift { workgroup, database } => {
            let warehouse = crate::edge::warehouse::Redshift::open(aws.as_ref(), &workgroup, &database, "default")?;
            forget(&job, &lake, &mut warehouse.administrator(cli.admin_secret.as_deref())).await
        }
    }
}
