//! `forget` deletes a record's rows through the Data API, and searches all tables.

use std::collections::BTreeSet;

use jobs::flows::forget::{Job, forget};

use super::*;

#[test]
fn a_record_is_removed_from_the_tables() {
    let rig = Rig::new(Zoo::stocked());
    let mut all = stock()[0].1.clone();
    all[0]["id"] = 9001234.into();
    all[0]["name"] = "Pl4nted Ada".into();
    all[0]["other"] = "pl4nted extra".into();
    rig.zoo.set("animals", &all);
    rig.transform("r1");
    rig.commits("r1");
    let job = |keys: &[&str], applies| Job {
        contract: rig.contract.clone(),
        collections: vec!["animals".to_owned()],
        keys: keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>(),
        hash_key: None,
        request: "DSR-17".to_owned(),
        at: clock::rfc3339(clock::now()),
        attempt: rig.attempt(),
        applies,
    };
    let run = |job: Job| {
        let mut warehouse = Redshift::with(client(rig.api.url()), workgroup::WORKGROUP, workgroup::DATABASE, "default");
        let report = rig.runtime.block_on(forget(&job, &rig.lake(), &mut warehouse)).expect("done");
        serde_json::to_value(report).expect("JSON")
    };
    let rows = || rig.zoo.database().session(Role::Postgres).texts("SELECT id FROM zoo.animals ORDER BY id");
    let plan = run(job(&["9001234"], false));
    let loaded = json!({"animals": 1, "animal_meals": 2, "animal_nicknames": 2});
    assert_eq!((&plan["collections"]["animals"]["loaded"], rows().len()), (&loaded, 3));
    let done = run(job(&["9001234"], true));
    assert_eq!((&done["left"], rows()), (&json!([]), vec!["2".to_owned(), "3".to_owned()]), "{done:#}");
    assert!(rig.zoo.database().texts().iter().all(|row| !row.to_lowercase().contains("pl4nted")));
    // What other tables have is found in text, JSON and integers.
    rig.zoo.database().session(Role::Postgres).run(
        "UPDATE zoo.keepers SET name = 'of pl4nted extra'; UPDATE zoo.about SET _extra = '{\"a\": \"Pl4nted Ada!\"}'; UPDATE zoo.tickets SET ticket = 9001234",
    );
    rig.zoo.set("animals", &all);
    rig.transform("r2");
    let left = run(job(&["9001234"], true));
    assert_eq!(left["left"], json!(["table zoo.about", "table zoo.keepers", "table zoo.tickets"]));
}
