//! What a rehearsal came to: one JSON value for programs, one summary for people.

use std::collections::BTreeMap;

use contract::Counts;
use contract::Exit;
use serde::Serialize;

use super::InjectedFault;
use crate::dbt::Results;
use crate::report::counts;
use crate::run::Outcome;
use crate::ui::{self, Align};
use crate::verdict::{Light, StatusLine, is_red};

/// What no emulator can answer, so that a rehearsal says nothing about it.
pub const NOT_PROVED: [&str; 6] = [
    "that AWS takes the templates, and what it replaces: the suite `templates`",
    "roles and policies: emulators let everybody do everything",
    "Redshift: PostgreSQL takes its place; the suite `redshift sql` reads the SQL",
    "MWAA: this Airflow is its version, without its network and requirements",
    "`platform_health`, which asks Redshift and is paused here",
    "Batch's retries, Fargate's network, prices, quotas, alarms",
];

/// A step of a rehearsal, and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// What was done.
    pub step: String,
    /// Seconds, to the tenth.
    pub seconds: f64,
}

/// What it came to.
#[derive(Debug, Serialize)]
pub struct Done {
    /// Its id.
    pub id: String,
    /// What was made to fail.
    pub injected_fault: Option<InjectedFault>,
    /// The run.
    pub run: Outcome,
    /// What the failed task's container said at its end, or which of dbt's tests failed.
    pub cause: Vec<String>,
    /// Each table's counts, as `copy` reported and the warehouse has them; none where nothing was loaded.
    pub tables: BTreeMap<String, Counts>,
    /// What does not fit together though the run went well.
    pub wrong: Vec<String>,
    /// What dbt left in the lake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dbt: Option<Results>,
    /// The deployment, part by part.
    pub status: Vec<StatusLine>,
    /// The steps in their order.
    pub steps: Vec<StepTime>,
    /// What this says nothing about.
    pub not_proved: [&'static str; 6],
    /// Where the servers are, if they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// What stays of a rehearsal until somebody stops it.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Airflow's pages.
    pub airflow: String,
    /// Their user.
    pub user: &'static str,
    /// The file with the password.
    pub password_file: String,
    /// Most services of AWS.
    pub aws: String,
    /// The warehouse as `reader`, without the password.
    pub warehouse: String,
    /// The file with its password.
    pub warehouse_file: String,
    /// For `--dot-env` of the other commands.
    pub dot_env: String,
}

impl Done {
    /// As what the program ends: as the run did, or 1 where the run went well and something else is not as it should be.
    pub fn exit(&self) -> Exit {
        match self.run.as_exit() {
            Exit::Done if is_red(&self.status) || !self.wrong.is_empty() => Exit::Failed,
            exit => exit,
        }
    }
}

/// What does not fit together after a run that went well: counts as reported, rows as they are, and dbt's results.
pub fn wrong(tables: &BTreeMap<String, Counts>, rows: &BTreeMap<String, u64>, dbt: Option<&Results>) -> Vec<String> {
    let mut wrong = Vec::new();
    if tables.is_empty() {
        wrong.push("`copy` reported no table".to_owned());
    }
    for (table, Counts { rows: reported, .. }) in tables {
        let found = rows.get(table).copied().unwrap_or_default();
        if found != *reported {
            wrong.push(format!("`{table}` has {found} rows in the warehouse, and `copy` reported {reported}"));
        }
    }
    match dbt {
        None => wrong.push("dbt left no results in the lake".to_owned()),
        Some(dbt) if dbt.total == 0 => wrong.push("dbt built and tested nothing".to_owned()),
        Some(_) => {}
    }
    wrong
}

/// The summary.
pub fn text(done: &Done) -> String {
    let head = [("step", Align::Left), ("seconds", Align::Right)];
    let row = |step: &StepTime| vec![step.step.clone(), format!("{:.1}", step.seconds)];
    let mut text = format!("\n{}", ui::columns(&head, done.steps.iter().map(row).collect()));
    if !done.tables.is_empty() {
        text += &format!("\n{}", counts(&done.tables));
    }
    text += &format!("\nRun        {}\n", done.run.dag_run_id.as_ref().unwrap_or(&done.run.run_id));
    if let Some(dbt) = &done.dbt {
        text += &format!("Marts      {}\n", dbt.line());
    }
    let count = |light| done.status.iter().filter(|one| one.light == light).count();
    let (green, red) = (count(Light::Green), count(Light::Red));
    let unproven = count(Light::NotVerifiableHere);
    let reds = if red == 0 { String::new() } else { format!(", {red} not") };
    text += &format!("Status     {green} parts as they should be{reds}, {unproven} not verifiable here\n");
    for verdict in done.status.iter().filter(|verdict| verdict.light == Light::Red) {
        text += &format!("           {}: {}\n", verdict.check, verdict.found);
    }
    for wrong in &done.wrong {
        text += &format!("           {wrong}\n");
    }
    if let Some(kept) = &done.kept {
        let Kept { airflow, user, password_file, aws, warehouse, warehouse_file, dot_env } = kept;
        text += &format!("\nAirflow    {airflow}\n           {user}, password in {password_file}\n");
        text += &format!("Warehouse  {warehouse}\n           password in {warehouse_file}\nAWS        {aws}\n");
        text += &format!("Use it     cargo xtask run --env rehearse \\\n             --dot-env {dot_env}\n");
        text += "           (or logs, status, diff, deploy, sync-dags)\n";
        text += &format!("Stop it    cargo xtask rehearse stop {}\n", done.id);
    }
    text += "\nNot proved by this:\n";
    for not_proved in NOT_PROVED {
        text += &format!("  - {not_proved}\n");
    }
    text += &match (&done.run.failed, &done.run.reason, done.exit()) {
        (_, _, Exit::Done) => "\nThe rehearsal went well.\n".to_owned(),
        (Some(task), Some(reason), _) => {
            let cause: String = done.cause.iter().map(|line| format!("  {line}\n")).collect();
            let keep = if done.kept.is_none() { "To look closer: cargo xtask rehearse --keep\n" } else { "" };
            format!("\n`{task}` failed: {reason}\n{cause}{keep}")
        }
        _ => "\nThe run went well, but not everything is as it should be.\n".to_owned(),
    };
    text
}

#[cfg(test)]
#[path = "../../tests/unit/rehearsal/done.rs"]
mod tests;
