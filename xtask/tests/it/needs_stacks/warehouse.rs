//! What a deployment does inside the warehouse, which no emulator has. AWS's own answers (Amazon Redshift Serverless and
//! Redshift Data API References, the examples of each call) are given back to the real SDK client. It proves what is asked, in
//! which order and as whom, not that Redshift takes a statement: the tests of the loader's SQL are for that.

use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::{Account, account, endpoint};
use crate::support::account::{Ran, ran};

const WORKGROUP: &str =
    "arn:aws:redshift-serverless:eu-west-1:000000000000:workgroup/af1e1f3e-0000-4000-8000-000000000000";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:redshift!dpstack-platform_admin-AbCdEf";

/// What the warehouse is like, and what was asked of it.
#[derive(Default)]
struct State {
    limits: Vec<Value>,
    /// No limit can be set for now.
    throttled: bool,
    asked: Vec<(String, Value)>,
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
        // It ends with the tests' process.
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let target = request.headers().iter().find(|header| header.field.equiv("X-Amz-Target"));
                let target = target.map(|header| header.value.to_string()).unwrap_or_default();
                let body: Value = serde_json::from_reader(request.as_reader()).expect("JSON");
                let (status, answer) = answer(&mut shared.lock().expect("no panic"), &target, &body);
                let kind = Header::from_bytes("Content-Type", "application/x-amz-json-1.1").expect("a header");
                let response = Response::from_string(answer.to_string()).with_status_code(status).with_header(kind);
                // Whoever asked may have been killed.
                let _ = request.respond(response);
            }
        });
        Self { url, state }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// What was asked since the last time, without the service's name.
    fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.state().asked)
    }

    fn run(&self, account: &Account, arguments: &[&str]) -> Ran {
        let mut command = account.by(&endpoint(), arguments);
        command.env("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", &self.url);
        ran(command.env("AWS_ENDPOINT_URL_REDSHIFT_DATA", &self.url))
    }
}

fn answer(state: &mut State, target: &str, body: &Value) -> (u16, Value) {
    let call = target.split_once('.').map_or(target, |(_, call)| call);
    state.asked.push((call.to_owned(), body.clone()));
    let fine = |answer| (200, answer);
    match call {
        "GetWorkgroup" => fine(json!({"workgroup": {
            "workgroupArn": WORKGROUP, "workgroupName": body["workgroupName"], "namespaceName": "dpstack",
            "status": "AVAILABLE", "endpoint": {"address": "dpstack-workgroup.000000000000.eu-west-1.redshift-serverless.amazonaws.com", "port": 5439},
        }})),
        "GetNamespace" if state.asked.iter().any(|(call, _)| call == "GetWorkgroup") => fine(
            json!({"namespace": {"namespaceName": "dpstack", "status": "AVAILABLE", "adminPasswordSecretArn": SECRET}}),
        ),
        "GetNamespace" => (400, json!({"__type": "ResourceNotFoundException", "message": "Namespace not found."})),
        "ListUsageLimits" => fine(json!({"usageLimits": state.limits})),
        "CreateUsageLimit" | "UpdateUsageLimit" if state.throttled => {
            (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}))
        }
        "CreateUsageLimit" => {
            let limit = json!({"usageLimitId": "0b1d2c3e", "resourceArn": body["resourceArn"], "usageType": body["usageType"],
                "amount": body["amount"], "period": body["period"], "breachAction": body["breachAction"]});
            state.limits.push(limit.clone());
            fine(json!({ "usageLimit": limit }))
        }
        "UpdateUsageLimit" => {
            let limit =
                state.limits.iter_mut().find(|limit| limit["usageLimitId"] == body["usageLimitId"]).expect("a limit");
            (limit["amount"], limit["breachAction"]) = (body["amount"].clone(), body["breachAction"].clone());
            fine(json!({ "usageLimit": limit }))
        }
        "ExecuteStatement" | "BatchExecuteStatement" => {
            fine(json!({"Id": "d9b6c0c9-0747-4bf4-b142-e8883122f766", "CreatedAt": 1_764_000_000.0}))
        }
        "DescribeStatement" => fine(json!({"Id": body["Id"], "Status": "FINISHED", "HasResultSet": true})),
        "GetStatementResult" => {
            let asked = state.asked.iter().rev().find(|(call, _)| call == "ExecuteStatement");
            let ledger =
                asked.is_some_and(|(_, body)| body["Sql"].as_str().is_some_and(|sql| sql.contains("etl.runs")));
            let load = json!([[{"stringValue": "2026-11-26 05:00:12.5"}, {"longValue": 3}]]);
            let records = if ledger { load } else { json!([]) };
            fine(
                json!({"Records": records, "ColumnMetadata": [], "TotalNumRows": records.as_array().map_or(0, Vec::len)}),
            )
        }
        other => (400, json!({"__type": "ValidationException", "message": format!("{other} is not expected")})),
    }
}

fn calls(asked: &[(String, Value)]) -> Vec<&str> {
    asked.iter().map(|(call, _)| call.as_str()).collect()
}

/// An account with images and everything that comes before the warehouse.
fn prepared() -> Account {
    let account = account();
    account.run(&["deploy", "--stack", "registry", "--stack", "storage", "--yes"]).done();
    account.push_images();
    account
}

#[test]
fn the_warehouse_is_made_ready_once_as_its_administrator_and_its_limit_comes_last() {
    let (account, redshift) = (prepared(), Redshift::start());
    let said = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(said.stdout.contains("warehouse: prepare schemas, ledger, roles and grants; usage limit none -> 40 RPU-hours daily, then deactivate"), "{}", said.stdout);
    // Airflow waits for it.
    let words = said.stderr;
    let (ready, airflow) =
        (words.find("setting the usage limit"), words.find("orchestration: creating the change set"));
    assert!(ready.is_some() && ready < airflow, "{words}");
    let asked = redshift.asked();
    let (last, body) = asked.last().expect("it was asked");
    let wanted = json!({"resourceArn": WORKGROUP, "usageType": "serverless-compute", "amount": 40, "period": "daily", "breachAction": "deactivate"});
    assert_eq!((last.as_str(), body), ("CreateUsageLimit", &wanted));
    let sent: Vec<&Value> =
        asked.iter().filter(|(call, _)| call == "BatchExecuteStatement").map(|(_, body)| body).collect();
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

    // Again: two questions, and no statement that would wake it.
    let again = redshift.run(&account, &["deploy", "--yes"]).done();
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    assert_eq!(calls(&redshift.asked()), ["GetWorkgroup", "ListUsageLimits"]);

    // Somebody raised it by hand: `status` sees it, `deploy` fixes it.
    redshift.state().limits[0]["amount"] = json!(4_000);
    let status = redshift.run(&account, &["status", "--json"]);
    let lines: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let line =
        |check: &str| lines.as_array().expect("lines").iter().find(|line| line["check"] == check).expect(check).clone();
    assert_eq!((status.code, &line("usage limit")["light"]), (Some(1), &json!("red")));
    assert_eq!(line("usage limit")["found"], "4000 RPU-hours daily, then deactivate");
    assert_eq!(line("warehouse")["light"], "green");
    assert_eq!(line("last load")["found"], "2026-11-26 05:00:12.5, 3 hours ago");
    redshift.asked();
    redshift.run(&account, &["deploy", "--yes"]).done();
    let asked = redshift.asked();
    assert_eq!(
        asked.last().map(|(call, body)| (call.as_str(), &body["amount"])),
        Some(("UpdateUsageLimit", &json!(40)))
    );
    let status = redshift.run(&account, &["status"]).done();
    assert!(status.stdout.contains("40 RPU-hours daily, then deactivate"), "{}", status.stdout);
}

#[test]
fn a_deployment_that_ends_before_the_limit_is_set_makes_the_warehouse_ready_again() {
    let (account, redshift) = (prepared(), Redshift::start());
    redshift.state().throttled = true;
    let failed = redshift.run(&account, &["deploy", "--yes"]);
    assert_eq!(failed.code, Some(75), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("cannot create the warehouse's usage limit: ThrottlingException"),
        "{}",
        failed.stderr
    );
    assert!(!failed.stderr.contains("orchestration: creating"), "Airflow has to wait: {}", failed.stderr);
    redshift.state().throttled = false;
    redshift.asked();
    redshift.run(&account, &["deploy", "--yes"]).done();
    let asked = redshift.asked();
    assert!(calls(&asked).contains(&"BatchExecuteStatement"), "{:?}", calls(&asked));
    assert_eq!(redshift.state().limits.len(), 1);
}
