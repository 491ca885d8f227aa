//! A key that occurs twice in a response: `copy` finds it in the counts of the changes, and names it.

use serde_json::{Value, json};

use crate::support::zoo::{Zoo, animals};

const HINT: &str = "nothing was loaded; correct the source, or choose a different `key` in the contract";

/// Checks that the load of the source's current animals is rejected with this message and changes nothing.
#[track_caller]
fn refused(zoo: &Zoo, run: &str, collections: &str, message: &str) {
    zoo.transformation(run).option("--collections", collections).run().done();
    let state = zoo.state();
    let ended = zoo.copy(run).option("--collections", collections).run();
    ended.refused(&[message, HINT]);
    assert_eq!(
        ended.stderr.matches("occurs twice").count(),
        message.matches("occurs twice").count(),
        "{}",
        ended.stderr
    );
    assert_eq!(zoo.state(), state, "rows, ledger, staging tables and manifests");
}

/// Two rows of one key are both in the delta, both absent from it, or only one of them is.
#[test]
fn two_rows_of_one_key_are_refused_whether_or_not_they_have_changed() {
    let zoo = Zoo::empty();
    zoo.set("animals", &animals(&[(1, "Ada"), (2, "Bo")]));
    zoo.load_only("animals", "r1");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    zoo.load_only("animals", "r2");
    type Records = [(u32, &'static str); 3];
    let cases: [(&str, Records, u32); 8] = [
        ("both new", [(1, "Ada"), (3, "Cy"), (3, "Di")], 3),
        ("both new and equal", [(1, "Ada"), (3, "Cy"), (3, "Cy")], 3),
        ("both unchanged", [(1, "Ada"), (1, "Ada"), (3, "Cy")], 1),
        ("the first unchanged", [(1, "Ada"), (1, "Ida"), (3, "Cy")], 1),
        ("the second unchanged", [(1, "Ida"), (3, "Cy"), (1, "Ada")], 1),
        ("both changed", [(1, "Ida"), (3, "Cy"), (1, "Ivy")], 1),
        ("both marked as deleted", [(1, "Ada"), (2, "Bo"), (2, "Bob")], 2),
        ("both marked as deleted and equal", [(2, "Bo"), (1, "Ada"), (2, "Bo")], 2),
    ];
    for (number, (case, names, key)) in cases.into_iter().enumerate() {
        println!("{case}");
        zoo.set("animals", &animals(&names));
        refused(
            &zoo,
            &format!("twice{number}"),
            "animals",
            &format!("the key `{key}` occurs twice in table `animals`"),
        );
    }
    zoo.set("animals", &animals(&[(1, "Ida"), (2, "Bo"), (3, "Cy")]));
    let counts = zoo.load_only("animals", "r3")["tables"]["animals"].clone();
    let of = |name: &str| counts[name].as_u64().expect("a count");
    assert_eq!(["rows", "inserted", "updated", "revived", "deleted"].map(of), [3, 1, 2, 1, 0]);
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2", "3 r3"]);
}

/// The rows of child tables repeat with those of their parents, which the message names. Strings are trimmed.
#[test]
fn up_to_three_keys_of_all_tables_are_named() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let fed = |id: u32| json!({"id": id, "name": "Di", "meals": [{"food": "hay"}], "nicknames": ["D"]});
    zoo.set("animals", &json!([4, 5, 4].map(fed)));
    zoo.set("keepers", &json!([{"id": "kb ", "name": "K."}, {"id": "kb", "name": "K."}]));
    let message = "the key `4` occurs twice in table `animals`; the key `kb` occurs twice in table `keepers`";
    refused(&zoo, "r2", "animals,keepers", message);

    let many: Vec<Value> = (1..=9).chain(1..=9).chain([1]).map(fed).collect();
    zoo.set("animals", &json!(many));
    let named = [1, 2, 3].map(|key| format!("the key `{key}` occurs twice in table `animals`"));
    refused(&zoo, "r3", "animals,keepers", &named.join("; "));
    zoo.load_only("tickets,about", "r4");
}

/// Only one of the two records is loaded.
#[test]
fn a_key_that_is_also_in_a_quarantined_record_is_loaded() {
    let zoo = Zoo::empty();
    zoo.set("animals", &json!([{"id": 1, "name": "Ada"}, {"id": 1, "name": 7}]));
    let counts = zoo.load_only("animals", "r1")["tables"]["animals"].clone();
    assert_eq!(["read", "rows", "quarantined"].map(|name| counts[name].as_u64()), [Some(2), Some(1), Some(1)]);
}
