//! The contract's descriptions, as comments in the warehouse.

use std::collections::BTreeMap;
use std::fs;

use contract::{Contract, SYSTEM_COLUMNS};
use serde_json::{Value, json};

use crate::redshift::Rig;
use crate::support::database::Role;
use crate::support::random::Random;
use crate::support::zoo::Zoo;

/// Parts of texts that a literal, a result or a template could change.
const PARTS: [&str; 24] = [
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "$",
    "$$",
    "$doc",
    "$doc$",
    "$doc_$",
    "%",
    "%s",
    "|",
    "||",
    ":name",
    ";",
    "--",
    "/*",
    "{{ x }}",
    "\n",
    "\t",
    "é",
    "🚀",
    " Unit: kg.",
];

/// Replaces every description in the contract with another text.
fn describe(zoo: &Zoo, mut next: impl FnMut() -> String) {
    let text = fs::read_to_string(zoo.contract()).expect("the contract");
    let lines = text.lines().map(|line| match line.split_once("doc: ") {
        Some((start, doc)) => format!("{start}doc: {}{}\n", json!(next()), if doc.ends_with('}') { "}" } else { "" }),
        None => format!("{line}\n"),
    });
    fs::write(zoo.contract(), lines.collect::<String>()).expect("the contract");
}

/// Returns the texts of the contract, by table and column.
fn expected(zoo: &Zoo) -> BTreeMap<[String; 2], String> {
    let text = fs::read_to_string(zoo.contract()).expect("the contract");
    let contract = Contract::parse(&text, "zoo.yaml").expect("a sound contract");
    let mut texts = BTreeMap::new();
    for table in contract.tables() {
        texts.insert([table.name.to_owned(), String::new()], table.doc.to_owned());
        for column in table.columns.iter().chain(&SYSTEM_COLUMNS) {
            let unit = column.unit.map(|unit| format!(" Unit: {unit}.")).unwrap_or_default();
            texts.insert([table.name, column.name].map(str::to_owned), format!("{}{unit}", column.doc));
        }
    }
    texts
}

const COMMENTS: &str = "SELECT relname, coalesce(attname, '') AS attname, description, d.xmin::text || d.ctid::text AS version \
    FROM pg_description AS d JOIN pg_class AS c ON c.oid = objoid AND relnamespace = 'zoo'::regnamespace \
    LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum = objsubid";

fn comments(zoo: &Zoo, value: &str) -> BTreeMap<[String; 2], String> {
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    let rows = zoo.database().session(Role::Reader).objects(COMMENTS);
    rows.iter().map(|row| (["relname", "attname"].map(|name| text(row, name)), text(row, value))).collect()
}

#[test]
fn every_table_and_column_has_the_text_of_the_contract_through_both_drivers() {
    let mut random = Random::of(7);
    let zoo = Zoo::stocked();
    let mut pools = PARTS.map(str::to_owned).to_vec();
    describe(&zoo, || match pools.pop() {
        Some(part) => part,
        None => (0..random.below(9)).map(|_| *random.one(&PARTS)).collect(),
    });
    zoo.load("r1");
    assert_eq!(comments(&zoo, "description"), without_empty(expected(&zoo)));

    let rig = Rig::new(Zoo::stocked());
    fs::copy(zoo.contract(), rig.zoo.contract()).expect("the contract");
    let rig = Rig::new(rig.zoo);
    rig.transform("r1");
    rig.commits("r1");
    assert_eq!(comments(&rig.zoo, "description"), without_empty(expected(&zoo)));
    let written = |rig: &Rig| rig.api.statements().iter().filter(|sql| sql.starts_with("COMMENT ON ")).count();
    let first = written(&rig);
    rig.transform("r2");
    rig.commits("r2");
    assert_eq!(written(&rig), first, "an unchanged load writes no descriptions");
}

/// An empty text removes the comment.
fn without_empty(mut texts: BTreeMap<[String; 2], String>) -> BTreeMap<[String; 2], String> {
    texts.retain(|_, text| !text.is_empty());
    texts
}

#[test]
fn only_missing_and_changed_descriptions_are_written() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let versions = comments(&zoo, "version");
    zoo.load("r2");
    assert_eq!(comments(&zoo, "version"), versions, "nothing is written");

    // The tables of an older version have no comments; a person has changed one.
    let loader = zoo.database().session(Role::Loader);
    loader.run("COMMENT ON COLUMN zoo.animals.legs IS NULL; COMMENT ON COLUMN zoo.animals._row_hash IS NULL");
    loader.run("COMMENT ON TABLE zoo.animal_meals IS NULL; COMMENT ON TABLE zoo.about IS 'Our zoo.'");
    zoo.amend("doc: Initials.}", "doc: Two letters.}\n      shift: {type: string(8), doc: Day or night.}");
    zoo.amend("{type: double, unit: kg, doc: Weight.}", "{type: double, unit: t, doc: Weight.}");
    zoo.load("r3");
    assert_eq!(comments(&zoo, "description"), expected(&zoo));
    let now = comments(&zoo, "version");
    let written: Vec<String> = now
        .iter()
        .filter(|(place, version)| versions.get(*place) != Some(version))
        .map(|(place, _)| place.join("."))
        .collect();
    let places = ["about.", "animal_meals.", "animals._row_hash", "animals.legs", "animals.weight_kg", "keepers.id"];
    assert_eq!(written, [&places[..], &["keepers.shift"]].concat());
}

#[test]
fn a_load_succeeds_with_a_warning_if_it_may_not_write_a_description() {
    let zoo = Zoo::stocked();
    zoo.load("r1");
    let owner = zoo.database().session(Role::Postgres);
    owner.run(
        "ALTER TABLE zoo.about OWNER TO postgres; GRANT ALL ON zoo.about TO loader; COMMENT ON TABLE zoo.about IS 'x'",
    );
    zoo.transformation("r2").run().done();
    let ended = zoo.copy("r2").run();
    ended.done();
    let warning = "some tables or columns do not have the contract's description: cannot change the tables of `zoo`";
    assert!(
        ended.stderr.contains(warning) && ended.stderr.contains("must be owner of table about"),
        "{}",
        ended.stderr
    );
    assert_eq!(zoo.ledger(), ["1 r1", "2 r2"]);
}
