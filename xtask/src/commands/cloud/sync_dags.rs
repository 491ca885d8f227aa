//! `cargo xtask sync-dags`: uploads the DAGs and their requirements to the Airflow bucket.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::SyncDags;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::flows::stacks;
use crate::flows::sync::dags::{self, SyncRequest};
use crate::sync::{Plan, REQUIREMENTS};

pub(super) fn run(args: &SyncDags) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let settings = configured.settings().clone();
    let (dir, overwrite, max_delete) = (args.dir.clone(), args.overwrite, args.max_delete);
    let request = SyncRequest { dir, overwrite, max_delete, settings, variables };
    terminal::step("Comparing the DAGs with the bucket");
    let sync = dags::plan(&request)?;
    let (plan, bucket) = (&sync.plan, &sync.bucket);
    if !args.common.json {
        terminal::print(&plan.to_string())?;
    }
    let applied = !args.dry_run;
    let version = if applied {
        if !plan.waves.is_empty() {
            stacks::check_owner(&configured.module, &request.settings, &request.variables)?;
            terminal::step(&format!("Writing to `{bucket}`"));
        }
        sync.apply(&request.settings)?
    } else {
        None
    };
    let value = json!({ "applied": applied, "bucket": bucket, "update": update(plan), "requirements_version": version, "plan": plan });
    print(args.common.json, &value, || {
        let unknown = if applied { "none (bucket versioning is disabled)" } else { "(printed after the upload)" };
        format!("{}\n", summary(plan, version.as_deref().unwrap_or(unknown)))
    })
}

/// Returns how Airflow applies the change: `none`, `dags` or `environment`.
fn update(plan: &Plan) -> &'static str {
    match (plan.updates_environment(), plan.is_empty()) {
        (true, _) => "environment",
        (false, true) => "none",
        (false, false) => "dags",
    }
}

fn summary(plan: &Plan, version: &str) -> String {
    match update(plan) {
        "none" => format!("Nothing to do: {} objects are up to date.", plan.keep.len()),
        "dags" => "DAGs only: Airflow reads them within about 30 s.".to_owned(),
        _ => format!(
            "Environment update: Airflow reads the DAGs within about 30 s, and `{REQUIREMENTS}` at the next environment \
             update (20 minutes or more); stack parameter: RequirementsVersion={version}."
        ),
    }
}
