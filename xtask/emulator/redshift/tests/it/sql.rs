//! Statements that must be accepted: what the loader, `warehouse-init` and dbt-redshift send, and their translations.

use std::path::{Path, PathBuf};

use redshift_emulator::rules::Disabled;
use redshift_emulator::sql::{Context, Kind, Transaction, Translated, translate};

fn translated(sql: &str) -> Vec<Translated> {
    let disabled = Disabled::default();
    let context = Context { transaction: Transaction::Autocommit, disabled: &disabled };
    translate(sql, context).unwrap_or_else(|refused| panic!("{refused}\n{sql}"))
}

fn one(sql: &str) -> Translated {
    let mut all = translated(sql);
    assert_eq!(all.len(), 1, "{sql}");
    all.remove(0)
}

/// The translation without line breaks and repeated blanks.
fn text(sql: &str) -> String {
    one(sql).postgres.join("; ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

/// What a text of Redshift is in PostgreSQL.
const TRANSLATIONS: &[(&str, &str)] = &[
    ("/* {\"app\": \"dbt\"} */ -- a comment\nSELECT 1 AS id;", "SELECT 1 AS id"),
    (
        "SELECT listagg(a, ', ') WITHIN GROUP (ORDER BY a) FROM s.t",
        "SELECT string_agg(CAST(a AS TEXT), ', ' ORDER BY a) FROM s.t",
    ),
    ("SELECT median(a) FROM s.t", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM s.t"),
    ("SELECT datediff(sec, a, b) FROM s.t", "SELECT datediff('second', a, b) FROM s.t"),
    (
        "SELECT nvl(a, 0), len(b), sysdate FROM s.t",
        "SELECT coalesce(a, 0), length(b), (now() AT TIME ZONE 'UTC') FROM s.t",
    ),
    (
        "CREATE PROCEDURE s.p() AS $$\nBEGIN\nDELETE FROM s.t WHERE a = 'x';\nEND;\n$$ LANGUAGE plpgsql",
        "CREATE PROCEDURE s.p() LANGUAGE plpgsql AS $body$ BEGIN DELETE FROM s.t WHERE a = 'x'; END $body$",
    ),
    ("CALL s.p()", "CALL s.p()"),
    ("DROP PROCEDURE s.p()", "DROP PROCEDURE s.p()"),
    ("SELECT 1 MINUS SELECT 2", "SELECT 1 EXCEPT SELECT 2"),
    ("SELECT a FROM s.\"T\" WHERE b = 'it''s'", "SELECT a FROM s.\"t\" WHERE b = $text$it's$text$"),
    // A backslash escapes in Redshift.
    ("SELECT a FROM s.t WHERE b LIKE 'a\\_%'", "SELECT a FROM s.t WHERE b LIKE 'a_%'"),
    ("SELECT a FROM s.t WHERE b LIKE 'a\\\\_%'", "SELECT a FROM s.t WHERE b LIKE 'a\\_%'"),
    // A name before a dot is a relation of FROM, else a SUPER column.
    ("SELECT t.a FROM s.t", "SELECT t.a FROM s.t"),
    ("SELECT s.t.a FROM s.t", "SELECT s.t.a FROM s.t"),
    ("SELECT x.t.a FROM s.t AS x", "SELECT nullif(x.t #> '{\"a\"}', 'null') FROM s.t AS x"),
    ("SELECT c.k IS NULL FROM s.t", "SELECT nullif(c #> '{\"k\"}', 'null') IS NULL FROM s.t"),
    ("SELECT c.k::int, c.k = 'v' FROM s.t", "SELECT (c #>> '{\"k\"}')::INTEGER, (c #>> '{\"k\"}') = 'v' FROM s.t"),
    (
        "SELECT a FROM s.t AS x WHERE EXISTS (SELECT 1 FROM s.u WHERE u.a = x.a)",
        "SELECT a FROM s.t AS x WHERE EXISTS (SELECT 1 FROM s.u WHERE u.a = x.a)",
    ),
    ("SELECT t.a FROM s.t ORDER BY t.a", "SELECT t.a FROM s.t ORDER BY t.a"),
    (
        "CREATE TABLE t (a varchar, b text, c varchar(24) ENCODE zstd, d decimal, e varchar(max))",
        "CREATE TABLE t ( a VARCHAR(256), b VARCHAR(256), c VARCHAR(24), d NUMERIC(18,0), e VARCHAR(65535) )",
    ),
    (
        "CREATE TABLE t (a bigint PRIMARY KEY REFERENCES u (a), UNIQUE (a), FOREIGN KEY (a) REFERENCES u)",
        "CREATE TABLE t ( a BIGINT PRIMARY KEY, UNIQUE (a) )",
    ),
    (
        "CREATE TABLE s.t (a int DISTKEY, b super) COMPOUND SORTKEY (a)",
        "CREATE TABLE s.t ( a INTEGER, b super ); SELECT redshift.layout('s.t', NULL, 'a', ARRAY['a']::text[])",
    ),
    ("CREATE TEMP TABLE t DISTSTYLE ALL AS (SELECT 1 AS a)", "CREATE TEMPORARY TABLE t AS (SELECT 1 AS a)"),
    (
        "CREATE VIEW s.v AS SELECT a FROM s.t WITH NO SCHEMA BINDING",
        "SELECT redshift.late_binding_view('s.v', 'SELECT a FROM s.t', false)",
    ),
    ("REFRESH MATERIALIZED VIEW s.v", "SELECT redshift.refresh_materialized_view('s.v')"),
    ("CREATE USER \"IAMR:Loader\" PASSWORD DISABLE", "CREATE USER \"IAMR:Loader\""),
    ("GRANT ROLE loader TO \"IAMR:Loader\"", "GRANT loader TO \"IAMR:Loader\""),
    ("GRANT SELECT ON ALL TABLES IN SCHEMA a, b TO ROLE r", "GRANT SELECT ON ALL TABLES IN SCHEMA a, b TO r"),
    ("GRANT SELECT ON svv_table_info TO u", "GRANT SELECT ON TABLE svv_table_info TO u"),
    ("LOCK etl.load_lock", "LOCK TABLE etl.load_lock IN ACCESS EXCLUSIVE MODE"),
    ("INSERT INTO s.t (a) VALUES (1), (DEFAULT)", "INSERT INTO s.t (a) VALUES (1), (default)"),
    (
        "WITH x AS (SELECT 1 AS a) DELETE FROM s.t USING x WHERE t.a = x.a",
        "WITH x AS (SELECT 1 AS a) DELETE FROM s.t USING x WHERE t.a = x.a",
    ),
    (
        "MERGE INTO s.t USING s.u AS x ON t.a = x.a REMOVE DUPLICATES",
        "DELETE FROM s.t USING s.u AS x WHERE t.a = x.a; INSERT INTO s.t SELECT * FROM s.u AS x",
    ),
    ("SELECT start FROM s.t AS start", "SELECT start FROM s.t AS start"),
    ("VACUUM FULL s.t TO 99 PERCENT", "VACUUM s.t"),
    ("SET query_group TO 'x'", "SET redshift.query_group TO 'x'"),
    ("SET SESSION AUTHORIZATION \"IAMR:dbt\"", "SET SESSION AUTHORIZATION \"IAMR:dbt\""),
];

#[test]
fn translations() {
    let wrong: Vec<String> = TRANSLATIONS
        .iter()
        .map(|(sql, expected)| (text(sql), *expected))
        .filter(|(found, expected)| found != expected)
        .map(|(found, expected)| format!("found    {found}\nexpected {expected}"))
        .collect();
    assert_eq!(wrong.join("\n"), "");
}

#[test]
fn copy_is_a_value() {
    let sql = "COPY s.t (a, b) FROM 's3://lake/stage/m.json' IAM_ROLE 'arn:aws:iam::1:role/r' FORMAT AS PARQUET MANIFEST STATUPDATE OFF";
    let Kind::Copy(copy) = one(sql).kind else { panic!("no COPY") };
    assert_eq!((copy.table.as_str(), copy.columns.join(",").as_str()), ("s.t", "a,b"));
    assert_eq!((copy.manifest.as_str(), copy.role.as_str()), ("s3://lake/stage/m.json", "arn:aws:iam::1:role/r"));
}

#[test]
fn a_text_has_several_statements() {
    let all = translated("BEGIN; LOCK t; -- nothing\n; END;");
    assert_eq!(all.iter().map(|one| one.kind.clone()).collect::<Vec<_>>(), [Kind::Begin, Kind::Plain, Kind::Commit]);
    assert!(translated(" -- nothing\n /* nothing */ ;").is_empty());
}

/// dbt's seeds and fixtures have one SELECT for each row.
#[test]
fn a_union_of_many_queries() {
    let union = vec!["SELECT 1 AS a"; 1_000].join(" UNION ALL ");
    assert!(text(&union).ends_with("UNION ALL SELECT 1 AS a"));
    let sum = vec!["1"; 1_000].join(" + ");
    assert!(text(&format!("SELECT {sum}")).ends_with("+ 1"));
}

#[test]
fn a_table_in_a_common_table_expression_counts() {
    translated("WITH t AS (SELECT a FROM \"d\".\"s\".\"t\") SELECT listagg(a) FROM t");
    translated("SELECT (SELECT listagg(a) FROM (SELECT 'x' AS a) AS c) FROM s.t");
}

/// The statements of dbt. Its unit tests, which replace tables by constants, call LISTAGG: Redshift refuses that too.
#[test]
fn dbt_is_accepted() {
    let refused: Vec<String> = include_str!("../corpus/dbt.sql")
        .split("-- next --\n")
        .filter_map(|sql| {
            let disabled = Disabled::default();
            let context = Context { transaction: Transaction::Autocommit, disabled: &disabled };
            let refused = translate(sql, context).err()?;
            let expected = refused.rule == "compute-node-function" && sql.contains("__dbt__cte__");
            (!expected).then(|| format!("{refused}\n{}\n", sql.trim()))
        })
        .collect();
    assert!(refused.is_empty(), "{}\n{} refused", refused.join("\n"), refused.len());
}

/// The statements of a load and of `warehouse-init`.
#[test]
fn the_loader_is_accepted() {
    include_str!("../corpus/load.sql").split("-- next --\n").for_each(|sql| drop(translated(sql)));
}

/// `EMULATOR_SQL` names folders of statements, separated by colons: those of a load, and the models and tests that dbt compiled for
/// Redshift. The suite `redshift sql` of `cargo xtask test` writes them.
#[test]
fn everything_that_was_sent_is_accepted() {
    let Some(folders) = std::env::var_os("EMULATOR_SQL") else { return };
    let mut found = Vec::new();
    std::env::split_paths(&folders).for_each(|dir| files(&dir, &mut found));
    assert!(!found.is_empty(), "{} has no SQL files", folders.display());
    let disabled = Disabled::default();
    let context = Context { transaction: Transaction::Autocommit, disabled: &disabled };
    let refused: Vec<String> = found
        .iter()
        .filter_map(|file| {
            let sql = std::fs::read_to_string(file).expect("a readable file");
            translate(&sql, context).err().map(|refused| format!("{}: {refused}", file.display()))
        })
        .collect();
    assert!(refused.is_empty(), "{} of {}:\n{}", refused.len(), found.len(), refused.join("\n"));
}
