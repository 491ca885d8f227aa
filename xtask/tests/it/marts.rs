//! The marts, with `cargo xtask local`: their numbers are compared with numbers counted in the JSON, also after records
//! changed, and failures are explained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::Local;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../jobs/sample/spacex")
}

/// Returns the sample's launches.
fn launches() -> Vec<Value> {
    let text = std::fs::read_to_string(sample().join("launches.json")).expect("a response");
    serde_json::from_str(&text).expect("a list of records")
}

/// Whether a launch is past, and the rocket was not lost on the pad before liftoff, as with Amos-6.
fn has_lifted_off(launch: &Value) -> bool {
    let failures = launch["failures"].as_array().expect("failures");
    let on_pad = |failure: &Value| failure["time"].as_f64().is_some_and(|time| time < 0.0);
    launch["upcoming"] == false && (failures.is_empty() || !failures.iter().all(on_pad))
}

/// Counts launches and landings in the sample, and compares the marts with them.
#[track_caller]
fn numbers_agree(local: &Local) {
    let launches = launches();

    let marts = local.json(&["query", "SELECT count(*) AS launches FROM analytics.fct_launches"]);
    assert_eq!(marts, json!([{"launches": launches.len()}]));

    let mut years: BTreeMap<String, u64> = BTreeMap::new();
    for launch in launches.iter().filter(|launch| has_lifted_off(launch)) {
        *years.entry(launch["date_utc"].as_str().expect("a date")[..4].to_owned()).or_default() += 1;
    }
    let years: Vec<Value> = years.iter().map(|(year, count)| json!({"year": year, "launches": count})).collect();
    let sql = "SELECT launch_year::text AS year, sum(launches)::bigint AS launches FROM analytics.launch_cadence_by_year \
               GROUP BY launch_year HAVING sum(launches) > 0 ORDER BY launch_year";
    assert_eq!(local.json(&["query", sql]), Value::Array(years));

    let mut landings: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for launch in launches.iter().filter(|launch| has_lifted_off(launch)) {
        for core in launch["cores"].as_array().expect("cores") {
            if core["core"].is_string() && core["landing_attempt"] == true {
                let (attempts, successes) = landings.entry(core["landing_type"].as_str().expect("a type")).or_default();
                *attempts += 1;
                *successes += u64::from(core["landing_success"] == true);
            }
        }
    }
    let counted: Vec<Value> = landings
        .iter()
        .map(|(kind, (attempts, successes))| json!({"kind": kind, "attempts": attempts, "successes": successes}))
        .collect();
    let sql = "SELECT landing_type AS kind, sum(attempts)::bigint AS attempts, sum(successes)::bigint AS successes \
               FROM analytics.landing_success_by_year GROUP BY landing_type ORDER BY landing_type COLLATE \"C\"";
    assert_eq!(local.json(&["query", sql]), Value::Array(counted));
}

#[test]
fn a_failed_mart_is_reported_with_its_model_its_test_and_its_rows() {
    let (local, copy) = (Local::new(), tempfile::tempdir().expect("a folder"));
    let project = copy.path().join("dbt");
    with_repeated_rockets(&project);
    let message = local.refused(&["--dbt-project", &project.display().to_string()]);
    assert!(message.contains("test `unique_dim_rockets_rocket_id` on `dim_rockets` failed"), "{message}");
    let rows = message.lines().filter(|line| line.trim_end().ends_with(" 2")).count();
    assert!((1..=5).contains(&rows), "{message}");
    assert!(message.contains("hint: see dbt's output in"), "{message}");
}

/// Writes a dbt project whose `dim_rockets` has every row twice, so that a test fails.
pub(crate) fn with_repeated_rockets(project: &Path) {
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../dbt"), project);
    let model = project.join("models/marts/dim_rockets.sql");
    let text = std::fs::read_to_string(&model).expect("the model");
    let twice = format!("with whole as (\n{text}\n)\n\nselect * from whole\nunion all\nselect * from whole\n");
    std::fs::write(&model, twice).expect("the broken model");
}

/// Writes older responses: three launches do not exist yet, one exists that is deleted later, and some outcomes are
/// unknown.
pub(crate) fn older(to: &Path) {
    copy_folder(&sample(), to);
    let mut launches = launches();
    let mut gone = launches[20].clone();
    gone["id"] = json!("0123456789abcdef01234567");
    gone["name"] = json!("Vanishes later");
    gone["cores"] = json!([]);
    launches.truncate(launches.len() - 3);
    launches[5]["success"] = Value::Null;
    launches[30]["details"] = json!("as reported first");
    launches[40]["cores"][0]["landing_success"] = Value::Null;
    launches.push(gone);
    std::fs::write(to.join("launches.json"), serde_json::to_string(&launches).expect("JSON")).expect("written");
}

#[test]
fn marts_equal_the_json_after_records_changed() {
    let (local, folder) = (Local::new(), tempfile::tempdir().expect("a folder"));
    let first = folder.path().join("older");
    older(&first);
    local.json(&["--source", &first.display().to_string()]);
    let newer = local.json(&["run"]);
    let counts = &newer["tables"]["launches"];
    let changed = ["inserted", "updated", "deleted"].map(|key| counts[key].as_u64());
    assert_eq!(changed, [Some(3), Some(2), Some(1)], "{counts}");
    assert_eq!((&newer["dbt"]["error"], &newer["dbt"]["skip"]), (&json!(0), &json!(0)), "{}", newer["dbt"]);
    numbers_agree(&local);
    // The query in the README, for columns without a description.
    let readme = include_str!("../../../dbt/README.md");
    let (_, query) = readme.split_once("```sql\n").expect("a query");
    let (query, _) = query.split_once("```").expect("its end");
    assert_eq!(local.json(&["query", query]), json!([]));
    let described = local.json(&["query", &query.replace(" is null", " is not null")]);
    let of = |schema: &str| described.as_array().expect("rows").iter().filter(|row| row["nspname"] == schema).count();
    let counts = ["spacex", "etl", "analytics"].map(of);
    assert!(counts[0] > 400 && counts[1] == 18 && counts[2] > 100, "{counts:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true if ["target", "logs"].iter().any(|left| entry.file_name() == *left) => {}
            true => copy_folder(&path, &target),
            false => drop(std::fs::copy(&path, &target).expect("copied")),
        }
    }
}
