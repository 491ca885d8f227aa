use super::super::job::Attempt;
use super::*;

fn job(status: &str, code: Option<i32>, was_terminated: bool) -> Job {
    let container = Attempt { code, reason: None, stream: code.map(|_| "s".to_owned()) };
    Job { id: "j".to_owned(), status: status.to_owned(), was_terminated, container, ..Job::default() }
}

#[test]
fn the_first_failed_task_decides_the_result() {
    let ok = ("transformation".to_owned(), Some(job("SUCCEEDED", Some(0), false)));
    let mut failed = job("FAILED", Some(75), false);
    failed.reason = Some("Essential container in task exited".to_owned());
    let skipped = ("dbt_build".to_owned(), Some(job("FAILED", None, false)));
    let found = outcome("r", None, &[ok.clone(), ("copy_job".to_owned(), Some(failed)), skipped]);
    assert_eq!((found.exit, found.code, found.failed.as_deref()), (Exit::TempFail, Some(75), Some("copy_job")));
    let text = summary(&found, " --env prod");
    assert!(text.contains("\nLogs  cargo xtask logs r --env prod\n"), "{text}");
    let cause = "`copy_job` failed: exit code 75 (temporary failure): Essential container in task exited";
    assert!(text.contains(cause), "{text}");
    assert_eq!(outcome("r", None, std::slice::from_ref(&ok)).exit, Exit::Done);
    assert_eq!(outcome("r", None, &[ok, ("copy_job".to_owned(), None)]).exit, Exit::Failed);
}

#[test]
fn airflow_decides_the_result() {
    let failed = ("copy_job".to_owned(), Some(job("FAILED", Some(75), false)));
    let mut found = outcome("r", Some("manual"), &[failed]);
    found.set_airflow_state("ingestion", "failed");
    assert_eq!((found.exit, found.code), (Exit::TempFail, Some(75)));
    found.set_airflow_state("ingestion", "success");
    assert_eq!((found.exit, found.code), (Exit::Done, None));
    assert_eq!(serde_json::to_value(&found).expect("JSON")["exit"], 0);
    found.set_airflow_state("ingestion", "failed");
    assert!(found.exit == Exit::Failed && found.reason.is_some_and(|reason| reason.contains("every job succeeded")));
}
