//! `forget` removes a record from every object and table, and the runs can still be replayed.

use std::io::Write;
use std::thread::sleep;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::database::Role;
use crate::support::program::Program;
use crate::support::server::{Response, Server};
use crate::support::wait_until;
use crate::support::zoo::Zoo;

const KEY: &str = "9001234";
/// Part of every text of the record.
const TEXT: &str = "pl4nted";

/// The record, whose keeper others have, too.
fn record() -> Value {
    json!({
        "id": 9001234, "name": "pl4nted Ada", "kind": {"species": "common tapir"}, "tags": {"note": ["pl4nted note"]},
        "keeper": "kb", "meals": [{"food": "pl4nted meal"}, {"food": "common food"}], "nicknames": ["pl4nted"],
        "other": "pl4nted \u{e9}tag\u{e8}re <a_b.c & d>",
    })
}

fn other(id: u32) -> Value {
    json!({
        "id": id, "name": format!("Bo {id}"), "kind": {"species": "common tapir"}, "keeper": "kb",
        "meals": [{"food": "common food"}], "nicknames": ["Dot"], "other": "common text",
    })
}

/// Returns every object and row that has the key or a text.
fn found(zoo: &Zoo) -> Vec<String> {
    let is_planted = |text: &str| text.contains(TEXT) || text.contains(KEY);
    let mut found = zoo.lake.keys("");
    found.retain(|key| is_planted(key) || is_planted(&zoo.lake.shown(key)));
    found.extend(zoo.database().texts().into_iter().filter(|row| is_planted(row)));
    found
}

/// A zoo with the record at every place where the runs could have left it.
fn planted() -> Zoo {
    let zoo = Zoo::stocked();
    // From a server that compresses: the same objects after a 304, a failed attempt, and pages whose URLs have the key.
    let server = Server::start();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(json!([record(), other(2), other(3)]).to_string().as_bytes()).expect("gzip");
    let body =
        Response::new(200, packed.finish().expect("gzip")).header("Content-Encoding", "gzip").header("ETag", "\"1\"");
    server.respond("/animals", [body, Response::new(304, "").header("ETag", "\"1\"")]);
    let only = |program: Program| program.option("--collections", "animals");
    for run in ["compressed", "unchanged"] {
        only(zoo.transformation_with_ledger(&server.url(), run)).run().done();
        only(zoo.copy(run)).run().done();
    }
    let key = zoo.lake.raw("zoo", "compressed", "animals");
    zoo.lake.overwrite(&key.replace(".json.gz", "-killed.json.gz"), &zoo.lake.read(&key));
    // As files, loaded.
    zoo.set("animals", &json!([other(2), record(), other(3)]));
    only(zoo.transformation("files")).run().done();
    only(zoo.copy("files")).run().done();
    // Quarantined, and too many of them: the error has the reasons.
    let mut wrong = record();
    wrong["weight_kg"] = "pl4nted weight".into();
    zoo.set("animals", &json!([wrong, other(2), other(3), record()]));
    zoo.amend("max_quarantine_share: 0.5", "max_quarantine_share: 0.0");
    only(zoo.transformation("failed")).run().refused(&[KEY]);
    zoo.amend("max_quarantine_share: 0.0", "max_quarantine_share: 0.5");
    only(zoo.transformation("quarantined")).run().done();
    // The last page's URL has the key of the record before.
    let paged = "  animals:\n    path: /animals\n    request: {paginator: {type: cursor, last_record: id, cursor_param: after}}\n";
    zoo.amend("  animals:\n    path: /animals\n", paged);
    let pages = Server::serving(|request| {
        Response::json(&match request.parameter("after").as_deref() {
            None => json!([other(2), record()]),
            Some(KEY) => json!([other(3)]),
            _ => json!([]),
        })
    });
    only(zoo.transformation_from(&pages.url(), "paged")).run().done();
    only(zoo.copy("paged")).run().done();
    // Airflow has passed an error with the record to the report.
    let cause = format!("key {KEY} \"pl4nted \u{e9}tag\u{e8}re <a_b.c & d>\"");
    let steps = json!({"steps": [{"task": "copy_job", "state": "failed", "cause": cause}]});
    zoo.report("failed").env("STEPS", &steps.to_string()).run().done();
    // An aborted load has left its staging table.
    zoo.database()
        .session(Role::Loader)
        .run("CREATE TABLE staging_zoo.animals__s_0123456789ab AS SELECT * FROM zoo.animals");
    zoo
}

#[test]
fn a_record_is_removed_from_every_object_and_table() {
    let zoo = planted();
    let before = (zoo.state(), zoo.lake.keys(""));
    let places = found(&zoo);
    for place in ["raw/", "processed/", "quarantine/", "lineage/", "report/"] {
        assert!(places.iter().any(|key| key.starts_with(place)), "{place} {places:#?}");
    }
    assert!(places.iter().any(|key| key.contains("-00002.http.json")), "{places:#?}");
    let plan = zoo.forget(&[KEY]).run().done();
    assert_eq!((plan["applied"].as_bool(), &plan["left"]), (Some(false), &json!([])));
    assert_eq!(
        plan["collections"]["animals"]["loaded"],
        json!({"animals": 1, "animal_meals": 2, "animal_nicknames": 1})
    );
    assert_eq!((zoo.state(), zoo.lake.keys("")), before, "a plan changes nothing");

    let rows =
        |table: &str, key: &str| zoo.objects(&format!("SELECT * FROM zoo.{table} WHERE {key} <> {KEY} ORDER BY 1, 2"));
    let kept = || [rows("animals", "id"), rows("animal_meals", "animal_id"), rows("animal_nicknames", "animal_id")];
    let expected = kept();
    let done = zoo.forget(&[KEY]).flag("--apply").secret(KEY).secret(TEXT).run().done();
    assert_eq!(done["left"], json!([]), "{done:#}");
    assert!(done["searched"]["texts"].as_u64().is_some_and(|texts| texts >= 6), "{done:#}");
    assert_eq!(found(&zoo), [""; 0], "{done:#}");
    assert_eq!(kept(), expected);
    let receipt = zoo.lake.receipt("zoo", "files", "animals");
    let redaction = &receipt["redactions"][0];
    assert_eq!(
        (&redaction["request"], &redaction["records"], &redaction["rows"]),
        (&json!("DSR-17"), &json!(1), &json!(4))
    );
    assert_eq!(receipt.get("etag"), None, "it belongs to other bytes");

    // The runs can be replayed. A run with the contract that the last ones have is the same, byte for byte.
    let only = |program: Program| program.option("--collections", "animals");
    only(zoo.raw("paged")).flag("--verify").run().done();
    for run in ["compressed", "unchanged", "files", "quarantined", "paged"] {
        let again = only(zoo.raw(run)).option("--run-id", &format!("{run}-again")).run();
        again.done();
        assert!(again.stderr.contains("were removed at") && again.stderr.contains("`DSR-17`"), "{}", again.stderr);
        assert_eq!(
            zoo.lake.receipt("zoo", &format!("{run}-again"), "animals")["redactions"],
            zoo.lake.receipt("zoo", run, "animals")["redactions"]
        );
    }
    let loaded = only(zoo.copy("paged-again")).run().done();
    assert_eq!(
        (&loaded["tables"]["animals"]["unchanged"], &loaded["tables"]["animals"]["deleted"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(found(&zoo), [""; 0]);

    // Nothing is left to do.
    let state = zoo.state();
    let again = zoo.forget(&[KEY]).flag("--apply").run().done();
    assert_eq!(again["collections"]["animals"]["records"], 0);
    assert_eq!(zoo.state().receipts, state.receipts);
}

#[test]
fn a_program_that_is_killed_at_any_time_continues() {
    let zoo = planted();
    for wait in [2, 5, 10, 15, 20, 30, 40, 60, 80, 120] {
        let running = zoo.forget(&[KEY]).flag("--apply").start();
        sleep(Duration::from_millis(wait));
        running.signal(Signal::SIGKILL);
        let _ = running.wait();
    }
    let done = zoo.forget(&[KEY]).flag("--apply").run().done();
    assert_eq!((&done["left"], found(&zoo)), (&json!([]), vec![]), "{done:#}");
    let keys = zoo.lake.keys("raw");
    for page in zoo.lake.receipt("zoo", "paged", "animals")["raw"].as_array().expect("pages") {
        let evidence = page["key"].as_str().expect("a key").replace(".json", ".http.json");
        assert!(keys.contains(&evidence), "{evidence} {keys:#?}");
    }
    let only = |program: Program| program.option("--collections", "animals");
    only(zoo.raw("paged")).option("--run-id", "again").run().done();
    only(zoo.copy("again")).run().done();
    assert_eq!(
        zoo.database().session(Role::Reader).texts("SELECT id FROM zoo.animals WHERE _deleted_at IS NULL ORDER BY id"),
        ["2", "3"]
    );
}

/// The files of a collection of changes have the numbers of the records.
#[test]
fn the_other_records_are_numbered_again() {
    let zoo = Zoo::stocked();
    zoo.amend("    key: id\n", "    key: id\n    mode: append\n");
    let mut wrong = other(3);
    wrong["weight_kg"] = "heavy".into();
    zoo.set("animals", &json!([other(2), record(), record(), wrong, other(4)]));
    zoo.load_only("animals", "r1");
    zoo.set("animals", &json!([record()]));
    zoo.load_only("animals", "r2");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    assert_eq!((left(&done), found(&zoo)), (vec![], vec![]), "{done:#}");
    for run in ["r1", "r2"] {
        zoo.raw(run).option("--collections", "animals").flag("--verify").run().done();
    }
}

/// A program that is killed while it removes the originals leaves some of them, and knows no less when it runs again.
#[test]
fn the_texts_of_files_that_no_manifest_lists_are_searched() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.set("keepers", &json!([{"id": "kb", "name": "friend of pl4nted Ada"}]));
    zoo.load("r1");
    let key = zoo.lake.key("processed/zoo/animals/", ".parquet");
    let original = zoo.lake.read(&key);
    let forget = || zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    let first = forget();
    assert!(!left(&first).is_empty(), "{first:#}");
    zoo.lake.overwrite(&key, &original);
    let again = forget();
    assert_eq!((left(&again), &again["removed"]), (left(&first), &json!([key])));
}

#[test]
fn names_of_fields_and_json_in_tables_are_searched() {
    let cases = [
        (json!({}), json!({"tags": {"9001234": 1}})),
        (json!({"tags": {"ada@pl4nted.example": {}}}), json!({"other": "to ada@pl4nted.example"})),
        (json!({"name": "pl4nted \"Ada\""}), json!({"tags": ["by pl4nted \"Ada\""]})),
    ];
    for (own, of_other) in cases {
        let zoo = Zoo::stocked();
        let (mut forgotten, mut kept) = (record(), other(2));
        for (record, fields) in [(&mut forgotten, own), (&mut kept, of_other)] {
            record.as_object_mut().expect("a record").extend(fields.as_object().expect("fields").clone());
        }
        zoo.set("animals", &json!([forgotten, kept]));
        zoo.load_only("animals", "r1");
        let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
        let places = [zoo.lake.key("processed/zoo/animals/", ".parquet"), zoo.lake.raw("zoo", "r1", "animals")];
        assert_eq!(left(&done), [places[0].as_str(), places[1].as_str(), "table zoo.animals"], "{kept}");
    }
}

/// Evidence, lineage and manifests have these names, too.
#[test]
fn names_of_the_contract_are_not_texts_of_a_record() {
    let zoo = Zoo::stocked();
    let mut named = record();
    named["other"] = "animal_meals".into();
    zoo.set("animals", &json!([named, other(2)]));
    zoo.load_only("animals", "r1");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    assert_eq!((left(&done), &done["corrected"]), (vec![], &json!([])), "{done:#}");
}

#[test]
fn objects_that_are_written_during_the_search_are_reported() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.load("r1");
    let holder = zoo.database().enter(Role::Loader);
    holder.run("BEGIN; LOCK zoo.keepers");
    let running = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").start();
    let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'zoo.keepers'::regclass AND NOT granted";
    let watcher = zoo.database().session(Role::Postgres);
    wait_until("the search waits for the table", || watcher.number(waiting) == 1);
    let key = "raw/zoo/animals/run=r1/late.json";
    zoo.lake.overwrite(key, json!([record()]).to_string().as_bytes());
    drop(holder);
    assert_eq!(left(&running.wait().done()), [key]);
}

#[test]
fn what_others_have_of_a_record_is_reported() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.set("keepers", &json!([{"id": "kb", "name": "friend of pl4nted Ada"}]));
    zoo.load("r1");
    let done = zoo.forget(&[KEY]).flag("--apply").run().done();
    let left: Vec<&str> = done["left"].as_array().expect("places").iter().filter_map(Value::as_str).collect();
    let expected = [
        zoo.lake.key("processed/zoo/keepers", ".parquet"),
        zoo.lake.raw("zoo", "r1", "keepers"),
        "table zoo.keepers".to_owned(),
    ];
    assert_eq!(left, expected);
    assert!(!done.to_string().contains(TEXT), "{done}");
}

#[test]
fn a_key_of_two_collections_requires_a_collection_and_a_request_has_no_key() {
    let zoo = Zoo::stocked();
    zoo.set("tickets", &json!([{"ticket": 3, "price_eur": 1.0}, {"ticket": 4}]));
    zoo.load("r1");
    let rows = |sql: &str| zoo.database().session(Role::Reader).number(sql);
    let state = zoo.state();
    zoo.forget(&["3"])
        .flag("--apply")
        .run()
        .refused(&["there are such records in animals and tickets", "--collection"]);
    zoo.forget(&["DSR-17"]).flag("--apply").run().refused(&["the text contains a key, and manifests keep the text"]);
    assert_eq!(zoo.state(), state);
    zoo.forget(&["3"]).option("--collections", "tickets").flag("--apply").run().done();
    let counts = ["animals WHERE id = 3", "tickets WHERE ticket = 3", "tickets"]
        .map(|of| rows(&format!("SELECT count(*) FROM zoo.{of}")));
    assert_eq!(counts, [1, 0, 1]);
}

/// The key of a record may be hashed everywhere but in the responses.
#[test]
fn a_record_with_a_hashed_key_is_removed() {
    let zoo = Zoo::stocked();
    zoo.amend("base_url: http://zoo.example\n", "base_url: http://zoo.example\nhash_key: {secret: ZOO_HASHES}\n");
    zoo.amend("at: keeper, type: string(8), references: keepers.id, known_gaps: 1", "at: keeper, type: string(8)");
    zoo.amend(
        "id: {type: string(8), required: true, doc: Initials",
        "id: {type: string(64), personal: hash, doc: Initials",
    );
    // The key is longer than its hash.
    let key = TEXT.repeat(10);
    zoo.set("keepers", &json!([{"id": key, "name": "Noor"}, {"id": "lm", "name": "Li"}]));
    let with_key = |program: Program| program.env("ZOO_HASHES", &"k".repeat(32)).option("--collections", "keepers");
    with_key(zoo.transformation("r1")).run().done();
    with_key(zoo.copy("r1")).run().done();
    let done = with_key(zoo.forget(&[&key]).flag("--apply")).run().done();
    let found_in = &done["collections"]["keepers"];
    assert_eq!((&done["left"], &found_in["records"], &found_in["rows"]), (&json!([]), &json!(1), &json!(1)));
    assert_eq!(zoo.database().session(Role::Reader).texts("SELECT name FROM zoo.keepers"), ["Li"]);
    assert_eq!(found(&zoo), [""; 0]);
}

/// Returns where something is left.
fn left(done: &Value) -> Vec<&str> {
    done["left"].as_array().expect("places").iter().filter_map(Value::as_str).collect()
}

/// A copy of the record with a key of another type is removed; one without a key is not another record.
#[test]
fn a_copy_without_a_valid_key_is_removed_or_reported() {
    let zoo = Zoo::stocked();
    let run = |run: &str, records: Value| {
        zoo.set("animals", &records);
        zoo.load_only("animals", run);
    };
    run("r1", json!([record(), other(2), other(3)]));
    let mut typed = record();
    typed["id"] = KEY.into();
    run("r2", json!([typed, other(2), other(3)]));
    let mut without = record();
    without.as_object_mut().expect("a record").remove("id");
    run("r3", json!([without, other(2), other(3)]));
    let done = zoo.forget(&[KEY]).flag("--apply").run().done();
    let expected = [zoo.lake.key("quarantine/zoo/animals/run=r3", ".parquet"), zoo.lake.raw("zoo", "r3", "animals")];
    assert_eq!((left(&done), found(&zoo)), (expected.each_ref().map(String::as_str).to_vec(), expected.to_vec()));

    // A number instead of a text.
    for (run, key) in [("r4", json!(KEY)), ("r5", json!(9001234))] {
        zoo.set("keepers", &json!([{"id": key, "name": "pl4nted Noor"}, {"id": "lm", "name": "Li"}]));
        zoo.load_only("keepers", run);
    }
    let done = zoo.forget(&[KEY]).option("--collections", "keepers").flag("--apply").run().done();
    assert_eq!(found(&zoo), expected, "{done:#}");
}

/// Files from before the key column had another name are not read as those of other records.
#[test]
fn files_without_the_key_column_are_reported() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.load_only("animals", "r1");
    zoo.amend("    key: id", "    key: cage");
    zoo.amend("      id: {type: integer", "      cage: {at: id, type: integer");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    let file = zoo.lake.key("processed/zoo/animals/run=r1", ".parquet");
    assert_eq!(left(&done), [file.as_str(), "table zoo.animals"]);
}

/// Before the key was hashed, files and rows had the key itself.
#[test]
fn a_key_is_also_removed_from_before_it_was_hashed() {
    let zoo = Zoo::stocked();
    zoo.amend("at: keeper, type: string(8), references: keepers.id, known_gaps: 1", "at: keeper, type: string(8)");
    zoo.set("keepers", &json!([{"id": "pl4nted1", "name": "pl4nted Noor"}, {"id": "lm", "name": "Li"}]));
    zoo.load_only("keepers", "r1");
    zoo.amend("base_url: http://zoo.example\n", "base_url: http://zoo.example\nhash_key: {secret: ZOO_HASHES}\n");
    zoo.amend(
        "id: {type: string(8), required: true, doc: Initials",
        "id: {type: string(64), personal: hash, doc: Initials",
    );
    let with_key = |program: Program| program.env("ZOO_HASHES", &"k".repeat(32)).option("--collections", "keepers");
    with_key(zoo.transformation("r2")).run().done();
    with_key(zoo.copy("r2")).run().done();
    let done = with_key(zoo.forget(&["pl4nted1"]).flag("--apply")).run().done();
    assert_eq!((left(&done), found(&zoo)), (vec![], vec![]), "{done:#}");
    let names = zoo.database().session(Role::Reader).texts("SELECT DISTINCT name FROM zoo.keepers");
    assert_eq!(names, ["Li"]);
}

/// SQL would read another number than the one that objects have.
#[test]
fn a_key_that_is_not_written_as_an_integer_is_refused() {
    let zoo = Zoo::stocked();
    zoo.load_only("animals", "r1");
    let state = zoo.state();
    for key in ["02", "+2", "-0"] {
        zoo.forget(&[key]).flag("--apply").run().refused(&["a key is not an integer as `animals` has it"]);
    }
    let animals = zoo.forget(&["two"]).option("--collections", "animals");
    animals.run().refused(&["a key is not an integer as `animals` has it"]);
    assert_eq!(zoo.state(), state);
    zoo.forget(&["02"]).option("--collections", "keepers").run().done();
}

#[test]
fn a_number_is_found_in_other_collections() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.set("tickets", &json!([{"ticket": 9001234}]));
    zoo.load("r1");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    let places = [zoo.lake.key("processed/zoo/tickets", ".parquet"), zoo.lake.raw("zoo", "r1", "tickets")];
    assert_eq!(left(&done), [places[0].as_str(), places[1].as_str(), "table zoo.tickets"]);
}

/// Without its record, a response that is a single record would not be valid.
#[test]
fn a_single_record_is_refused() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let state = (zoo.state(), zoo.lake.keys(""));
    let problem = "a response of `about` is a single record, which cannot be cut out";
    zoo.forget(&["zoo"]).flag("--apply").option("--collections", "keepers,about").run().refused(&[problem]);
    zoo.forget(&["zoo"]).option("--collections", "animals,about").run().refused(&[problem]);
    // Without a collection, only because it has the record.
    zoo.forget(&["zoo"]).flag("--apply").run().refused(&[problem]);
    assert_eq!((zoo.state(), zoo.lake.keys("")), state);
}

/// The contract of an earlier run may not have all collections.
#[test]
fn objects_of_a_collection_that_the_contract_does_not_have_remain() {
    let zoo = Zoo::stocked();
    zoo.amend("at: keeper, type: string(8), references: keepers.id, known_gaps: 1", "at: keeper, type: string(8)");
    zoo.set("animals", &json!([record(), other(2)]));
    zoo.set("keepers", &json!([{"id": "kb", "name": "friend of pl4nted Ada"}]));
    zoo.load("r1");
    zoo.amend("  keepers:\n", "  guards:\n");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    let places = [zoo.lake.key("processed/zoo/keepers", ".parquet"), zoo.lake.raw("zoo", "r1", "keepers")];
    assert_eq!(left(&done), [places[0].as_str(), places[1].as_str(), "table zoo.keepers"]);
}

#[test]
fn keys_around_the_records_are_replaced_and_other_texts_are_reported() {
    let zoo = Zoo::stocked();
    zoo.amend("    path: /animals\n", "    path: /animals\n    request: {records_at: results}\n");
    let next = "http://zoo.example/animals?page=2&after=9001234";
    zoo.set("animals", &json!({"results": [other(2), record()], "last": 9001234, "9001234": "", "next": next}));
    zoo.load_only("animals", "r1");
    zoo.set("animals", &json!({"previous": next, "results": [other(2)]}));
    zoo.load_only("animals", "r2");
    zoo.set("animals", &json!({"results": [other(2)], "search": "pl4nted Ada"}));
    zoo.load_only("animals", "r3");
    let done = zoo.forget(&[KEY]).option("--collections", "animals").flag("--apply").run().done();
    let [first, second, third] = ["r1", "r2", "r3"].map(|run| zoo.lake.raw("zoo", run, "animals"));
    // A name is not replaced, because it may lead to the records.
    assert_eq!(left(&done), [first.as_str(), third.as_str()]);
    let hidden = "http://zoo.example/animals?page=2&after=***";
    assert_eq!(zoo.lake.json(&first), json!({"results": [other(2)], "last": 0, "9001234": "", "next": hidden}));
    assert_eq!(zoo.lake.json(&second), json!({"previous": hidden, "results": [other(2)]}));
    zoo.raw("r2").option("--collections", "animals").flag("--verify").run().done();
}

#[test]
fn responses_that_break_off_are_searched_up_to_the_error() {
    let zoo = Zoo::stocked();
    zoo.set("animals", &json!([other(2)]));
    zoo.set("keepers", &json!([{"id": "kb", "name": "friend of pl4nted Ada"}]));
    zoo.load("r1");
    let (mut own, key) = (record(), zoo.lake.raw("zoo", "r1", "animals"));
    own["id"] = 5.into();
    let cut = |end: &str, text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text.as_bytes()).expect("gzip");
        let packed = packed.finish().expect("gzip");
        let bytes = if end.ends_with(".gz") { &packed[..packed.len() - 8] } else { text.as_bytes() };
        let key = key.replace(".json", end);
        zoo.lake.overwrite(&key, bytes);
        key
    };
    let start = format!("[{own}, {{\"id\": 6,");
    let mut cuts = vec![cut("-a.json", &start), cut("-b.json.gz", &start), cut("-c.json.gz", "<p>pl4nted Ada</p>")];
    let done = zoo.forget(&["5"]).option("--collections", "animals").flag("--apply").run().done();
    let mut removed: Vec<&str> = done["removed"].as_array().expect("keys").iter().filter_map(Value::as_str).collect();
    removed.sort_unstable();
    cuts.sort_unstable();
    assert_eq!(removed, cuts);
    let places = [zoo.lake.key("processed/zoo/keepers", ".parquet"), zoo.lake.raw("zoo", "r1", "keepers")];
    assert_eq!(left(&done), [places[0].as_str(), places[1].as_str(), "table zoo.keepers"]);
}

#[test]
fn nothing_is_removed_while_a_load_is_active() {
    let zoo = Zoo::stocked();
    zoo.load_only("animals", "r1");
    let session = zoo.database().session(Role::Loader);
    session.run("CREATE TABLE staging_zoo.animals__s_0123456789ab AS SELECT * FROM zoo.animals");
    session.run("SELECT pg_advisory_lock(x'0123456789ab'::bigint)");
    let state = zoo.state();
    zoo.forget(&["1"]).flag("--apply").run().refused(&["a load of `zoo` is active"]);
    assert_eq!(zoo.state(), state);
    session.run("SELECT pg_advisory_unlock(x'0123456789ab'::bigint)");
    let done = zoo.forget(&["1"]).option("--collections", "animals").flag("--apply").run().done();
    assert_eq!(left(&done), [""; 0]);
}
