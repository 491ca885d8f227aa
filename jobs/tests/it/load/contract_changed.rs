//! A contract that has changed since the tables were created.

use std::fs;

use serde_json::json;

use crate::support::database::Role;
use crate::support::zoo::{Zoo, animals, stock};

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
            "drop `zoo.keepers` in the warehouse and load the run again",
        ];
        zoo.copy(run).run().refused(&message);
        assert_eq!(zoo.state(), state);
    }

    // Following the hint fixes the problem.
    zoo.database().session(Role::Loader).run("DROP TABLE zoo.keepers");
    assert_eq!(zoo.copy("r3").run().done()["tables"]["keepers"]["inserted"], 1);
}

#[test]
fn a_key_of_another_type_is_refused_with_all_tables_that_contain_it() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend(
        "      id: {type: integer, required: true, doc: Number on the cage.}",
        "      id: {type: string(8), required: true, doc: Number.}",
    );
    zoo.set("animals", &json!([{"id": "a1", "name": "Ada", "nicknames": ["Dot"]}]));
    zoo.transformation("r2").run().done();
    zoo.copy("r2").run().refused(&[
        "`zoo.animals.id` is bigint in the warehouse, but text in the contract",
        "drop `zoo.animals` and `zoo.animal_meals` and `zoo.animal_nicknames` in the warehouse and load the run again",
    ]);
    let loader = zoo.database().session(Role::Loader);
    loader.run("DROP TABLE zoo.animals, zoo.animal_meals, zoo.animal_nicknames");
    assert_eq!(zoo.copy("r2").run().done()["tables"]["animal_nicknames"]["inserted"], 1);
}

/// A column, a child table and a collection of the zoo's contract.
const PARTS: [&str; 3] = [
    "      weight_kg: {type: double, unit: kg, doc: Weight.}\n",
    concat!(
        "      animal_nicknames:\n        at: nicknames\n        parent_key: animal_id\n        doc: One row a nickname.\n",
        "        columns:\n          nickname: {at: ., type: string(8), required: true, doc: The name.}\n",
    ),
    concat!(
        "  tickets:\n    path: /tickets\n    key: ticket\n    drift: freeze\n    doc: One row a ticket.\n    columns:\n",
        "      ticket: {type: integer, required: true, doc: Number.}\n",
        "      price_eur: {type: double, unit: eur, doc: Price.}\n",
    ),
];

/// A loaded zoo, and its contract with the policy. The current contract does not have the three parts; a load with it was
/// refused and has changed nothing.
fn removed(policy: &str) -> (Zoo, String) {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend("defaults:\n", &format!("defaults:\n{policy}"));
    let contract = fs::read_to_string(zoo.contract()).expect("the contract");
    PARTS.iter().for_each(|part| zoo.amend(part, ""));
    zoo.set("animals", &json!([]));
    zoo.transformation("empty").run().done();
    let state = zoo.state();
    zoo.copy("empty").run().refused(&["animals"]);
    assert_eq!(zoo.state(), state);
    zoo.set("animals", &stock()[0].1);
    (zoo, contract)
}

/// Loads a run; returns its warnings about what is not in the contract.
fn warnings(zoo: &Zoo, run: &str) -> Vec<String> {
    zoo.transformation(run).run().done();
    let ended = zoo.copy(run).run();
    ended.done();
    ended.stderr.lines().filter(|line| line.contains("not in the contract: ")).map(str::to_owned).collect()
}

/// Checks that each of the texts is in one warning, and that there are no other warnings.
#[track_caller]
fn warns(found: &[String], expected: &[&str]) {
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for text in expected {
        assert!(found.iter().any(|warning| warning.contains(text)), "no `{text}` in {found:#?}");
    }
}

#[test]
fn removed_columns_become_null_and_the_rows_of_removed_tables_are_marked_as_deleted_once() {
    let (zoo, contract) = removed("");
    let loader = zoo.database().session(Role::Loader);
    // These are not from a load: two columns, a view, and copies of a table.
    loader.run("ALTER TABLE zoo.animals ADD COLUMN seen date DEFAULT '2026-01-05', ADD COLUMN \"Note\" text");
    loader.run("CREATE VIEW zoo.sold AS SELECT * FROM zoo.tickets; CREATE TABLE zoo.old AS SELECT * FROM zoo.tickets");
    loader.run("CREATE TABLE zoo.backup (LIKE zoo.tickets); INSERT INTO zoo.backup SELECT * FROM zoo.tickets");
    let column = "`zoo.animals.weight_kg` is not in the contract: it is null in the rows that this load writes";
    let found = warnings(&zoo, "r2");
    let marked = [("animal_nicknames", "3"), ("tickets", "1")]
        .map(|(name, rows)| format!("`zoo.{name}` is not in the contract: its {rows} rows are marked as deleted"));
    warns(&found, &[column, &marked[0], &marked[1]]);
    let state = |table: &str| {
        zoo.objects(&format!("SELECT DISTINCT _run_id, _deleted_at = _loaded_at AS deleted FROM zoo.{table}"))
    };
    for table in ["animal_nicknames", "tickets"] {
        assert_eq!(state(table), [json!({"_run_id": "r2", "deleted": true})], "{table}");
    }
    for copy in ["old", "backup"] {
        assert_eq!(loader.texts(&format!("SELECT _run_id FROM zoo.{copy} WHERE _deleted_at IS NULL")), ["r1"]);
    }
    let findings =
        "SELECT table_name, problem, refused FROM etl.findings WHERE check_name = 'deleted' ORDER BY table_name";
    let finding = |table: &str, rows| {
        let problem = format!("table `{table}` is not in the contract, and loses its {rows} rows");
        json!({"table_name": table, "problem": problem, "refused": false})
    };
    assert_eq!(zoo.objects(findings), [finding("animal_nicknames", 3), finding("tickets", 1)]);
    let rows = zoo.objects("SELECT weight_kg, seen, _extra->'weight_kg' AS extra FROM zoo.animals ORDER BY id");
    assert_eq!(rows[0], json!({"weight_kg": null, "seen": "2026-01-05", "extra": 180.5}));
    assert_eq!(rows[1]["weight_kg"], json!(null));

    let rows = zoo.rows();
    warns(&warnings(&zoo, "r3"), &[column]);
    assert_eq!(zoo.rows(), rows);

    loader.run("DROP VIEW zoo.sold");
    fs::write(zoo.contract(), contract).expect("the contract");
    let report = zoo.load("r4");
    let revived = |table: &str| report["tables"][table]["revived"].as_u64();
    assert_eq!([revived("animal_nicknames"), revived("tickets")], [Some(3), Some(1)]);
    assert_eq!(state("tickets"), [json!({"_run_id": "r4", "deleted": null})]);
    assert_eq!(zoo.objects("SELECT weight_kg FROM zoo.animals WHERE id = 1"), [json!({"weight_kg": 180.5})]);
}

#[test]
fn removed_columns_and_tables_are_kept_under_this_policy() {
    let (zoo, _) = removed("  removed: keep\n");
    for run in ["r2", "r3"] {
        let kept = ["animals.weight_kg", "animal_nicknames", "tickets"]
            .map(|name| format!("`zoo.{name}` is not in the contract: its values are kept"));
        warns(&warnings(&zoo, run), &kept.each_ref().map(String::as_str));
        let row = zoo.objects("SELECT weight_kg, _run_id FROM zoo.animals WHERE id = 1");
        assert_eq!(row, [json!({"weight_kg": 180.5, "_run_id": "r2"})]);
        for table in ["animal_nicknames", "tickets"] {
            let rows = zoo.objects(&format!("SELECT DISTINCT _run_id, _deleted_at FROM zoo.{table}"));
            assert_eq!(rows, [json!({"_run_id": "r1", "_deleted_at": null})], "{table}");
        }
    }
}

#[test]
fn removed_columns_and_tables_are_dropped_unless_another_object_depends_on_them() {
    let (zoo, contract) = removed("  removed: drop\n");
    let loader = zoo.database().session(Role::Loader);
    let left = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'zoo' AND (column_name = 'weight_kg' \
                OR table_name = 'animal_nicknames' OR column_name = 'ticket')";
    loader.run(
        "CREATE VIEW zoo.heavy AS SELECT weight_kg FROM zoo.animals; CREATE VIEW zoo.sold AS SELECT * FROM zoo.tickets",
    );
    let refused = [
        "`zoo.animals.weight_kg`, which is not in the contract: cannot drop column weight_kg of table zoo.animals because",
        "`zoo.animal_nicknames` is not in the contract: it is dropped",
        "`zoo.tickets`, which is not in the contract: cannot drop table zoo.tickets because",
    ];
    warns(&warnings(&zoo, "r2"), &refused);

    loader.run("DROP VIEW zoo.heavy, zoo.sold");
    let dropped =
        ["animals.weight_kg", "tickets"].map(|name| format!("`zoo.{name}` is not in the contract: it is dropped"));
    warns(&warnings(&zoo, "r3"), &dropped.each_ref().map(String::as_str));
    assert_eq!(loader.number(left), 0);
    warns(&warnings(&zoo, "r4"), &[]);

    fs::write(zoo.contract(), contract).expect("the contract");
    let report = zoo.load("r5");
    let inserted = |table: &str| report["tables"][table]["inserted"].as_u64();
    assert_eq!([inserted("animal_nicknames"), inserted("tickets")], [Some(3), Some(1)]);
    assert_eq!(zoo.objects("SELECT weight_kg FROM zoo.animals WHERE id = 1"), [json!({"weight_kg": 180.5})]);
}

#[test]
fn a_collection_has_its_own_policy_for_its_columns_and_other_collections_are_not_removed() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    zoo.amend("defaults:\n", "defaults:\n  removed: drop\n");
    let tickets = zoo.rows()["tickets"].clone();
    zoo.load_only("keepers", "r2");
    assert_eq!(zoo.rows()["tickets"], tickets);

    zoo.amend("    path: /animals\n", "    path: /animals\n    removed: null\n");
    zoo.amend("          grams: {type: double, doc: How much.}\n", "");
    zoo.amend("      price_eur: {type: double, unit: eur, doc: Price.}\n", "");
    zoo.set("tickets", &json!([{"ticket": 7}]));
    let tickets = zoo.rows()["tickets"].clone();
    zoo.transformation("part").option("--collections", "keepers").run().done();
    let ended = zoo.copy("part").option("--collections", "keepers").run();
    ended.done();
    assert!(!ended.stderr.contains("not in the contract") && zoo.rows()["tickets"] == tickets, "{}", ended.stderr);
    let expected = [
        "`zoo.animal_meals.grams` is not in the contract: it is null",
        "`zoo.tickets.price_eur` is not in the contract: it is dropped",
    ];
    warns(&warnings(&zoo, "r3"), &expected);
    assert_eq!(zoo.objects("SELECT DISTINCT grams FROM zoo.animal_meals"), [json!({"grams": null})]);
}
