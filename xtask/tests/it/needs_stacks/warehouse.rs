//! The deployment of the warehouse, which no emulator supports. A stub returns the sample responses in the API
//! References of Amazon Redshift Serverless and of the Redshift Data API to the real SDK client. The tests check the
//! calls, their order and the user, not that Redshift accepts a statement; the loader's SQL tests do that.

use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::{Account, endpoint, with_images};
use crate::support::account::{Ran, ran};

const WORKGROUP: &str =
    "arn:aws:redshift-serverless:eu-west-1:000000000000:workgroup/af1e1f3e-0000-4000-8000-000000000000";
const KEY: &str = "arn:aws:kms:eu-west-1:000000000000:key/0b1d2c3e-0000-4000-8000-000000000000";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:redshift!dpstack-platform_admin-AbCdEf";

/// The state of the warehouse, and the recorded calls.
#[derive(Default)]
struct State {
    limits: Vec<Value>,
    /// The number of reads for which the workgroup, and then the namespace, of an earlier deployment still exist.
    deleting: [u32; 2],
    /// Calls that set a limit fail.
    throttled: bool,
    calls: Vec<(String, Value)>,
}

struct Redshift {
    url: String,
    state: Arc<Mutex<State>>,
}

impl Redshift {
    fn start() -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", server.server_addr().to_ip().expect("an address"));
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        // It stops with the process of the tests.
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let target = request.headers().iter().find(|header| header.field.equiv("X-Amz-Target"));
                let target = target.map(|header| header.value.to_string()).unwrap_or_default();
                let body: Value = serde_json::from_reader(request.as_reader()).expect("JSON");
                let (status, response) = respond(&mut shared.lock().expect("no panic"), &target, &body);
                let kind = Header::from_bytes("Content-Type", "application/x-amz-json-1.1").expect("a header");
                let response = Response::from_string(response.to_string()).with_status_code(status).with_header(kind);
                // The client may have been killed.
                let _ = request.respond(response);
            }
        });
        Self { url, state }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Returns the calls since the last time, without the service name.
    fn calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.state().calls)
    }

    fn run(&self, account: &Account, arguments: &[&str]) -> Ran {
        let mut command = account.by(&endpoint(), arguments);
        command.env("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", &self.url);
        ran(command.env("AWS_ENDPOINT_URL_REDSHIFT_DATA", &self.url))
    }
}

fn respond(state: &mut State, target: &str, body: &Value) -> (u16, Value) {
    let call = target.split_once('.').map_or(target, |(_, call)| call);
    state.calls.push((call.to_owned(), body.clone()));
    let ok = |response| (200, response);
    match call {
        "GetWorkgroup" if state.deleting[0] > 0 => {
            state.deleting[0] -= 1;
            let workgroup = json!({"workgroupArn": WORKGROUP, "workgroupName": body["workgroupName"],
                "namespaceName": "dpstack", "status": "DELETING"});
            ok(json!({ "workgroup": workgroup }))
        }
        "GetNamespace" if state.deleting[1] > 0 => {
            state.deleting[1] -= 1;
            ok(json!({"namespace": {"namespaceName": "dpstack", "status": "DELETING", "kmsKeyId": KEY}}))
        }
        "GetWorkgroup" => ok(json!({"workgroup": {
            "workgroupArn": WORKGROUP, "workgroupName": body["workgroupName"], "namespaceName": "dpstack",
            "status": "AVAILABLE", "endpoint": {"address": "dpstack-workgroup.000000000000.eu-west-1.redshift-serverless.amazonaws.com", "port": 5439},
        }})),
        "GetNamespace" if state.calls.iter().any(|(call, _)| call == "GetWorkgroup") => ok(
            json!({"namespace": {"namespaceName": "dpstack", "status": "AVAILABLE", "adminPasswordSecretArn": SECRET}}),
        ),
        "GetNamespace" => (400, json!({"__type": "ResourceNotFoundException", "message": "Namespace not found."})),
        "ListUsageLimits" => ok(json!({"usageLimits": state.limits})),
        "CreateUsageLimit" | "UpdateUsageLimit" if state.throttled => {
            (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}))
        }
        "CreateUsageLimit" => {
            let limit = json!({"usageLimitId": "0b1d2c3e", "resourceArn": body["resourceArn"], "usageType": body["usageType"],
                "amount": body["amount"], "period": body["period"], "breachAction": body["breachAction"]});
            state.limits.push(limit.clone());
            ok(json!({ "usageLimit": limit }))
        }
        "UpdateUsageLimit" => {
            let limit =
                state.limits.iter_mut().find(|limit| limit["usageLimitId"] == body["usageLimitId"]).expect("a limit");
            (limit["amount"], limit["breachAction"]) = (body["amount"].clone(), body["breachAction"].clone());
            ok(json!({ "usageLimit": limit }))
        }
        "ExecuteStatement" | "BatchExecuteStatement" => {
            ok(json!({"Id": "d9b6c0c9-0747-4bf4-b142-e8883122f766", "CreatedAt": 1_764_000_000.0}))
        }
        "DescribeStatement" => ok(json!({"Id": body["Id"], "Status": "FINISHED", "HasResultSet": true})),
        "GetStatementResult" => {
            let last = state.calls.iter().rev().find(|(call, _)| call == "ExecuteStatement");
            // Loads of other sources do not count.
            let query = "FROM etl.runs GROUP BY source";
            let ledger = last.is_some_and(|(_, body)| body["Sql"].as_str().is_some_and(|sql| sql.contains(query)));
            let row = |source: &str, time: &str, hours: u32| json!([{"stringValue": source}, {"stringValue": time}, {"longValue": hours}]);
            let load = json!([row("launches", "2026-11-26 07:00:00", 1), row("spacex", "2026-11-26 05:00:12.5", 3)]);
            let records = if ledger { load } else { json!([]) };
            ok(
                json!({"Records": records, "ColumnMetadata": [], "TotalNumRows": records.as_array().map_or(0, Vec::len)}),
            )
        }
        other => (400, json!({"__type": "ValidationException", "message": format!("{other} is not expected")})),
    }
}

fn names(calls: &[(String, Value)]) -> Vec<&str> {
    calls.iter().map(|(call, _)| call.as_str()).collect()
}

#[test]
fn the_administrator_prepares_the_warehouse_once_and_the_limit_is_set_last() {
    let (account, redshift) = (with_images(), Redshift::start());
    let output = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(output.stdout.contains("warehouse: prepare schemas, ledger, roles and grants; usage limit none -> 40 RPU-hours daily, then deactivate"), "{}", output.stdout);
    // Airflow is deployed after the warehouse is ready.
    let log = output.stderr;
    let (ready, airflow) = (log.find("setting the usage limit"), log.find("orchestration: creating the change set"));
    assert!(ready.is_some() && ready < airflow, "{log}");
    let calls = redshift.calls();
    let (last, body) = calls.last().expect("a call");
    let expected = json!({"resourceArn": WORKGROUP, "usageType": "serverless-compute", "amount": 40, "period": "daily", "breachAction": "deactivate"});
    assert_eq!((last.as_str(), body), ("CreateUsageLimit", &expected));
    let sent: Vec<&Value> =
        calls.iter().filter(|(call, _)| call == "BatchExecuteStatement").map(|(_, body)| body).collect();
    assert!(
        !sent.is_empty()
            && sent.iter().all(|body| body["SecretArn"] == SECRET && body["WorkgroupName"] == "dpstack-workgroup")
    );
    let statements: Vec<&str> =
        sent.iter().flat_map(|body| body["Sqls"].as_array().expect("statements")).filter_map(Value::as_str).collect();
    for role in ["ingestion", "dbt", "airflow"] {
        let user = format!("CREATE USER \"IAMR:dpstack-{role}-eu-west-1\" PASSWORD DISABLE");
        assert!(statements.contains(&user.as_str()), "{statements:?}");
    }

    // A second run sends two reads, and no statement that would start the paused warehouse.
    let again = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    assert_eq!(names(&redshift.calls()), ["GetWorkgroup", "ListUsageLimits"]);

    // The limit was raised by hand: `status` reports it, `deploy` sets it again.
    redshift.state().limits[0]["amount"] = json!(4_000);
    let status = redshift.run(&account, &["status", "--json"]);
    let lines: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let line =
        |check: &str| lines.as_array().expect("lines").iter().find(|line| line["check"] == check).expect(check).clone();
    assert_eq!((status.code, &line("usage limit")["light"]), (Some(1), &json!("red")));
    assert_eq!(line("usage limit")["found"], "4000 RPU-hours daily, then deactivate");
    assert_eq!(line("warehouse")["light"], "green");
    assert_eq!(line("last load, spacex")["found"], "2026-11-26 05:00:12.5, 3 hours ago");
    redshift.calls();
    redshift.run(&account, &["deploy", "--yes"]).done();
    let calls = redshift.calls();
    assert_eq!(
        calls.last().map(|(call, body)| (call.as_str(), &body["amount"])),
        Some(("UpdateUsageLimit", &json!(40)))
    );
    let status = redshift.run(&account, &["status"]).done();
    assert!(status.stdout.contains("40 RPU-hours daily, then deactivate"), "{}", status.stdout);
}

#[test]
fn new_settings_of_the_dags_are_uploaded_after_the_warehouse_was_prepared_again() {
    let (account, redshift) = (with_images(), Redshift::start());
    redshift.run(&account, &["deploy", "--yes"]).done();
    // As after a source was added: the file in the bucket is not the one of the settings.
    let bucket = account.buckets().into_iter().find(|name| name.contains("-airflow")).expect("the bucket");
    account.call_rest("s3", "DELETE", &format!("/{bucket}/dags/platform.json"), "");
    redshift.calls();
    let output = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(names(&redshift.calls()).contains(&"BatchExecuteStatement"), "{}", output.stderr);
    let (prepared, uploaded) =
        (output.stderr.find("setting the usage limit"), output.stderr.find("put     dags/platform"));
    assert!(prepared.is_some() && prepared < uploaded, "{}", output.stderr);
    let again = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
}

#[test]
fn a_deployment_that_fails_before_the_limit_is_set_prepares_the_warehouse_again() {
    let (account, redshift) = (with_images(), Redshift::start());
    redshift.state().throttled = true;
    let failed = redshift.run(&account, &["deploy", "--yes"]);
    assert_eq!(failed.code, Some(75), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("cannot create the warehouse's usage limit: ThrottlingException"),
        "{}",
        failed.stderr
    );
    assert!(!failed.stderr.contains("orchestration: creating"), "Airflow is not deployed: {}", failed.stderr);
    redshift.state().throttled = false;
    redshift.calls();
    redshift.run(&account, &["deploy", "--yes"]).done();
    let calls = redshift.calls();
    assert!(names(&calls).contains(&"BatchExecuteStatement"), "{:?}", names(&calls));
    assert_eq!(redshift.state().limits.len(), 1);
}

#[test]
fn a_warehouse_that_is_still_being_deleted_is_waited_for_and_not_imported() {
    let (account, redshift) = (with_images(), Redshift::start());
    // The plan reads only the namespace.
    redshift.state().deleting = [2, 4];
    let output = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(!output.stdout.contains("import"), "{}", output.stdout);
    let log = output.stderr;
    let waits = ["workgroup `dpstack-workgroup`", "namespace `dpstack`"];
    let waits =
        waits.map(|what| log.find(&format!("waiting until the {what} is deleted")).unwrap_or_else(|| panic!("{log}")));
    let created = log.find("warehouse: creating the change set").expect("the stack is created");
    assert!(waits[0] < waits[1] && waits[1] < created, "{log}");
    assert_eq!(redshift.state().deleting, [0, 0]);
    let calls = redshift.calls();
    let reads = ["GetNamespace", "GetWorkgroup", "GetWorkgroup", "GetWorkgroup"];
    assert_eq!(names(&calls)[..4], reads, "the plan, then the polls");
}
