//! The result of a rehearsal, as JSON and as a text summary.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Contract, Counts, Exit, count};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::InjectedFault;
use crate::report::counts;
use crate::run::Outcome;
use crate::ui::{self, Align};
use crate::verdict::{Light, StatusLine, is_red};
use contract::dbt::Results;

pub const NOT_VERIFIED: [&str; 6] = [
    "whether AWS accepts the templates, and which resources it replaces: see the `templates` suite",
    "IAM beyond `xtask/emulator/iam`: trust policies, signatures, and the calls of AWS's own services",
    "Redshift beyond the rules in `xtask/emulator/redshift`: PostgreSQL executes the statements",
    "MWAA: the Airflow version is the same, but MWAA's network and requirements are missing",
    "the `platform_health` DAG, which is paused here",
    "Batch retries, the Fargate network, prices, quotas and alarms",
];

/// The maximum number of lines in a cause.
const SHOWN: usize = 6;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTime {
    pub step: String,
    /// Duration in seconds, rounded to one decimal place.
    pub seconds: f64,
}

#[derive(Debug, Serialize)]
pub struct RehearsalReport {
    pub id: String,
    pub injected_fault: Option<InjectedFault>,
    pub run: Outcome,
    /// A second run without Airflow, after changes to the dbt project; only after a success without injected fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_run: Option<Outcome>,
    /// The runs of the other sources, at the same time as the first run; only without an injected fault.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_runs: BTreeMap<String, Outcome>,
    /// A job of dbt with one statement that takes half a minute; only without an injected fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_statement: Option<Outcome>,
    /// Why a run failed: the last log lines of the failed task, or dbt's failures; then what the warehouse refused.
    pub cause: Vec<String>,
    /// What the warehouse refused because of a rule of Redshift.
    pub refused: Vec<Refusal>,
    /// The counts that `copy` reported for each table, with the names of other sources before theirs; empty if nothing was
    /// loaded.
    pub tables: BTreeMap<String, Counts>,
    /// The actions that each role used, by its place in the templates.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// What contradicts a success: different counts, denied calls, and ways around the policies.
    pub contradictions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt: Option<Results>,
    pub status: Vec<StatusLine>,
    pub steps: Vec<StepTime>,
    pub not_verified: [&'static str; 6],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    pub airflow: String,
    pub user: &'static str,
    pub password_file: String,
    pub aws: String,
    /// The warehouse URL for the `reader` role, without the password.
    pub warehouse: String,
    pub warehouse_file: String,
    /// The file to pass to other commands with `--dot-env`.
    pub dot_env: String,
}

/// A statement that the Redshift emulator refused, or that its client abandoned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Refusal {
    pub rule: String,
    pub message: String,
    pub statement: String,
    /// The database user.
    pub user: String,
}

/// Reads the emulator's log, in which every refusal is a line of JSON. Errors that do not come from a rule are omitted.
pub fn refusals(log: &str) -> Vec<Refusal> {
    let parsed = log.lines().filter_map(|line| serde_json::from_str::<Refusal>(line).ok());
    parsed.filter(|refusal| !refusal.rule.is_empty()).collect()
}

/// What the proxy reports.
#[derive(Debug, Deserialize)]
pub struct Policies {
    /// The actions that each role used, by its place in the templates.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// Denied calls, and calls that lead out of the boundary.
    pub problems: Vec<String>,
}

impl RehearsalReport {
    /// Returns the first failed run, and which one it is.
    pub fn failure(&self) -> Option<(&Outcome, String)> {
        let second = self.second_run.iter().map(|run| (run, " in the second run".to_owned()));
        let others = self.other_runs.iter().map(|(source, run)| (run, format!(" in the run of `{source}`")));
        let alone = |run| (run, String::new());
        let first = std::iter::once(&self.run).map(alone).chain(second);
        first.chain(self.long_statement.iter().map(alone)).chain(others).find(|(run, _)| run.failed.is_some())
    }

    /// Returns the exit code of the failed run, or 1 if all runs succeeded but the status or the reports show a problem.
    pub fn exit(&self) -> Exit {
        match self.failure().map_or(Exit::Done, |(run, _)| run.exit) {
            Exit::Done if is_red(&self.status) || !self.contradictions.is_empty() => Exit::Failed,
            exit => exit,
        }
    }
}

/// Returns contradictions between the counts that `copy` reported, the rows in the warehouse, and dbt's results. A run of a
/// table whose changes are requested may have fewer rows than the table.
pub fn contradictions(
    contract: &Contract,
    tables: &BTreeMap<String, Counts>,
    rows: &BTreeMap<String, u64>,
    dbt: Option<&Results>,
    has_models: bool,
) -> Vec<String> {
    let mut found = Vec::new();
    if tables.is_empty() {
        found.push("`copy` reported no tables".to_owned());
    }
    for (table, Counts { rows: reported, .. }) in tables {
        let rows = rows.get(table).copied().unwrap_or_default();
        let is_part = contract.tables().iter().any(|one| one.name == table && one.is_numbered);
        if rows < *reported || rows > *reported && !is_part {
            found.push(format!("`{table}` has {rows} rows in the warehouse, but `copy` reported {reported}"));
        }
    }
    match dbt {
        None => found.push("dbt wrote no results to the lake".to_owned()),
        Some(dbt) if dbt.total == 0 && has_models => found.push("dbt built and tested nothing".to_owned()),
        Some(_) => {}
    }
    found
}

/// Returns what contradicts a run in its report. A run without Airflow that failed has none.
pub fn of_page(page: Option<&str>, run: &Outcome, tables: &BTreeMap<String, Counts>) -> Vec<String> {
    let Some(page) = page.map(|page| page.replace("<wbr>", "")) else {
        let has_one = run.failed.is_none() || run.dag_run_id.is_some();
        return has_one.then(|| "the report is not in the lake".to_owned()).into_iter().collect();
    };
    if let Some(task) = &run.failed {
        let names_it = page.contains(&format!("<p class=\"cause\">{task}: "));
        return (!names_it).then(|| format!("the report does not name `{task}` as the cause")).into_iter().collect();
    }
    let unread = page.split_once("<h2>Not read</h2>").and_then(|(_, rest)| rest.split("</section>").next());
    let unread = unread.map(|section| format!("the report could not read everything: {section}"));
    let is_missing = |(table, counts): &(&String, &Counts)| {
        !page.contains(&format!("{table}</th><td class=\"number\">{}</td>", count(counts.rows)))
    };
    let wrong = tables.iter().filter(is_missing).map(|(table, _)| format!("the report has other rows of `{table}`"));
    unread.into_iter().chain(wrong).collect()
}

/// Returns dbt's failures, or else the errors logged by the failed task's container, or else its last log lines.
pub fn cause(last: &[&str], dbt: Option<&Results>) -> Vec<String> {
    let failures: Vec<String> = dbt.into_iter().flat_map(|dbt| &dbt.failures).map(|failure| failure.line()).collect();
    let logged = last.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let messages = logged.filter(|line| line["level"] == "ERROR").map(|mut line| line["message"].take());
    let errors =
        messages.flat_map(|text| text.as_str().unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>());
    let others = last.iter().filter(|line| line.to_lowercase().contains("error")).map(|line| (*line).to_owned());
    let tail = last[last.len().saturating_sub(SHOWN)..].iter().map(|line| (*line).to_owned());
    let causes = [failures, errors.collect(), others.collect(), tail.collect()];
    let mut cause = causes.into_iter().find(|lines| !lines.is_empty()).unwrap_or_default();
    let more = cause.len().saturating_sub(SHOWN);
    if more > 1 {
        cause.truncate(SHOWN);
        cause.push(format!("… and {more} more"));
    }
    cause
}

pub fn text(report: &RehearsalReport) -> String {
    let head = [("step", Align::Left), ("seconds", Align::Right)];
    let row = |step: &StepTime| vec![step.step.clone(), format!("{:.1}", step.seconds)];
    let mut text = format!("\n{}", ui::columns(&head, report.steps.iter().map(row).collect()));
    if !report.tables.is_empty() {
        text += &format!("\n{}", counts(&report.tables));
    }
    text += &format!("\nRun        {}\n", report.run.dag_run_id.as_ref().unwrap_or(&report.run.run_id));
    for (source, run) in &report.other_runs {
        text += &format!("           {} ({source})\n", run.dag_run_id.as_ref().unwrap_or(&run.run_id));
    }
    if let Some(dbt) = &report.dbt {
        text += &format!("Marts      {}\n", dbt.line());
    }
    let count = |light| report.status.iter().filter(|one| one.light == light).count();
    let (green, red, not_verifiable) = (count(Light::Green), count(Light::Red), count(Light::NotVerifiableHere));
    text += &format!("Status     {green} healthy, {red} unhealthy, {not_verifiable} cannot be verified here\n");
    for line in report.status.iter().filter(|line| line.light == Light::Red) {
        text += &format!("           {}: {}\n", line.check, line.found);
    }
    for contradiction in &report.contradictions {
        text += &format!("           {contradiction}\n");
    }
    if let Some(kept) = &report.kept {
        let Kept { airflow, user, password_file, aws, warehouse, warehouse_file, dot_env } = kept;
        text += &format!("\nAirflow    {airflow}\n           {user}, password in {password_file}\n");
        text += &format!("Warehouse  {warehouse}\n           password in {warehouse_file}\nAWS        {aws}\n");
        text += &format!("Use it     cargo xtask run --env rehearse \\\n             --dot-env {dot_env}\n");
        text += "           (or logs, status, diff, deploy, sync-dags)\n";
        text += &format!("Stop it    cargo xtask rehearse stop {}\n", report.id);
    }
    text += "\nNot verified:\n";
    for not_verified in NOT_VERIFIED {
        text += &format!("  - {not_verified}\n");
    }
    text += &match (report.failure(), report.exit()) {
        (_, Exit::Done) => "\nThe rehearsal succeeded.\n".to_owned(),
        (Some((run, place)), _) => {
            let (task, reason) = (run.failed.as_deref().unwrap_or_default(), run.reason.as_deref().unwrap_or_default());
            let cause: String = report.cause.iter().map(|line| format!("  {line}\n")).collect();
            let keep = if report.kept.is_none() { "To inspect it: cargo xtask rehearse --keep\n" } else { "" };
            format!("\n`{task}` failed{place}: {reason}\n{cause}{keep}")
        }
        (None, _) => "\nThe runs succeeded, but the deployment is not healthy.\n".to_owned(),
    };
    text
}

#[cfg(test)]
#[path = "../../tests/unit/rehearsal/report.rs"]
mod tests;
