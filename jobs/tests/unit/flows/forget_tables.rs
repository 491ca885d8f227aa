//! Tests the length of the queries that search a table.

use super::*;

#[test]
fn no_query_is_longer_than_the_data_api_accepts() {
    let conditions: Vec<String> = (0..3_000).map(|number| format!("strpos(a, '{number:0>100}') > 0")).collect();
    let queries = queries("zoo.animals", conditions.clone());
    assert!(queries.iter().all(|query| query.len() < 100_000));
    let found: Vec<&str> =
        queries.iter().flat_map(|query| query.split(" WHERE ").nth(1).expect("conditions").split(" OR ")).collect();
    assert_eq!(found, conditions);
}
