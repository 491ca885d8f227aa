//! The engine, the Data API and Redshift Serverless, with a real PostgreSQL.

mod batches;
mod copy;
pub(crate) mod database;
mod parquet_file;
mod requests;
mod rules;
mod serverless;
mod transactions;
mod translated;

use std::rc::Rc;

use redshift_emulator::engine::CopyRoles;
use redshift_emulator::{Emulator, Settings, User};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use database::Database;

/// The access key of most requests.
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// An emulator with a database and a folder for files.
struct Bench {
    emulator: Emulator,
    database: Rc<Database>,
    folder: TempDir,
    runtime: Runtime,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(&Rc::new(Database::fresh()), change)
    }

    fn on(database: &Rc<Database>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(database.url(), "workgroup", "dev", User::Admin);
        settings.engine.copy_roles = CopyRoles::unsigned(None);
        change(&mut settings);
        let emulator = Emulator::start(settings).unwrap_or_else(|error| panic!("{error:#}"));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { emulator, database: Rc::clone(database), folder: tempfile::tempdir().expect("a folder"), runtime }
    }

    /// The response to a request that is signed with a key for the service: its status and its body.
    fn signed(&self, key: &str, target: &str, scope: &str, body: &Value) -> (u16, Value) {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{scope}/aws4_request, SignedHeaders=host, Signature=0"
        );
        self.runtime.block_on(async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let request = reqwest::Client::new().post(self.emulator.url()).header("X-Amz-Target", target);
            let request = request.header("Authorization", authorization).body(body.to_string());
            let response = request.send().await.expect("a response");
            let status = response.status().as_u16();
            let text = response.text().await.expect("a body");
            (status, serde_json::from_str(&text).expect("JSON"))
        })
    }

    fn data_as(&self, key: &str, operation: &str, body: &Value) -> (u16, Value) {
        self.signed(key, &format!("RedshiftData.{operation}"), "redshift-data", body)
    }

    /// A request to the Data API that must succeed, or its error as text.
    fn data(&self, operation: &str, body: &Value) -> Result<Value, String> {
        match self.data_as(KEY, operation, body) {
            (200, body) => Ok(body),
            (status, body) => Err(format!("{status} {}: {}", body["__type"], body["message"])),
        }
    }

    /// Runs a statement and waits; the description of the finished statement, or its error.
    fn run(&self, sql: &str) -> Result<Value, String> {
        let sent = self.data("ExecuteStatement", &statement(sql))?;
        self.finished(&sent)
    }

    /// Runs a batch and waits.
    fn batch(&self, sqls: &[&str], more: &Value) -> Result<Value, String> {
        let mut body = json!({ "Sqls": sqls, "WorkgroupName": "workgroup", "Database": "dev", "WaitTimeSeconds": 30 });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let sent = self.data("BatchExecuteStatement", &body)?;
        self.finished(&sent)
    }

    fn finished(&self, sent: &Value) -> Result<Value, String> {
        let found = self.data("DescribeStatement", &json!({ "Id": sent["Id"], "WaitTimeSeconds": 30 }))?;
        match found["Status"].as_str() {
            Some("FINISHED") => Ok(found),
            _ => Err(format!("{} {}", found["Status"], found["Error"])),
        }
    }

    /// The first page of a query's result.
    fn rows(&self, sql: &str) -> Result<Value, String> {
        let described = self.run(sql)?;
        Ok(self.data("GetStatementResult", &json!({ "Id": described["Id"] }))?["Records"].clone())
    }
}

/// The parameters of ExecuteStatement that waits for its end.
fn statement(sql: &str) -> Value {
    json!({ "Sql": sql, "WorkgroupName": "workgroup", "Database": "dev", "WaitTimeSeconds": 30 })
}
