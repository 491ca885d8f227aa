//! The fictional source with its own warehouse, lake, response folder and copy of the contract.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::database::{Database, Role, Versions};
use super::lake::Lake;
use super::program::{Program, copy, forget, report, transformation};
use super::{file_url, program};

const CONTRACT: &str = include_str!("../zoo.yaml");

#[derive(Debug)]
pub struct Zoo {
    pub lake: Lake,
    /// Created on first use, because half of the tests do not need it.
    database: OnceCell<Database>,
    home: TempDir,
}

/// Everything that a failed run must not change: rows, ledger, staging tables and manifests.
#[derive(Debug, PartialEq)]
pub struct State {
    tables: [Versions; 3],
    pub receipts: BTreeMap<String, Vec<u8>>,
}

impl Zoo {
    /// Creates a zoo without responses.
    pub fn empty() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let zoo = Self { lake: Lake::fresh(), database: OnceCell::new(), home };
        fs::create_dir(zoo.source()).expect("a new folder");
        fs::write(zoo.contract(), CONTRACT).expect("a new file");
        zoo
    }

    /// Creates a zoo with a response for each of the four collections.
    pub fn stocked() -> Self {
        let zoo = Self::empty();
        for (name, response) in stock() {
            zoo.set(name, &response);
        }
        zoo
    }

    /// Replaces the zoo's warehouse with an empty database.
    pub fn unprepared(self) -> Self {
        Self { database: OnceCell::from(Database::unprepared()), ..self }
    }

    pub fn database(&self) -> &Database {
        self.database.get_or_init(Database::fresh)
    }

    /// Returns the folder with the `<collection>.json` files.
    pub fn source(&self) -> PathBuf {
        self.home.path().join("source")
    }

    pub fn contract(&self) -> PathBuf {
        self.home.path().join("zoo.yaml")
    }

    /// Changes the contract.
    #[track_caller]
    pub fn amend(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.contract()).expect("the contract");
        assert!(text.contains(from), "the contract has no `{from}`");
        fs::write(self.contract(), text.replacen(from, to, 1)).expect("the contract");
    }

    /// Uses the default limits for the rows and values that a load may remove.
    pub fn limited(self) -> Self {
        let text = fs::read_to_string(self.contract()).expect("the contract");
        let limit = |line: &&str| ["max_deleted_share", "max_emptied_share"].iter().any(|name| line.contains(name));
        let kept: Vec<&str> = text.lines().filter(|line| !limit(line)).collect();
        fs::write(self.contract(), kept.join("\n")).expect("the contract");
        self
    }

    /// Sets the source's response.
    pub fn set(&self, collection: &str, response: &Value) {
        self.set_text(collection, &response.to_string());
    }

    /// Sets the response to text that a [`Value`] cannot represent.
    pub fn set_text(&self, collection: &str, response: &str) {
        fs::write(self.source().join(format!("{collection}.json")), response).expect("the source's file");
    }

    /// Returns a transformation that reads the response folder.
    pub fn transformation(&self, run: &str) -> Program {
        self.transformation_of(&file_url(&self.source()), run)
    }

    /// Returns a transformation that reads from a server, with two quick retries.
    pub fn transformation_from(&self, url: &str, run: &str) -> Program {
        self.transformation_of(url, run).option("--retries", "2").option("--first-wait-ms", "10")
    }

    /// The same, with access to the ledger, which determines which ETags may be sent.
    pub fn transformation_with_ledger(&self, url: &str, run: &str) -> Program {
        self.transformation_from(url, run).warehouse(&self.database().url(Role::Loader))
    }

    fn transformation_of(&self, url: &str, run: &str) -> Program {
        self.common(transformation(), run).option("--source-url", url)
    }

    /// Returns a transformation of an earlier run's stored responses, without a run ID or `--verify` yet.
    pub fn raw(&self, from: &str) -> Program {
        self.placed(transformation()).option("--from-raw", from)
    }

    /// Returns the load of a run.
    pub fn copy(&self, run: &str) -> Program {
        self.copy_to(&self.database().url(Role::Loader), run)
    }

    /// Returns the load of a run into another warehouse.
    pub fn copy_to(&self, warehouse: &str, run: &str) -> Program {
        self.common(copy(), run).warehouse(warehouse)
    }

    /// Returns the program that writes the page of a run.
    pub fn report(&self, run: &str) -> Program {
        self.report_of(&self.database().url(Role::Loader), run)
    }

    /// The same with another warehouse.
    pub fn report_of(&self, warehouse: &str, run: &str) -> Program {
        self.common(report(), run).warehouse(warehouse)
    }

    /// Returns the words of the page of a run, without markup.
    #[track_caller]
    pub fn page(&self, run: &str) -> String {
        let html = String::from_utf8(self.lake.read(&format!("report/zoo/{run}.html"))).expect("text");
        let (_, body) = html.split_once("<body>").expect("a page");
        let mut words = String::new();
        for part in body.replace("<wbr>", "").split('<') {
            words += part.split_once('>').map_or(part, |(_, text)| text);
            words.push(' ');
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns a search for records as the warehouse's administrator, for the request `DSR-17`.
    pub fn forget(&self, keys: &[&str]) -> Program {
        let program = self.placed(forget()).warehouse(&self.database().url(Role::Postgres));
        program.env("FORGET_KEYS", &json!(keys).to_string()).env("FORGET_REQUEST", "DSR-17")
    }

    fn common(&self, program: program::Program, run: &str) -> Program {
        self.placed(program).option("--run-id", run)
    }

    fn placed(&self, program: program::Program) -> Program {
        let contract = self.contract();
        let program = program.option("--lake-url", &self.lake.url());
        program.option("--contract", contract.to_str().expect("a plain path"))
    }

    /// Runs both programs; returns the report of the load.
    #[track_caller]
    pub fn load(&self, run: &str) -> Value {
        self.transformation(run).run().done();
        self.copy(run).run().done()
    }

    /// The same, for some collections only.
    #[track_caller]
    pub fn load_only(&self, collections: &str, run: &str) -> Value {
        self.transformation(run).option("--collections", collections).run().done();
        self.copy(run).option("--collections", collections).run().done()
    }

    pub fn state(&self) -> State {
        let receipts = self.lake.keys("stage").into_iter().map(|key| (key.clone(), self.lake.read(&key)));
        State {
            tables: ["zoo", "etl", "staging_zoo"].map(|schema| self.database().versions(schema)),
            receipts: receipts.collect(),
        }
    }

    /// Returns only the loaded tables: a run that changes nothing still adds a row to the ledger.
    pub fn rows(&self) -> Versions {
        self.database().versions("zoo")
    }

    /// Returns the committed runs, oldest first.
    pub fn ledger(&self) -> Vec<String> {
        let sql = "SELECT seq || ' ' || run_id FROM etl.runs WHERE source = 'zoo' ORDER BY seq";
        self.database().session(Role::Reader).texts(sql)
    }

    /// Returns the rows of a query that the role `transformer` runs, as JSON objects.
    #[track_caller]
    pub fn objects(&self, sql: &str) -> Vec<Value> {
        self.database().session(Role::Transformer).objects(sql)
    }
}

/// Returns a response for each collection: three animals, one with all fields and one with very few.
pub fn stock() -> [(&'static str, Value); 4] {
    let animals = json!([
        {
            "id": 1, "name": " Ada ", "kind": {"species": "tapir", "legs": 4}, "weight_kg": 180.5, "tame": true,
            "born_on": "2019-02-28", "fed_at": "2026-01-05T09:30:00.123456+02:00", "tags": {"a": [1, 2.5, null]},
            "keeper": "kb", "meals": [{"food": "hay", "grams": 900}, {"food": "", "grams": null}, {"food": "figs"}],
            "nicknames": ["Dot", "Addie"],
        },
        {"id": 2, "name": "Bo", "kind": {"species": "emu", "legs": 2.0}, "weight_kg": 40, "tame": false, "keeper": "kb"},
        {"id": 3, "name": "Cy", "keeper": "zz", "nicknames": ["C"]},
    ]);
    let keepers = json!([{"id": "kb", "name": "Käthe B.", "since": "2020-01-01"}, {"id": "lm", "name": "Li M."}]);
    let tickets = json!([{"ticket": 7, "price_eur": 12.5}]);
    let about = json!({"id": "zoo", "motto": "Please do not feed the data."});
    [("animals", animals), ("keepers", keepers), ("tickets", tickets), ("about", about)]
}

/// Returns only animals with these numbers and names.
pub fn animals(of: &[(u32, &str)]) -> Value {
    of.iter().map(|(id, name)| json!({"id": id, "name": name})).collect()
}
