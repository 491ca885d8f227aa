//! What fails is told with its cause, within minutes; two rehearsals at once do not disturb each other.

use super::{AT_MOST, Begun, Ended, folders, left, prepared, state};

fn assert_in_time(ended: &Ended) {
    println!("red after {:.0?}: {:?}", ended.took, ended.told["run"]["failed"]);
    assert!(ended.took < AT_MOST, "{:?}", ended.took);
}

#[test]
fn two_at_once_are_red_each_for_its_own_cause() {
    prepared();
    let before = folders();
    let both = [
        Begun::rehearsal(&["--inject-fault", "source", "--json"]),
        Begun::rehearsal(&["--inject-fault", "marts", "--json"]),
    ];
    let mut both = both.map(|mut one| {
        one.until("Deploying");
        one
    });
    let folders: Vec<_> = folders().into_iter().filter(|folder| !before.contains(folder)).collect();
    assert_eq!(folders.len(), 2, "each has a folder of its own: {folders:?}");
    let states: Vec<_> = folders.iter().map(|folder| state(folder)).collect();
    both.iter_mut().for_each(|one| one.until("Running the DAG"));
    let [source, marts] = both.map(Begun::end);

    let run = &source.told["run"];
    assert_eq!(
        (source.code, &run["failed"], &run["code"]),
        (Some(75), &"transformation".into(), &75.into()),
        "{}",
        source.said
    );
    assert!(
        source.told["cause"].to_string().contains("answered 500 Internal Server Error"),
        "{}",
        source.told["cause"]
    );
    assert_eq!(source.told["tables"], serde_json::json!({}), "nothing was loaded");
    assert_in_time(&source);

    let run = &marts.told["run"];
    assert_eq!((marts.code, &run["failed"], &run["code"]), (Some(1), &"dbt_build".into(), &1.into()), "{}", marts.said);
    let cause = marts.told["cause"].to_string();
    let test = "test `source_resolves_spacex_launch_payloads_payload_id` of `spacex.launch_payloads` failed";
    assert!(cause.contains(test) && !cause.contains("answered 500"), "{cause}");
    assert_eq!(marts.told["tables"]["payloads"]["rows"], 1);
    assert_in_time(&marts);
    for state in &states {
        assert_eq!(left(state), [""; 0]);
    }
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let ended = Begun::rehearsal(&["--inject-fault", "image", "--json"]).end();
    let run = &ended.told["run"];
    assert_eq!(
        (ended.code, &run["failed"], &run["code"]),
        (Some(1), &"transformation".into(), &().into()),
        "{}",
        ended.said
    );
    let reason = run["reason"].as_str().expect("a reason");
    let words =
        ["Task failed to start", "CannotPullContainerError", "/ingestion-image@sha256:", "not found: manifest unknown"];
    assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
    let red: Vec<_> =
        ended.told["status"].as_array().expect("a list").iter().filter(|one| one["light"] == "red").collect();
    assert!(red.len() == 1 && red[0]["check"] == "ingestion-image", "{red:?}");
    assert_in_time(&ended);
}

#[test]
fn what_cannot_be_a_source_is_told_before_anything_is_started() {
    prepared();
    let before = folders().len();
    let ended = Begun::rehearsal(&["--source", "/no/such/folder"]).end();
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.said.contains("error: there is no folder `/no/such/folder` with <collection>.json in it"),
        "{}",
        ended.said
    );
    assert!(ended.said.contains("hint: --source takes a folder or http(s)://host"), "{}", ended.said);
    let ended = Begun::rehearsal(&["--source", "/tmp", "--inject-fault", "marts"]).end();
    assert_eq!(ended.code, Some(2));
    let ended = Begun::rehearsal(&["--source", "http://"]).end();
    assert!(ended.code == Some(1) && ended.said.contains("`http://` is no address of a server"), "{}", ended.said);
    assert!(folders().len() <= before);
}
