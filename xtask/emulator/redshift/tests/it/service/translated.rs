//! Statements of Redshift in PostgreSQL: their results.

use serde_json::{Value, json};

use super::Bench;

const PREPARED: &[&str] = &[
    "CREATE SCHEMA s",
    "CREATE TABLE s.t (id bigint NOT NULL, name varchar(8), at timestamp, doc super) DISTSTYLE KEY DISTKEY (id) SORTKEY (id)",
    "INSERT INTO s.t SELECT 1, 'äb', CAST('2026-01-31 23:59:59.5' AS timestamp), JSON_PARSE('{\"k\": {\"x\": [10, \"a\"]}, \"n\": null}')",
    "INSERT INTO s.t SELECT 2, 'c', CAST('2026-03-01 00:00:00' AS timestamp), JSON_PARSE('[1, 2, 3]')",
    "CREATE VIEW s.late AS SELECT id, name FROM s.t WITH NO SCHEMA BINDING",
    "CREATE TABLE s.target (id bigint, name varchar(8))",
    "INSERT INTO s.target VALUES (1, 'old'), (3, 'kept')",
    "MERGE INTO s.target USING s.late AS x ON target.id = x.id WHEN MATCHED THEN UPDATE SET name = x.name \
     WHEN NOT MATCHED THEN INSERT (id, name) VALUES (x.id, x.name)",
    "CREATE MATERIALIZED VIEW s.m BACKUP NO DISTSTYLE ALL SORTKEY (id) AUTO REFRESH NO AS SELECT id, count(*) AS n FROM s.target \
     GROUP BY id",
    "DELETE FROM s.target USING s.t WHERE target.id = t.id AND t.id = 2",
    "REFRESH MATERIALIZED VIEW s.m",
    "ALTER TABLE s.t ADD COLUMN more varchar(4) ENCODE zstd",
    "ALTER TABLE s.t ALTER COLUMN name TYPE varchar(16)",
    "ANALYZE s.t",
    "COMMENT ON TABLE s.t IS $$it's$$",
    "TRUNCATE s.late_copy",
];

type Row = fn() -> Value;

/// A query and its first row.
const QUERIES: &[(&str, Row)] = &[
    ("SELECT listagg(name, '+') WITHIN GROUP (ORDER BY id DESC) FROM s.t", || json!(["c+äb"])),
    ("SELECT listagg(DISTINCT name, ',') WITHIN GROUP (ORDER BY name) FROM s.t", || json!(["c,äb"])),
    ("SELECT median(id) FROM s.t", || json!([1.5])),
    ("SELECT datediff(month, min(at), max(at)), datediff(day, min(at), max(at)) FROM s.t", || json!([2, 29])),
    ("SELECT dateadd(day, 1, at)::date FROM s.t WHERE id = 1", || json!(["2026-02-01"])),
    ("SELECT date_part(mon, at) FROM s.t WHERE id = 2", || json!([3.0])),
    ("SELECT t.doc.k.x[1]::varchar, doc.k.x[0]::int, doc.n IS NULL, doc.absent IS NULL FROM s.t WHERE id = 1", || {
        json!(["a", 10, true, true])
    }),
    ("SELECT count(*) FROM s.t WHERE doc.k.x[1] = 'a'", || json!([1])),
    ("SELECT get_array_length(doc), is_array(doc), json_serialize(doc) FROM s.t WHERE id = 2", || {
        json!([3, true, "[1, 2, 3]"])
    }),
    ("SELECT CAST('äöü' AS varchar(4)), len('äöü'), CAST(12.5 AS varchar(2))", || json!(["äö", 3, "12"])),
    ("SELECT name FROM s.target WHERE id = 1", || json!(["äb"])),
    ("SELECT sum(n), count(*) FROM s.m", || json!(["2", 2])),
    ("SELECT count(*) FROM s.late", || json!([2])),
    ("SELECT nvl(more, 'none'), nvl2(more, 1, 2) FROM s.t WHERE id = 1", || json!(["none", 2])),
    ("SELECT count(*) FROM (SELECT id FROM s.t MINUS SELECT 1) AS x", || json!([1])),
    ("SELECT charindex('b', name), concat(name, '!') FROM s.t WHERE id = 1", || json!([2, "äb!"])),
    ("SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 't'", || json!(["KEY(id)", "id"])),
    ("SELECT 'a\\\\b' = 'a\\\\b', len('a\\\\b')", || json!([true, 3])),
];

/// The values of the first row without their types.
fn values(rows: &Value) -> Value {
    let value = |field: &Value| field.as_object().and_then(|field| field.values().next().cloned()).unwrap_or_default();
    rows[0].as_array().map(|fields| fields.iter().map(value).collect()).unwrap_or_default()
}

#[test]
fn statements_of_redshift_have_their_results_in_postgresql() {
    let bench = Bench::new();
    let last = PREPARED.len() - 1;
    for sql in &PREPARED[..last] {
        bench.run(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }
    assert!(bench.run(PREPARED[last]).is_err_and(|error| error.contains("does not exist")));
    let wrong: Vec<String> = QUERIES
        .iter()
        .filter_map(|(sql, expected)| {
            let found = bench.rows(sql).map(|rows| values(&rows));
            (found != Ok(expected())).then(|| format!("{sql}\n{found:?}, expected {}", expected()))
        })
        .collect();
    assert_eq!(wrong.join("\n"), "");
}
