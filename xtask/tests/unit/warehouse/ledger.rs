//! The descriptions of the ledger: every column has one, and dbt shows the same.

use super::super::{Existing, Users, bootstrap, plan};
use super::*;

#[test]
fn every_column_is_described_once_and_dbt_shows_the_same_text() {
    let users = Users::of_roles("ingestion", "dbt", &[], &[]).expect("valid names");
    let redshift = plan(&["zoo".to_owned()], &users, &Existing::default());
    for statements in [redshift, bootstrap(&["zoo".to_owned()], &Default::default(), &[])] {
        let tables = statements.iter().filter_map(|sql| {
            let (table, columns) = sql.strip_prefix("CREATE TABLE IF NOT EXISTS etl.")?.split_once(" (")?;
            let columns = columns.replace("(now() AT TIME ZONE 'UTC')", "").replace("(source, ", "(");
            let names = columns.split([',', '\n']).filter_map(|column| column.split_whitespace().next());
            let names = names.filter(|name| name.chars().all(|char| char.is_ascii_lowercase() || char == '_'));
            let places = names.map(|name| format!("{table}.{name}"));
            Some(std::iter::once(table.to_owned()).chain(places).collect::<Vec<_>>())
        });
        let mut tables: Vec<String> = tables.flatten().collect();
        let described = statements.iter().filter_map(|sql| Some(sql.split_once(" etl.")?.1.split_once(" IS '")?.0));
        let mut described: Vec<String> = described.map(str::to_owned).collect();
        tables.sort();
        described.sort();
        assert_eq!(described, tables);
    }
    let dbt = include_str!("../../../../dbt/models/staging/etl/__ledger.yml");
    for (place, text) in DESCRIPTIONS {
        let of_dbt = place.starts_with("runs") || place.starts_with("findings");
        assert!(!of_dbt || dbt.contains(&format!("description: \"{text}\"")), "{place}: {text}");
    }
}
