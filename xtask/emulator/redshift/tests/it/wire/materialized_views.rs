//! Materialized views: what dbt-redshift reads about them, refreshes, and what depends on what.

use super::Bench;

const CREATE: &str = "CREATE MATERIALIZED VIEW public.counted BACKUP YES DISTSTYLE KEY DISTKEY (name) SORTKEY (name, n) \
    AUTO REFRESH YES AS (SELECT name, count(*) AS n FROM public.t GROUP BY name)";

fn with_view(bench: &Bench) -> super::Session<'_> {
    let session = bench.session("admin");
    session.run("CREATE TABLE public.t (name varchar(10))");
    session.run("INSERT INTO public.t VALUES ('a'), ('a'), ('b')");
    session.run(CREATE);
    session
}

#[test]
fn a_materialized_view_has_the_rows_of_its_last_refresh() {
    let bench = Bench::new();
    let session = with_view(&bench);
    let count = "SELECT n FROM public.counted WHERE name = 'b'";
    session.run("INSERT INTO public.t VALUES ('b')");
    assert_eq!(session.texts(count), ["1"]);
    session.run("REFRESH MATERIALIZED VIEW public.counted");
    assert_eq!(session.texts(count), ["2"]);
}

#[test]
fn its_definition_and_its_keys_are_described() {
    let bench = Bench::new();
    let session = with_view(&bench);
    let table = "SELECT diststyle, sortkey1, autorefresh FROM svv_table_info tb LEFT JOIN svv_mv_info mv \
        ON mv.schema_name = tb.schema AND mv.name = tb.table WHERE tb.table ILIKE 'counted'";
    let row: Vec<_> = session.query(table).expect("a row").concat().into_iter().flatten().collect();
    assert_eq!(row, ["KEY(name)", "name", "t"]);
    session.run("ALTER MATERIALIZED VIEW public.counted AUTO REFRESH NO");
    let row: Vec<_> = session.query(table).expect("a row").concat().into_iter().flatten().collect();
    assert_eq!(row, ["KEY(name)", "name", "f"]);
    let keys = "SELECT a.attname || a.attisdistkey || a.attsortkeyord FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relname LIKE 'mv_tbl__counted__%' AND a.attnum > 0 ORDER BY a.attnum";
    assert_eq!(session.texts(keys), ["nametrue1", "nfalse2"]);
    for view in ["pg_views WHERE viewname", "information_schema.views WHERE table_name"] {
        let column = if view.starts_with("pg_views") { "definition" } else { "view_definition" };
        let definition = session.texts(&format!("SELECT {column} FROM {view} = 'counted'"));
        assert!(definition[0].to_lowercase().starts_with("create materialized view"), "{definition:?}");
    }
}

#[test]
fn it_depends_on_its_table() {
    let bench = Bench::new();
    let session = with_view(&bench);
    let error = session.query("DROP TABLE public.t").expect_err("a view depends on it");
    assert!(error.contains("other objects depend on it"), "{error}");
    session.run("DROP TABLE public.t CASCADE");
    session.query("SELECT n FROM public.counted").expect_err("dropped");
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'mv_tbl__counted%'";
    assert_eq!(session.texts(left), ["0"]);
}

#[test]
fn it_is_dropped_by_its_own_statement() {
    let bench = Bench::new();
    let session = with_view(&bench);
    session.run("DROP MATERIALIZED VIEW IF EXISTS public.counted CASCADE");
    session.run("DROP MATERIALIZED VIEW IF EXISTS public.counted CASCADE");
    let error = session.query("DROP MATERIALIZED VIEW public.t").expect_err("a table");
    assert!(error.contains("is not a materialized view"), "{error}");
    session.run(CREATE);
}
