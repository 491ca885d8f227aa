//! `copy` rejects manifests and objects that are missing, changed, or belong to a different run.

use std::fs::File;

use contract::Contract;
use jobs::clean::Cell;
use jobs::table::{Encoder, Row};
use serde_json::{Value, json};

use super::transformed;
use crate::support::lake::{receipt_key, sha256};
use crate::support::zoo::{State, Zoo};

/// Checks that the load of the second run is rejected with these messages and changes nothing.
#[track_caller]
fn refused(zoo: &Zoo, state: &State, message: &[&str]) {
    zoo.copy("r2").run().refused(message);
    assert_eq!(&zoo.state(), state);
}

/// A change of a manifest.
type Edit = fn(&mut Value);

/// Changes a manifest in place and returns the new state.
fn edit(zoo: &Zoo, collection: &str, change: impl FnOnce(&mut Value)) -> State {
    let mut receipt = zoo.lake.receipt("zoo", "r2", collection);
    change(&mut receipt);
    zoo.lake.overwrite(&receipt_key("zoo", "r2", collection), receipt.to_string().as_bytes());
    zoo.state()
}

#[test]
fn a_run_that_was_never_transformed_is_refused() {
    let (zoo, _) = transformed();
    let ended = zoo.copy("never").run();
    ended.refused(&["run `never` has no manifest for animals, keepers, tickets, about", "run `transformation`"]);
    zoo.lake.remove(&receipt_key("zoo", "r2", "keepers"));
    let state = zoo.state();
    refused(&zoo, &state, &["run `r2` has no manifest for keepers", "--collections"]);
}

#[test]
fn a_file_that_was_changed_after_its_manifest_is_refused() {
    let (zoo, state) = transformed();
    let key = zoo.lake.key("processed/zoo/keepers/run=r2", ".parquet");
    let good = zoo.lake.read(&key);
    let mut altered = good.clone();
    altered[20] ^= 1;
    let not = format!("{key}` does not match its manifest: ");
    for (bytes, problem) in [(altered, "its SHA-256 is "), (good[1..].to_vec(), "bytes, but the manifest records ")] {
        zoo.lake.overwrite(&key, &bytes);
        refused(&zoo, &state, &[&not, problem, "run `transformation` again with a new run ID"]);
    }
    zoo.lake.remove(&key);
    refused(&zoo, &state, &[&not, "it is missing"]);

    // 64 GiB without content: refused by its size, before it is read into memory.
    let sparse = File::create(zoo.lake.path(&key)).expect("a file");
    sparse.set_len(64 << 30).expect("a sparse file");
    refused(&zoo, &state, &[&not, "68719476736 bytes, but the manifest records "]);
    drop(sparse);

    // With the original bytes, the same run is loaded.
    zoo.lake.overwrite(&key, &good);
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

#[test]
fn a_missing_or_changed_response_is_refused() {
    let (zoo, state) = transformed();
    let key = zoo.lake.raw("zoo", "r2", "animals");
    let message = [key.as_str(), "is missing, or its size differs from its manifest"];
    zoo.lake.overwrite(&key, b"[]");
    refused(&zoo, &state, &message);
    zoo.lake.remove(&key);
    refused(&zoo, &state, &message);
}

#[test]
fn an_edited_manifest_is_refused() {
    let (zoo, good) = transformed();
    let key = receipt_key("zoo", "r2", "animals");
    let text = zoo.lake.read(&key);
    let edits: [(Edit, &str); 4] = [
        (
            |receipt| receipt["tables"][0]["rows"] = json!(3),
            "animals.json` is not valid: table `animals`: 2 read, but 2 in files",
        ),
        (
            |receipt| {
                for count in ["/tables/0/rows", "/tables/0/read", "/tables/0/files/0/rows"] {
                    *receipt.pointer_mut(count).expect("a count") = json!(3);
                }
            },
            "does not match its manifest: 2 rows, but the manifest records 3",
        ),
        (
            |receipt| receipt["tables"].as_array_mut().expect("tables").truncate(1),
            "it lists the tables animals, but the contract has animals, animal_meals, animal_nicknames",
        ),
        (|receipt| receipt["run_id"] = json!("r1"), "it belongs to zoo.animals of run r1"),
    ];
    for (edited, message) in edits {
        let state = edit(&zoo, "animals", edited);
        refused(&zoo, &state, &[message]);
        zoo.lake.overwrite(&key, &text);
    }
    zoo.lake.overwrite(&key, &text[..20]);
    zoo.copy("r2").run().refused(&["receipts/animals.json` is not valid", "EOF while parsing"]);
    zoo.transformation("r2").run().refused(&["receipts/animals.json` is not a valid manifest"]);
    zoo.lake.overwrite(&key, &text);
    assert_eq!(zoo.state(), good);
}

/// Returns the objects of the second run that a load reads.
fn objects(zoo: &Zoo) -> Vec<String> {
    let keys = zoo.lake.keys("processed/zoo");
    let keys: Vec<String> = keys.into_iter().filter(|key| key.contains("/run=r2/")).collect();
    assert_eq!(keys.len(), 6, "one for each table: {keys:?}");
    keys
}

#[test]
fn every_object_must_exist_and_be_complete() {
    let (zoo, state) = transformed();
    for key in objects(&zoo) {
        let good = zoo.lake.read(&key);
        for end in [0, good.len() / 2, good.len() - 1] {
            zoo.lake.overwrite(&key, &good[..end]);
            refused(
                &zoo,
                &state,
                &[&key, &format!("does not match its manifest: {end} bytes, but the manifest records {}", good.len())],
            );
        }
        zoo.lake.remove(&key);
        refused(&zoo, &state, &[&key, "does not match its manifest: it is missing"]);
        zoo.lake.overwrite(&key, &good);
    }
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

#[test]
fn swapped_objects_are_refused() {
    let (zoo, state) = transformed();
    let keys = objects(&zoo);
    let earlier = zoo.lake.key("processed/zoo/animals/run=r1", ".parquet");
    let own = keys.iter().find(|key| key.contains("/animals/")).expect("animals").clone();
    let pairs = keys.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).chain([(own, earlier)]);
    for (one, other) in pairs {
        let good = [&one, &other].map(|key| zoo.lake.read(key));
        zoo.lake.overwrite(&one, &good[1]);
        zoo.lake.overwrite(&other, &good[0]);
        refused(&zoo, &state, &["does not match its manifest: "]);
        zoo.lake.overwrite(&one, &good[0]);
        zoo.lake.overwrite(&other, &good[1]);
    }
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

/// Objects that are not listed in a manifest are ignored.
#[test]
fn an_object_that_is_not_in_the_manifest_is_never_loaded() {
    let (zoo, _) = transformed();
    let earlier = zoo.lake.read(&zoo.lake.key("processed/zoo/animals/run=r1", ".parquet"));
    let own = objects(&zoo).into_iter().find(|key| key.contains("/animals/")).expect("animals");
    let (folder, _) = own.rsplit_once('/').expect("a folder");
    for (name, bytes) in [("0-00000.parquet", &earlier[..]), ("zzz-99999.parquet", &earlier), ("part", b"no Parquet")] {
        zoo.lake.overwrite(&format!("{folder}/{name}"), bytes);
    }
    zoo.lake.overwrite(&own.replace(".parquet", "-00001.parquet"), &earlier);
    let counts = zoo.copy("r2").run().done()["tables"]["animals"].clone();
    assert_eq!((&counts["read"], &counts["rows"]), (&json!(2), &json!(2)));
    let names = zoo.objects("SELECT name FROM zoo.animals WHERE _deleted_at IS NULL ORDER BY id");
    assert_eq!(names, [json!({"name": "Ada"}), json!({"name": "Zoe"})]);
}

/// A manifest with an additional object and matching counts: either its own object a second time, or an object of an
/// earlier run, which has one of its keys. Only the counts of the delta can show this.
#[test]
fn an_object_that_was_added_to_a_manifest_is_refused() {
    let (zoo, _) = transformed();
    let key = receipt_key("zoo", "r2", "animals");
    let text = zoo.lake.read(&key);
    let earlier = zoo.lake.receipt("zoo", "r1", "animals")["tables"][0]["files"][0].clone();
    let own = zoo.lake.receipt("zoo", "r2", "animals")["tables"][0]["files"][0].clone();
    for (added, message) in [(own, "` twice"), (earlier, "the key `1` occurs twice in table `animals`")] {
        let rows = added["rows"].as_u64().expect("a number") + 2;
        let state = edit(&zoo, "animals", |receipt| {
            let table = &mut receipt["tables"][0];
            table["files"].as_array_mut().expect("files").push(added);
            table["read"] = json!(rows);
            table["rows"] = json!(rows);
        });
        refused(&zoo, &state, &[message]);
        zoo.lake.overwrite(&key, &text);
    }
    // A manifest without its object.
    let state = edit(&zoo, "animals", |receipt| receipt["tables"][0]["files"] = json!([]));
    refused(&zoo, &state, &["animals.json` is not valid: table `animals`: 2 read, but 0 in files"]);
}

/// The bytes match the manifest, but the warehouse would reject them.
#[test]
fn a_row_that_the_warehouse_would_refuse_is_reported_with_its_position() {
    let (zoo, _) = transformed();
    let key = objects(&zoo).into_iter().find(|key| key.contains("/animals/")).expect("animals");
    let bytes = spoiled();
    zoo.lake.overwrite(&key, &bytes);
    let state = edit(&zoo, "animals", |receipt| {
        let table = &mut receipt["tables"][0];
        table["files"][0]["bytes"] = json!(bytes.len());
        table["files"][0]["sha256"] = json!(sha256(&bytes));
    });
    let place = format!("{key}` cannot be loaded: row group 0, row 1, column `tags`: not JSON: ");
    refused(&zoo, &state, &[&place, "(super_json)", "run `transformation` again with a new run ID"]);
}

/// A file of animals; the tags of the second one are an incomplete array.
fn spoiled() -> Vec<u8> {
    let contract = Contract::parse(include_str!("../zoo.yaml"), "zoo.yaml").expect("good");
    let table = &contract.tables()[0];
    let row = |id: i64, tags: &'static str| {
        let mut row = Row { cells: vec![Cell::Null; table.columns.len()], ..Row::default() };
        for (cell, column) in row.cells.iter_mut().zip(&table.columns) {
            match column.name {
                "id" => *cell = Cell::Integer(id),
                "name" => *cell = Cell::Text("Ada".into()),
                "tags" => *cell = Cell::Json(tags.into()),
                _ => {}
            }
        }
        row
    };
    let mut encoder = Encoder::new(table).expect("a schema");
    for row in [row(1, "[]"), row(9, "[")] {
        encoder.append(&row).expect("a row");
    }
    encoder.finish().expect("a file").concat()
}

/// The manifest of one table lists the file of another.
#[test]
fn a_file_of_another_table_is_refused_by_its_columns() {
    let (zoo, _) = transformed();
    let other = zoo.lake.receipt("zoo", "r2", "tickets")["tables"][0]["files"].clone();
    let state = edit(&zoo, "about", |receipt| receipt["tables"][0]["files"] = other.clone());
    refused(&zoo, &state, &["is not valid: it lists `processed/zoo/tickets/", "as a file of table `about`"]);

    let taken =
        other[0]["key"].as_str().expect("a key").replace("/tickets/", "/about/").replace(".parquet", "-x.parquet");
    zoo.lake.overwrite(&taken, &zoo.lake.read(other[0]["key"].as_str().expect("a key")));
    let state = edit(&zoo, "about", |receipt| {
        receipt["tables"][0]["files"] = other;
        receipt["tables"][0]["files"][0]["key"] = json!(taken);
    });
    refused(&zoo, &state, &["cannot be loaded: column `id`: column 1 of the file is `ticket` (column_name)"]);
}

#[test]
fn a_manifest_of_another_contract_is_refused_by_both_programs() {
    let (zoo, state) = transformed();
    zoo.amend("motto: {type: string(64)", "motto: {type: string(32)");
    refused(&zoo, &state, &["about.json` is not valid: it was written with a different contract"]);
    zoo.transformation("r2").run().refused(&["run `r2` was transformed with a different contract", "a new run ID"]);
    assert_eq!(zoo.state(), state);
}
