//! A stub of the operations of Batch, CloudWatch Logs, MWAA and STS that a run uses, over HTTP, for the SDK's real clients. A
//! job changes its state with each query; log events are late, repeated, out of order, in several pages and in new streams.
//! It does not verify that AWS responds like this.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

use super::{airflow::Airflow, logs::Stream};

/// The behaviour of a job.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The exit codes of its containers, in order; none for a container that never started.
    pub(super) codes: Vec<Option<i32>>,
    /// The number of lines of each container.
    pub(super) lines: u64,
    /// The number of queries for which it stays RUNNABLE.
    pub(super) waits: u32,
}

impl Plan {
    pub(super) fn of(codes: &[i32]) -> Self {
        Self { codes: codes.iter().copied().map(Some).collect(), lines: 40, waits: 1 }
    }
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) request: Value,
    plan: Plan,
    queries: u32,
    end: Option<&'static str>,
}

/// The number of queries for which a container runs.
const RUNNING: u32 = 3;

/// The state of the stub.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    /// The behaviour of jobs, by task, or by task and map index: `task-1`.
    pub(super) plans: BTreeMap<String, Plan>,
    pub(super) jobs: Vec<Job>,
    pub(super) streams: BTreeMap<String, Stream>,
    pub(super) airflow: Airflow,
    /// Changes to the healthy response of DescribeComputeEnvironments.
    pub(super) environment: Value,
    /// The number of responses to SubmitJob that are lost although the job exists.
    pub(super) lost: u32,
    /// Every request: its operation and its body.
    pub(super) requests: Vec<(String, Value)>,
    pub(super) seed: u64,
    /// Whether the caller may not read logs.
    pub(super) hidden: bool,
    /// Whether the Airflow UI is unreachable.
    pub(super) unreachable: bool,
}

#[derive(Clone)]
pub(super) struct Stub {
    pub(super) url: String,
    cloud: Arc<Mutex<Cloud>>,
}

impl Stub {
    pub(super) fn start(cloud: Cloud) -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let host = server.server_addr().to_string();
        let stub = Self { url: format!("http://{host}"), cloud: Arc::new(Mutex::new(cloud)) };
        let own = stub.clone();
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                own.respond(request, &host);
            }
        });
        stub
    }

    pub(super) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().expect("no panic")
    }

    fn respond(&self, mut request: Request, host: &str) {
        let mut text = String::new();
        request.as_reader().read_to_string(&mut text).expect("a body");
        let target = request.headers().iter().find(|header| header.field.equiv("X-Amz-Target"));
        let target = target.map(|header| header.value.as_str().rsplit('.').next().unwrap_or_default().to_owned());
        let path = request.url().to_owned();
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let operation = target.unwrap_or_else(|| path.rsplit("/v1/").next().unwrap_or_default().to_owned());
        let mut cloud = self.cloud();
        cloud.requests.push((operation.clone(), body.clone()));
        let (status, response_body) = match (operation.as_str(), request.method()) {
            ("submitjob", _) => cloud.submit(&body),
            ("describejobs", _) => (200, cloud.describe(&body)),
            ("listjobs", _) => (200, cloud.list(&body)),
            ("describejobqueues", _) => (200, json!({ "jobQueues": [queue()] })),
            ("describecomputeenvironments", _) => (200, json!({ "computeEnvironments": [cloud.environment()] })),
            ("FilterLogEvents", _) => cloud.filter(&body),
            ("/", _) => {
                let who = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>\
                           <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
                let _ = request.respond(Response::from_string(who));
                return;
            }
            (_, Method::Post) if path.starts_with("/restapi/") => {
                let ids = cloud.named();
                let submitted = cloud.airflow.respond(&body, &ids);
                if let Some(name) = submitted.1 {
                    cloud.submit(&json!({ "jobName": name, "dependsOn": [] }));
                }
                submitted.0
            }
            (_, Method::Post) if path.starts_with("/webtoken/") => {
                (200, json!({ "WebServerHostname": host, "WebToken": "canary+token/1==" }))
            }
            (_, Method::Get) if path.starts_with("/environments/") => {
                let url = if cloud.unreachable { "127.0.0.1:1" } else { host };
                (
                    200,
                    json!({ "Environment": { "Status": "AVAILABLE", "WebserverUrl": url, "AirflowVersion": "3.0.6" } }),
                )
            }
            other => panic!("unexpected request: {other:?} {body}"),
        };
        drop(cloud);
        let kind = response_body["__type"].as_str().unwrap_or_default().to_owned();
        let mut response = Response::from_string(response_body.to_string()).with_status_code(status);
        for (name, value) in [("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", kind.as_str())] {
            if !value.is_empty() {
                response = response.with_header(Header::from_bytes(name, value).expect("a header"));
            }
        }
        // The client may have disconnected.
        let _ = request.respond(response);
    }
}

fn queue() -> Value {
    let order =
        json!([{ "order": 1, "computeEnvironment": "arn:aws:batch:eu-west-1:1:compute-environment/dpstack-batch" }]);
    json!({ "jobQueueName": "dpstack-batch-queue", "jobQueueArn": "arn", "priority": 1, "state": "ENABLED",
            "status": "VALID", "computeEnvironmentOrder": order })
}

impl Cloud {
    fn environment(&self) -> Value {
        let mut environment = json!({ "computeEnvironmentName": "dpstack-batch", "computeEnvironmentArn": "arn", "state": "ENABLED",
            "status": "VALID", "statusReason": "ComputeEnvironment Healthy",
            "computeResources": { "type": "FARGATE", "maxvCpus": 4, "subnets": ["s"] } });
        for (name, value) in self.environment.as_object().into_iter().flatten() {
            environment[name] = value.clone();
        }
        environment
    }

    /// Names of jobs, and their final states.
    fn named(&self) -> BTreeMap<String, Option<&'static str>> {
        self.jobs.iter().map(|job| (job.name().to_owned(), job.end)).collect()
    }

    pub(super) fn submit(&mut self, body: &Value) -> (u16, Value) {
        let parts: Vec<&str> = body["jobName"].as_str().expect("a name").split('-').collect();
        let plan = self.plans.get(&parts[1..3].join("-")).or_else(|| self.plans.get(parts[1]));
        let plan = plan.cloned().unwrap_or_else(|| Plan::of(&[0]));
        let id = format!("00000000-0000-4000-8000-{:012}", self.jobs.len());
        self.jobs.push(Job { id: id.clone(), request: body.clone(), plan, queries: 0, end: None });
        if self.lost > 0 {
            self.lost -= 1;
            return (500, json!({ "__type": "ServerException", "message": "lost" }));
        }
        (200, json!({ "jobId": id, "jobName": body["jobName"], "jobArn": "arn" }))
    }

    fn list(&self, body: &Value) -> Value {
        let name = body["filters"][0]["values"][0].as_str().unwrap_or_default();
        let jobs = self.jobs.iter().enumerate().filter(|(_, job)| job.name() == name);
        let jobs: Vec<Value> =
            jobs.map(|(at, job)| json!({ "jobId": job.id, "jobName": job.name(), "createdAt": at })).collect();
        json!({ "jobSummaryList": jobs })
    }

    fn describe(&mut self, body: &Value) -> Value {
        let ids: Vec<&str> = body["jobs"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
        let ends: BTreeMap<String, Option<&'static str>> =
            self.jobs.iter().map(|job| (job.id.clone(), job.end)).collect();
        let mut details = Vec::new();
        for job in self.jobs.iter_mut().filter(|job| ids.contains(&job.id.as_str())) {
            let before = job.request["dependsOn"].as_array().into_iter().flatten();
            let before: Vec<_> = before.filter_map(|one| ends[one["jobId"].as_str()?]).collect();
            let waits =
                before.len() < job.request["dependsOn"].as_array().map_or(0, Vec::len) || before.contains(&"FAILED");
            if before.contains(&"FAILED") {
                job.end = Some("FAILED");
            }
            details.push(job.detail(waits, &mut self.streams, &mut self.seed));
        }
        json!({ "jobs": details })
    }

    fn filter(&mut self, body: &Value) -> (u16, Value) {
        let name = body["logStreamNames"][0].as_str().expect("one stream");
        assert_eq!(body["logGroupName"], "/dpstack/jobs/ingestion");
        if self.hidden {
            return (400, json!({ "__type": "AccessDeniedException", "message": "not logs:FilterLogEvents" }));
        }
        match self.streams.get_mut(name) {
            Some(stream) => (200, stream.page(body)),
            None => (
                400,
                json!({ "__type": "ResourceNotFoundException", "message": "The specified log stream does not exist." }),
            ),
        }
    }
}

impl Job {
    fn name(&self) -> &str {
        self.request["jobName"].as_str().expect("a name")
    }

    /// Returns the response of DescribeJobs to this query.
    fn detail(&mut self, waits: bool, streams: &mut BTreeMap<String, Stream>, seed: &mut u64) -> Value {
        let mut detail =
            json!({ "jobId": self.id, "jobName": self.name(), "jobQueue": "q", "jobDefinition": "d", "startedAt": 0 });
        if waits {
            let (status, reason) =
                self.end.map_or(("PENDING", Value::Null), |end| (end, "Dependent Job failed".into()));
            (detail["status"], detail["statusReason"]) = (status.into(), reason);
            return detail;
        }
        self.queries += 1;
        let past = self.queries.saturating_sub(self.plan.waits + 1);
        let container = (past / RUNNING) as usize;
        let name = |index: usize| format!("ingestion-job/default/{}/{index}", self.id);
        let (finished, running) = (container.min(self.plan.codes.len()), container.min(self.plan.codes.len() - 1));
        let container_at = |index: usize| json!({ "exitCode": self.plan.codes[index], "logStreamName": name(index) });
        let attempts: Vec<Value> = (0..finished).map(|index| json!({ "container": container_at(index) })).collect();
        detail["attempts"] = attempts.into();
        let options = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/dpstack/jobs/ingestion" } });
        let requirements = json!([{ "type": "VCPU", "value": "0.5" }, { "type": "MEMORY", "value": "1024" }]);
        detail["container"] = json!({ "logConfiguration": options, "resourceRequirements": requirements });
        detail["status"] = if self.queries <= self.plan.waits {
            "RUNNABLE".into()
        } else if self.queries == self.plan.waits + 1 {
            "STARTING".into()
        } else {
            detail["container"]["logStreamName"] = name(running).into();
            let new = || {
                *seed += 1;
                Stream::new(&name(running), self.plan.lines, *seed)
            };
            streams.entry(name(running)).or_insert_with(new);
            if finished < self.plan.codes.len() { "RUNNING".into() } else { Value::Null }
        };
        if detail["status"].is_null() {
            let code = self.plan.codes[running];
            self.end = Some(if code == Some(0) { "SUCCEEDED" } else { "FAILED" });
            detail["status"] = self.end.into();
            detail["statusReason"] = "Essential container in task exited".into();
            detail["container"]["exitCode"] = code.into();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            detail["stoppedAt"] = (now.as_millis() as u64).into();
        }
        detail
    }
}
