//! Generates contracts: names of every kind, types of every kind, child tables, and sometimes very many columns.

use std::collections::BTreeSet;

use crate::support::random::Random;

const ORDINARY: &str = "id name label serial status total mass_kg born_on a b1 x_ note";

/// Aliases and columns in the statements of a load, and names in the ledger.
const OF_THE_LOAD: &str = "live fresh changed found each_key each_check asserted asserted_of twice wrong change changes \
    position table_name runs heads head ledger seq source run_id repeated inserted deleted load_lock findings";

/// Key words that may be names without quotes, and names in the warehouses' own schemas.
const KEY_WORDS: &str =
    "values row time coalesce precision none bit date grouping char key pg_class pg_type pg_x stl_query";

/// Names that no column may have, and most of them no table.
const REFUSED: &str = "user tag rejectlog variadic snapshot null oid xmin ctid tableoid cmax _change _extra Name größe \
    two-words 1st";

/// The length of strings in bytes.
const LENGTHS: [usize; 10] = [1, 2, 8, 24, 64, 255, 2_600, 2_601, 9_999, 65_535];

/// Writes contracts.
pub struct Author {
    pub random: Random,
    /// Whether the contracts may break rules.
    pub careless: bool,
}

impl Author {
    pub fn contract(&mut self) -> String {
        let mut text = "source: zoo\nbase_url: http://zoo.example\n\
                        defaults: {max_quarantine_share: 1.0, max_deleted_share: 1.0}\ncollections:\n"
            .to_owned();
        let mut tables = BTreeSet::new();
        for _ in 0..=self.random.below(3) {
            text += &self.collection(&mut tables);
        }
        text
    }

    fn collection(&mut self, tables: &mut BTreeSet<String>) -> String {
        let (name, mut taken) = (self.table(tables), BTreeSet::new());
        let key = self.name(&mut taken);
        let kind = match self.random.below(12) {
            0 if self.careless => "double".to_owned(),
            0..=4 => "integer".to_owned(),
            _ => self.string(),
        };
        let mut columns = vec![self.column(&key, &kind, None)];
        columns.extend(self.columns(&mut taken));
        let mut children = Vec::new();
        for list in 0..self.random.below(3) {
            children.push(self.child(list, tables));
        }
        format!(
            "  \"{name}\": {{path: /p, key: \"{key}\", doc: d, columns: {{{}}}, children: {{{}}}}}\n",
            columns.join(", "),
            children.join(", ")
        )
    }

    fn child(&mut self, list: usize, tables: &mut BTreeSet<String>) -> String {
        let (name, mut taken) = (self.table(tables), BTreeSet::new());
        if !self.careless {
            // A child table has this column anyway.
            taken.insert("position".to_owned());
        }
        let parent = self.name(&mut taken);
        let mut columns = self.columns(&mut taken);
        if self.random.once_in(3) {
            let (name, kind) = (self.name(&mut taken), self.kind());
            columns = vec![self.column(&name, &kind, Some("."))];
        }
        format!(
            "\"{name}\": {{at: list{list}, parent_key: \"{parent}\", drop_when_all_null: {}, doc: d, columns: {{{}}}}}",
            self.random.once_in(2),
            columns.join(", ")
        )
    }

    fn columns(&mut self, taken: &mut BTreeSet<String>) -> Vec<String> {
        let mut columns = Vec::new();
        for index in 0..self.random.below(7) {
            let (name, kind) = (self.name(taken), self.kind());
            let place = format!("inner.f{index}");
            let place = self.random.once_in(4).then_some(place.as_str());
            columns.push(self.column(&name, &kind, place));
        }
        let many = match self.random.below(20) {
            0 => 300 + self.random.below(400),
            1 if self.careless => 1_593,
            _ => 0,
        };
        for index in 0..many {
            let kind = self.kind();
            columns.push(self.column(&format!("c{index}"), &kind, None));
        }
        columns
    }

    fn column(&mut self, name: &str, kind: &str, place: Option<&str>) -> String {
        let place = place.map(|place| format!("at: \"{place}\", ")).unwrap_or_default();
        let required = self.random.once_in(8);
        format!("\"{name}\": {{{place}type: {kind}, required: {required}, doc: d}}")
    }

    fn kind(&mut self) -> String {
        if self.careless && self.random.once_in(40) {
            return (*self.random.one(&["text", "string(0)", "string(65536)"])).to_owned();
        }
        match self.random.below(9) {
            0..=2 => self.string(),
            other => ["integer", "double", "boolean", "timestamp", "date", "json"][other - 3].to_owned(),
        }
    }

    fn string(&mut self) -> String {
        format!("string({})", self.random.one(&LENGTHS))
    }

    fn table(&mut self, tables: &mut BTreeSet<String>) -> String {
        let beside =
            tables.first().filter(|_| self.careless && self.random.once_in(6)).map(|name| format!("{name}_pkey"));
        match beside {
            Some(name) if tables.insert(name.clone()) => name,
            _ => self.name(tables),
        }
    }

    /// Returns a name that is not taken.
    fn name(&mut self, taken: &mut BTreeSet<String>) -> String {
        loop {
            let careless = self.careless && self.random.once_in(8);
            let name = match self.random.below(10) {
                0 if careless => "n".repeat(47 + self.random.below(20)),
                _ if careless => self.word(REFUSED),
                0 => "n".repeat(44 + self.random.below(3)),
                1 => format!("{}_pkey", self.word(ORDINARY)),
                2 | 3 => self.word(KEY_WORDS),
                4..=6 => self.word(OF_THE_LOAD),
                _ => self.word(ORDINARY),
            };
            if taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn word(&mut self, pool: &str) -> String {
        let words: Vec<&str> = pool.split_whitespace().collect();
        (*self.random.one(&words)).to_owned()
    }
}
