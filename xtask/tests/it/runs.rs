//! `cargo xtask run`, `logs` and `open`, tested through the program with the SDK's real clients, against a stub.

mod airflow;
mod groups;
mod logs;
mod open;
mod stub;

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use stub::{Cloud, Plan, Stub};

/// Returns the program with an environment that contains only the stub's address.
fn command(stub: &Stub, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nowhere").args(arguments);
    command.args(["--dot-env", "/dev/null"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "canary-secret");
    // A separate endpoint for MWAA shows that it exists; the SDK prepends `env.` to the host.
    command.env("AWS_ENDPOINT_URL", stub.url.replace("127.0.0.1", "localhost")).env("AWS_ENDPOINT_URL_MWAA", &stub.url);
    command
}

fn xtask(stub: &Stub, arguments: &[&str]) -> Output {
    command(stub, arguments).output().expect("xtask starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("not JSON: {}", text(&output.stderr)))
}

fn with(plans: &[(&str, Plan)], seed: u64) -> Stub {
    let plans = plans.iter().map(|(task, plan)| ((*task).to_owned(), plan.clone())).collect();
    Stub::start(Cloud { plans, seed, ..Cloud::default() })
}

/// Returns the log lines in a text, in order: `<stream says number>`.
fn log_lines(text: &str) -> Vec<&str> {
    text.split('<').skip(1).filter_map(|rest| rest.split('>').next()).filter(|line| line.contains(" says ")).collect()
}

/// Returns the log lines of jobs, each given by its index, its number of containers, and the number of lines per
/// container.
fn expected(jobs: &[(usize, usize, u64)]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (job, containers, lines) in jobs {
        for (container, number) in
            (0..*containers).flat_map(|container| (0..*lines).map(move |number| (container, number)))
        {
            all.insert(format!("ingestion-job/default/00000000-0000-4000-8000-{job:012}/{container} says {number}"));
        }
    }
    all
}

/// Checks that the text has exactly these lines, each once.
#[track_caller]
fn assert_lines(text: &str, expected: &BTreeSet<String>) {
    let lines = log_lines(text);
    let found: BTreeSet<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!((&found, lines.len()), (expected, expected.len()), "{text}");
}

#[test]
fn a_direct_run_has_the_jobs_of_the_dag() {
    let stub = with(&[], 1);
    let output = xtask(&stub, &["run", "--direct", "--accept", "they retired", "--json", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_lines(&stderr, &expected(&[(0, 1, 40), (1, 1, 40), (2, 1, 40), (3, 1, 40)]));
    let found = value(&output);
    let run_id = found["run_id"].as_str().expect("an id");
    assert!(run_id.starts_with("direct__") && found["exit"] == 0 && found["code"].is_null(), "{found}");

    let cloud = stub.cloud();
    let submitted: Vec<&Value> =
        cloud.requests.iter().filter(|(operation, _)| operation == "submitjob").map(|(_, body)| body).collect();
    for (index, (task, definition, command)) in [
        ("transformation", "ingestion-job", json!(["transformation"])),
        ("copy_job", "ingestion-job", json!(["copy"])),
        ("dbt_build", "dbt-transformation-job", json!(["dbt", "build"])),
        ("report", "ingestion-job", json!(["report"])),
    ]
    .into_iter()
    .enumerate()
    {
        let body = submitted[index];
        assert_eq!(
            (&body["jobName"], &body["jobDefinition"]),
            (&json!(format!("ingestion-{task}-{run_id}")), &json!(definition))
        );
        let accept_with = "cargo xtask run spacex --env MODULE --accept 'REASON'";
        let variables = match task {
            "dbt_build" => vec![("RUN_ID", run_id)],
            "copy_job" => vec![
                ("RUN_ID", run_id),
                ("ACCEPT", "they retired"),
                ("ACCEPT_WITH", accept_with),
                ("CONTRACT", "/contracts/spacex.yaml"),
            ],
            _ => vec![("RUN_ID", run_id), ("CONTRACT", "/contracts/spacex.yaml")],
        };
        let environment: Vec<Value> =
            variables.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let overrides = json!({ "command": command, "environment": environment });
        assert_eq!((&body["containerOverrides"], &body["jobQueue"]), (&overrides, &json!("dpstack-batch-queue")));
        let depends_on = if index == 0 { Value::Null } else { json!([{ "jobId": cloud.jobs[index - 1].id }]) };
        assert_eq!(body["dependsOn"], depends_on);
    }
    assert_eq!(submitted.len(), 4);
    let sizes: Vec<usize> = cloud
        .requests
        .iter()
        .filter(|(operation, _)| operation == "describejobs")
        .map(|(_, body)| body["jobs"].as_array().map_or(0, Vec::len))
        .collect();
    assert!(sizes[0] == 4 && sizes.is_sorted_by(|a, b| a >= b), "one call for all unfinished jobs: {sizes:?}");
}

#[test]
fn a_disabled_source_with_secrets_has_no_job_definition_and_is_not_run() {
    let (stub, folder) = (with(&[], 1), tempfile::tempdir().expect("a folder"));
    let root = folder.path();
    crate::support::copy::copy_repository(root);
    // A contract without a line in the settings.
    std::fs::write(root.join("jobs/contracts/my_shop.yaml"), crate::rehearse::CONTRACT).expect("written");
    let output = command(&stub, &["run", "my_shop", "--direct"]).current_dir(root).output().expect("xtask starts");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the source `my_shop` is not enabled") && !stderr.contains("--direct"), "{stderr}");
    assert!(stub.cloud().requests.is_empty());
}

#[test]
fn every_line_is_printed_once_regardless_of_the_delivery() {
    for seed in 2..4 {
        // A temporary failure, and a second container with another log stream.
        let stub = with(&[("transformation", Plan::of(&[75, 0])), ("copy_job", Plan::of(&[75, 75, 75]))], seed);
        let output = xtask(&stub, &["run", "--direct", "--json", "--interval", "0.05"]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{stderr}");
        assert_lines(&stderr, &expected(&[(0, 2, 40), (1, 3, 40)]));
        let found = value(&output);
        assert_eq!((&found["failed"], &found["code"]), (&json!("copy_job"), &json!(75)));
        assert_eq!((&found["jobs"][1]["attempts"], &found["jobs"][2]["status"]), (&json!(3), &json!("FAILED")));

        let run_id = found["run_id"].as_str().expect("an id");
        let log = text(&xtask(&stub, &["logs", run_id, "--interval", "0.05"]).stdout);
        assert_lines(&log, &expected(&[(0, 2, 40), (1, 3, 40)]));
        let id = stub.cloud().jobs[1].id.clone();
        let output = xtask(&stub, &["logs", &id, "--json", "--interval", "0.05"]);
        let log = text(&output.stdout);
        assert_lines(&log, &expected(&[(1, 3, 40)]));
        let first: Value = serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
        assert!(first["task"] == "copy_job" && first["time"].as_str().is_some_and(|time| time.starts_with("1970-")));
    }
}

#[test]
fn a_permanent_failure_is_explained() {
    let stub = with(&[("dbt_build", Plan::of(&[1]))], 7);
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let text = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let failure = "`dbt_build` failed: exit code 1 (permanent failure): Essential container in task exited";
    assert!(text.contains(failure) && text.contains("cargo xtask logs direct__"), "{text}");
}

#[test]
fn a_lost_response_submits_no_second_job() {
    let stub = with(&[], 8);
    stub.cloud().lost = 1;
    let output = xtask(&stub, &["run", "--direct", "--json", "--interval", "0.05"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(stub.cloud().jobs.len(), 4);
}

#[test]
fn a_job_that_stays_runnable_is_explained() {
    let plan = Plan { waits: 30, ..Plan::of(&[0]) };
    let stub = with(&[("transformation", plan)], 9);
    stub.cloud().environment = json!({ "status": "INVALID", "statusReason": "CLIENT_ERROR - Access denied" });
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let note = "transformation: remains RUNNABLE: the compute environment `dpstack-batch` is INVALID: CLIENT_ERROR - Access denied";
    assert_eq!(stderr.matches(note).count(), 1, "once: {stderr}");
}

#[test]
fn logs_are_followed_until_the_jobs_finish() {
    let stub = with(&[("copy_job", Plan::of(&[75, 1]))], 15);
    for (index, task) in ["transformation", "copy_job"].into_iter().enumerate() {
        let behind = stub.cloud().jobs.get(index.wrapping_sub(1)).map(|job| json!([{ "jobId": job.id }]));
        stub.cloud().submit(&json!({ "jobName": format!("ingestion-{task}-r1"), "dependsOn": behind }));
    }
    // After a failure, no job is expected.
    let output = xtask(&stub, &["logs", "r1", "--follow", "--interval", "0.05"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_lines(&text(&output.stdout), &expected(&[(0, 1, 40), (1, 2, 40)]));
    let output = xtask(&stub, &["logs", "r2"]);
    assert!(
        output.status.code() == Some(1) && text(&output.stderr).contains("the run or job `r2` does not exist in Batch")
    );
}

#[test]
fn an_unreadable_log_does_not_fail_the_run() {
    let stub = with(&[], 14);
    stub.cloud().hidden = true;
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stderr.matches("log lines are not available: cannot read the log").count(), 1, "{stderr}");
}

#[test]
fn a_detached_run_continues_and_can_be_attached() {
    let stub = with(&[("transformation", Plan { waits: 100, ..Plan::of(&[0]) })], 10);
    let mut child = command(&stub, &["run", "--direct", "--interval", "0.05"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xtask starts");
    let start = Instant::now();
    while stub.cloud().requests.iter().filter(|(operation, _)| operation == "describejobs").count() < 3 {
        assert!(start.elapsed() < Duration::from_secs(180), "no query");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("an id"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("signalled");
    let output = child.wait_with_output().expect("it exits");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let id = stderr
        .rsplit("--attach '")
        .next()
        .and_then(|rest| rest.split('\'').next())
        .expect("the command to attach")
        .to_owned();
    // As if the last job was not submitted.
    stub.cloud().jobs.pop();
    let output = xtask(&stub, &["run", "--direct", "--attach", &id, "--json", "--interval", "0.05"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let names: Vec<String> =
        stub.cloud().jobs.iter().map(|job| job.request["jobName"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(
        names,
        ["transformation", "copy_job", "dbt_build", "report"].map(|task| format!("ingestion-{task}-{id}"))
    );

    let output = xtask(&stub, &["run", "--direct", "--attach", "another", "--interval", "0.05"]);
    assert!(
        output.status.code() == Some(1)
            && text(&output.stderr).contains("does not contain any jobs for the run `another`")
    );
}

#[test]
fn a_reason_that_cannot_be_recorded_is_a_usage_error() {
    let stub = with(&[], 13);
    let long = "x".repeat(501);
    for (reason, more) in [("", &[][..]), (" ", &[]), ("a\nb", &[]), (&long, &[]), ("a", &["--attach", "r"])] {
        let output = xtask(&stub, &[&["run", "--accept", reason][..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{reason:?}: {}", text(&output.stderr));
    }
    let output = xtask(&stub, &["run", "--accept", ""]);
    assert!(text(&output.stderr).contains("write the reason in 1 to 500 bytes"), "{}", text(&output.stderr));
    assert!(stub.cloud().requests.is_empty());
}

#[test]
fn options_that_do_not_fit_the_source_or_each_other_are_refused_before_any_call() {
    let stub = with(&[], 16);
    let replay = ["--from-raw", "r", "--source-url", "https://host"];
    for (arguments, code, message) in [
        (
            &["launches"][..],
            1,
            "the source `launches` is not in the settings\nhint: the sources in the settings are spacex",
        ),
        (
            &["--collections", "crew,moons"],
            1,
            "the source `spacex` has no collection `moons`\nhint: its collections are ",
        ),
        (&["--from", "7", "--to", "8"], 1, "cannot be requested: the contract has no `incremental` for it"),
        (&["--source-url", "https://me:key@host"], 2, "without a user or password"),
        (&["--source-url", "file:///etc"], 2, "use http(s)://host or s3://bucket/prefix"),
        (&["--from", "a b"], 2, "use 1 to 64 ASCII characters"),
        (&["--select", "a --target prod"], 2, "without options"),
        (&["--from-raw", "../r"], 2, "--from-raw"),
        (&replay, 2, "cannot be used with"),
        (&["--full-refresh", "--from", "7"], 2, "cannot be used with"),
    ] {
        let output = xtask(&stub, &[&["run"], arguments].concat());
        let stderr = text(&output.stderr);
        assert!(output.status.code() == Some(code) && stderr.contains(message), "{arguments:?}: {stderr}");
    }
    assert!(stub.cloud().requests.is_empty());
}

#[test]
fn options_are_the_configuration_of_the_run_in_airflow() {
    let stub = with(&[], 17);
    let options = ["--collections", "crew,cores", "--full-refresh", "--select", "stg_crew+  tag:daily"];
    let output = xtask(&stub, &[&["run", "spacex", "--json", "--interval", "0.05"][..], &options].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let conf = json!({ "full_refresh": true, "collections": ["crew", "cores"], "select": "stg_crew+ tag:daily" });
    assert_eq!(stub.cloud().airflow.conf, conf);
}

#[test]
fn a_run_by_airflow_is_followed_from_the_dag_to_the_log_lines() {
    let stub = with(&[("copy_job", Plan::of(&[75, 0]))], 11);
    let output = xtask(&stub, &["run", "--accept", "they retired", "--json", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_lines(&stderr, &expected(&[(0, 1, 40), (1, 2, 40), (2, 1, 40), (3, 1, 40)]));
    for step in ["ingestion: queued", "ingestion: running", "copy_job: running in Airflow", "ingestion: done in"] {
        assert!(stderr.contains(step), "{step}: {stderr}");
    }
    let found = value(&output);
    assert_eq!(found["run_id"], stub.cloud().airflow.run_id());
    assert_eq!(stub.cloud().airflow.conf, json!({ "accept": "they retired" }));
    let id = found["dag_run_id"].as_str().expect("Airflow's id").to_owned();
    // Airflow returns 100 runs per page.
    stub.cloud().airflow.newer = 230;
    let output = xtask(&stub, &["run", "--attach", &id, "--interval", "0.05"]);
    assert!(output.status.success() && text(&output.stdout).contains(&id), "{}", text(&output.stderr));
    let output = xtask(&stub, &["run", "--attach", "manual__2020-01-01T00:00:00+00:00", "--interval", "0.05"]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("the run `manual__2020"));
    // `--direct` also attaches by Airflow's run ID, and does not submit anything.
    let output = xtask(&stub, &["run", "--direct", "--attach", &id, "--json", "--interval", "0.05"]);
    assert!(output.status.success() && value(&output)["run_id"] == found["run_id"], "{}", text(&output.stderr));
    assert_eq!(stub.cloud().jobs.len(), 4);
    let text = text(&xtask(&stub, &["logs", &id, "--interval", "0.05"]).stdout);
    assert_lines(&text, &expected(&[(0, 1, 40), (1, 2, 40), (2, 1, 40), (3, 1, 40)]));
}

#[test]
fn a_slow_airflow_is_requested_again_and_starts_one_run() {
    let stub = with(&[("transformation", Plan { codes: vec![None], ..Plan::of(&[]) })], 12);
    // After the request for the DAG, the response to the trigger is lost.
    (stub.cloud().airflow.slow_from, stub.cloud().airflow.slow) = (1, 1);
    let output = xtask(&stub, &["run", "--json", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "no container started: {stderr}");
    let found = value(&output);
    assert_eq!((&found["failed"], &found["code"]), (&json!("transformation"), &Value::Null));
}

#[test]
fn the_reason_why_airflow_cannot_run_the_dag_is_reported() {
    let stub = with(&[], 13);
    stub.cloud().airflow.is_paused = true;
    let output = xtask(&stub, &["run", "--interval", "0.05"]);
    let stderr = text(&output.stderr);
    assert!(
        output.status.code() == Some(1) && stderr.contains("is paused") && stderr.contains("cargo xtask open"),
        "{stderr}"
    );
    // Production's web server is private.
    let mut private = command(&stub, &["run", "--env", "prod", "--interval", "0.05"]);
    let output = private.env("AWS_ENDPOINT_URL_MWAA", "http://127.0.0.1:1").output().expect("xtask starts");
    let stderr = text(&output.stderr);
    assert!(stderr.contains("only from inside the VPC") && stderr.contains("run --direct"), "{stderr}");
    let mut emulated = command(&stub, &["run", "--interval", "0.05"]);
    let output = emulated.env_remove("AWS_ENDPOINT_URL_MWAA").output().expect("xtask starts");
    assert!(text(&output.stderr).contains("the AWS endpoint is an emulator"), "{}", text(&output.stderr));
}
