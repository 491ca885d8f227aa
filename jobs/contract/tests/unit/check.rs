//! Tests the message for each mistake in a contract.

#![allow(clippy::disallowed_methods, reason = "a test may read a document")]

use super::*;
use crate::model::Removed;

const GOOD: &str = "\
source: zoo
base_url: http://zoo.example
collections:
  animals:
    path: /animals
    key: id
    doc: One row an animal.
    columns:
      id: {type: integer, doc: key}
      keeper_id: {at: keeper, type: string(8), references: keepers.id, known_gaps: 1, doc: who}
    children:
      animal_meals: {at: meals, parent_key: animal_id, doc: meals, columns: {meal: {at: ., type: string(9), doc: m}}}
  keepers: {path: /keepers, key: id, doc: k, columns: {id: {type: string(8), doc: key}}}
";

fn problems(text: &str) -> Vec<String> {
    let error = Contract::parse(text, "zoo.yaml").expect_err("must be refused");
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn a_good_contract_gives_its_tables_in_order_with_keys() {
    let contract = Contract::parse(GOOD, "zoo.yaml").expect("good");
    let tables: Vec<(&str, String)> = contract.tables().iter().map(|table| (table.name, table.key.join("+"))).collect();
    let expected = [("animals", "id"), ("animal_meals", "animal_id+position"), ("keepers", "id")];
    assert_eq!(tables, expected.map(|(name, key)| (name, key.to_owned())));
    assert!(contract.tables()[0].columns[0].required && contract.tables()[0].columns[0].unique);
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let marked = |text: &str| format!("\u{feff}{text}");
    assert_eq!(Contract::parse(&marked(GOOD), "zoo.yaml"), Contract::parse(GOOD, "zoo.yaml"));
    let bad = GOOD.replace("/animals", "animals");
    assert_eq!(problems(&marked(&bad)), problems(&bad));
}

#[test]
fn each_mistake_is_reported_with_its_file_line_path_and_fix() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "key: id\n    doc: One",
            "kee: id\n    doc: One",
            "zoo.yaml:6: collections.animals: unknown field `kee`, expected one of",
        ),
        ("type: integer", "type: int", "unknown type `int`; use string(N), integer"),
        ("string(8), ref", "string(70000), ref", "the length in bytes must be 1 to 65535"),
        (
            "key: id\n    doc: One",
            "key: no\n    doc: One",
            "zoo.yaml:6: collections.animals.key: column `no` does not exist",
        ),
        (
            "keepers.id,",
            "keeper.id,",
            "zoo.yaml:10: collections.animals.columns.keeper_id.references: collection `keeper` does not exist; the collections are animals, keepers",
        ),
        ("keepers.id,", "keepers.nr,", "collection `keepers` has no column `nr`"),
        ("path: /animals", "path: animals", "zoo.yaml:5: collections.animals.path: `animals` must start with `/`"),
        ("at: meals", "at: keeper", "is already read by a child table"),
        ("parent_key: animal_id", "parent_key: position", "`position` is an automatic column; choose"),
        ("{meal:", "{position:", "`position` is an automatic column; remove"),
        ("      keeper_id: {at: keeper", "      user: {at: keeper", "`user` is a reserved SQL word"),
        ("      keeper_id: {at: keeper", "      system_user: {at: keeper", "`system_user` is a reserved SQL word"),
        ("      keeper_id: {at: keeper", "      Keeper: {at: keeper", "`Keeper` is not a valid name"),
        (
            "      keeper_id: {at: keeper",
            "      xmin: {at: keeper",
            "columns.xmin: `xmin` is a system column of PostgreSQL",
        ),
        (
            "parent_key: animal_id",
            "parent_key: ctid",
            "parent_key: `ctid` is a system column of PostgreSQL; choose a different",
        ),
        ("animal_meals:", "keepers:", "table `keepers` is defined twice"),
        ("animal_meals:", "keepers_pkey:", "keepers_pkey: PostgreSQL uses this name for the key of `keepers`"),
        ("http://zoo.example", "zoo.example/", "zoo.yaml:2: base_url: `zoo.example/` must be http(s)://host"),
        ("references: keepers.id, ", "", "keeper_id.known_gaps: needs `references`"),
        (
            "key: id\n    doc: One",
            "key: id\n    max_deleted_share: 50\n    doc: One",
            "zoo.yaml:7: collections.animals.max_deleted_share: must be between 0 and 1",
        ),
        ("      keeper_id:", "      id:", "zoo.yaml:10: `id` is defined twice; remove one"),
    ];
    for (from, to, expected) in cases {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(&text, GOOD, "{from}");
        let found = problems(&text);
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}\n{found:#?}");
        assert!(found.iter().all(|line| line.starts_with("zoo.yaml:")), "{found:#?}");
    }
}

/// YAML's `null` is also the policy's name: it must not be taken for a missing value.
#[test]
fn a_collection_overrides_the_policy_for_what_was_removed() {
    let policies = |default: &str, own: &str| {
        let text = GOOD.replacen("collections:", &format!("defaults: {{{default}}}\ncollections:"), 1);
        let text = text.replacen("    path: /animals\n", &format!("    path: /animals\n{own}"), 1);
        let contract = Contract::parse(&text, "zoo.yaml").expect("good");
        [None, contract.collections.get("animals"), contract.collections.get("keepers")].map(|of| contract.removed(of))
    };
    assert_eq!(policies("", ""), [Removed::Null; 3]);
    assert_eq!(policies("removed: null", ""), [Removed::Null; 3]);
    assert_eq!(policies("removed: keep", ""), [Removed::Keep; 3]);
    for own in ["    removed: null\n", "    removed: 'null'\n"] {
        assert_eq!(policies("removed: drop", own), [Removed::Drop, Removed::Null, Removed::Drop], "{own}");
    }
    assert_eq!(policies("", "    removed: drop\n"), [Removed::Null, Removed::Drop, Removed::Null]);
    let wrong = problems(&GOOD.replacen("    path: /animals\n", "    path: /animals\n    removed: delete\n", 1));
    assert!(wrong[0].contains("unknown variant `delete`") && wrong[0].contains("`keep`, `null`, `drop`"), "{wrong:?}");
}

#[test]
fn a_source_does_not_use_another_schema() {
    for source in
        ["analytics", "analytics_zoo", "dev_zoo", "etl", "information_schema", "pg_zoo", "public", "staging_zoo"]
    {
        let found = problems(&GOOD.replacen("source: zoo", &format!("source: {source}"), 1));
        let message = format!("the schema `{source}` has another purpose; choose a different name");
        assert_eq!(found, [format!("zoo.yaml:1: source: {message}")]);
    }
    for (from, to) in [("source: zoo", "source: etl_zoo"), ("animal_meals:", "meals_pkey:")] {
        assert!(Contract::parse(&GOOD.replacen(from, to, 1), "zoo.yaml").is_ok(), "{to}");
    }
}

#[test]
fn all_problems_of_a_well_formed_contract_are_reported_together() {
    let text =
        GOOD.replace("/animals", "animals").replace("keepers.id,", "unknown.id,").replace("key: id\n", "key: x\n");
    assert_eq!(problems(&text).len(), 3, "{:#?}", problems(&text));
}

#[test]
fn a_table_has_no_more_columns_than_both_warehouses_allow() {
    let with = |count: usize| {
        let more: String = (2..count).map(|n| format!("      c{n}: {{type: integer, doc: n}}\n")).collect();
        GOOD.replacen("      keeper_id:", &format!("{more}      keeper_id:"), 1)
    };
    assert!(Contract::parse(&with(MAX_COLUMNS), "zoo.yaml").is_ok());
    let found = problems(&with(MAX_COLUMNS + 1));
    assert_eq!(found, ["zoo.yaml:9: collections.animals.columns: 1593 columns; the limit is 1592"]);
}

/// Returns the cells of a limit in the table in `docs/data.md`, without thousands separators.
fn documented(limit: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data.md")).expect("the page");
    let row = page.lines().find(|line| line.starts_with(&format!("| {limit} | "))).expect("a row of the table");
    row.split(" | ").map(|cell| cell.replace(',', "")).collect()
}

#[test]
fn the_documented_limits_are_those_of_a_contract() {
    let accepts = |from: &str, to: &str| Contract::parse(&GOOD.replacen(from, to, 1), "zoo.yaml").is_ok();
    let number = |limit: &str| documented(limit)[3].split(' ').next().and_then(|word| word.parse::<usize>().ok());
    let longest = number("name").expect("a number");
    for (length, fits) in [(longest, true), (longest + 1, false)] {
        assert_eq!(accepts("keeper_id:", &format!("{}:", "n".repeat(length))), fits, "{length}");
    }
    assert_eq!(number("columns of a table"), Some(MAX_COLUMNS));
    let text = number("text").expect("a number");
    for (bytes, fits) in [(text, true), (text + 1, false)] {
        assert_eq!(accepts("string(8), ref", &format!("string({bytes}), ref")), fits, "{bytes}");
    }

    let words = |limit: &str| -> Vec<String> {
        documented(limit)[1..3].join(" ").split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let listed = words("reserved word");
    assert!(listed.len() == 4 && listed.iter().all(|word| reserved(word)), "{listed:?}");
    let mut columns = words("system column");
    columns.sort();
    columns.dedup();
    columns.retain(|name| !reserved(name));
    assert_eq!(columns, SYSTEM_COLUMNS, "and `oid`, which is also reserved");
}

/// A record with these columns and with these lists of days.
fn with(columns: &str, lists: &str) -> String {
    let text = format!(
        "source: a\nbase_url: http://a\ncollections:\n  c: {{path: /c, key: k, doc: c, columns: {{k: {{type: integer, \
         doc: k}}, {columns}}}, children: {{{lists}}}}}\n"
    );
    Contract::parse(&text, "a.yaml").err().map(|error| error.to_string()).unwrap_or_default()
}

fn list(name: &str, at: &str, more: &str) -> String {
    format!("{name}: {{at: '{at}', parent_key: c_k, doc: l, columns: {{v: {{type: date, doc: v, at: .}}{more}}}}}")
}

#[test]
fn no_field_is_read_twice() {
    let column = |at: &str| format!("v: {{at: '{at}', type: date, doc: v}}");
    let two = |one: &str, other: &str| format!("{}, {}", list("l", one, ""), list("m", other, ""));
    assert_eq!(with(&column("o.v"), &two("o.l", "o.lm")), "");
    for (columns, lists, expected) in [
        (column("k"), String::new(), "c.columns.v: `k` is already read by k (`k`)"),
        (column("k.v"), String::new(), "c.columns.v: `k.v` is already read by k (`k`)"),
        (column("o.l"), list("l", "o", ""), "c.columns.v: `o.l` is already read by a child table (`o`)"),
        (column("."), String::new(), "c.columns.v.at: only a list element"),
        (column("a..b"), String::new(), "c.columns.v.at: `a..b` is not a path"),
        (String::new(), list("l", "", ""), "c.children.l.at: `` is not a path"),
        (String::new(), list("l", ".", ""), "c.children.l.at: `.` is not a path"),
        (String::new(), two("l", "l"), "c.children.m.at: `l` is already read by l (`l`)"),
        (String::new(), two("l", "l.m"), "c.children.m.at: `l.m` is already read by l (`l`)"),
        (
            String::new(),
            list("l", "l", ", w: {type: date, doc: w}"),
            "l.columns.v.at: an element that is itself a column cannot have other columns",
        ),
    ] {
        let found = with(&columns, &lists);
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}

#[test]
fn a_cursor_is_a_column_that_orders_changes() {
    let found = |incremental: &str, column: &str, more: &str| {
        let text = format!(
            "source: a\nbase_url: http://a\ncollections:\n  c: {{path: /c, key: k, doc: c, {more}incremental: {{start_param: s, \
             {incremental}}}, columns: {{k: {{type: integer, doc: k}}, u: {{{column}, doc: u}}}}}}\n"
        );
        Contract::parse(&text, "a.yaml").err().map(|error| error.to_string()).unwrap_or_default()
    };
    let time = "type: timestamp, required: true";
    for column in [time, "type: date, required: true", "type: integer, required: true"] {
        assert_eq!(found("cursor: u, end_param: e, lookback: 5, snapshot_every: 7", column, ""), "");
        assert_eq!(found("cursor: u, lookback: 5", column, "mode: append, "), "");
    }
    assert_eq!(found("cursor: u, format: unix_seconds", time, ""), "");
    assert_eq!(found("cursor: u, end_param: $.filter.e", time, "request: {body: {a: 1}}, "), "");
    for (incremental, column, more, expected) in [
        ("cursor: v", time, "", "c.incremental.cursor: column `v` does not exist; use one of the columns"),
        ("cursor: u", "type: boolean, required: true", "", "`u` is a boolean; use a timestamp, a date or an integer"),
        ("cursor: u", "type: timestamp", "", "c.incremental.cursor: `u` may be null; add `required: true`"),
        (
            "cursor: u, format: date",
            "type: integer, required: true",
            "",
            "c.incremental.format: an integer is written as it is",
        ),
        ("cursor: u, format: rfc", time, "", "unknown variant `rfc`"),
        ("cursor: u, lookback: -1", time, "", "lookback"),
        ("cursor: u", time, "answer: object, ", "c.incremental: the response is one object, not a list of changes"),
        (
            "cursor: u, snapshot_every: 7",
            time,
            "mode: append, ",
            "c.incremental.snapshot_every: snapshots find deleted records",
        ),
        ("cursor: u", time, "mode: replace, ", "unknown variant `replace`"),
        (
            "cursor: u, end_param: $.e",
            time,
            "",
            "c.incremental.end_param: `$.e` is a path in the body, but the request has no",
        ),
    ] {
        let found = found(incremental, column, more);
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}
