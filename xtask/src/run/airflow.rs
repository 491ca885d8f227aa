//! What Airflow 3 is asked about a run, and what it answers, as InvokeRestApi passes both on.
//!
//! A path has at most 64 characters there (Amazon MWAA API Reference, `RestApiPath`), and a run's id alone may have 250. So
//! nothing is asked by a path with an id in it: Airflow's lists take `~` for any DAG or run, and the ids in the body
//! (`DAGRunsBatchBody` and `TaskInstancesBatchBody` of Airflow 3.0.6, which refuse what they do not know).

use serde::Deserialize;
use serde_json::{Value, json};

use super::UNMAPPED;

/// The DAG.
pub const DAG: &str = "ingestion";
/// The most rows that Airflow gives at once, unless it is told otherwise (`api.maximum_page_limit`).
const PAGE: u32 = 100;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Only looks.
    Get,
    /// Begins something, or looks with a body.
    Post,
    /// Changes something.
    Patch,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// How.
    pub method: Method,
    /// Below `/api/v2`, which MWAA puts before it.
    pub path: String,
    /// The body, if it has one.
    pub body: Option<Value>,
}

impl Question {
    /// Whether there is the DAG, and whether it is paused.
    pub fn dag() -> Self {
        Self::about(DAG)
    }

    /// Whether there is another.
    pub fn about(dag: &str) -> Self {
        Self { method: Method::Get, path: format!("/dags/{dag}"), body: None }
    }

    /// Has a DAG begin no runs by itself.
    pub fn pause(dag: &str) -> Self {
        Self { method: Method::Patch, path: format!("/dags/{dag}"), body: Some(json!({ "is_paused": true })) }
    }

    /// What of the DAGs' files cannot be imported.
    pub fn import_errors() -> Self {
        Self { method: Method::Get, path: "/importErrors".to_owned(), body: None }
    }

    /// Begins a run under an id of ours, so that asking again begins no second one: Airflow answers 409 then.
    pub fn trigger(dag_run_id: &str) -> Self {
        // Airflow 3 wants the key, and takes null: only the run's id counts here.
        let body = json!({ "dag_run_id": dag_run_id, "logical_date": null, "conf": {} });
        Self { method: Method::Post, path: format!("/dags/{DAG}/dagRuns"), body: Some(body) }
    }

    /// A page of the DAG's runs, the newest first, behind so many: this list takes no ids of runs.
    pub fn runs(offset: usize) -> Self {
        let body = json!({ "dag_ids": [DAG], "order_by": "-id", "page_limit": PAGE, "page_offset": offset });
        Self { method: Method::Post, path: "/dags/~/dagRuns/list".to_owned(), body: Some(body) }
    }

    /// The tasks of a run.
    pub fn tasks(dag_run_id: &str) -> Self {
        let body = json!({ "dag_ids": [DAG], "dag_run_ids": [dag_run_id], "page_limit": PAGE });
        Self { method: Method::Post, path: "/dags/~/dagRuns/~/taskInstances/list".to_owned(), body: Some(body) }
    }
}

/// Each file that cannot be imported, with the last line of why.
pub fn import_errors(answer: &Value) -> Vec<String> {
    let list = answer["import_errors"].as_array().into_iter().flatten();
    let one = |error: &Value| {
        let text = |key: &str| error[key].as_str().unwrap_or_default().trim().to_owned();
        let trace = text("stack_trace");
        format!("{}: {}", text("filename"), trace.lines().last().unwrap_or_default())
    };
    list.map(one).collect()
}

/// A run, as a list of runs has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DagRun {
    /// Its id.
    pub dag_run_id: String,
    /// `queued`, `running`, `success` or `failed`.
    pub state: String,
}

impl DagRun {
    /// The run of an id, if the answer has it.
    pub fn find(answer: &Value, dag_run_id: &str) -> Option<Self> {
        let runs = answer["dag_runs"].as_array()?;
        let mut runs = runs.iter().filter_map(|run| Self::deserialize(run).ok());
        runs.find(|run| run.dag_run_id == dag_run_id)
    }

    /// Where the page behind an answer begins, if there is one.
    pub fn next_page(answer: &Value, offset: usize) -> Option<usize> {
        let next = offset + answer["dag_runs"].as_array().map_or(0, Vec::len);
        let all = answer["total_entries"].as_u64().and_then(|all| usize::try_from(all).ok()).unwrap_or_default();
        (offset < next && next < all).then_some(next)
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.state == "success" || self.state == "failed"
    }
}

/// A task of a run, as a list of task instances has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TaskInstance {
    /// The task.
    pub task_id: String,
    /// `scheduled`, `queued`, `running`, `success`, `failed`, `up_for_retry` and others; none before it is scheduled.
    pub state: Option<String>,
    /// Which try it is, from 1 on; 0 before the first.
    pub try_number: u32,
    /// Which instance of a mapped task it is; -1 where the task is not mapped.
    #[serde(default = "unmapped")]
    pub map_index: i32,
}

fn unmapped() -> i32 {
    UNMAPPED
}

impl TaskInstance {
    /// All of an answer.
    pub fn all(answer: &Value) -> Vec<Self> {
        let list = answer["task_instances"].as_array().into_iter().flatten();
        list.filter_map(|one| Self::deserialize(one).ok()).collect()
    }

    /// Whether it may have submitted a job.
    pub fn has_begun(&self) -> bool {
        let idle = [None, Some("scheduled"), Some("queued"), Some("upstream_failed"), Some("skipped"), Some("removed")];
        !idle.contains(&self.state.as_deref())
    }

    /// Whether it has begun and goes on: it may submit another job.
    pub fn is_live(&self) -> bool {
        self.has_begun() && !["success", "failed"].contains(&self.state.as_deref().unwrap_or_default())
    }

    /// What a person reads.
    pub fn words(&self) -> String {
        let state = self.state.as_deref().unwrap_or("not scheduled");
        if self.try_number > 1 {
            format!("{state} in Airflow, try {}", self.try_number)
        } else {
            format!("{state} in Airflow")
        }
    }
}

#[cfg(test)]
#[path = "../../tests/unit/run/airflow.rs"]
mod tests;
