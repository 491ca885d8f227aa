use super::*;

#[test]
fn no_path_is_too_long_and_none_holds_an_id() {
    let id = "x".repeat(250);
    for question in [Question::dag(), Question::trigger(&id), Question::runs(0), Question::tasks(&id)] {
        assert!(question.path.len() <= 64 && !question.path.contains('x'), "{question:?}");
    }
    let body = Question::trigger("r").body.expect("a body");
    assert!(body.as_object().is_some_and(|body| body.contains_key("logical_date")) && body["logical_date"].is_null());
}

#[test]
fn files_that_cannot_be_imported_are_told_with_the_last_line_of_why() {
    let answer = json!({ "import_errors": [
        { "filename": "ingestion.py", "stack_trace": "Traceback\n  File \"x\"\nNameError: name 'x' is not defined\n" },
    ], "total_entries": 1 });
    assert_eq!(import_errors(&answer), ["ingestion.py: NameError: name 'x' is not defined"]);
    assert!(import_errors(&json!({ "import_errors": [], "total_entries": 0 })).is_empty());
    assert!(import_errors(&json!({ "detail": "Not Found" })).is_empty());
}

#[test]
fn answers_are_read_as_airflow_gives_them() {
    let answer = json!({ "dag_runs": [
        { "dag_run_id": "a", "dag_id": "ingestion", "state": "success", "logical_date": null },
        { "dag_run_id": "b", "dag_id": "ingestion", "state": "queued", "logical_date": null },
    ], "total_entries": 2 });
    assert_eq!(
        DagRun::find(&answer, "b").map(|run| (run.state.clone(), run.has_ended())),
        Some(("queued".to_owned(), false))
    );
    assert_eq!((DagRun::next_page(&answer, 0), DagRun::next_page(&answer, 7)), (None, None));
    let longer = json!({ "dag_runs": answer["dag_runs"], "total_entries": 5 });
    assert_eq!([0, 2, 3].map(|offset| DagRun::next_page(&longer, offset)), [Some(2), Some(4), None]);
    assert_eq!(
        DagRun::next_page(&json!({ "dag_runs": [], "total_entries": 5 }), 2),
        None,
        "nobody turns pages for ever"
    );
    assert!(DagRun::find(&answer, "a").is_some_and(|run| run.has_ended()) && DagRun::find(&answer, "c").is_none());
    let tasks = TaskInstance::all(&json!({ "task_instances": [
        { "task_id": "transformation", "state": "up_for_retry", "try_number": 2, "map_index": -1 },
        { "task_id": "copy_job", "state": null, "try_number": 0 },
    ], "total_entries": 2 }));
    assert_eq!(tasks.iter().map(TaskInstance::has_begun).collect::<Vec<_>>(), [true, false]);
    assert_eq!(tasks[0].words(), "up_for_retry in Airflow, try 2");
}
