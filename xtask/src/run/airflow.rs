//! Airflow 3 REST API requests and responses, as forwarded by MWAA's InvokeRestApi.
//!
//! InvokeRestApi limits a path to 64 characters (Amazon MWAA API Reference, `RestApiPath`), and a run ID can have up to
//! 250, so run IDs are sent in the body: Airflow's list endpoints accept `~` for any DAG or run (`DAGRunsBatchBody` and
//! `TaskInstancesBatchBody` in Airflow 3.0.6, which reject unknown keys).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::settings::RunTask;

/// Airflow's default limit on rows in a response (`api.maximum_page_limit`).
const PAGE: u32 = 100;

#[derive(Clone, Debug, PartialEq)]
pub struct ApiRequest {
    /// The HTTP method, such as `GET`.
    pub method: &'static str,
    /// The path below `/api/v2`, which MWAA prepends.
    pub path: String,
    pub body: Option<Value>,
}

impl ApiRequest {
    /// Gets a DAG, including `is_paused`; the response is 404 if it does not exist.
    pub fn dag(dag: &str) -> Self {
        Self { method: "GET", path: format!("/dags/{dag}"), body: None }
    }

    pub fn pause(dag: &str) -> Self {
        Self { method: "PATCH", path: format!("/dags/{dag}"), body: Some(json!({ "is_paused": true })) }
    }

    pub fn import_errors() -> Self {
        Self { method: "GET", path: "/importErrors".to_owned(), body: None }
    }

    /// Triggers a run with the given ID, so that a repeated request does not start a second run: Airflow returns 409.
    /// The configuration sets the DAG's parameters.
    pub fn trigger(dag: &str, dag_run_id: &str, conf: &Value) -> Self {
        // Airflow 3 requires the key `logical_date` and accepts null.
        let body = json!({ "dag_run_id": dag_run_id, "logical_date": null, "conf": conf });
        Self { method: "POST", path: format!("/dags/{dag}/dagRuns"), body: Some(body) }
    }

    /// Lists a page of the DAG's runs, the newest first; this endpoint cannot filter by run ID.
    pub fn runs(dag: &str, offset: usize) -> Self {
        let body = json!({ "dag_ids": [dag], "order_by": "-id", "page_limit": PAGE, "page_offset": offset });
        Self { method: "POST", path: "/dags/~/dagRuns/list".to_owned(), body: Some(body) }
    }

    pub fn tasks(dag: &str, dag_run_id: &str) -> Self {
        let body = json!({ "dag_ids": [dag], "dag_run_ids": [dag_run_id], "page_limit": PAGE });
        Self { method: "POST", path: "/dags/~/dagRuns/~/taskInstances/list".to_owned(), body: Some(body) }
    }
}

/// Returns each file that cannot be imported, with the last line of its stack trace.
pub fn import_errors(response: &Value) -> Vec<String> {
    let list = response["import_errors"].as_array().into_iter().flatten();
    let one = |error: &Value| {
        let text = |key: &str| error[key].as_str().unwrap_or_default().trim().to_owned();
        let trace = text("stack_trace");
        format!("{}: {}", text("filename"), trace.lines().last().unwrap_or_default())
    };
    list.map(one).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DagRun {
    pub dag_run_id: String,
    /// `queued`, `running`, `success` or `failed`.
    pub state: String,
}

impl DagRun {
    pub fn find(response: &Value, dag_run_id: &str) -> Option<Self> {
        let runs = response["dag_runs"].as_array()?;
        let mut runs = runs.iter().filter_map(|run| Self::deserialize(run).ok());
        runs.find(|run| run.dag_run_id == dag_run_id)
    }

    /// Returns the offset of the next page, if any.
    pub fn next_page(response: &Value, offset: usize) -> Option<usize> {
        let next = offset + response["dag_runs"].as_array().map_or(0, Vec::len);
        let all = response["total_entries"].as_u64().and_then(|all| usize::try_from(all).ok()).unwrap_or_default();
        (offset < next && next < all).then_some(next)
    }

    pub fn has_finished(&self) -> bool {
        self.state == "success" || self.state == "failed"
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TaskInstance {
    pub task_id: String,
    /// The map index; -1 if the task is not mapped.
    pub map_index: i64,
    /// `scheduled`, `queued`, `running`, `deferred` (it waits for its job), `success`, `failed`, `up_for_retry` and others;
    /// `None` before it is scheduled.
    pub state: Option<String>,
    /// The try number, starting at 1; 0 before the first try.
    pub try_number: u32,
}

impl TaskInstance {
    pub fn all(response: &Value) -> Vec<Self> {
        let list = response["task_instances"].as_array().into_iter().flatten();
        list.filter_map(|one| Self::deserialize(one).ok()).collect()
    }

    /// Whether this is an instance of the task.
    pub fn is(&self, task: &RunTask) -> bool {
        self.task_id == task.task && usize::try_from(self.map_index).ok() == task.map_index
    }

    /// Whether the task may have submitted a job.
    pub fn has_started(&self) -> bool {
        let idle = [None, Some("scheduled"), Some("queued"), Some("upstream_failed"), Some("skipped"), Some("removed")];
        !idle.contains(&self.state.as_deref())
    }

    /// Whether the task has started and may submit another job.
    pub fn is_active(&self) -> bool {
        self.has_started() && !["success", "failed"].contains(&self.state.as_deref().unwrap_or_default())
    }

    pub fn shown(&self) -> String {
        let state = match self.state.as_deref() {
            Some("deferred") => "running",
            state => state.unwrap_or("not scheduled"),
        };
        match self.try_number {
            0 | 1 => format!("{state} in Airflow"),
            number => format!("{state} in Airflow, try {number}"),
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/airflow.rs"]
mod tests;
