//! A stub of Airflow 3 behind MWAA's InvokeRestApi. Responses have the format of Airflow 3.0.6's models and of the MWAA
//! API Reference. A task's state follows that of its job.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const TASKS: [&str; 4] = ["transformation", "copy_job", "dbt_build", "report"];

#[derive(Debug, Default)]
pub(super) struct Airflow {
    pub(super) run: Option<String>,
    pub(super) is_paused: bool,
    /// The configuration that the run was triggered with.
    pub(super) conf: Value,
    /// The number of responses that exceed MWAA's limit of 10 seconds although Airflow executed the request.
    pub(super) slow: u32,
    /// The number of runs that started after ours.
    pub(super) newer: usize,
    /// The number of requests before these.
    pub(super) slow_from: u32,
    /// The groups of the run, if the first task is mapped: whether each has a selected collection.
    pub(super) groups: Vec<bool>,
    queries: u32,
}

impl Airflow {
    /// Returns MWAA's response, and the name of a job that Airflow submits now.
    pub(super) fn respond(
        &mut self,
        body: &Value,
        jobs: &BTreeMap<String, Option<&'static str>>,
    ) -> ((u16, Value), Option<String>) {
        let (path, method) = (body["Path"].as_str().expect("a path"), body["Method"].as_str().expect("a method"));
        if path.len() > 64 {
            return ((400, json!({ "__type": "ValidationException", "message": "Path is too long" })), None);
        }
        let mut job = None;
        let (status, response) = match (method, path) {
            ("GET", "/dags/ingestion") => (200, json!({ "dag_id": "ingestion", "is_paused": self.is_paused })),
            ("POST", "/dags/ingestion/dagRuns") => {
                assert!(
                    body["Body"].get("logical_date").is_some_and(Value::is_null),
                    "Airflow 3 requires the key: {body}"
                );
                if self.run.is_some() {
                    (409, json!({ "detail": "DAGRun with DAG ID: 'ingestion' and the same id already exists" }))
                } else {
                    self.run = body["Body"]["dag_run_id"].as_str().map(str::to_owned);
                    self.conf = body["Body"]["conf"].clone();
                    (200, self.dag_run("queued"))
                }
            }
            ("POST", "/dags/~/dagRuns/list") => {
                check_keys(&body["Body"], &["dag_ids", "order_by", "page_limit", "page_offset"]);
                let number =
                    |key: &str| usize::try_from(body["Body"][key].as_u64().expect("a number")).expect("a small one");
                let (from, most) = (number("page_offset"), number("page_limit").min(100));
                let all = self.newer + 1;
                let page = (from..all).take(most).map(|at| {
                    if at < self.newer {
                        return json!({ "dag_run_id": format!("newer-{at}"), "dag_id": "ingestion", "state": "success" });
                    }
                    self.queries += 1;
                    let state = self.state(jobs);
                    self.dag_run(state)
                });
                let page: Vec<Value> = page.collect();
                (200, json!({ "dag_runs": page, "total_entries": all }))
            }
            ("POST", "/dags/~/dagRuns/~/taskInstances/list") => {
                check_keys(&body["Body"], &["dag_ids", "dag_run_ids", "page_limit"]);
                let states = self.tasks(jobs);
                let running = states.iter().filter(|(_, state)| *state == Some("running"));
                job = running.map(|(of, _)| self.job_name(*of)).find(|name| !jobs.contains_key(name));
                let list = states.iter().map(|((task, index), state)| {
                    json!({ "task_id": task, "dag_id": "ingestion", "dag_run_id": self.run, "map_index": index, "state": state,
                            "try_number": 1, "max_tries": 0, "operator": "BatchJobOperator" })
                });
                (200, json!({ "task_instances": list.collect::<Vec<_>>(), "total_entries": states.len() }))
            }
            other => panic!("unexpected request to Airflow: {other:?}"),
        };
        if self.slow_from > 0 {
            self.slow_from -= 1;
        } else if self.slow > 0 {
            self.slow -= 1;
            let detail = json!({ "detail": "Endpoint request timed out" });
            let error =
                json!({ "__type": "RestApiServerException", "RestApiStatusCode": 504, "RestApiResponse": detail });
            return ((400, error), job);
        }
        if status >= 400 {
            let error =
                json!({ "__type": "RestApiClientException", "RestApiStatusCode": status, "RestApiResponse": response });
            return ((400, error), job);
        }
        ((200, json!({ "RestApiStatusCode": status, "RestApiResponse": response })), job)
    }

    /// As in `dags/dpworld/runs.py`.
    pub(super) fn run_id(&self) -> String {
        let airflow = self.run.as_deref().expect("a run");
        let readable: String = airflow
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' })
            .take(47)
            .collect();
        let digest: String = Sha256::digest(airflow).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{readable}-{digest}")
    }

    fn dag_run(&self, state: &str) -> Value {
        json!({ "dag_run_id": self.run, "dag_id": "ingestion", "logical_date": null, "state": state, "run_type": "manual",
                "conf": self.conf, "triggered_by": "rest_api", "dag_versions": [] })
    }

    /// As in `dags/dpworld/runs.py`.
    fn job_name(&self, (task, index): (&str, i64)) -> String {
        let digest = Sha256::digest(format!("ingestion/{task}/{index}"));
        let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mapped = if index < 0 { String::new() } else { format!("{index}-{digest}-") };
        format!("ingestion-{task}-{mapped}{}", self.run_id())
    }

    /// Returns the state of each task and map index. A task starts when all instances of the previous one have succeeded.
    fn tasks(&self, jobs: &BTreeMap<String, Option<&'static str>>) -> Vec<((&'static str, i64), Option<&'static str>)> {
        let (mut states, mut before) = (Vec::new(), if self.queries > 2 { "success" } else { "queued" });
        for task in TASKS {
            let groups = if task == TASKS[0] { self.groups.as_slice() } else { &[] };
            let instances: Vec<(i64, bool)> = match groups {
                [] => vec![(-1, true)],
                groups => (0..).zip(groups.iter().copied()).collect(),
            };
            let of = instances.into_iter().map(|(index, selected)| {
                let state = match (before, jobs.get(&self.job_name((task, index)))) {
                    ("success", _) if !selected => Some("skipped"),
                    ("success", Some(Some("SUCCEEDED"))) => Some("success"),
                    ("success", Some(Some(_))) => Some("failed"),
                    ("success", _) => Some("running"),
                    ("failed" | "upstream_failed", _) => Some("upstream_failed"),
                    _ => None,
                };
                ((task, index), state)
            });
            let of: Vec<_> = of.collect();
            let all = |one: &str| of.iter().all(|(_, state)| [Some(one), Some("skipped")].contains(state));
            let is_failed = |state: &Option<&str>| matches!(state, Some("failed" | "upstream_failed"));
            before = match of.iter().any(|(_, state)| is_failed(state)) {
                true => "failed",
                false if all("success") => "success",
                false => "queued",
            };
            states.extend(of);
        }
        states
    }

    fn state(&self, jobs: &BTreeMap<String, Option<&'static str>>) -> &'static str {
        let states = self.tasks(jobs);
        match states.last() {
            Some((_, Some("success"))) => "success",
            Some((_, Some("failed" | "upstream_failed"))) => "failed",
            _ if self.queries > 2 => "running",
            _ => "queued",
        }
    }
}

/// Airflow's models reject unknown keys.
fn check_keys(body: &Value, keys: &[&str]) {
    for key in body.as_object().expect("a body").keys() {
        assert!(keys.contains(&key.as_str()), "Airflow rejects `{key}`");
    }
}
