use super::*;

#[test]
fn run_ids_match_the_dags() {
    let text = include_str!("../../../../dags/tests/run_ids.json");
    let examples: Vec<serde_json::Value> = serde_json::from_str(text).expect("examples");
    assert!(examples.len() > 5);
    for example in examples {
        let (airflow, run_id) = (example["airflow"].as_str(), example["run_id"].as_str());
        let dag = example["dag"].as_str().unwrap_or(DAG);
        assert_eq!(Some(run_id_of(dag, airflow.expect("an id")).as_str()), run_id);
    }
}

fn task(name: &str, map_index: Option<usize>) -> RunTask {
    let task = ["transformation", "copy_job", "dbt_build"].into_iter().find(|task| *task == name).expect("a task");
    RunTask { task, map_index, ..RunTask::default() }
}

/// The names of the tasks in the DAGs of sources; `dags/tests` checks those of other DAGs.
#[test]
fn job_names_match_the_dags() {
    let text = include_str!("../../../../dags/tests/job_names.json");
    let mut examples: Vec<serde_json::Value> = serde_json::from_str(text).expect("examples");
    let tasks = ["transformation", "copy_job", "dbt_build"];
    let is_plain = |example: &serde_json::Value| tasks.iter().any(|task| example["task"] == *task);
    // Other IDs are not those of a source's DAG.
    let is_readable = |example: &serde_json::Value| {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        example["dag"].as_str().is_some_and(|dag| dag.len() <= 48 && dag.chars().all(legal))
    };
    examples.retain(|example| is_plain(example) && is_readable(example));
    assert!(examples.len() >= 7 && examples.iter().any(|example| example["map_index"] == 12));
    for example in examples {
        let text = |key: &str| example[key].as_str().expect("a text");
        let index = example["map_index"].as_i64().and_then(|index| usize::try_from(index).ok());
        assert_eq!(job_name(text("dag"), &task(text("task"), index), text("run_id")), text("name"));
        assert_eq!(run_id_of(text("dag"), text("airflow")), text("run_id"));
    }
}

#[test]
fn the_tasks_match_the_dag() {
    let own = crate::settings::Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let variables = crate::settings::Variables::new();
    let settings = crate::settings::resolve("dev", own, None, &variables).expect("dev has no problems").settings;
    let text = include_str!("../../../../dags/ingestion.py");
    let chain = crate::settings::chain(&settings, &settings.ingestion(None).expect("a source"));
    let names = chain.each_ref().map(|step| step.task);
    for name in names {
        assert!(text.contains(&format!("{name} = batch_job(PLATFORM, source, \"{name}\"")), "{name}");
    }
    assert!(text.contains(&format!("{} >> done", names[..3].join(" >> "))), "{names:?}");
    let name = job_name(DAG, &task("copy_job", None), "r");
    assert_eq!(task_of(DAG, &chain, &name).map(|task| task.task), Some("copy_job"));
    assert!(task_of("ingestion_launches", &chain, &name).is_none());
    let groups = [1, 2].map(|index| task("transformation", Some(index)));
    assert_eq!(
        task_of(DAG, &groups, &job_name(DAG, &groups[1], "r")).map(RunTask::label).as_deref(),
        Some("transformation[2]")
    );
}

#[test]
fn a_run_is_found_by_both_of_its_ids() {
    let airflow = "manual__2026-11-22T09:30:00+00:00";
    let own = run_id_of(DAG, airflow);
    assert_eq!(possible_run_ids(DAG, airflow), std::slice::from_ref(&own));
    assert_eq!(possible_run_ids(DAG, &own)[0], own);
    let direct = direct_run_id(DAG, "2026-11-22T09:30:00.123456+00:00");
    assert!(is_direct(&direct) && !is_direct(&own) && direct.parse::<RunId>().is_ok());
    assert!(is_job_id("876da822-4198-45f2-a252-6cea32512ea8"));
    assert!(!is_job_id(&own) && !is_job_id("876da822-4198-45f2-a252"));
}
