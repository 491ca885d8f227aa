//! Batches: one transaction, or one for each statement.

use serde_json::{Value, json};

use super::Bench;

/// The states of the sub-statements by their numbers.
fn states(described: &Value) -> Vec<String> {
    let mut list: Vec<(u32, String)> = described["SubStatements"]
        .as_array()
        .expect("sub-statements")
        .iter()
        .map(|part| {
            let (_, number) = part["Id"].as_str().and_then(|id| id.split_once(':')).expect("a number");
            (number.parse().expect("a number"), part["Status"].as_str().expect("a status").to_owned())
        })
        .collect();
    list.sort();
    list.into_iter().map(|(_, status)| status).collect()
}

const SQLS: [&str; 4] =
    ["CREATE TABLE t (n int)", "INSERT INTO t VALUES (1)", "SELECT * FROM missing", "INSERT INTO t VALUES (2)"];

impl Bench {
    fn described(&self, sqls: &[&str], more: &Value) -> Value {
        let mut body = json!({ "Sqls": sqls, "WorkgroupName": "workgroup", "Database": "dev", "WaitTimeSeconds": 30 });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let sent = self.data("BatchExecuteStatement", &body).expect("a batch");
        self.data("DescribeStatement", &json!({ "Id": sent["Id"] })).expect("a description")
    }
}

#[test]
fn a_failed_statement_rolls_the_transaction_back() {
    let bench = Bench::new();
    let described = bench.described(&SQLS, &json!({}));
    assert_eq!(states(&described), ["FINISHED", "FINISHED", "FAILED", "ABORTED"]);
    let error = described["Error"].as_str().expect("an error");
    assert!(error.contains("#3") && error.contains("\"missing\" does not exist"), "{error}");
    assert!(described["SubStatements"][2]["Error"].as_str().is_some_and(|error| error.starts_with("ERROR: relation")));
    assert!(bench.run("SELECT * FROM t").expect_err("no table").contains("does not exist"));
}

#[test]
fn with_auto_commit_each_statement_commits_regardless_of_the_others() {
    let bench = Bench::new();
    let described = bench.described(&SQLS, &json!({ "ExecutionMode": "AUTO_COMMIT" }));
    assert_eq!(described["ExecutionMode"], "AUTO_COMMIT");
    assert_eq!(states(&described), ["FINISHED", "FINISHED", "FAILED", "FINISHED"]);
    assert_eq!(bench.rows("SELECT sum(n) = 3 FROM t").expect("rows"), json!([[{ "booleanValue": true }]]));
}

#[test]
fn the_order_of_sub_statements_can_be_another_one() {
    let bench = Bench::with(|settings| settings.data_api.shuffled = true);
    let described = bench.described(&["SELECT 1", "SELECT 2"], &json!({}));
    let id = described["Id"].as_str().expect("an id");
    let ids: Vec<&Value> =
        described["SubStatements"].as_array().expect("a list").iter().map(|part| &part["Id"]).collect();
    assert_eq!(ids, [&json!(format!("{id}:2")), &json!(format!("{id}:1"))]);
}

#[test]
fn sub_statements_have_results_of_their_own() {
    let bench = Bench::new();
    let described = bench.described(&["CREATE TABLE t (n int)", "SELECT 7 AS seven"], &json!({}));
    assert_eq!(described["HasResultSet"], true);
    let id = described["Id"].as_str().expect("an id");
    let result = |id: &str| bench.data("GetStatementResult", &json!({ "Id": id }));
    let page = result(&format!("{id}:2")).expect("a result");
    assert_eq!(
        (&page["Records"], &page["ColumnMetadata"][0]["name"]),
        (&json!([[{ "longValue": 7 }]]), &json!("seven"))
    );
    for id in [id.to_owned(), format!("{id}:1"), format!("{id}:3"), "unknown".to_owned()] {
        let error = result(&id).expect_err(&id);
        assert!(error.contains("ResourceNotFoundException"), "{error}");
    }
    let part = bench.data("DescribeStatement", &json!({ "Id": format!("{id}:2") })).expect("a sub-statement");
    assert_eq!((&part["Status"], &part["QueryString"]), (&json!("FINISHED"), &json!("SELECT 7 AS seven")));
}
