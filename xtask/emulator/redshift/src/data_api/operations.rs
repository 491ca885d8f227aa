//! The operations: what a request returns, and which statements it starts or reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fault::Fault;
use super::request::{self, Asked};
use super::statement::{Statement, Status};
use super::{DataApi, Token, lock, result, run};
use crate::api::{ApiError, Parameters};
use crate::http::{Lost, unknown_operation};
use crate::identity::Identity;
use crate::journal::Event;
use crate::rules::service::{CLIENT_TOKEN, STATEMENT_OWNER};

/// How long a client token is remembered.
const TOKEN_LIFETIME: Duration = Duration::from_secs(8 * 3600);

impl DataApi {
    /// Processes a request.
    pub(crate) async fn handle(
        &self,
        operation: &str,
        identity: &Identity,
        parameters: Parameters,
    ) -> Result<Result<Value, ApiError>, Lost> {
        let fault = {
            let mut plan = lock(&self.0.plan);
            let number = plan.0;
            plan.0 += 1;
            (plan.1)(number, operation)
        };
        {
            let mut book = lock(&self.0.book);
            book.operations.push(operation.to_owned());
            *book.counts.entry(operation.to_owned()).or_default() += 1;
        }
        match fault {
            Fault::LoseRequest => return Err(Lost),
            Fault::Throttle => return Ok(Err(ApiError::bad_request("ThrottlingException", "Rate exceeded"))),
            Fault::Delay => tokio::time::sleep(Duration::from_millis(30)).await,
            Fault::Duplicate => _ = self.response(operation, identity, parameters.clone(), fault).await,
            _ => {}
        }
        let response = self.response(operation, identity, parameters, fault).await;
        if let Err(error) = &response {
            self.0.journal.record(Event {
                rule: error.rule.unwrap_or_default().to_owned(),
                message: error.message.clone(),
                statement: operation.to_owned(),
                user: identity.user.name().to_owned(),
            });
        }
        if fault == Fault::LoseResponse { Err(Lost) } else { Ok(response) }
    }

    async fn response(
        &self,
        operation: &str,
        identity: &Identity,
        mut parameters: Parameters,
        fault: Fault,
    ) -> Result<Value, ApiError> {
        let disabled = self.0.engine.disabled();
        match operation {
            "ExecuteStatement" | "BatchExecuteStatement" => {
                let asked = Asked::of(operation, parameters, disabled)?;
                let wait = asked.wait;
                let id = self.submit(asked, identity, fault)?;
                self.wait(&id, wait).await;
                self.with(&id, identity, |statement| Ok(statement.submitted(&id)))
            }
            "DescribeStatement" => {
                let id = parameters.required("Id")?;
                let wait = request::wait(&mut parameters, disabled)?;
                parameters.finish()?;
                let (id, part) = split(&id);
                self.with(id, identity, |_| Ok(()))?;
                self.wait(id, wait).await;
                self.with(id, identity, |statement| {
                    statement.described(id, part, self.0.settings.shuffled).ok_or_else(|| unknown(id))
                })
            }
            "GetStatementResult" => {
                let id = parameters.required("Id")?;
                let token = parameters.text("NextToken")?;
                let wait = request::wait(&mut parameters, disabled)?;
                parameters.finish()?;
                self.with(split(&id).0, identity, |_| Ok(()))?;
                self.wait(split(&id).0, wait).await;
                self.page(&id, token.as_deref(), identity)
            }
            "CancelStatement" => {
                let id = parameters.required("Id")?;
                parameters.finish()?;
                self.cancel(&id, identity).await
            }
            other => Err(unknown_operation(&format!("RedshiftData.{other}"))),
        }
    }

    /// Starts the statements, unless the token has started them before; returns their id.
    fn submit(&self, asked: Asked, identity: &Identity, fault: Fault) -> Result<String, ApiError> {
        let Asked { run, token, .. } = asked;
        let settings = &self.0.settings;
        if !settings.workgroups.is_empty() && !settings.workgroups.contains(&run.workgroup) {
            return Err(ApiError::validation("Redshift endpoint doesn't exist in this region."));
        }
        if !settings.databases.is_empty() && !settings.databases.contains(&run.database) {
            return Err(ApiError::validation(format!("FATAL: database \"{}\" does not exist", run.database)));
        }
        let user = match &run.secret {
            None => identity.user.clone(),
            Some(arn) => {
                let user = settings.secrets.get(arn).cloned();
                user.ok_or_else(|| ApiError::validation(format!("the secret does not exist: {arn}")))?
            }
        };
        let mut book = lock(&self.0.book);
        let remembered = token.as_ref().and_then(|token| book.tokens.get(token));
        if let Some(token) = remembered.filter(|token| token.since.elapsed() < TOKEN_LIFETIME) {
            // The page about idempotency does not name the error.
            if token.run != run && self.0.engine.disabled().enforces(&CLIENT_TOKEN) {
                let message = "the client token belongs to a request with other parameters";
                return Err(CLIENT_TOKEN.refusal(message).into());
            }
            return Ok(token.id.clone());
        }
        let id = new_id();
        if let Some(token) = token {
            book.tokens.insert(token, Token { id: id.clone(), run: run.clone(), since: Instant::now() });
        }
        book.begun.extend(run.sqls.iter().cloned());
        book.running += 1;
        let statement = Arc::new(Mutex::new(Statement::new(run, &identity.arn, user)));
        book.statements.insert(id.clone(), Arc::clone(&statement));
        drop(book);
        run::spawn(Arc::clone(&self.0), statement, fault);
        Ok(id)
    }

    /// Waits until a statement has finished, for some time.
    async fn wait(&self, id: &str, time: Duration) {
        let mut changes = self.0.changes.subscribe();
        let Some(statement) = lock(&self.0.book).statements.get(id).cloned() else { return };
        let finished = async {
            while !lock(&statement).status.is_final() {
                if changes.changed().await.is_err() {
                    break;
                }
            }
        };
        if time > Duration::ZERO {
            let _ = tokio::time::timeout(time, finished).await;
        }
    }

    /// A statement of this identity.
    fn with<T>(
        &self,
        id: &str,
        identity: &Identity,
        work: impl FnOnce(&mut Statement) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let statement = lock(&self.0.book).statements.get(id).cloned().ok_or_else(|| unknown(id))?;
        let mut statement = lock(&statement);
        if statement.owner != identity.arn && self.0.engine.disabled().enforces(&STATEMENT_OWNER) {
            return Err(unknown(id));
        }
        work(&mut statement)
    }

    fn page(&self, id: &str, token: Option<&str>, identity: &Identity) -> Result<Value, ApiError> {
        let missing = || {
            let message = "Query does not have result. Please check query status with DescribeStatement.";
            ApiError::not_found(message, id)
        };
        let from = token.map_or(Ok(0), str::parse);
        let from = from.map_err(|_| ApiError::validation("Invalid NextToken"))?;
        let (plain, number) = split(id);
        self.with(plain, identity, |statement| {
            let single = statement.run.mode == request::Mode::Single;
            let at = number.map_or(single.then_some(0), |number| number.checked_sub(1));
            let part = at.and_then(|at| statement.parts.get(at)).filter(|_| statement.status == Status::Finished);
            let outcome = part.and_then(|part| part.outcome.as_ref()).ok_or_else(missing)?;
            let columns = outcome.columns.as_ref().ok_or_else(missing)?;
            Ok(result::page(outcome, columns, from, self.0.settings.page_rows))
        })
    }

    async fn cancel(&self, id: &str, identity: &Identity) -> Result<Value, ApiError> {
        let cancel = self.with(id, identity, |statement| {
            if statement.status.is_final() {
                let message = format!("Could not cancel a query that is already in {} state", statement.status.name());
                return Err(ApiError::validation(message));
            }
            statement.cancelled = true;
            Ok(statement.cancel.clone())
        })?;
        if let Some(cancel) = cancel {
            cancel
                .send()
                .await
                .map_err(|failed| ApiError::bad_request("DatabaseConnectionException", failed.message))?;
        }
        Ok(json!({ "Status": true }))
    }
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found("Query does not exist.", id)
}

/// An id and the number of a sub-statement.
fn split(id: &str) -> (&str, Option<usize>) {
    match id.split_once(':') {
        Some((id, number)) => (id, Some(number.parse().unwrap_or(usize::MAX))),
        None => (id, None),
    }
}

/// An id of the form that the service uses, different in each emulator of a process.
fn new_id() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    format!("{process:08x}-0000-4000-8000-{number:012x}")
}
