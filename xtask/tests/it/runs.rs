//! `cargo xtask run`, `logs` and `open` through the program and the SDK's real clients, against a stub.

mod airflow;
mod logs;
mod open;
mod stub;

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use stub::{Cloud, Plan, Stub};

/// The program with nothing of our environment but the way to the stub.
fn command(stub: &Stub, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nowhere").args(arguments);
    command.args(["--dot-env", "/dev/null"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "canary-secret");
    // One of its own says that somebody answers for MWAA; the SDK puts `env.` before the host.
    command.env("AWS_ENDPOINT_URL", stub.url.replace("127.0.0.1", "localhost")).env("AWS_ENDPOINT_URL_MWAA", &stub.url);
    command
}

fn xtask(stub: &Stub, arguments: &[&str]) -> Output {
    command(stub, arguments).output().expect("xtask starts")
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {}", words(&output.stderr)))
}

fn with(plans: &[(&str, Plan)], seed: u64) -> Stub {
    let plans = plans.iter().map(|(task, plan)| ((*task).to_owned(), plan.clone())).collect();
    Stub::start(Cloud { plans, seed, ..Cloud::default() })
}

/// The lines in a text, in their order: `<stream says number>`.
fn said(text: &str) -> Vec<&str> {
    text.split('<').skip(1).filter_map(|rest| rest.split('>').next()).filter(|line| line.contains(" says ")).collect()
}

/// Every line of so many containers' of so many jobs.
fn script(jobs: &[(usize, usize, u64)]) -> BTreeSet<String> {
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

/// Exactly these lines, each once.
fn assert_said(text: &str, wanted: &BTreeSet<String>) {
    let said = said(text);
    let found: BTreeSet<String> = said.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!((&found, said.len()), (wanted, wanted.len()), "{text}");
}

#[test]
fn a_direct_run_is_the_dags_chain_followed_by_one_look_at_a_time() {
    let stub = with(&[], 1);
    let output = xtask(&stub, &["run", "--direct", "--json", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_said(&told, &script(&[(0, 1, 40), (1, 1, 40), (2, 1, 40)]));
    let found = value(&output);
    let run_id = found["run_id"].as_str().expect("an id");
    assert!(run_id.starts_with("direct__") && found["exit"] == 0 && found["code"].is_null(), "{found}");

    let cloud = stub.cloud();
    let submitted: Vec<&Value> =
        cloud.asked.iter().filter(|(what, _)| what == "submitjob").map(|(_, body)| body).collect();
    for (index, (task, definition, command)) in [
        ("transformation", "ingestion-job", json!(["transformation"])),
        ("copy_job", "ingestion-job", json!(["copy"])),
        ("dbt_build", "dbt-transformation-job", json!(["dbt", "build"])),
    ]
    .into_iter()
    .enumerate()
    {
        let body = submitted[index];
        assert_eq!(
            (&body["jobName"], &body["jobDefinition"]),
            (&json!(format!("ingestion-{task}-{run_id}")), &json!(definition))
        );
        let overrides = json!({ "command": command, "environment": [{ "name": "RUN_ID", "value": run_id }] });
        assert_eq!((&body["containerOverrides"], &body["jobQueue"]), (&overrides, &json!("dpstack-batch-queue")));
        let behind = if index == 0 { Value::Null } else { json!([{ "jobId": cloud.jobs[index - 1].id }]) };
        assert_eq!(body["dependsOn"], behind);
    }
    assert_eq!(submitted.len(), 3);
    let looks: Vec<usize> = cloud
        .asked
        .iter()
        .filter(|(what, _)| what == "describejobs")
        .map(|(_, body)| body["jobs"].as_array().map_or(0, Vec::len))
        .collect();
    assert!(looks[0] == 3 && looks.is_sorted_by(|a, b| a >= b), "all at once, and none that has ended: {looks:?}");
}

#[test]
fn lines_and_verdict_are_exact_whatever_the_delivery() {
    for seed in 2..4 {
        // A container that failed for now, and a second one with a stream of its own.
        let stub = with(&[("transformation", Plan::of(&[75, 0])), ("copy_job", Plan::of(&[75, 75, 75]))], seed);
        let output = xtask(&stub, &["run", "--direct", "--json", "--interval", "0.05"]);
        let told = words(&output.stderr);
        assert_eq!(output.status.code(), Some(75), "{told}");
        assert_said(&told, &script(&[(0, 2, 40), (1, 3, 40)]));
        let found = value(&output);
        assert_eq!((&found["failed"], &found["code"]), (&json!("copy_job"), &json!(75)));
        assert_eq!((&found["jobs"][1]["attempts"], &found["jobs"][2]["status"]), (&json!(3), &json!("FAILED")));

        let run_id = found["run_id"].as_str().expect("an id");
        let text = words(&xtask(&stub, &["logs", run_id, "--interval", "0.05"]).stdout);
        assert_said(&text, &script(&[(0, 2, 40), (1, 3, 40)]));
        let id = stub.cloud().jobs[1].id.clone();
        let output = xtask(&stub, &["logs", &id, "--json", "--interval", "0.05"]);
        let text = words(&output.stdout);
        assert_said(&text, &script(&[(1, 3, 40)]));
        let first: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        assert!(first["task"] == "copy_job" && first["time"].as_str().is_some_and(|time| time.starts_with("1970-")));
    }
}

#[test]
fn a_run_that_fails_for_good_is_told_in_words() {
    let stub = with(&[("dbt_build", Plan::of(&[1]))], 7);
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let text = words(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let words = "`dbt_build` failed: exit code 1 (refused, or failed for good): Essential container in task exited";
    assert!(text.contains(words) && text.contains("cargo xtask logs direct__"), "{text}");
}

#[test]
fn an_answer_that_is_lost_submits_no_second_job() {
    let stub = with(&[], 8);
    stub.cloud().lost = 1;
    let output = xtask(&stub, &["run", "--direct", "--json", "--interval", "0.05"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    assert_eq!(stub.cloud().jobs.len(), 3);
}

#[test]
fn a_job_that_stays_runnable_is_explained() {
    let plan = Plan { waits: 30, ..Plan::of(&[0]) };
    let stub = with(&[("transformation", plan)], 9);
    stub.cloud().environment = json!({ "status": "INVALID", "statusReason": "CLIENT_ERROR - Access denied" });
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let words = "transformation: stays RUNNABLE: the compute environment `dpstack-batch` is INVALID: CLIENT_ERROR - Access denied";
    assert_eq!(told.matches(words).count(), 1, "once: {told}");
}

#[test]
fn logs_are_followed_until_the_jobs_have_ended() {
    let stub = with(&[("copy_job", Plan::of(&[75, 1]))], 15);
    for (index, task) in ["transformation", "copy_job"].into_iter().enumerate() {
        let behind = stub.cloud().jobs.get(index.wrapping_sub(1)).map(|job| json!([{ "jobId": job.id }]));
        stub.cloud().submit(&json!({ "jobName": format!("ingestion-{task}-r1"), "dependsOn": behind }));
    }
    // The chain ends where it fails: nobody waits for the job behind it.
    let output = xtask(&stub, &["logs", "r1", "--follow", "--interval", "0.05"]);
    assert!(output.status.success(), "{}", words(&output.stderr));
    assert_said(&words(&output.stdout), &script(&[(0, 1, 40), (1, 2, 40)]));
    let output = xtask(&stub, &["logs", "r2"]);
    assert!(output.status.code() == Some(1) && words(&output.stderr).contains("Batch knows no run and no job `r2`"));
}

#[test]
fn a_log_that_cannot_be_read_changes_nothing_about_the_run() {
    let stub = with(&[], 14);
    stub.cloud().hidden = true;
    let output = xtask(&stub, &["run", "--direct", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.matches("no lines: cannot read the log").count(), 1, "{told}");
}

#[test]
fn a_run_that_is_left_alone_goes_on_and_is_taken_up_again() {
    let stub = with(&[("transformation", Plan { waits: 100, ..Plan::of(&[0]) })], 10);
    let mut child = command(&stub, &["run", "--direct", "--interval", "0.05"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xtask starts");
    let began = Instant::now();
    while stub.cloud().asked.iter().filter(|(what, _)| what == "describejobs").count() < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing was looked at");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("an id"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it is told");
    let output = child.wait_with_output().expect("it ends");
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{told}");
    let id =
        told.rsplit("--attach '").next().and_then(|rest| rest.split('\'').next()).expect("the way back").to_owned();
    // As if it had been kept from submitting the last job.
    stub.cloud().jobs.pop();
    let output = xtask(&stub, &["run", "--direct", "--attach", &id, "--json", "--interval", "0.05"]);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    let names: Vec<String> =
        stub.cloud().jobs.iter().map(|job| job.request["jobName"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(names, ["transformation", "copy_job", "dbt_build"].map(|task| format!("ingestion-{task}-{id}")));

    let output = xtask(&stub, &["run", "--direct", "--attach", "another", "--interval", "0.05"]);
    assert!(output.status.code() == Some(1) && words(&output.stderr).contains("there is no run `another`"));
}

#[test]
fn a_run_by_airflow_is_followed_from_the_dag_to_the_lines() {
    let stub = with(&[("copy_job", Plan::of(&[75, 0]))], 11);
    let output = xtask(&stub, &["run", "--json", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_said(&told, &script(&[(0, 1, 40), (1, 2, 40), (2, 1, 40)]));
    for step in ["ingestion: queued", "ingestion: running", "copy_job: running in Airflow", "ingestion: done in"] {
        assert!(told.contains(step), "{step}: {told}");
    }
    let found = value(&output);
    assert_eq!(found["run_id"], stub.cloud().airflow.run_id());
    let id = found["dag_run_id"].as_str().expect("Airflow's id").to_owned();
    // However many there were since then: Airflow gives a hundred at once.
    stub.cloud().airflow.newer = 230;
    let output = xtask(&stub, &["run", "--attach", &id, "--interval", "0.05"]);
    assert!(output.status.success() && words(&output.stdout).contains(&id), "{}", words(&output.stderr));
    let output = xtask(&stub, &["run", "--attach", "manual__2020-01-01T00:00:00+00:00", "--interval", "0.05"]);
    assert!(output.status.code() == Some(1) && words(&output.stderr).contains("Airflow knows no run"));
    // Batch alone tells as much, also by Airflow's id, and submits nothing.
    let output = xtask(&stub, &["run", "--direct", "--attach", &id, "--json", "--interval", "0.05"]);
    assert!(output.status.success() && value(&output)["run_id"] == found["run_id"], "{}", words(&output.stderr));
    assert_eq!(stub.cloud().jobs.len(), 3);
    let text = words(&xtask(&stub, &["logs", &id, "--interval", "0.05"]).stdout);
    assert_said(&text, &script(&[(0, 1, 40), (1, 2, 40), (2, 1, 40)]));
}

#[test]
fn an_airflow_that_is_slow_is_asked_again_and_begins_one_run() {
    let stub = with(&[("transformation", Plan { codes: vec![None], ..Plan::of(&[]) })], 12);
    // After the look at the DAG: the trigger arrives and its answer does not; then the first looks at the run.
    (stub.cloud().airflow.slow_from, stub.cloud().airflow.slow) = (1, 1);
    let output = xtask(&stub, &["run", "--json", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "no container began: {told}");
    let found = value(&output);
    assert_eq!((&found["failed"], &found["code"]), (&json!("transformation"), &Value::Null));
}

#[test]
fn what_keeps_airflow_from_running_it_is_told() {
    let stub = with(&[], 13);
    stub.cloud().airflow.is_paused = true;
    let output = xtask(&stub, &["run", "--interval", "0.05"]);
    let told = words(&output.stderr);
    assert!(
        output.status.code() == Some(1) && told.contains("is paused") && told.contains("cargo xtask open"),
        "{told}"
    );
    // Production's web server is private.
    let mut private = command(&stub, &["run", "--env", "prod", "--interval", "0.05"]);
    let output = private.env("AWS_ENDPOINT_URL_MWAA", "http://127.0.0.1:1").output().expect("xtask starts");
    let told = words(&output.stderr);
    assert!(told.contains("only from inside the VPC") && told.contains("run --direct"), "{told}");
    let mut emulated = command(&stub, &["run", "--interval", "0.05"]);
    let output = emulated.env_remove("AWS_ENDPOINT_URL_MWAA").output().expect("xtask starts");
    assert!(words(&output.stderr).contains("an emulator answers here"), "{}", words(&output.stderr));
}
