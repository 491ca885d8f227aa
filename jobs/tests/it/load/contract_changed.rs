//! A contract that has changed since the tables were created.

use serde_json::json;

use crate::support::database::Role;
use crate::support::zoo::{Zoo, animals};

#[test]
fn a_column_of_another_type_in_the_warehouse_is_refused() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend("weight_kg: {type: double, unit: kg", "weight_kg: {type: integer");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    zoo.transformation("r2").run().done();
    let state = zoo.state();
    let message = "`zoo.animals.weight_kg` is double precision in the warehouse, but bigint in the contract";
    zoo.copy("r2").run().refused(&[message]);
    assert_eq!(zoo.state(), state);
}

#[test]
fn a_table_whose_key_differs_from_the_contract_is_refused_before_staging() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend("key: id\n    drift: quarantine", "key: name\n    drift: quarantine");
    for (run, keeper) in [("r2", json!({"id": "kb", "name": "Li"})), ("r3", json!({"id": "lm", "name": "Li"}))] {
        zoo.set("keepers", &json!([keeper]));
        zoo.transformation(run).run().done();
        let state = zoo.state();
        let message = [
            "the key of `zoo.keepers` is `id` in the warehouse, but `name` in the contract",
            "drop it in the warehouse",
        ];
        zoo.copy(run).run().refused(&message);
        assert_eq!(zoo.state(), state);
    }

    // Following the hint fixes the problem.
    zoo.database().session(Role::Loader).run("DROP TABLE zoo.keepers");
    assert_eq!(zoo.copy("r3").run().done()["tables"]["keepers"]["inserted"], 1);
}

#[test]
fn removed_columns_are_reported_at_each_load_and_have_no_outdated_values() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let database = zoo.database().session(Role::Loader);
    database.run("ALTER TABLE zoo.animals ADD COLUMN seen date DEFAULT '2026-01-05', ADD COLUMN \"Note\" text");
    zoo.amend("      weight_kg: {type: double, unit: kg, doc: Weight.}\n", "");
    zoo.amend("  tickets:\n", "  passes:\n");
    zoo.set("passes", &json!([]));
    for run in ["r2", "r3"] {
        zoo.transformation(run).run().done();
        let ended = zoo.copy(run).run();
        ended.done();
        for message in ["`zoo.animals.weight_kg` is not in the contract", "`zoo.tickets` is not in the contract"] {
            assert_eq!(ended.stderr.matches(message).count(), 1, "{}", ended.stderr);
        }
        assert!(!ended.stderr.contains("zoo.animals.seen") && !ended.stderr.contains("Note"), "{}", ended.stderr);
        let rows = zoo.objects("SELECT weight_kg, seen, _extra->'weight_kg' AS extra FROM zoo.animals ORDER BY id");
        assert_eq!(rows[0], json!({"weight_kg": null, "seen": "2026-01-05", "extra": 180.5}));
        assert_eq!(rows[1]["weight_kg"], json!(null));
    }
    assert_eq!(zoo.objects("SELECT ticket FROM zoo.tickets WHERE _deleted_at IS NULL"), [json!({"ticket": 7})]);
}
