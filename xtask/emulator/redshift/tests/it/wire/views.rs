//! Late-binding views, and the system views that dbt-redshift reads.

use super::Bench;

const COLUMNS: &str = "SELECT col_name, col_type FROM pg_get_late_binding_view_cols() \
    cols(view_schema name, view_name name, col_name name, col_type varchar, ordinal_position int) \
    WHERE view_name = 'shown' ORDER BY ordinal_position";

#[test]
fn a_late_binding_view_reads_the_table_that_exists_when_it_is_queried() {
    let bench = Bench::new();
    let session = bench.session("admin");
    session.run("CREATE TABLE public.t (n int, name varchar(10))");
    session.run("INSERT INTO public.t VALUES (1, 'a')");
    session.run("CREATE VIEW public.shown AS SELECT n, name FROM public.t WITH NO SCHEMA BINDING");
    assert_eq!(session.texts("SELECT name FROM public.shown"), ["a"]);
    // dbt's order: the new table under another name, two renames, and the old one is dropped with CASCADE.
    session.run("CREATE TABLE public.t_new AS (SELECT 2 AS n, CAST('b' AS varchar(10)) AS name)");
    session.run("ALTER TABLE public.t RENAME TO t_old");
    let error = session.query("SELECT name FROM public.shown").expect_err("no table");
    assert!(error.starts_with("42P01 relation \"public.t\" does not exist"), "{error}");
    session.run("ALTER TABLE public.t_new RENAME TO t");
    session.run("DROP TABLE public.t_old CASCADE");
    assert_eq!(session.texts("SELECT name FROM public.shown"), ["b"]);
    session.run("DROP VIEW public.shown CASCADE");
    session.query("SELECT name FROM public.shown").expect_err("dropped");
    let routines =
        "SELECT count(*) FROM pg_proc WHERE proname LIKE 'late!_%' ESCAPE '!' AND proname <> 'late_binding_view'";
    assert_eq!(session.texts(routines), ["0"]);
}

#[test]
fn a_view_that_binds_prevents_the_drop_of_its_table() {
    let bench = Bench::new();
    let session = bench.session("admin");
    session.run("CREATE TABLE public.t (n int)");
    session.run("CREATE VIEW public.bound AS SELECT n FROM public.t");
    let error = session.query("DROP TABLE public.t").expect_err("a view depends on it");
    assert!(error.contains("other objects depend on it"), "{error}");
}

#[test]
fn readers_of_a_late_binding_view_need_a_grant_on_the_view_only() {
    let bench = Bench::new();
    let session = bench.session("admin");
    session.run("CREATE SCHEMA hidden");
    session.run("CREATE SCHEMA shared");
    session.run("CREATE TABLE hidden.t (n int)");
    session.run("INSERT INTO hidden.t VALUES (1)");
    session.run("CREATE VIEW shared.shown AS SELECT n FROM hidden.t WITH NO SCHEMA BINDING");
    let reader = bench.session("IAMR:reader");
    session.run("GRANT USAGE ON SCHEMA shared TO \"IAMR:reader\"");
    reader.query("SELECT n FROM shared.shown").expect_err("no grant");
    session.run("GRANT SELECT ON shared.shown TO \"IAMR:reader\"");
    assert_eq!(reader.texts("SELECT n FROM shared.shown"), ["1"]);
    reader.query("SELECT n FROM hidden.t").expect_err("no grant on the table");
}

#[test]
fn columns_of_late_binding_views_are_listed_by_their_own_function() {
    let bench = Bench::new();
    let session = bench.session("admin");
    session.run("CREATE TABLE public.t (n int, name varchar(10), price decimal(7, 4), tags super)");
    session.run("CREATE VIEW public.shown AS SELECT n, name, price, tags FROM public.t WITH NO SCHEMA BINDING");
    let columns = session.query(COLUMNS).expect("columns");
    let columns: Vec<String> =
        columns.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(columns, ["n integer", "name character varying(10)", "price numeric(7,4)", "tags super"]);
    let listed = |table: &str| {
        session.texts(&format!("SELECT data_type FROM information_schema.columns WHERE table_name = '{table}'"))
    };
    assert_eq!(listed("shown").len(), 0);
    assert_eq!(listed("t"), ["integer", "character varying", "numeric", "super"]);
    let all = "SELECT column_name FROM svv_columns WHERE table_name = 'shown' AND data_type = 'numeric'";
    assert_eq!(session.texts(all), ["price"]);
}
