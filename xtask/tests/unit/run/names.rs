use super::*;

#[test]
fn run_ids_match_the_dags() {
    let text = include_str!("../../../../dags/tests/run_ids.json");
    let examples: Vec<serde_json::Value> = serde_json::from_str(text).expect("examples");
    assert!(examples.len() > 5);
    for example in examples {
        let (airflow, run_id) = (example["airflow"].as_str(), example["run_id"].as_str());
        assert_eq!(Some(run_id_of(airflow.expect("an id")).as_str()), run_id);
    }
}

#[test]
fn job_names_match_the_dags() {
    let text = include_str!("../../../../dags/tests/job_names.json");
    let examples: Vec<serde_json::Value> = serde_json::from_str(text).expect("examples");
    assert!(examples.len() >= 20);
    for example in examples {
        let text = |key: &str| example[key].as_str().expect("a text");
        let index = example["map_index"].as_i64().and_then(|index| i32::try_from(index).ok()).expect("an index");
        assert_eq!(job_name(text("dag"), text("task"), index, text("run_id")), text("name"));
        if text("dag") == DAG {
            assert_eq!(run_id_of(text("airflow")), text("run_id"));
        }
    }
}

#[test]
fn job_names_are_unique_and_legal() {
    let ids: Vec<String> = ["a", "b", "_", "a-b", "a_b", "a.b", "A", "é", "🚀", "0-1", "1", "-", "."]
        .iter()
        .flat_map(|id| [1, 2, 31, 32, 125].map(|times| id.repeat(times)))
        .collect();
    let mut names = std::collections::BTreeSet::new();
    let mut tasks = 0;
    for (dag, task) in ids.iter().flat_map(|dag| ids.iter().map(move |task| (dag, task))) {
        for (index, run_id) in [(UNMAPPED, "r"), (UNMAPPED, "1-r"), (1, "r"), (11, &"x".repeat(64))] {
            let name = job_name(dag, task, index, run_id);
            assert!(name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{name}");
            names.insert(name);
            tasks += 1;
        }
    }
    assert_eq!(names.len(), tasks);
}

#[test]
fn the_tasks_match_the_dag() {
    let own = crate::settings::Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let variables = crate::settings::Variables::new();
    let settings = crate::settings::resolve("dev", own, None, &variables).expect("dev has no problems").settings;
    let text = include_str!("../../../../dags/ingestion.py");
    let mut names = Vec::new();
    for step in chain(&settings.batch) {
        let command: Vec<String> = step.command.iter().map(|part| format!("\"{part}\"")).collect();
        let call = format!("{} = batch_job(PLATFORM, \"{0}\", [{}]", step.task, command.join(", "));
        assert!(text.contains(&call), "{call}");
        names.push(step.task);
    }
    assert!(text.trim_end().ends_with(&names.join(" >> ")), "{names:?}");
}

#[test]
fn a_run_is_found_by_both_of_its_ids() {
    let airflow = "manual__2026-11-22T09:30:00+00:00";
    let own = run_id_of(airflow);
    assert_eq!(possible_run_ids(airflow), std::slice::from_ref(&own));
    assert_eq!(possible_run_ids(&own)[0], own);
    let direct = direct_run_id("2026-11-22T09:30:00.123456+00:00");
    assert!(is_direct(&direct) && !is_direct(&own) && direct.parse::<RunId>().is_ok());
    assert!(is_job_id("876da822-4198-45f2-a252-6cea32512ea8"));
    assert!(!is_job_id(&own) && !is_job_id("876da822-4198-45f2-a252"));
}
