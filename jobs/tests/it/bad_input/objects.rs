//! `copy` believes nothing that it has not checked: receipts and objects that are missing, altered or of another run.

use serde_json::{Value, json};

use super::transformed;
use crate::support::lake::receipt_key;
use crate::support::zoo::{State, Zoo};

/// The load of the second run is refused with these words and changes nothing.
#[track_caller]
fn refused(zoo: &Zoo, state: &State, words: &[&str]) {
    zoo.copy("r2").run().refused(words);
    assert_eq!(&zoo.state(), state);
}

/// A change of a receipt.
type Edit = fn(&mut Value);

/// Changes a receipt in place, and takes the lake's new state for the one to keep.
fn edit(zoo: &Zoo, collection: &str, change: impl FnOnce(&mut Value)) -> State {
    let mut receipt = zoo.lake.receipt("zoo", "r2", collection);
    change(&mut receipt);
    zoo.lake.overwrite(&receipt_key("zoo", "r2", collection), receipt.to_string().as_bytes());
    zoo.state()
}

#[test]
fn a_run_that_was_never_transformed_is_told_so() {
    let (zoo, _) = transformed();
    let ended = zoo.copy("never").run();
    ended.refused(&["run `never` has no receipt for animals, keepers, tickets, about", "run `transformation`"]);
    zoo.lake.remove(&receipt_key("zoo", "r2", "keepers"));
    let state = zoo.state();
    refused(&zoo, &state, &["run `r2` has no receipt for keepers", "--collections"]);
}

#[test]
fn a_file_that_was_altered_after_its_receipt_is_refused() {
    let (zoo, state) = transformed();
    let key = zoo.lake.key("processed/zoo/keepers/run=r2", ".parquet");
    let good = zoo.lake.read(&key);
    let mut altered = good.clone();
    altered[20] ^= 1;
    let not = format!("{key}` is not what its receipt vouches for: ");
    for (bytes, problem) in [(altered, "its SHA-256 is "), (good[1..].to_vec(), "bytes, the receipt says ")] {
        zoo.lake.overwrite(&key, &bytes);
        refused(&zoo, &state, &[&not, problem, "transform again under a new run id"]);
    }
    zoo.lake.remove(&key);
    refused(&zoo, &state, &[&not, "it is gone"]);

    // With its bytes back the same run loads.
    zoo.lake.overwrite(&key, &good);
    assert_eq!(zoo.copy("r2").run().done()["outcome"], "committed");
}

#[test]
fn an_answer_that_is_gone_or_was_altered_is_refused() {
    let (zoo, state) = transformed();
    let key = zoo.lake.raw("zoo", "r2", "animals");
    let words = [key.as_str(), "is gone or has another size than its receipt says"];
    zoo.lake.overwrite(&key, b"[]");
    refused(&zoo, &state, &words);
    zoo.lake.remove(&key);
    refused(&zoo, &state, &words);
}

#[test]
fn a_receipt_that_was_edited_is_refused() {
    let (zoo, good) = transformed();
    let key = receipt_key("zoo", "r2", "animals");
    let text = zoo.lake.read(&key);
    let edits: [(Edit, &str); 4] = [
        (
            |receipt| receipt["tables"][0]["rows"] = json!(3),
            "animals.json` cannot be trusted: table `animals`: 2 read is not 2 in files",
        ),
        (
            |receipt| {
                for count in ["/tables/0/rows", "/tables/0/read", "/tables/0/files/0/rows"] {
                    *receipt.pointer_mut(count).expect("a count") = json!(3);
                }
            },
            "is not what its receipt vouches for: 2 rows, the receipt says 3",
        ),
        (
            |receipt| receipt["tables"].as_array_mut().expect("tables").truncate(1),
            "it lists the tables animals, the contract animals, animal_meals, animal_nicknames",
        ),
        (|receipt| receipt["run_id"] = json!("r1"), "it belongs to zoo.animals of run r1"),
    ];
    for (edited, words) in edits {
        let state = edit(&zoo, "animals", edited);
        refused(&zoo, &state, &[words]);
        zoo.lake.overwrite(&key, &text);
    }
    zoo.lake.overwrite(&key, &text[..20]);
    zoo.copy("r2").run().refused(&["receipts/animals.json` cannot be trusted", "EOF while parsing"]);
    zoo.transformation("r2").run().refused(&["receipts/animals.json` is no receipt"]);
    zoo.lake.overwrite(&key, &text);
    assert_eq!(zoo.state(), good);
}

/// The key of one table's file swapped for that of another, with everything else that belongs to it.
#[test]
fn a_file_of_another_table_is_refused_by_its_columns() {
    let (zoo, _) = transformed();
    let other = zoo.lake.receipt("zoo", "r2", "tickets")["tables"][0]["files"].clone();
    let state = edit(&zoo, "about", |receipt| receipt["tables"][0]["files"] = other);
    refused(&zoo, &state, &["column 1 is `ticket` Int64 not null, the contract has `id` Utf8 not null"]);
}

#[test]
fn a_receipt_of_another_contract_is_refused_by_both_programs() {
    let (zoo, state) = transformed();
    zoo.amend("motto: {type: string(64)", "motto: {type: string(32)");
    refused(&zoo, &state, &["about.json` cannot be trusted: it was made under another contract"]);
    zoo.transformation("r2").run().refused(&["run `r2` was transformed under another contract", "a new run id"]);
    assert_eq!(zoo.state(), state);
}
