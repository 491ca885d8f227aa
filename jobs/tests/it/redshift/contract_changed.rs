//! A contract that has changed since the tables were created.

use jobs::failure::hint_of;
use serde_json::json;

use super::Rig;
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
    assert!(hint_of(&error).is_some_and(|hint| hint.contains("drop it in the warehouse")));
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
