//! A load into large tables: under the lock, only the rows of the deltas are touched.

use std::fmt::Write;

use crate::support::database::Role;
use crate::support::zoo::Zoo;

const ROWS: u64 = 1_000_000;
const CHANGED: u64 = 100;

/// Counts, in the transaction of a load, the rows that PostgreSQL reads and writes in each table between the first
/// statement after the lock and the last one.
const COUNTED: &str = "
CREATE TABLE touched (place text, name text, read bigint, written bigint);
CREATE FUNCTION count_touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO public.touched SELECT TG_TABLE_NAME, schemaname || '.' || relname,
        seq_tup_read + coalesce(idx_tup_fetch, 0), n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables;
    RETURN NULL;
END $$;
CREATE TRIGGER first AFTER UPDATE ON etl.heads FOR EACH STATEMENT EXECUTE FUNCTION public.count_touched();
CREATE TRIGGER last AFTER INSERT ON etl.runs FOR EACH STATEMENT EXECUTE FUNCTION public.count_touched();
";

fn set(zoo: &Zoo, changed: u64) {
    let mut text = "[".to_owned();
    for id in 1..=ROWS {
        let (comma, name) = (if id == 1 { "" } else { "," }, if id <= changed { "Bo" } else { "Ada" });
        let _ = write!(text, r#"{comma}{{"id":{id},"name":"{name}"}}"#);
    }
    zoo.set_text("animals", &(text + "]"));
}

#[test]
fn a_load_of_100_changes_into_a_million_rows_touches_no_more_rows_under_the_lock() {
    let zoo = Zoo::empty();
    set(&zoo, 0);
    assert_eq!(zoo.load_only("animals", "r1")["tables"]["animals"]["inserted"], ROWS);
    set(&zoo, CHANGED);
    let admin = zoo.database().session(Role::Postgres);
    admin.run(COUNTED);
    let report = zoo.load_only("animals", "r2");
    assert_eq!(report["tables"]["animals"]["updated"].as_u64(), Some(CHANGED));
    let touched = |column: &str| {
        let sql = format!(
            "SELECT coalesce(max({column}) FILTER (WHERE place = 'runs') - coalesce(max({column}) \
             FILTER (WHERE place = 'heads'), 0), 0) FROM touched WHERE name = 'zoo.animals'"
        );
        admin.number(&sql).unsigned_abs()
    };
    // The merge and the assertion each read a row by its key.
    let (read, written) = (touched("read"), touched("written"));
    println!("{CHANGED} of {ROWS} rows changed: {read} rows read and {written} written under the lock");
    assert_eq!(written, CHANGED);
    assert!((CHANGED..=3 * CHANGED).contains(&read), "{read} rows");
}
