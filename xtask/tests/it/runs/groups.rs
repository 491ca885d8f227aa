//! Runs of a source that is split into groups of collections.

use std::path::Path;

use super::*;

/// Returns a repository whose settings split the source into three groups; the collections of the third are the rest.
fn split() -> tempfile::TempDir {
    let (folder, root) = (tempfile::tempdir().expect("a folder"), Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).expect("a file");
    let contract = read("jobs/contracts/spacex.yaml");
    let parsed = contract::Contract::parse(&contract, "spacex.yaml").expect("a contract");
    let rest = parsed.collections.keys().filter(|name| !["crew", "cores", "launches"].contains(&name.as_str()));
    let rest = rest.cloned().collect::<Vec<_>>().join(", ");
    let dag = "    dag: ingestion ";
    let settings = read("infra/settings/dev.yaml");
    assert!(settings.contains(dag), "the source has a DAG");
    let settings = settings.replacen(dag, &format!("    groups: [[crew, cores], [launches], [{rest}]]\n{dag}"), 1);
    for (file, text) in
        [("xtask/Cargo.toml", ""), ("jobs/contracts/spacex.yaml", &contract), ("infra/settings/dev.yaml", &settings)]
    {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    }
    folder
}

fn run(stub: &Stub, root: &Path, arguments: &[&str]) -> Output {
    command(stub, &[arguments, &["--interval", "0.05"]].concat()).current_dir(root).output().expect("xtask starts")
}

/// Returns the collections of the submitted jobs by task and map index, and the jobs on which each depends.
fn submitted(stub: &Stub) -> Vec<(String, Value, Vec<String>)> {
    let cloud = stub.cloud();
    let named = |id: &Value| cloud.jobs.iter().find(|job| *id == job.id.as_str()).map(|job| name(&job.request));
    let one = |(_, body): &(String, Value)| {
        let environment = body["containerOverrides"]["environment"].as_array().into_iter().flatten();
        let collections = environment.filter(|one| one["name"] == "COLLECTIONS").map(|one| one["value"].clone()).next();
        let before = body["dependsOn"].as_array().into_iter().flatten();
        (name(body), collections.unwrap_or_default(), before.filter_map(|one| named(&one["jobId"])).collect())
    };
    cloud.requests.iter().filter(|(operation, _)| operation == "submitjob").map(one).collect()
}

fn name(request: &Value) -> String {
    let parts: Vec<&str> = request["jobName"].as_str().expect("a name").split('-').collect();
    if parts[2].parse::<u8>().is_ok() { parts[1..3].join("-") } else { parts[1].to_owned() }
}

#[test]
fn each_group_has_a_job_and_the_load_depends_on_all_of_them() {
    let (stub, repository) = (with(&[], 31), split());
    let output = run(&stub, repository.path(), &["run", "--direct", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let jobs = submitted(&stub);
    let names: Vec<&str> = jobs.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["transformation-0", "transformation-1", "transformation-2", "copy_job", "dbt_build", "report"]);
    assert_eq!([&jobs[0].1, &jobs[1].1, &jobs[3].1], [&json!("crew,cores"), &json!("launches"), &Value::Null]);
    assert_eq!(jobs.iter().map(|(.., before)| before.len()).collect::<Vec<_>>(), [0, 0, 0, 3, 1, 1]);
    assert_eq!(jobs[4].2, ["copy_job"]);
    let found = value(&output);
    let tasks: Vec<&str> =
        found["jobs"].as_array().expect("jobs").iter().filter_map(|job| job["task"].as_str()).collect();
    assert_eq!(tasks[..2], ["transformation[0]", "transformation[1]"]);
    // All jobs are found by the run's ID, and one by its own.
    let log = text(&run(&stub, repository.path(), &["logs", found["run_id"].as_str().expect("an ID")]).stdout);
    assert_lines(&log, &expected(&[(0, 1, 40), (1, 1, 40), (2, 1, 40), (3, 1, 40), (4, 1, 40), (5, 1, 40)]));
    let id = stub.cloud().jobs[1].id.clone();
    let log = text(&run(&stub, repository.path(), &["logs", &id, "--json"]).stdout);
    assert!(log.lines().all(|line| line.contains(r#""task":"transformation[1]""#)) && !log.is_empty(), "{log}");
}

#[test]
fn a_failed_group_fails_the_run_and_nothing_is_loaded() {
    let (stub, repository) = (with(&[("transformation-1", Plan::of(&[1]))], 32), split());
    let output = run(&stub, repository.path(), &["run", "--direct", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let found = value(&output);
    assert_eq!((&found["failed"], &found["code"]), (&json!("transformation[1]"), &json!(1)));
    assert_eq!(found["jobs"][3]["status"], "FAILED", "its dependency failed");
}

#[test]
fn a_run_of_some_collections_has_only_the_groups_of_these() {
    let (stub, repository) = (with(&[], 33), split());
    let some = ["run", "--direct", "--json", "--collections", "launches,cores"];
    let output = run(&stub, repository.path(), &some);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let jobs = submitted(&stub);
    let of = |at: usize| (jobs[at].0.as_str(), jobs[at].1.as_str().unwrap_or_default());
    assert_eq!(
        [of(0), of(1), of(2)],
        [("transformation-0", "cores"), ("transformation-1", "launches"), ("copy_job", "launches,cores")]
    );
    // Attached without the options, the run still has only these jobs.
    let id = value(&output)["run_id"].as_str().expect("an ID").to_owned();
    let output = run(&stub, repository.path(), &["run", "--direct", "--json", "--attach", &id]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((submitted(&stub).len(), value(&output)["jobs"].as_array().map(Vec::len)), (5, Some(5)));
}

#[test]
fn an_interrupted_submission_is_completed_unless_groups_are_missing() {
    let (stub, repository) = (with(&[], 34), split());
    let output = run(&stub, repository.path(), &["run", "--direct", "--json"]);
    let id = value(&output)["run_id"].as_str().expect("an ID").to_owned();
    stub.cloud().jobs.truncate(3);
    let output = run(&stub, repository.path(), &["run", "--direct", "--json", "--attach", &id]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let names: Vec<String> = stub.cloud().jobs.iter().map(|job| name(&job.request)).collect();
    assert_eq!(names, ["transformation-0", "transformation-1", "transformation-2", "copy_job", "dbt_build", "report"]);
    // It may have had options, such as the collections of two groups.
    stub.cloud().jobs.truncate(2);
    let output = run(&stub, repository.path(), &["run", "--direct", "--attach", &id]);
    let stderr = text(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("hint: start a new run"), "{stderr}");
    assert_eq!(stub.cloud().jobs.len(), 2);
}

#[test]
fn a_mapped_task_is_followed_through_airflow_and_a_skipped_group_is_not_expected() {
    let (stub, repository) = (with(&[("transformation-0", Plan::of(&[75, 0]))], 35), split());
    stub.cloud().airflow.groups = vec![true, true, false];
    let output = run(&stub, repository.path(), &["run", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_lines(&text(&output.stderr), &expected(&[(0, 2, 40), (1, 1, 40), (2, 1, 40), (3, 1, 40), (4, 1, 40)]));
    let found = value(&output);
    let tasks: Vec<_> = found["jobs"].as_array().expect("jobs").iter().map(|job| job["task"].clone()).collect();
    assert_eq!(tasks, ["transformation[0]", "transformation[1]", "copy_job", "dbt_build", "report"]);
    assert!(found["jobs"].as_array().expect("jobs").iter().all(|job| job["status"] == "SUCCEEDED"), "{found}");
}
