//! Every rule of SQL has a statement that violates it, and that only this rule refuses.

use std::collections::BTreeSet;

use redshift_emulator::rules::{Disabled, RULES, all};
use redshift_emulator::sql::{Context, Transaction, translate};

/// The rule, and a statement that it refuses outside a transaction.
const ALONE: &[(&str, &str)] = &[
    ("syntax", "SELECT 1 FROM WHERE"),
    ("syntax", "LOCK etl.load_lock IN SHARE MODE"),
    ("syntax", "CREATE ROLE IF NOT EXISTS loader"),
    ("syntax", "CREATE USER IF NOT EXISTS ann PASSWORD DISABLE"),
    ("syntax", "ALTER TABLE t RENAME"),
    ("syntax", "CREATE TABLE t (a int) FILLFACTOR 70"),
    ("syntax", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET MANIFEST 7"),
    ("unknown-statement", "UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE default"),
    ("unknown-statement", "SAVEPOINT a"),
    ("syntax", "CALL p(1)"),
    ("not-emulated", "CREATE PROCEDURE p() AS $$ BEGIN DELETE FROM t; COMMIT; END; $$ LANGUAGE plpgsql"),
    ("not-emulated", "CREATE PROCEDURE p() AS $$ DECLARE a int; BEGIN DELETE FROM t; END; $$ LANGUAGE plpgsql"),
    ("unknown-statement", "CREATE FUNCTION f() RETURNS int STABLE AS $$ SELECT 1 $$ LANGUAGE sql"),
    ("unknown-statement", "NOTIFY channel"),
    ("unknown-function", "SELECT string_agg(a, ',') FROM s.t"),
    ("unknown-function", "SELECT array_agg(a) FROM s.t"),
    ("unknown-function", "SELECT generate_series(1, 3)"),
    ("unknown-function", "SELECT n FROM generate_series(1, 3) AS n"),
    ("unknown-function", "SELECT s.own(1)"),
    ("unknown-function", "SELECT jsonb_array_length(a) FROM s.t"),
    ("unknown-function", "CREATE VIEW v AS SELECT to_jsonb(a) AS a FROM s.t"),
    ("unknown-function", "INSERT INTO t SELECT clock_timestamp()"),
    ("unknown-function", "UPDATE t SET a = gen_random_uuid()"),
    ("unknown-clause", "SELECT a FROM s.t FETCH FIRST 1 ROW ONLY"),
    ("unknown-clause", "SELECT a FROM s.t TABLESAMPLE SYSTEM (1)"),
    ("unknown-clause", "SELECT a FROM s.t QUALIFY rank() OVER (ORDER BY a) = 1"),
    ("unknown-clause", "SELECT lag(a) IGNORE NULLS OVER (ORDER BY a) FROM s.t"),
    ("unknown-expression", "SELECT a FROM s.t WHERE a ~* 'x'"),
    ("unknown-expression", "SELECT X'1F'"),
    ("unknown-type", "CREATE TABLE t (a uuid)"),
    ("unknown-type", "CREATE TABLE t (a serial)"),
    ("unknown-type", "CREATE TABLE t (a bytea)"),
    ("unknown-type", "CREATE TABLE t (a timestamp(3))"),
    ("unknown-type", "SELECT CAST(a AS money) FROM s.t"),
    ("unknown-parameter", "SET work_mem TO '1GB'"),
    ("unknown-date-part", "SELECT datediff(fortnight, a, b) FROM s.t"),
    ("not-emulated", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET"),
    ("not-emulated", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS CSV MANIFEST"),
    ("not-emulated", "ANALYZE COMPRESSION t"),
    ("identifier-length", LONG),
    ("reserved-word", "SELECT tag FROM s.t"),
    ("reserved-word", "SELECT a tag FROM s.t"),
    ("reserved-word", "SELECT a FROM s.t AS delta"),
    ("syntax", "SELECT a FROM s.t start"),
    ("reserved-word", "WITH snapshot AS (SELECT 1 AS a) SELECT a FROM snapshot"),
    ("reserved-word", "CREATE TABLE t (tag varchar(8))"),
    ("reserved-word", "CREATE TABLE offline (a int)"),
    ("reserved-word", "INSERT INTO t (a, tag) SELECT a, b FROM s.t"),
    ("reserved-word", "ALTER TABLE t ADD COLUMN percent bigint"),
    ("system-column", "CREATE TABLE t (xmin bigint)"),
    ("varchar-length", "CREATE TABLE t (a varchar(65536))"),
    ("varchar-length", "CREATE TABLE t (a char(4097))"),
    ("decimal-precision", "CREATE TABLE t (a decimal(39, 2))"),
    ("compute-node-function", "SELECT listagg(a, ',') WITHIN GROUP (ORDER BY a) FROM (SELECT 'x' AS a) AS c"),
    ("compute-node-function", "WITH t AS (SELECT 'x' AS a UNION ALL SELECT 'y') SELECT listagg(a) FROM t"),
    ("compute-node-function", "CREATE TEMPORARY TABLE x AS (WITH t AS (SELECT 1 AS a) SELECT median(a) AS m FROM t)"),
    ("compute-node-function", "SELECT listagg(relname) FROM pg_class"),
    (
        "compute-node-function",
        "INSERT INTO s.t SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM (SELECT 1 AS a) AS c",
    ),
    ("leader-node-function", "SELECT current_schema(), a FROM s.t"),
    ("leader-node-function", "SELECT has_table_privilege('s.t', 'select') FROM svv_table_info"),
    ("leader-node-function", "SELECT now() FROM s.t"),
    ("leader-node-function", "WITH x AS (SELECT current_timestamp AS a) SELECT x.a FROM x, s.t"),
    ("leader-node-catalog", "SELECT 1 FROM svv_table_info AS a JOIN pg_views AS b ON a.\"table\" = b.viewname"),
    (
        "merge-source",
        "MERGE INTO t USING (SELECT 1 AS a) AS s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    (
        "merge-target-alias",
        "MERGE INTO t AS x USING s ON x.a = s.a WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    (
        "merge-equality",
        "MERGE INTO t USING s ON t.a > s.a WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    (
        "merge-equality",
        "MERGE INTO t USING s ON t.a = s.a AND s.b = 1 WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    ("merge-branches", "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET a = s.a"),
    ("merge-branches", "MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (s.a)"),
    (
        "merge-condition",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND s.b > 1 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    (
        "merge-with",
        "WITH x AS (SELECT 1 AS a) MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    (
        "merge-super",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b.c WHEN NOT MATCHED THEN INSERT VALUES (s.a)",
    ),
    ("add-column", "ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int"),
    ("add-column", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"),
    ("alter-column-type", "ALTER TABLE t ALTER COLUMN a TYPE bigint"),
    ("alter-column-type", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"),
    ("unsupported-object", "CREATE INDEX i ON t (a)"),
    ("unsupported-object", "CREATE UNIQUE INDEX i ON t (a)"),
    ("unsupported-object", "CREATE SEQUENCE s"),
    ("unsupported-object", "CREATE TRIGGER r BEFORE INSERT ON t EXECUTE FUNCTION f()"),
    ("unsupported-object", "CREATE EXTENSION pg_trgm"),
    ("unsupported-object", "DROP INDEX i"),
    ("unsupported-table", "CREATE UNLOGGED TABLE t (a int)"),
    ("unsupported-table", "CREATE TABLE t (a int) INHERITS (s)"),
    ("unsupported-table", "CREATE TABLE t (a int) PARTITION BY RANGE (a)"),
    ("unsupported-constraint", "CREATE TABLE t (a int CHECK (a > 0))"),
    ("unsupported-constraint", "CREATE TABLE t (a int, CHECK (a > 0))"),
    ("unsupported-constraint", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)"),
    ("distribution-key", "CREATE TABLE t (a int) DISTSTYLE EVEN DISTKEY (a)"),
    ("distribution-key", "CREATE TABLE t DISTSTYLE KEY AS SELECT 1 AS a"),
    ("super-key", "CREATE TABLE t (a super) SORTKEY (a)"),
    ("on-conflict", "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING"),
    ("returning", "INSERT INTO t VALUES (1) RETURNING a"),
    ("returning", "DELETE FROM t RETURNING a"),
    ("with-insert", "WITH x AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM x"),
    ("update-join", "UPDATE t SET a = 1 FROM s LEFT JOIN u ON s.a = u.a WHERE t.a = s.a"),
    ("assignment-target", "UPDATE t SET (a, b) = (1, 2)"),
    ("values-table", "VALUES (1), (2)"),
    ("values-table", "SELECT a FROM (VALUES (1), (2)) AS v (a)"),
    ("distinct-on", "SELECT DISTINCT ON (a) a, b FROM s.t"),
    ("aggregate-filter", "SELECT count(*) FILTER (WHERE a > 1) FROM s.t"),
    ("lateral", "SELECT a FROM s.t, LATERAL (SELECT 1 AS b) AS l"),
    ("row-lock", "SELECT a FROM s.t FOR UPDATE"),
    ("set-operation-all", "SELECT 1 EXCEPT ALL SELECT 2"),
    ("is-distinct-from", "SELECT a IS DISTINCT FROM b FROM s.t"),
    ("array", "SELECT ARRAY[1, 2]"),
    ("array", "SELECT a FROM s.t WHERE a = ANY (b)"),
    ("array", "CREATE TABLE t (a int[])"),
    ("json-operator", "SELECT a -> 'b' FROM s.t"),
    ("json-operator", "SELECT a ->> 'b' FROM s.t"),
    ("json-operator", "SELECT a FROM s.t WHERE a @> b"),
    ("json-operator", "SELECT a::jsonb FROM s.t"),
    ("json-operator", "CREATE TABLE t (a json)"),
    ("window-frame", "SELECT sum(a) OVER (ORDER BY b) FROM s.t"),
    ("window-frame", "SELECT sum(a) OVER (ORDER BY b RANGE UNBOUNDED PRECEDING) FROM s.t"),
    ("window-clause", "SELECT rank() OVER w FROM s.t WINDOW w AS (ORDER BY a)"),
    ("late-binding-schema", "CREATE VIEW v AS SELECT a FROM t WITH NO SCHEMA BINDING"),
    ("materialized-view-query", "CREATE MATERIALIZED VIEW v AS SELECT a FROM s.t ORDER BY a"),
    ("materialized-view-query", "CREATE MATERIALIZED VIEW v AS SELECT a FROM s.t LIMIT 1"),
    ("materialized-view-query", "CREATE MATERIALIZED VIEW v AS SELECT relname FROM pg_class"),
    ("materialized-view-mutable", "CREATE MATERIALIZED VIEW v AUTO REFRESH YES AS SELECT getdate() AS a, b FROM s.t"),
    ("materialized-view-option", "CREATE MATERIALIZED VIEW v DISTSTYLE AUTO AS SELECT a FROM s.t"),
    ("copy-columnar-option", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET MANIFEST MAXERROR 3"),
    ("copy-columnar-option", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET MANIFEST COMPUPDATE OFF"),
    ("copy-columnar-option", "COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET MANIFEST REGION 'eu-west-1'"),
];

/// A name of 128 bytes.
const LONG: &str = "CREATE TABLE \
    a23456789b123456789c123456789d123456789e123456789f123456789g12345\
    a23456789b123456789c123456789d123456789e123456789f123456789g123456 (a int)";

/// The rule, and a statement that it refuses in a transaction.
const IN_TRANSACTION: &[(&str, &str)] = &[
    ("transaction-vacuum", "VACUUM s.t"),
    ("transaction-alter-column", "ALTER TABLE s.t ALTER COLUMN a TYPE varchar(64)"),
    ("transaction-append", "ALTER TABLE s.t APPEND FROM s.u"),
    ("transaction-database", "CREATE DATABASE d"),
    ("transaction-database", "DROP DATABASE d"),
    ("transaction-external-table", "CREATE EXTERNAL TABLE s.t (a int) STORED AS PARQUET LOCATION 's3://b/k/'"),
];

/// Rules whose statements are too long to be written here.
const GENERATED: [&str; 2] = ["statement-bytes", "column-limit"];

fn refused_by(sql: &str, transaction: Transaction, disabled: &[&str]) -> Option<String> {
    let disabled = Disabled(disabled.iter().map(|id| (*id).to_owned()).collect());
    translate(sql, Context { transaction, disabled: &disabled }).err().map(|refused| refused.rule.to_owned())
}

/// What is wrong with the claim that only this rule refuses the statement.
fn wrong(rule: &str, sql: &str, transaction: Transaction, others: &[&str]) -> Option<String> {
    let disabled: Vec<&str> = others.iter().copied().chain([rule]).collect();
    let (with, without) = (refused_by(sql, transaction, others), refused_by(sql, transaction, &disabled));
    let right = with.as_deref() == Some(rule) && without.is_none();
    let short: String = sql.chars().take(120).collect();
    (!right).then(|| format!("{rule}: refused by {with:?}, and without the rule by {without:?}: {short}"))
}

fn only_refused_by(rule: &str, sql: &str, transaction: Transaction, others: &[&str]) {
    assert_eq!(wrong(rule, sql, transaction, others), None);
}

#[test]
fn each_rule_refuses_its_statement_and_nothing_else_does() {
    let wrong = ALONE.iter().filter_map(|(rule, sql)| {
        // PostgreSQL cuts long names, so the emulator has a second reason to refuse them.
        let others: &[&str] = if *rule == "identifier-length" { &["not-emulated"] } else { &[] };
        wrong(rule, sql, Transaction::Autocommit, others)
    });
    assert_eq!(wrong.collect::<Vec<_>>().join("\n"), "");
}

#[test]
fn what_a_transaction_does_not_allow() {
    for (rule, sql) in IN_TRANSACTION {
        for transaction in [Transaction::Block, Transaction::Batch] {
            // Some of these statements are unknown to the emulator outside a transaction too.
            only_refused_by(rule, sql, transaction, &["unknown-statement", "not-emulated"]);
        }
        assert_ne!(refused_by(sql, Transaction::Autocommit, &[]).as_deref(), Some(*rule), "{sql}");
        let text = format!("BEGIN; {sql}");
        assert_eq!(refused_by(&text, Transaction::Autocommit, &[]).as_deref(), Some(*rule), "{text}");
        let text = format!("BEGIN; COMMIT; {sql}");
        assert_ne!(refused_by(&text, Transaction::Autocommit, &[]).as_deref(), Some(*rule), "{text}");
    }
}

#[test]
fn the_limits_of_a_text_and_of_a_table() {
    let columns: Vec<String> = (0..=1_600).map(|number| format!("c{number} int")).collect();
    only_refused_by("column-limit", &format!("CREATE TABLE t ({})", columns.join(", ")), Transaction::Autocommit, &[]);
    let long = format!("SELECT '{}'", "x".repeat(16 << 20));
    only_refused_by("statement-bytes", &long, Transaction::Autocommit, &[]);
}

#[test]
fn every_rule_has_a_statement_and_a_page() {
    let tested: BTreeSet<&str> = ALONE.iter().chain(IN_TRANSACTION).map(|(rule, _)| *rule).chain(GENERATED).collect();
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len(), "an id occurs twice");
    assert_eq!(tested, ids);
    let everywhere: BTreeSet<&str> = all().map(|rule| rule.id).collect();
    assert_eq!(everywhere.len(), all().count(), "an id occurs in two lists");
    for rule in all() {
        assert!(rule.page.starts_with("https://"), "{}", rule.id);
    }
}

#[test]
fn a_refusal_names_what_is_unknown() {
    let message = |sql: &str| {
        let disabled = Disabled::default();
        let context = Context { transaction: Transaction::Autocommit, disabled: &disabled };
        translate(sql, context).expect_err(sql).to_string()
    };
    assert!(message("SELECT string_agg(a, ',') FROM s.t").contains("function string_agg"));
    assert!(message("UNLOAD ('SELECT 1') TO 's3://b/k'").contains("UNLOAD"));
    assert!(message("CREATE FUNCTION f() AS $$ $$").contains("CREATE FUNCTION"));
    assert!(message("SELECT 1; SELECT a @> b FROM s.t").contains("@>"));
    assert!(message("SET work_mem TO 1").contains("work_mem"));
}
