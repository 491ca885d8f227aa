use super::*;

#[test]
fn no_path_is_too_long_or_contains_an_id() {
    let id = "x".repeat(250);
    let dag = "d".repeat(48);
    let trigger = ApiRequest::trigger(&dag, &id, &json!({}));
    for request in [ApiRequest::dag(&dag), trigger, ApiRequest::runs(&dag, 0), ApiRequest::tasks(&dag, &id)] {
        assert!(request.path.len() <= 64 && !request.path.contains('x'), "{request:?}");
    }
    let body = ApiRequest::trigger(&dag, "r", &json!({})).body.expect("a body");
    assert!(body.as_object().is_some_and(|body| body.contains_key("logical_date")) && body["logical_date"].is_null());
}

#[test]
fn import_errors_have_the_last_line_of_the_stack_trace() {
    let response = json!({ "import_errors": [
        { "filename": "ingestion.py", "stack_trace": "Traceback\n  File \"x\"\nNameError: name 'x' is not defined\n" },
    ], "total_entries": 1 });
    assert_eq!(import_errors(&response), ["ingestion.py: NameError: name 'x' is not defined"]);
    assert!(import_errors(&json!({ "import_errors": [], "total_entries": 0 })).is_empty());
    assert!(import_errors(&json!({ "detail": "Not Found" })).is_empty());
}

#[test]
fn responses_of_airflow_are_parsed() {
    let response = json!({ "dag_runs": [
        { "dag_run_id": "a", "dag_id": "ingestion", "state": "success", "logical_date": null },
        { "dag_run_id": "b", "dag_id": "ingestion", "state": "queued", "logical_date": null },
    ], "total_entries": 2 });
    assert_eq!(
        DagRun::find(&response, "b").map(|run| (run.state.clone(), run.has_finished())),
        Some(("queued".to_owned(), false))
    );
    assert_eq!((DagRun::next_page(&response, 0), DagRun::next_page(&response, 7)), (None, None));
    let longer = json!({ "dag_runs": response["dag_runs"], "total_entries": 5 });
    assert_eq!([0, 2, 3].map(|offset| DagRun::next_page(&longer, offset)), [Some(2), Some(4), None]);
    assert_eq!(DagRun::next_page(&json!({ "dag_runs": [], "total_entries": 5 }), 2), None, "an empty page is the last");
    assert!(
        DagRun::find(&response, "a").is_some_and(|run| run.has_finished()) && DagRun::find(&response, "c").is_none()
    );
    let tasks = TaskInstance::all(&json!({ "task_instances": [
        { "task_id": "transformation", "state": "up_for_retry", "try_number": 2, "map_index": -1 },
        { "task_id": "copy_job", "state": null, "try_number": 0, "map_index": -1 },
        { "task_id": "dbt_build", "state": "deferred", "try_number": 1, "map_index": -1 },
    ], "total_entries": 3 }));
    assert_eq!(tasks.iter().map(TaskInstance::has_started).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(tasks.iter().map(TaskInstance::is_active).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(tasks[0].shown(), "up_for_retry in Airflow, try 2");
    assert_eq!(tasks[2].shown(), "running in Airflow");
}
