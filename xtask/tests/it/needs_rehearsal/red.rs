//! A failure is reported with its cause within minutes; two rehearsals can run in parallel.

use super::{AT_MOST, Finished, Running, folders, leftovers, prepare, state};

pub(super) fn assert_in_time(finished: &Finished) {
    println!("failed after {:.0?}: {:?}", finished.duration, finished.report["run"]["failed"]);
    assert!(finished.duration < AT_MOST, "{:?}", finished.duration);
}

#[test]
fn two_rehearsals_in_parallel_report_their_own_causes() {
    prepare();
    let before = folders();
    let both = [
        Running::rehearsal(&["--inject-fault", "source", "--json"]),
        Running::rehearsal(&["--inject-fault", "marts", "--json"]),
    ];
    let mut both = both.map(|mut one| {
        one.until("Deploying");
        one
    });
    let folders: Vec<_> = folders().into_iter().filter(|folder| !before.contains(folder)).collect();
    assert_eq!(folders.len(), 2, "each has its own folder: {folders:?}");
    let states: Vec<_> = folders.iter().map(|folder| state(folder)).collect();
    both.iter_mut().for_each(|one| one.until("Running the `ingestion` DAG"));
    let [source, marts] = both.map(Running::finish);

    let run = &source.report["run"];
    assert_eq!(
        (source.code, &run["failed"], &run["code"]),
        (Some(75), &"transformation".into(), &75.into()),
        "{}",
        source.stderr
    );
    assert!(source.report["cause"].to_string().contains("500 Internal Server Error"), "{}", source.report["cause"]);
    assert_eq!(source.report["tables"], serde_json::json!({}), "nothing was loaded");
    assert_in_time(&source);

    let run = &marts.report["run"];
    assert_eq!(
        (marts.code, &run["failed"], &run["code"]),
        (Some(1), &"dbt_build".into(), &1.into()),
        "{}",
        marts.stderr
    );
    let cause = marts.report["cause"].to_string();
    let test = "test `source_unique_spacex_cores_serial` on `spacex.cores` failed";
    assert!(cause.contains(test) && !cause.contains("500"), "{cause}");
    assert_in_time(&marts);
    for state in &states {
        assert_eq!(leftovers(state), [""; 0]);
    }
}

#[test]
fn an_invalid_source_is_refused_before_anything_starts() {
    prepare();
    let before = folders().len();
    let finished = Running::rehearsal(&["--source", "/no/such/folder"]).finish();
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.contains("error: `/no/such/folder` is not a folder with <collection>.json files"),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.contains("hint: pass a folder or http(s)://host to --source"), "{}", finished.stderr);
    let finished = Running::rehearsal(&["--source", "/tmp", "--inject-fault", "marts"]).finish();
    assert_eq!(finished.code, Some(2));
    let finished = Running::rehearsal(&["--source", "http://"]).finish();
    assert!(
        finished.code == Some(1) && finished.stderr.contains("`http://` is not a valid URL"),
        "{}",
        finished.stderr
    );
    assert!(folders().len() <= before);
}
