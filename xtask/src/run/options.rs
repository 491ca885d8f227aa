//! The options of a run: in Airflow, the parameters of the DAG; without Airflow, variables and arguments of the jobs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::settings::RunTask;

/// The options of a run, named like the parameters in `dags/dpworld/options.py`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunOptions {
    /// Whether everything is requested and built again, instead of only changes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full_refresh: bool,
    /// The collections; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
    /// The run whose stored responses are loaded again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_raw: Option<String>,
    /// The reason for loading implausible data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// The source URL, if it is not the one in the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
    /// The first value of the cursors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last value of the cursors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The dbt models, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
}

impl RunOptions {
    /// Returns the configuration of a run in Airflow: the options that are set.
    pub fn conf(&self) -> Value {
        // Texts always serialise.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Returns the selected collections of a job: for that of a group, only its own. Without a selection, it returns none for
    /// a job that is not that of a group, because it has all collections.
    fn collections_of<'r>(&'r self, task: &'r RunTask) -> Vec<&'r str> {
        let selected: Vec<&str> = self.collections.iter().map(String::as_str).collect();
        let Some(group) = task.environment.get("COLLECTIONS") else { return selected };
        group.split(',').filter(|name| selected.is_empty() || selected.contains(name)).collect()
    }

    /// Returns whether the run has this job: a group without a selected collection has none.
    pub fn select(&self, task: &RunTask) -> bool {
        task.map_index.is_none() || !self.collections_of(task).is_empty()
    }

    /// Returns the command and the variables of a task's job, without its run ID; `dags/dpworld/options.py` does the same.
    pub fn of(&self, task: &RunTask) -> (Vec<String>, BTreeMap<String, String>) {
        let (mut command, mut environment) = (task.command.clone(), task.environment.clone());
        let collections = self.collections_of(task);
        let collections = (!collections.is_empty()).then(|| collections.join(","));
        let full_refresh = self.full_refresh.then(|| "true".to_owned());
        let variables = match task.task {
            "transformation" => vec![
                ("FULL_REFRESH", full_refresh),
                ("COLLECTIONS", collections),
                ("FROM_RAW", self.from_raw.clone()),
                ("SOURCE_URL", self.source_url.clone()),
                ("RANGE_FROM", self.from.clone()),
                ("RANGE_TO", self.to.clone()),
            ],
            "copy_job" => vec![("ACCEPT", self.accept.clone()), ("COLLECTIONS", collections)],
            "dbt_build" => {
                command.extend(full_refresh.map(|_| "--full-refresh".to_owned()));
                match &self.select {
                    None => command.extend(task.selection.clone()),
                    Some(models) => {
                        command.extend(["--select"].into_iter().chain(models.split_whitespace()).map(str::to_owned))
                    }
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        environment.extend(variables.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        (command, environment)
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/options.rs"]
mod tests;
