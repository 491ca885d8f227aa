//! ExecuteStatement and BatchExecuteStatement as values: what the API accepts, and what only the emulator rejects.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{ApiError, Parameters};
use crate::rules::Disabled;
use crate::rules::service::{BATCH_SIZE, CLIENT_TOKEN, STATEMENT_SIZE, WAIT_TIME};

/// The statements of a batch.
const BATCH: usize = 40;
/// The bytes of a statement. The page says "100 KB"; this is the smaller value.
const BYTES: usize = 100_000;

/// How the statements of a request are executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A single statement.
    Single,
    /// All or none.
    Transaction,
    /// Each one commits by itself, regardless of the others.
    AutoCommit,
}

/// A request to run statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) sqls: Vec<String>,
    pub(super) mode: Mode,
    pub(super) workgroup: String,
    pub(super) database: String,
    pub(super) secret: Option<String>,
    pub(super) name: Option<String>,
}

/// A request with its client token and how long it waits.
pub(super) struct Asked {
    pub(super) run: Run,
    pub(super) token: Option<String>,
    pub(super) wait: Duration,
}

impl Asked {
    /// From the parameters of an operation.
    pub(super) fn of(operation: &str, mut parameters: Parameters, disabled: &Disabled) -> Result<Self, ApiError> {
        let (sqls, mode) = if operation == "ExecuteStatement" {
            (vec![parameters.required("Sql")?], Mode::Single)
        } else {
            let sqls = parameters.texts("Sqls")?;
            let mode = match parameters.text("ExecutionMode")?.as_deref() {
                None | Some("TRANSACTION") => Mode::Transaction,
                Some("AUTO_COMMIT") => Mode::AutoCommit,
                Some(other) => return Err(not_one_of("executionMode", other, "[TRANSACTION, AUTO_COMMIT]")),
            };
            (sqls, mode)
        };
        let token = parameters.text("ClientToken")?;
        let wait = wait(&mut parameters, disabled)?;
        let run = Run {
            sqls,
            mode,
            workgroup: parameters.required("WorkgroupName")?,
            database: parameters.required("Database")?,
            secret: parameters.text("SecretArn")?,
            name: parameters.text("StatementName")?,
        };
        parameters.only("ResultFormat", &json!("JSON"))?;
        parameters.only("WithEvent", &Value::Bool(false))?;
        parameters.finish()?;
        check(&run, token.as_deref(), disabled)?;
        Ok(Self { run, token, wait })
    }
}

fn check(run: &Run, token: Option<&str>, disabled: &Disabled) -> Result<(), ApiError> {
    if !(1..=BATCH).contains(&run.sqls.len()) && disabled.enforces(&BATCH_SIZE) {
        let message = format!(
            "Value at 'sqls' failed to satisfy constraint: Member must have length less than or equal to {BATCH}, and at \
             least 1; it has {}",
            run.sqls.len()
        );
        return Err(BATCH_SIZE.refusal(message).into());
    }
    let longest = run.sqls.iter().map(String::len).max().unwrap_or(0);
    if longest > BYTES && disabled.enforces(&STATEMENT_SIZE) {
        let message = format!("Cannot process a query string that is larger than 100kB; it has {longest} bytes");
        return Err(STATEMENT_SIZE.refusal(message).into());
    }
    if token.is_some_and(|token| !(1..=64).contains(&token.chars().count())) && disabled.enforces(&CLIENT_TOKEN) {
        let message = "Value at 'clientToken' failed to satisfy constraint: Member must have length between 1 and 64";
        return Err(CLIENT_TOKEN.refusal(message).into());
    }
    Ok(())
}

/// `WaitTimeSeconds`, zero without it.
pub(super) fn wait(parameters: &mut Parameters, disabled: &Disabled) -> Result<Duration, ApiError> {
    let Some(seconds) = parameters.integer("WaitTimeSeconds")? else { return Ok(Duration::ZERO) };
    if !(1..=30).contains(&seconds) && disabled.enforces(&WAIT_TIME) {
        let message = format!(
            "Value '{seconds}' at 'waitTimeSeconds' failed to satisfy constraint: Member must be between 1 and 30"
        );
        return Err(WAIT_TIME.refusal(message).into());
    }
    Ok(Duration::from_secs(seconds.unsigned_abs()))
}

pub(crate) fn not_one_of(name: &str, value: &str, allowed: &str) -> ApiError {
    ApiError::validation(format!(
        "Value '{value}' at '{name}' failed to satisfy constraint: Member must satisfy enum value set: {allowed}"
    ))
}
