//! Records that do not match the contract: kept or quarantined unchanged, with every reason.
//!
//! `drift/policies.rs` and `drift/kinds.rs` test the tables in `docs/drift.md`; this file tests everything else.

mod changes;
mod kinds;
mod policies;

use std::path::Path;

use serde_json::{Value, json};

use crate::support::zoo::{Zoo, animals, stock};

fn document() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drift.md");
    std::fs::read_to_string(file).expect("docs/drift.md")
}

/// Checks that the document contains this table, which starts with its header.
#[track_caller]
fn check_documented(table: &str) {
    let (text, header) = (document(), table.lines().next());
    let documented = text.lines().skip_while(|line| Some(*line) != header).take_while(|line| line.starts_with('|'));
    let documented: Vec<&str> = documented.filter(|line| line.starts_with("| ")).collect();
    // Not `assert_eq!`: the message is the table to paste into the document.
    assert!(documented == table.lines().collect::<Vec<_>>(), "docs/drift.md should have:\n{table}");
}

/// Transforms these animals together with valid ones; returns the reasons for each quarantined record.
fn reasons(records: &[&str]) -> Vec<(Option<String>, String)> {
    let zoo = Zoo::empty();
    let good = (100..100 + records.len()).map(|id| format!(r#"{{"id":{id},"name":"Good"}}"#)).collect::<Vec<_>>();
    zoo.set_text("animals", &format!("[{},{}]", records.join(","), good.join(",")));
    let report = zoo.transformation("r1").option("--collections", "animals").run().done();
    let table = report["collections"]["animals"]["tables"][0].clone();
    let quarantined = zoo.lake.quarantined("zoo", "r1", "animals");
    let counts = ["read", "rows", "quarantined", "dropped"].map(|name| table[name].as_u64().expect("a count"));
    assert_eq!(counts, [2 * records.len() as u64, records.len() as u64, records.len() as u64, 0]);
    for (place, (quarantined, record)) in (1..).zip(quarantined.iter().zip(records)) {
        assert_eq!((quarantined.number, quarantined.record.as_str()), (place, *record));
    }
    quarantined.into_iter().map(|quarantined| (quarantined.key, quarantined.reasons)).collect()
}

/// Returns the only reason for a record whose key is 1.
#[track_caller]
fn reason(record: &str) -> String {
    let [(key, reason)] = <[_; 1]>::try_from(reasons(&[record])).expect("one");
    assert_eq!(key.as_deref(), Some("1"), "{reason}");
    reason
}

#[test]
fn evolve_stores_unknown_fields_and_the_row_counts_as_updated() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let mut response = stock()[0].1.clone();
    response[0]["colour"] = json!("grey");
    response[0]["kind"]["family"] = json!({"name": "Tapiridae"});
    response[0]["meals"][0]["organic"] = json!(true);
    zoo.set("animals", &response);
    let report = zoo.load("r2");
    let moved = |table: &str| ["updated", "unchanged"].map(|name| report["tables"][table][name].as_u64());
    assert_eq!(moved("animals"), [Some(1), Some(2)]);
    assert_eq!(moved("animal_meals"), [Some(1), Some(1)]);
    let extra = json!({"colour": "grey", "kind.family": {"name": "Tapiridae"}});
    assert_eq!(zoo.objects("SELECT _extra FROM zoo.animals ORDER BY id")[0], json!({"_extra": extra}));
    let extra = zoo.objects("SELECT _extra FROM zoo.animal_meals ORDER BY animal_id, position");
    assert_eq!(extra, [json!({"_extra": {"organic": true}}), json!({"_extra": null})]);
}

#[test]
fn a_removed_unknown_field_is_removed_from_extra() {
    let zoo = Zoo::empty();
    zoo.set("animals", &json!([{"id": 1, "name": "Ada", "colour": "grey"}]));
    zoo.load_only("animals", "r1");
    zoo.set("animals", &animals(&[(1, "Ada")]));
    assert_eq!(zoo.load_only("animals", "r2")["tables"]["animals"]["updated"], 1);
    assert_eq!(zoo.objects("SELECT _extra FROM zoo.animals"), [json!({"_extra": null})]);
}

#[test]
fn with_quarantine_the_other_records_are_loaded() {
    let zoo = Zoo::stocked();
    let mut response = stock()[1].1.clone();
    response[1]["salary"] = json!(1);
    zoo.set("keepers", &response);
    let counts = zoo.load("r1")["tables"]["keepers"].clone();
    assert_eq!(["read", "rows", "quarantined"].map(|name| counts[name].as_u64()), [Some(2), Some(1), Some(1)]);
    let [quarantined] = <[_; 1]>::try_from(zoo.lake.quarantined("zoo", "r1", "keepers")).expect("one");
    assert_eq!((quarantined.number, quarantined.key.as_deref()), (2, Some("lm")));
    assert!(quarantined.reasons.starts_with("salary: "), "{}", quarantined.reasons);
    assert_eq!(serde_json::from_str::<Value>(&quarantined.record).expect("JSON"), response[1]);
}

#[test]
fn freeze_refuses_the_collection() {
    let zoo = Zoo::stocked();
    zoo.set("tickets", &json!([{"ticket": 7}, {"ticket": 8, "row": 3}]));
    let ended = zoo.transformation("r1").run();
    ended.refused(&[
        "collection `tickets` failed",
        "record 2: the contract does not define the `row` field",
        "drift: evolve",
    ]);
    let receipts = zoo.lake.keys("stage/zoo/run=r1");
    assert_eq!(receipts.len(), 3, "the other collections are fine: {receipts:?}");
    assert!(zoo.lake.keys("processed/zoo/tickets").is_empty());
    zoo.copy("r1").run().refused(&["run `r1` has no manifest for tickets"]);
}

#[test]
fn an_optional_field_may_be_missing_but_not_a_required_one() {
    let zoo = Zoo::empty();
    zoo.set("animals", &json!([{"id": 1, "name": "Ada", "kind": null, "meals": null}]));
    zoo.load_only("animals", "r1");
    let row = json!({"species": null, "weight_kg": null, "keeper_id": null});
    assert_eq!(zoo.objects("SELECT species, weight_kg, keeper_id FROM zoo.animals"), [row]);

    for missing in [r#"{"id":1}"#, r#"{"id":1,"name":null}"#, r#"{"id":1,"name":"  "}"#] {
        assert_eq!(reason(missing), "name: required, but null or missing");
    }
    let element = r#"{"id":1,"name":"Ada","nicknames":["Dot",null]}"#;
    assert_eq!(reason(element), "nicknames[1]: required, but null or missing");
    assert_eq!(reasons(&[r#"{"name":"Ada"}"#]), [(None, "id: required, but null or missing".to_owned())]);
}

#[test]
fn a_value_of_another_type_is_reported_with_its_path() {
    for (field, expected) in [
        (r#""kind":"cat""#, "kind: expected an object, found a string"),
        (r#""kind":[1]"#, "kind: expected an object, found an array"),
        (r#""kind":{"legs":"four"}"#, "kind.legs: expected an integer, found the string `four`"),
        (r#""kind":{"legs":2.5}"#, "kind.legs: expected an integer, found the number 2.5"),
        (r#""meals":{}"#, "meals: expected an array, found an object"),
        (r#""meals":["hay"]"#, "meals[0]: expected an object, found a string"),
        (r#""meals":[{"food":"hay"},{"grams":"much"}]"#, "meals[1].grams: expected a double, found the string `much`"),
        (r#""nicknames":[["Dot"]]"#, "nicknames[0]: expected a string(8), found an array"),
        (r#""weight_kg":true"#, "weight_kg: expected a double, found true"),
        (r#""name":["Ada"]"#, "name: expected a string(16), found an array"),
        (r#""tame":1"#, "tame: expected a boolean, found the number 1"),
        (r#""tame":1e0"#, "tame: expected a boolean, found a number"),
        (r#""born_on":"2019-02-29""#, "born_on: `2019-02-29` is not a date (YYYY-MM-DD)"),
        (
            r#""fed_at":"noon""#,
            "fed_at: `noon` is not a timestamp (YYYY-MM-DDThh:mm:ss, with an optional fraction and offset)",
        ),
        (r#""keeper":"ninechars""#, "keeper: 9 bytes; the limit is 8"),
    ] {
        // The name is required, unless the tested field is the name itself.
        let name = if field.contains("name\":") { "" } else { r#""name":"Ada","# };
        assert_eq!(reason(&format!(r#"{{"id":1,{name}{field}}}"#)), expected, "{field}");
    }
}

#[test]
fn every_reason_of_a_record_is_reported() {
    let record = r#"{"id":1,"kind":"cat","tame":"no"}"#;
    let expected = [
        "kind: expected an object, found a string",
        "tame: expected a boolean, found the string `no`",
        "name: required, but null or missing",
    ];
    assert_eq!(reason(record), expected.join("\n"));
}

#[test]
fn a_record_that_is_not_an_object_is_quarantined() {
    for (found, (key, reasons)) in ["a string", "7", "an array"].iter().zip(reasons(&[r#""Ada""#, "7", "[]"])) {
        assert_eq!((key, reasons.lines().next()), (None, Some(format!("expected an object, found {found}").as_str())));
    }
}

#[test]
fn a_repeated_field_quarantines_the_record() {
    assert_eq!(reason(r#"{"id":1,"name":"Ada","name":"Bo"}"#), "name: appears twice in one record");
    let nested = r#"{"id":1,"name":"Ada","kind":{"legs":4,"legs":2}}"#;
    assert_eq!(reason(nested), "kind.legs: appears twice in one record");
    let unknown = r#"{"id":1,"name":"Ada","colour":"grey","colour":"pink"}"#;
    assert_eq!(reason(unknown), "colour: appears twice in one record");
}

/// An unknown field is stored under its path, which is a name in the JSON of `_extra`.
#[test]
fn a_field_with_a_path_that_is_too_long_quarantines_the_record() {
    let name = "x".repeat(65_534);
    for (record, bytes) in [
        (json!({"id": 1, "name": "Ada", "xy".repeat(32_768): 1}), 65_536),
        (json!({"id": 1, "name": "Ada", "kind": {&name: 1}}), 65_539),
    ] {
        let found = reason(&record.to_string());
        assert!(
            found.ends_with(&format!("the field name {bytes} bytes; the limit is 65535")),
            "{}",
            &found[found.len() - 80..]
        );
    }
}

#[test]
fn numbers_out_of_range_quarantine_the_record() {
    let legs = r#"{"id":1,"name":"Ada","kind":{"legs":9223372036854775808}}"#;
    assert_eq!(reason(legs), "kind.legs: expected an integer, found the number 9223372036854775808");
    let zoo = Zoo::empty();
    zoo.set_text("animals", r#"[{"id":-9223372036854775808,"name":"Least"},{"id":9223372036854775807,"name":"Most"}]"#);
    zoo.load_only("animals", "r1");
    let ids = zoo.objects("SELECT id::text FROM zoo.animals ORDER BY animals.id");
    assert_eq!(ids, [json!({"id": "-9223372036854775808"}), json!({"id": "9223372036854775807"})]);
}

#[test]
fn keys_that_are_equal_as_64_bit_floats_remain_different() {
    let zoo = Zoo::empty();
    zoo.set_text("animals", r#"[{"id":9007199254740992.0,"name":"Ada"},{"id":9007199254740993.0,"name":"Bo"}]"#);
    zoo.load_only("animals", "r1");
    let ids = zoo.objects("SELECT id::text FROM zoo.animals ORDER BY animals.id");
    assert_eq!(ids, [json!({"id": "9007199254740992"}), json!({"id": "9007199254740993"})]);
}

/// Values that cannot be parsed must not hide the key, whether it comes before or after them.
#[test]
fn values_that_no_warehouse_can_store_are_one_reason_with_the_key() {
    for (value, message) in [
        (r#""name":"Ada","weight_kg":1e999"#, "weight_kg: 1e999 is neither 0 nor between"),
        (r#""name":"Ada","weight_kg":1e-400"#, "weight_kg: 1e-400 is neither 0 nor between"),
        (
            r#""name":"Ada","weight_kg":18446744073709551615"#,
            "weight_kg: the integer 18446744073709551615 is not exactly a double; use integer or string",
        ),
        (r#""name":"Ada","tags":[1e999]"#, "number out of range"),
        (r#""name":"\ud800""#, "escape"),
        (r#""name":"Ada","tags":{"a":"\udc00x"}"#, "escape"),
        (r#""name":"Ada","colour":"\ud800""#, "escape"),
        (r#""name":"A\u0000a""#, "U+0000"),
        (r#""name":"Ada","tags":["\u0000"]"#, "U+0000"),
        (r#""name":"Ada","colour":"\u0000""#, "U+0000"),
        (r#""name":"Ada","weight_kg":1.7e308"#, "weight_kg: 1.7e308 is neither 0 nor between 1E-307 and 1E+308"),
        (r#""name":"Ada","weight_kg":4e-310"#, "weight_kg: 4e-310 is neither 0 nor between"),
        (r#""name":"Ada","fed_at":"-4713-12-31T23:59:59""#, "is not a timestamp (YYYY-MM-DDThh:mm:ss"),
        (r#""name":"Ada","tags":{"a":1,"\u0061":2}"#, "tags: `a` appears twice in one object"),
        (r#""name":"Ada","colour":[{"a":{"b":1,"b":2}}]"#, "colour: `b` appears twice in one object"),
        (
            r#""name":"Ada","tags":123456789012345678901234567890123456789"#,
            "tags: number out of range: an integer of 39",
        ),
    ] {
        for record in [format!(r#"{{"id":1,{value}}}"#), format!(r#"{{{value},"id":1}}"#)] {
            let found = reason(&record);
            assert!(found.contains(message) && found.lines().count() == 1, "{record}\n{found}");
        }
    }
}

/// The key limit of a PostgreSQL index.
#[test]
fn a_key_that_is_too_long_for_an_index_is_quarantined_and_the_longest_valid_one_is_loaded() {
    let zoo = Zoo::empty();
    zoo.amend("id: {type: string(8), required: true, doc: Initials.}", "id: {type: string(9999), doc: Initials.}");
    // Without repetitions, so that it cannot be compressed.
    let long = (0..).map(|n: u32| format!("{n:x}")).take(1000).collect::<String>();
    let keeper = |bytes: usize| json!({"id": long[..bytes], "name": "Li"});
    zoo.set("keepers", &json!([keeper(2600), keeper(2601)]));
    assert_eq!(zoo.load_only("keepers", "r1")["tables"]["keepers"]["inserted"], 1);
    let [quarantined] = <[_; 1]>::try_from(zoo.lake.quarantined("zoo", "r1", "keepers")).expect("one");
    assert_eq!((quarantined.number, quarantined.reasons.as_str()), (2, "id: a key of 2601 bytes; the limit is 2600"));
}

/// PostgreSQL stores a row in one page.
#[test]
fn a_row_that_is_too_long_is_quarantined_and_the_longest_valid_one_is_loaded() {
    let zoo = Zoo::empty();
    let columns: String = (0..1500).map(|n| format!("      n{n}: {{type: integer, doc: n}}\n")).collect();
    zoo.amend("      since: {type: date, doc: First day of work.}\n", &columns);
    let keeper = |id: &str, values: usize| {
        let numbers: String = (0..values).map(|n| format!(",\"n{n}\":{n}")).collect();
        format!("{{\"id\":\"{id}\",\"name\":\"Li\"{numbers}}}")
    };
    // 216 bytes before the first value, 8 of names, and 83 of the load's own columns.
    let most = (8160 - 216 - 8 - 83) / 8;
    let keepers = [keeper("a", most), keeper("b", 1), keeper("c", most + 1), keeper("d", 1500)];
    zoo.set_text("keepers", &format!("[{}]", keepers.join(",")));
    assert_eq!(zoo.load_only("keepers", "r1")["tables"]["keepers"]["inserted"], 2);
    let quarantined = zoo.lake.quarantined("zoo", "r1", "keepers");
    assert_eq!(quarantined.iter().map(|quarantined| quarantined.number).collect::<Vec<_>>(), [3, 4]);
    let message = "bytes in a PostgreSQL page; the limit is 8160";
    assert!(quarantined.iter().all(|quarantined| quarantined.reasons.ends_with(message)), "{quarantined:?}");
}

/// JSON has up to 16 MB, in a row of up to 4 MB; its strings and its depth also have limits.
#[test]
fn json_that_is_too_large_quarantines_the_record() {
    let record = |field: &str, json: &str| reason(&format!(r#"{{"id":1,"name":"Ada","{field}":{json}}}"#));
    let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
    let strings = |count: usize| format!("[{}]", vec![string(65_535); count].join(","));
    assert_eq!(record("tags", &string(65_536)), "tags: a string of 65536 bytes inside JSON; the limit is 65535");
    for field in ["tags", "colour"] {
        let problem = record(field, &strings(62));
        assert!(problem.starts_with("a row of 40") && problem.ends_with("the limit is 4000000"), "{problem}");
    }
    assert_eq!(record("tags", &strings(250)), "tags: 16384501 bytes; the limit is 16000000");
    let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(record("tags", &arrays(1001)), "tags: JSON with more than 1000 levels");
    assert_eq!(record("colour", &arrays(1000)), "colour: JSON with more than 1000 levels");

    let zoo = Zoo::empty();
    let most = strings(30);
    let animal =
        |id: u32, tags: &str, colour: &str| format!(r#"{{"id":{id},"name":"A","tags":{tags},"colour":{colour}}}"#);
    zoo.set_text("animals", &format!("[{},{}]", animal(1, &most, &most), animal(2, &arrays(1000), &arrays(999))));
    zoo.load_only("animals", "r1");
    let sizes = "SELECT length(tags->>29) AS tag, length(_extra->'colour'->>29) AS colour FROM zoo.animals ORDER BY id";
    assert_eq!(zoo.objects(sizes)[0], json!({"tag": 65_535, "colour": 65_535}));
}
