//! Every record in a response is counted: read = rows + quarantined + dropped, and the warehouse contains exactly these
//! rows.
//!
//! The expected numbers are counted in the JSON alone, without the contract or the code that reads it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::database::{Database, Role};
use crate::support::lake::Lake;
use crate::support::program::{copy, transformation};
use crate::support::{file_url, recorded, sample};

/// The lists that have their own table: collection, field, table, and whether empty elements are dropped.
const LISTS: [(&str, &str, &str, bool); 9] = [
    ("launches", "cores", "launch_cores", true),
    ("launches", "payloads", "launch_payloads", false),
    ("launches", "crew", "launch_crew", false),
    ("launches", "failures", "launch_failures", false),
    ("launches", "capsules", "launch_capsules", false),
    ("launches", "ships", "launch_ships", false),
    ("payloads", "customers", "payload_customers", true),
    ("payloads", "nationalities", "payload_nationalities", true),
    ("payloads", "manufacturers", "payload_manufacturers", true),
];

const COLLECTIONS: [&str; 14] = [
    "launches",
    "payloads",
    "cores",
    "capsules",
    "crew",
    "dragons",
    "history",
    "landpads",
    "launchpads",
    "rockets",
    "ships",
    "starlink",
    "company",
    "roadster",
];

/// One table's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    read: u64,
    rows: u64,
    quarantined: u64,
    dropped: u64,
}

/// A finished run of the built-in contract.
struct Loaded {
    source: PathBuf,
    database: Database,
    transformed: Value,
    copied: Value,
}

impl Loaded {
    fn from(source: PathBuf) -> Self {
        let (database, lake) = (Database::fresh(), Lake::fresh());
        let common = |program: crate::support::program::Program| {
            program.env("RUN_ID", "r1").env("LAKE_URL", &lake.url()).env("LOG", "json")
        };
        let transformed = common(transformation()).env("SOURCE_URL", &file_url(&source)).run();
        let copied = common(copy()).warehouse(&database.url(Role::Loader)).run();
        for line in transformed.stderr.lines().chain(copied.stderr.lines()) {
            let log: Value = serde_json::from_str(line).expect("a log line in JSON");
            assert!(log["message"].is_string() && log["level"].is_string(), "{line}");
        }
        Self { source, database, transformed: transformed.done(), copied: copied.done() }
    }

    fn check(&self) {
        both_reports_and_the_warehouse_have_exactly_what_the_json_has(self);
        every_launch_is_in_the_warehouse_cell_by_cell(self);
        microseconds_fixed_columns_and_exponents_survive(self);
    }

    /// Returns the original records of one collection.
    fn records(&self, collection: &str) -> Vec<Value> {
        records(&self.source, collection)
    }

    /// Returns the rows of a query that the role `reader` runs.
    fn rows(&self, sql: &str) -> Vec<Value> {
        self.database.session(Role::Reader).objects(sql)
    }
}

fn records(source: &Path, collection: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(source.join(format!("{collection}.json"))).expect("a recorded response");
    match serde_json::from_str(&text).expect("JSON") {
        Value::Array(records) => records,
        one => vec![one],
    }
}

#[test]
fn the_sample_is_loaded_completely() {
    Loaded::from(sample()).check();
}

/// The recorded responses of the real API are outside the repository.
#[test]
fn the_recorded_responses_are_loaded_completely() {
    let Some(source) = recorded() else {
        eprintln!("skipped: the recorded responses (../shared/spacex) do not exist");
        return;
    };
    let expected = expected(&source);
    for (table, rows) in [("launches", 205), ("payloads", 225), ("cores", 83), ("starlink", 1791), ("crew", 18)] {
        assert_eq!(expected[table].rows, rows, "{table}");
    }
    assert_eq!(expected["launch_cores"], Counts { read: 215, rows: 209, quarantined: 0, dropped: 6 });
    Loaded::from(source).check();
}

fn is_empty(element: &Value) -> bool {
    match element {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

/// All recorded records are valid, so none may be quarantined.
fn expected(source: &Path) -> BTreeMap<String, Counts> {
    let mut expected = BTreeMap::new();
    for collection in COLLECTIONS {
        let records = records(source, collection);
        let read = records.len() as u64;
        expected.insert(collection.to_owned(), Counts { read, rows: read, ..Counts::default() });
        for (_, field, table, drops) in LISTS.iter().filter(|(of, ..)| *of == collection) {
            let elements = || records.iter().flat_map(|record| record[field].as_array().expect("a list"));
            let read = elements().count() as u64;
            let dropped = if *drops { elements().filter(|element| is_empty(element)).count() as u64 } else { 0 };
            expected.insert((*table).to_owned(), Counts { read, rows: read - dropped, quarantined: 0, dropped });
        }
    }
    expected
}

fn counts(table: &Value) -> Counts {
    let count = |name: &str| table[name].as_u64().expect("a count");
    let [read, rows, quarantined, dropped] = ["read", "rows", "quarantined", "dropped"].map(count);
    Counts { read, rows, quarantined, dropped }
}

fn both_reports_and_the_warehouse_have_exactly_what_the_json_has(loaded: &Loaded) {
    let expected = expected(&loaded.source);
    assert_eq!(expected.len(), 23, "14 collections and 9 lists");

    let collections = loaded.transformed["collections"].as_object().expect("collections");
    let tables = collections.values().flat_map(|collected| collected["tables"].as_array().expect("tables"));
    let name = |table: &Value| table["table"].as_str().expect("a name").to_owned();
    assert_eq!(tables.map(|table| (name(table), counts(table))).collect::<BTreeMap<_, _>>(), expected);

    let tables = loaded.copied["tables"].as_object().expect("tables");
    assert_eq!(tables.iter().map(|(name, table)| (name.clone(), counts(table))).collect::<BTreeMap<_, _>>(), expected);
    for table in tables.values() {
        assert_eq!(table["inserted"], table["rows"]);
        assert_eq!(["updated", "revived", "deleted", "unchanged"].map(|name| table[name] == 0), [true; 4]);
    }

    let session = loaded.database.session(Role::Reader);
    for (table, counts) in &expected {
        let found = session.number(&format!("SELECT count(*) FROM spacex.{table} WHERE _deleted_at IS NULL"));
        assert_eq!(found.cast_unsigned(), counts.rows, "{table}");
    }
    let there = session.number("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'spacex'");
    assert_eq!(there, 23);
}

fn every_launch_is_in_the_warehouse_cell_by_cell(loaded: &Loaded) {
    let millis = r#"'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"#;
    let list = |table: &str, columns: &str| {
        format!(
            "(SELECT coalesce(jsonb_agg(jsonb_build_array({columns}) ORDER BY position), '[]') \
                 FROM spacex.{table} WHERE launch_id = launches.id)"
        )
    };
    let found = loaded.rows(&format!(
        "SELECT id, name, flight_number, success, upcoming, to_char(date_utc, {millis}) AS date_utc, date_unix, \
             date_local, to_char(static_fire_date_utc, {millis}) AS static_fire, details, rocket_id, launch_window_s, \
             fairings_recovered, fairings_ship_ids, link_flickr_original, link_patch_small, {} AS cores, \
             {} AS payloads, {} AS crew, {} AS failures, _run_id, _extra, _deleted_at FROM spacex.launches ORDER BY id",
        list("launch_cores", "position, core_id, flight, landing_success, landing_type"),
        list("launch_payloads", "position, payload_id"),
        list("launch_crew", "position, crew_id"),
        list("launch_failures", "position, time_s, altitude_km, reason"),
    ));
    let mut launches = loaded.records("launches");
    launches.sort_by_key(|launch| launch["id"].to_string());
    assert_eq!(found.len(), launches.len());
    for (found, launch) in found.iter().zip(&launches) {
        assert_eq!(found, &row(launch));
    }
}

/// Returns the expected row of a launch, computed independently.
fn row(launch: &Value) -> Value {
    // Positions in the API's list start at 1, so dropped placeholders leave gaps.
    let list = |field: &str, cells: &dyn Fn(&Value) -> Vec<Value>| -> Value {
        let elements = launch[field].as_array().expect("a list").iter().enumerate();
        let kept = elements.filter(|(_, element)| !is_empty(element));
        kept.map(|(index, element)| Value::from([vec![json!(index + 1)], cells(element)].concat())).collect()
    };
    let fields =
        |names: &'static [&str]| move |element: &Value| names.iter().map(|name| text(&element[name])).collect();
    json!({
        "id": launch["id"], "name": text(&launch["name"]), "flight_number": launch["flight_number"],
        "success": launch["success"], "upcoming": launch["upcoming"], "date_utc": launch["date_utc"],
        "date_unix": launch["date_unix"], "date_local": launch["date_local"],
        "static_fire": launch["static_fire_date_utc"], "details": text(&launch["details"]),
        "rocket_id": launch["rocket"], "launch_window_s": launch["window"],
        "fairings_recovered": launch["fairings"]["recovered"], "fairings_ship_ids": launch["fairings"]["ships"],
        "link_flickr_original": launch["links"]["flickr"]["original"],
        "link_patch_small": launch["links"]["patch"]["small"],
        "cores": list("cores", &fields(&["core", "flight", "landing_success", "landing_type"])),
        "payloads": list("payloads", &|id| vec![id.clone()]),
        "crew": list("crew", &|id| vec![id.clone()]),
        "failures": list("failures", &fields(&["time", "altitude", "reason"])),
        "_run_id": "r1", "_extra": null, "_deleted_at": null,
    })
}

/// Strings are trimmed, and empty strings are null.
fn text(value: &Value) -> Value {
    match value.as_str().map(str::trim) {
        Some("") => Value::Null,
        Some(text) => text.into(),
        None => value.clone(),
    }
}

fn microseconds_fixed_columns_and_exponents_survive(loaded: &Loaded) {
    let found = loaded.rows(
        r#"SELECT id, to_char(epoch_utc, 'YYYY-MM-DD"T"HH24:MI:SS.US') AS epoch, launch_date, height_km, bstar,
               tle_line1 FROM spacex.starlink ORDER BY id"#,
    );
    let mut satellites = loaded.records("starlink");
    satellites.sort_by_key(|satellite| satellite["id"].to_string());
    assert_eq!(found.len(), satellites.len());
    for (found, satellite) in found.iter().zip(&satellites) {
        let elements = &satellite["spaceTrack"];
        for (name, value) in [("id", &satellite["id"]), ("launch_date", &elements["LAUNCH_DATE"])] {
            assert_eq!(&found[name], value);
        }
        assert_eq!((&found["epoch"], &found["tle_line1"]), (&elements["EPOCH"], &elements["TLE_LINE1"]));
        for (name, value) in [("height_km", &satellite["height_km"]), ("bstar", &elements["BSTAR"])] {
            assert_eq!(found[name].as_f64(), value.as_f64(), "{}", found["id"]);
        }
    }
}
