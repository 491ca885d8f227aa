//! The Redshift Data API: statements are sent over HTTPS, without a network path to the database. The response of a call is
//! its status, if the statements finish within 30 seconds; then they are polled.
//!
//! The SDK sends every statement with a client token. The service remembers a token for eight hours and ignores a
//! second statement with it, so the SDK can safely repeat a request whose response was lost (Amazon Redshift Management
//! Guide, "Considerations when calling the Data API").

mod problem;

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
pub use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::config::Builder;
use aws_sdk_redshiftdata::config::retry::RetryConfig;
use aws_sdk_redshiftdata::config::timeout::TimeoutConfig;
use aws_sdk_redshiftdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshiftdata::operation::batch_execute_statement::builders::BatchExecuteStatementFluentBuilder;
use aws_sdk_redshiftdata::operation::describe_statement::DescribeStatementOutput;
use aws_sdk_redshiftdata::types::{ExecutionMode, Field, StatementStatusString, StatusString};

use crate::call::call_failure;
use crate::failure::Failure;

use problem::ABORTED;
pub use problem::Problem;

/// Seconds that the service waits for statements before it responds; 30 is its limit (API reference, ExecuteStatement,
/// BatchExecuteStatement, DescribeStatement).
const HOLD_SECONDS: i32 = 30;
/// The pause between polls.
const PAUSE: Duration = Duration::from_millis(100);

/// Hints by error code prefix.
const HINTS: [(&str, &str); 3] = [
    (
        "Validation",
        "check the workgroup, database and secret, and whether the statement is within the Data API's limits",
    ),
    ("ResourceNotFound", "check the workgroup, database, secret and region"),
    (
        "AccessDenied",
        "the caller needs redshift-data:* for this workgroup, and redshift-serverless:GetCredentials or \
         secretsmanager:GetSecretValue",
    ),
];

/// A workgroup's database.
#[derive(Debug)]
pub struct DataApi {
    client: Client,
    workgroup: String,
    database: String,
    secret: Option<String>,
}

/// A statement that succeeded.
#[derive(Debug)]
pub struct Finished {
    id: String,
}

/// Creates a client with this service's retries and time limit.
pub fn client(aws: &SdkConfig) -> Client {
    let limit = Duration::from_secs(u64::from(HOLD_SECONDS.unsigned_abs()) + 30);
    let limits = aws.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    let config = Builder::from(aws)
        .retry_config(RetryConfig::standard().with_max_attempts(6))
        .timeout_config(limits.operation_attempt_timeout(limit).build());
    Client::from_conf(config.build())
}

impl DataApi {
    /// Connects as the user in a secret, if there is one.
    #[must_use]
    pub fn with_secret(self, secret: Option<&str>) -> Self {
        Self { secret: secret.map(str::to_owned), ..self }
    }

    /// Connects to the database as the user in a secret (given by its ARN), or as the caller.
    pub fn new(client: Client, workgroup: &str, database: &str, secret: Option<&str>) -> Self {
        let (workgroup, database) = (workgroup.to_owned(), database.to_owned());
        Self { client, workgroup, database, secret: secret.map(str::to_owned) }
    }

    /// Runs one statement, or several in one transaction, and waits until they finish.
    pub async fn run(&self, statements: &[&str]) -> Result<Result<Finished, Problem>, Failure> {
        let (id, status) = match statements {
            [one] => {
                let call = self.client.execute_statement().sql(*one).wait_time_seconds(HOLD_SECONDS);
                let call = call.workgroup_name(&self.workgroup).database(&self.database);
                let sent = call.set_secret_arn(self.secret.clone()).send().await.map_err(|error| self.failed(error))?;
                (sent.id, sent.status)
            }
            several => {
                let call = self.batch(several).wait_time_seconds(HOLD_SECONDS);
                let sent = call.send().await.map_err(|error| self.failed(error))?;
                (sent.id, sent.status)
            }
        };
        let id = id.ok_or_else(no_id)?;
        // A repeated request may be answered without a status.
        if status == Some(StatementStatusString::Finished) {
            return Ok(Ok(Finished { id }));
        }
        let found = self.wait(&id).await?;
        if found.status() == Some(&StatusString::Finished) {
            return Ok(Ok(Finished { id }));
        }
        // The statements after the failed one did not start.
        let failed = unfinished(&found, statements.len()).into_iter().find(|problem| !problem.aborted());
        let message = found.error().unwrap_or(ABORTED).to_owned();
        Ok(Err(failed.unwrap_or(Problem { statement: 0, message, query: found.redshift_query_id() })))
    }

    /// Runs statements in order, each in its own transaction; a failure does not affect the other statements. Returns
    /// those that did not finish.
    pub async fn run_each(&self, statements: &[&str]) -> Result<Vec<Problem>, Failure> {
        if let [_] = statements {
            return Ok(self.run(statements).await?.err().into_iter().collect());
        }
        let call = self.batch(statements).execution_mode(ExecutionMode::AutoCommit);
        let id = call.send().await.map_err(|error| self.failed(error))?.id.ok_or_else(no_id)?;
        // The status of a batch in which a statement failed is not documented, so the status of every statement is read.
        let found = self.wait(&id).await?;
        Ok(unfinished(&found, statements.len()))
    }

    /// Runs statements in one transaction, or in one for each of them, for a check of the service. Returns the first problem,
    /// which may be that of the request.
    pub async fn problem(&self, statements: &[String], each: bool) -> Option<Problem> {
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let result = if each {
            self.run_each(&statements).await.map(|problems| problems.into_iter().next())
        } else {
            self.run(&statements).await.map(Result::err)
        };
        result.unwrap_or_else(|failure| Some(Problem::of(&failure)))
    }

    /// Sends a statement twice with the same client token, for a check of the service. Both responses must have the same ID,
    /// and the status FINISHED.
    pub async fn repeat(&self, sql: &str, token: &str, wait: Option<i32>) -> Result<(), Problem> {
        let send = async || {
            let call = self.client.execute_statement().sql(sql).client_token(token);
            let call = call.wait_time_seconds(wait.unwrap_or(HOLD_SECONDS)).set_secret_arn(self.secret.clone());
            let sent = call.workgroup_name(&self.workgroup).database(&self.database).send().await;
            let sent = sent.map_err(|error| Problem::of(&self.failed(error)))?;
            Ok((sent.id, sent.status))
        };
        let (first, second) = (send().await?, send().await?);
        if first == second && first.1 == Some(StatementStatusString::Finished) {
            return Ok(());
        }
        let message = format!("the IDs or states of the responses are {first:?} and {second:?}");
        Err(Problem { statement: 0, message, query: 0 })
    }

    fn batch(&self, statements: &[&str]) -> BatchExecuteStatementFluentBuilder {
        let sqls = statements.iter().map(|sql| (*sql).to_owned()).collect();
        let call = self.client.batch_execute_statement().set_sqls(Some(sqls)).set_secret_arn(self.secret.clone());
        call.workgroup_name(&self.workgroup).database(&self.database)
    }

    async fn wait(&self, id: &str) -> Result<DescribeStatementOutput, Failure> {
        loop {
            let sent = self.client.describe_statement().id(id).wait_time_seconds(HOLD_SECONDS).send().await;
            let found = sent.map_err(|error| self.failed(error))?;
            match found.status() {
                Some(StatusString::Finished | StatusString::Failed | StatusString::Aborted) => return Ok(found),
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Returns the rows of a query, with every value as text.
    pub async fn rows(&self, of: &Finished) -> Result<Vec<Vec<String>>, Failure> {
        let mut pages = self.client.get_statement_result().id(&of.id).into_paginator().send();
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed(error))?;
            rows.extend(page.records.into_iter().map(|row| row.into_iter().map(text).collect()));
        }
        Ok(rows)
    }

    fn failed<E>(&self, error: SdkError<E>) -> Failure
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let what = format!("query database `{}` in workgroup `{}`", self.database, self.workgroup);
        call_failure(&what, &error, &HINTS)
    }
}

fn no_id() -> Failure {
    Failure::temporary("the Data API did not return a statement ID")
}

/// Returns the statements of a batch that did not finish. The number of a statement is the suffix of its ID, `:1` for
/// the first one (API reference, SubStatementData); the order of the list is not documented.
fn unfinished(batch: &DescribeStatementOutput, statements: usize) -> Vec<Problem> {
    let part = |number: usize| {
        let suffix = format!(":{number}");
        batch.sub_statements().iter().find(|part| part.id().ends_with(&suffix))
    };
    let problem = |statement: usize| match part(statement + 1) {
        Some(part) if part.status() == Some(&StatementStatusString::Finished) => None,
        Some(part) if part.status() == Some(&StatementStatusString::Failed) => {
            let message = part.error().unwrap_or("failed").to_owned();
            Some(Problem { statement, message, query: part.redshift_query_id() })
        }
        _ => Some(Problem { statement, message: ABORTED.to_owned(), query: 0 }),
    };
    (0..statements).filter_map(problem).collect()
}

fn text(field: Field) -> String {
    match field {
        Field::StringValue(text) => text,
        Field::LongValue(number) => number.to_string(),
        Field::DoubleValue(number) => number.to_string(),
        Field::BooleanValue(value) => value.to_string(),
        _ => String::new(),
    }
}
