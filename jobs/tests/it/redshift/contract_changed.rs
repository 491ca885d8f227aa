//! A contract that has changed since the tables were created.

use jobs::failure::hint_of;
use serde_json::json;

use super::Rig;
use crate::support::database::Role;
use crate::support::zoo::Zoo;

#[test]
fn a_table_whose_key_differs_from_the_contract_is_refused_before_staging() {
    let rig = Rig::new(Zoo::stocked()).only("keepers");
    rig.transform("r1");
    rig.commits("r1");
    let Rig { zoo, .. } = rig;
    zoo.amend("key: id\n    drift: quarantine", "key: name\n    drift: quarantine");
    let rig = Rig::new(zoo).only("keepers");
    rig.transform("r2");
    let rows = rig.zoo.rows();
    let error = rig.load("r2").expect_err("another key");
    let message = "the key of `zoo.keepers` is `id` in the warehouse, but `name` in the contract";
    assert!(format!("{error:#}").contains(message), "{error:#}");
    assert!(hint_of(&error).is_some_and(|hint| hint.contains("drop `zoo.keepers` in the warehouse")));
    assert!(!rig.api.statements().iter().any(|sql| sql.starts_with("COPY ")));
    assert_eq!((rig.zoo.rows(), rig.zoo.ledger()), (rows, vec!["1 r1".to_owned()]));
}

#[test]
fn a_column_that_was_removed_from_the_contract_becomes_null() {
    let rig = Rig::new(Zoo::stocked()).only("animals");
    rig.transform("r1");
    rig.commits("r1");
    let Rig { zoo, .. } = rig;
    zoo.amend("      weight_kg: {type: double, unit: kg, doc: Weight.}\n", "");
    let rig = Rig::new(zoo).only("animals");
    rig.transform("r2");
    rig.commits("r2");
    let row = rig.zoo.objects("SELECT weight_kg, _run_id FROM zoo.animals WHERE id = 1");
    assert_eq!(row, [json!({"weight_kg": null, "_run_id": "r2"})]);
}

#[test]
fn tables_and_columns_that_were_removed_from_the_contract_are_marked_as_deleted_or_dropped() {
    let rig = Rig::new(Zoo::stocked());
    rig.transform("r1");
    rig.commits("r1");
    let Rig { zoo, .. } = rig;
    zoo.amend("      weight_kg: {type: double, unit: kg, doc: Weight.}\n", "");
    zoo.amend("      tame: {type: boolean, doc: Whether it may be stroked.}\n", "");
    zoo.amend("  tickets:\n", "  passes:\n");
    zoo.set("passes", &json!([]));
    let rig = Rig::new(zoo);
    for run in ["r2", "r3"] {
        rig.transform(run);
        rig.commits(run);
        let row = rig.zoo.objects("SELECT _run_id, _deleted_at = _loaded_at AS deleted FROM zoo.tickets");
        assert_eq!(row, [json!({"_run_id": "r2", "deleted": true})]);
    }
    assert_eq!(rig.api.statements().iter().filter(|sql| sql.starts_with("UPDATE zoo.tickets ")).count(), 1);

    let Rig { zoo, .. } = rig;
    zoo.amend("defaults:\n", "defaults:\n  removed: drop\n");
    let rig = Rig::new(zoo);
    let loader = rig.zoo.database().session(Role::Loader);
    loader.run("CREATE VIEW zoo.heavy AS SELECT weight_kg FROM zoo.animals");
    let left = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'zoo' AND (table_name = 'tickets' \
                OR table_name = 'animals' AND column_name IN ('weight_kg', 'tame'))";
    // The view depends on one of the columns.
    rig.transform("r4");
    rig.commits("r4");
    assert_eq!(loader.texts(left), ["weight_kg"]);
    loader.run("DROP VIEW zoo.heavy");
    rig.transform("r5");
    rig.commits("r5");
    assert!(loader.texts(left).is_empty());
}
