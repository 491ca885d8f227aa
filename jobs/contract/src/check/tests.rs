//! Each mistake in a contract, and how it is reported.

use super::*;

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
fn each_mistake_is_told_with_its_file_line_path_and_mend() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "key: id\n    doc: One",
            "kee: id\n    doc: One",
            "zoo.yaml:6: collections.animals: unknown field `kee`, expected one of",
        ),
        ("type: integer", "type: int", "unknown type `int`; write string(N), integer"),
        ("string(8), ref", "string(70000), ref", "the length in bytes goes from 1 to 65535"),
        ("key: id\n    doc: One", "key: no\n    doc: One", "zoo.yaml:6: collections.animals.key: no column `no`"),
        (
            "keepers.id,",
            "keeper.id,",
            "zoo.yaml:10: collections.animals.columns.keeper_id.references: no collection `keeper`; there are animals, keepers",
        ),
        ("keepers.id,", "keepers.nr,", "collection `keepers` has no column `nr`"),
        ("path: /animals", "path: animals", "zoo.yaml:5: collections.animals.path: `animals` must begin with `/`"),
        ("at: meals", "at: keeper", "is read already by a child table"),
        ("parent_key: animal_id", "parent_key: position", "`position` is the element's place"),
        ("{meal:", "{position:", "`position` is there by itself"),
        ("      keeper_id: {at: keeper", "      user: {at: keeper", "`user` is a reserved word of SQL"),
        ("      keeper_id: {at: keeper", "      Keeper: {at: keeper", "`Keeper` is no name"),
        (
            "      keeper_id: {at: keeper",
            "      xmin: {at: keeper",
            "columns.xmin: `xmin` is a system column of PostgreSQL",
        ),
        (
            "parent_key: animal_id",
            "parent_key: ctid",
            "parent_key: `ctid` is a system column of PostgreSQL; choose another",
        ),
        ("animal_meals:", "keepers:", "table `keepers` is described twice"),
        ("http://zoo.example", "zoo.example/", "zoo.yaml:2: base_url: `zoo.example/` must be http(s)://host"),
        ("references: keepers.id, ", "", "only a column with `references` has gaps"),
        (
            "key: id\n    doc: One",
            "key: id\n    max_deleted_share: 50\n    doc: One",
            "zoo.yaml:7: collections.animals.max_deleted_share: a share goes from 0 to 1",
        ),
        ("      keeper_id:", "      id:", "`id` is written twice; remove one"),
    ];
    for (from, to, expected) in cases {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(&text, GOOD, "{from}");
        let found = problems(&text);
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}\n{found:#?}");
        assert!(found.iter().all(|line| line.starts_with("zoo.yaml:")), "{found:#?}");
    }
}

#[test]
fn all_problems_of_a_well_formed_contract_come_at_once_in_the_files_order() {
    let text =
        GOOD.replace("/animals", "animals").replace("keepers.id,", "nobody.id,").replace("key: id\n", "key: x\n");
    assert_eq!(problems(&text).len(), 3, "{:#?}", problems(&text));
}

#[test]
fn a_table_has_no_more_columns_than_both_warehouses_hold() {
    let with = |count: usize| {
        let more: String = (2..count).map(|n| format!("      c{n}: {{type: integer, doc: n}}\n")).collect();
        GOOD.replacen("      keeper_id:", &format!("{more}      keeper_id:"), 1)
    };
    assert!(Contract::parse(&with(MOST_COLUMNS), "zoo.yaml").is_ok());
    let found = problems(&with(MOST_COLUMNS + 1));
    assert_eq!(found, ["zoo.yaml:9: collections.animals.columns: 1593 columns; at most 1592 fit"]);
}
