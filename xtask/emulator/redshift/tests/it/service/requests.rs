//! Requests to the Data API: who may send them, what they may contain, and how results are returned.

use std::time::{Duration, Instant};

use redshift_emulator::identity::{Identities, Identity};
use redshift_emulator::{Fault, User};
use serde_json::{Value, json};

use super::{Bench, KEY, statement};

#[test]
fn fields_have_the_type_of_their_column() {
    let bench = Bench::new();
    let sql = "SELECT 1::bigint, 2::smallint, 1.5::double precision, true, 'text', 1.50::numeric(5, 2), \
               '2026-01-02'::date, NULL::int, 'a'::varchar(3)";
    let rows = bench.rows(sql).expect("rows");
    let expected = json!([[
        { "longValue": 1 }, { "longValue": 2 }, { "doubleValue": 1.5 }, { "booleanValue": true }, { "stringValue": "text" },
        { "stringValue": "1.50" }, { "stringValue": "2026-01-02" }, { "isNull": true }, { "stringValue": "a" },
    ]]);
    assert_eq!(rows, expected);
}

#[test]
fn results_have_pages_and_statements_without_rows_have_none() {
    let bench = Bench::with(|settings| settings.data_api.page_rows = 2);
    let described = bench.run("SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY n").expect("a query");
    let first = bench.data("GetStatementResult", &json!({ "Id": described["Id"] })).expect("a page");
    assert_eq!((&first["TotalNumRows"], first["Records"].as_array().map(Vec::len)), (&json!(3), Some(2)));
    let next = json!({ "Id": described["Id"], "NextToken": first["NextToken"] });
    let second = bench.data("GetStatementResult", &next).expect("a page");
    assert_eq!((&second["Records"], &second["NextToken"]), (&json!([[{ "longValue": 3 }]]), &Value::Null));

    let created = bench.run("CREATE TABLE t (n int)").expect("a table");
    assert_eq!(created["HasResultSet"], false);
    let error = bench.data("GetStatementResult", &json!({ "Id": created["Id"] })).expect_err("no result");
    assert!(error.contains("Query does not have result"), "{error}");
    let empty = bench.run("SELECT * FROM t").expect("no rows");
    assert_eq!(empty["HasResultSet"], true);
}

#[test]
fn a_repeated_token_does_not_run_the_statement_again() {
    let bench = Bench::new();
    bench.run("CREATE TABLE t (n int)").expect("a table");
    let mut insert = statement("INSERT INTO t VALUES (1)");
    insert["ClientToken"] = json!("once");
    let ids: Vec<Value> =
        (0..3).map(|_| bench.data("ExecuteStatement", &insert).expect("a response")["Id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let count = |bench: &Bench| bench.rows("SELECT count(*) FROM t").expect("rows")[0][0]["longValue"].clone();
    assert_eq!(count(&bench), 1);
    bench.emulator.forget_tokens();
    bench.data("ExecuteStatement", &insert).expect("a response");
    assert_eq!(count(&bench), 2);
    insert["ClientToken"] = json!("x".repeat(65));
    assert!(bench.data("ExecuteStatement", &insert).expect_err("too long").contains("[rule client-token]"));
}

#[test]
fn unknown_operations_parameters_and_values_are_refused_by_name() {
    let bench = Bench::new();
    let with = |name: &str, value: Value| {
        let mut body = statement("SELECT 1");
        body[name] = value;
        bench.data("ExecuteStatement", &body).expect_err(name)
    };
    assert!(with("Parameters", json!([])).contains("`Parameters` of ExecuteStatement"));
    assert!(with("ResultFormat", json!("CSV")).contains("`ResultFormat`"));
    assert!(with("WaitTimeSeconds", json!(0)).contains("[rule wait-time]"));
    assert!(with("WorkgroupName", json!("other")).contains("endpoint doesn't exist"));
    assert!(with("Database", json!("other")).contains("database \\\"other\\\" does not exist"));
    assert!(with("SecretArn", json!("arn:other")).contains("the secret does not exist"));
    let error = bench.data("ListTables", &json!({})).expect_err("unknown");
    assert!(error.contains("UnknownOperationException") && error.contains("RedshiftData.ListTables"), "{error}");
    let batch =
        json!({ "Sqls": ["SELECT 1"], "WorkgroupName": "workgroup", "Database": "dev", "ExecutionMode": "FAST" });
    assert!(bench.data("BatchExecuteStatement", &batch).expect_err("a mode").contains("FAST"));
}

#[test]
fn a_caller_is_known_by_its_access_key_and_signs_for_the_service() {
    let bench = Bench::with(|settings| {
        settings.identities = Identities::Keys([(KEY.to_owned(), Identity::becoming(User::Admin))].into());
    });
    let body = statement("SELECT 1");
    let signed = |key: &str, scope: &str| bench.signed(key, "RedshiftData.ExecuteStatement", scope, &body);
    assert_eq!(signed(KEY, "redshift-data").0, 200);
    let (status, error) = signed("AKIDUNKNOWN", "redshift-data");
    assert_eq!((status, &error["__type"]), (403, &json!("UnrecognizedClientException")));
    let (status, error) = signed(KEY, "s3");
    assert_eq!((status, &error["__type"]), (403, &json!("InvalidSignatureException")));
}

#[test]
fn the_database_user_follows_from_the_arn() {
    for (arn, user) in [
        ("arn:aws:iam::000000000000:role/path/loader", "IAMR:loader"),
        ("arn:aws:sts::000000000000:assumed-role/loader/session", "IAMR:loader"),
        ("arn:aws-cn:iam::000000000000:user/ann", "IAM:ann"),
    ] {
        assert_eq!(User::of_arn(arn), Some(User::Iam(user.to_owned())), "{arn}");
    }
    assert_eq!(User::of_arn("arn:aws:iam::000000000000:root"), None);
}

#[test]
fn a_running_statement_is_cancelled() {
    let bench = Bench::new();
    bench.database.run("CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(60)'");
    let mut body = statement("LOCK held");
    bench.run("CREATE TABLE held (n int)").expect("a table");
    let engine = bench.emulator.engine();
    let holder = bench.emulator.block_on(async {
        let mut session = engine.session(&User::Admin).await?;
        session.begin().await?;
        session.execute("LOCK held").await.map(|_| session)
    });
    let holder = holder.expect("a running emulator").expect("a lock");
    body["WaitTimeSeconds"] = json!(1);
    body["Sql"] = json!("SELECT * FROM held");
    let start = Instant::now();
    let sent = bench.data("ExecuteStatement", &body).expect("a statement");
    assert_eq!(sent["Status"], "STARTED");
    assert!(start.elapsed() >= Duration::from_secs(1));
    let id = json!({ "Id": sent["Id"] });
    assert_eq!(bench.data("CancelStatement", &id).expect("a response"), json!({ "Status": true }));
    assert!(bench.finished(&sent).expect_err("cancelled").contains("ABORTED"));
    assert!(bench.data("CancelStatement", &id).expect_err("it has ended").contains("ABORTED"));
    drop(holder);
}

#[test]
fn faults_are_injected_and_requests_counted() {
    let bench = Bench::new();
    bench.emulator.meets(|number, _| if number == 0 { Fault::Throttle } else { Fault::None });
    assert!(bench.run("SELECT 1").expect_err("throttled").contains("ThrottlingException"));
    bench.run("SELECT 1").expect("the second one");
    assert_eq!(bench.emulator.operations(), ["ExecuteStatement", "ExecuteStatement", "DescribeStatement"]);
    assert!(bench.emulator.operations().is_empty());
    assert_eq!(bench.emulator.counts()["ExecuteStatement"], 2);
    bench.emulator.meets(|_, operation| match operation {
        "BatchExecuteStatement" => Fault::LoseSession(1),
        _ => Fault::None,
    });
    let error = bench.batch(&["CREATE TABLE t (n int)", "SELECT 1"], &json!({})).expect_err("lost");
    assert!(error.contains("the session was lost"), "{error}");
    bench.run("SELECT * FROM t").expect_err("rolled back");
}
