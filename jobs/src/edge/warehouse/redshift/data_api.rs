//! The Redshift Data API: statements go in by HTTPS and are asked after until they have ended.
//!
//! A statement is sent under a client token. The service remembers a token for eight hours and does nothing when it
//! comes again, so the SDK may send a request whose answer was lost once more. A token is used up when the service has
//! said how its statement ended (Amazon Redshift Management Guide, "Considerations when calling the Data API").

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::config::Builder;
use aws_sdk_redshiftdata::config::retry::RetryConfig;
use aws_sdk_redshiftdata::config::timeout::TimeoutConfig;
use aws_sdk_redshiftdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshiftdata::types::{Field, StatusString};

use crate::failure::Failure;

/// How long the service may hold a question until the statement has ended; 30 is its limit (API reference,
/// DescribeStatement).
const HOLD_SECONDS: i32 = 30;
/// The wait before the same question again, for a service that does not hold it.
const PAUSE: Duration = Duration::from_millis(100);

/// One workgroup's database, asked by one start of a program.
#[derive(Debug)]
pub(super) struct DataApi {
    client: Client,
    workgroup: String,
    database: String,
    /// What this start's client tokens begin with.
    token: String,
    sent: AtomicU64,
}

/// A statement that ended well.
#[derive(Debug)]
pub(super) struct Finished {
    id: String,
}

/// A statement that the warehouse refused; nothing of its transaction is there.
#[derive(Debug)]
pub(super) struct Problem {
    /// Which of the statements sent together, from 0.
    pub statement: usize,
    /// The warehouse's words.
    pub message: String,
    /// The warehouse's number of the query, 0 if it got none.
    pub query: i64,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim())
    }
}

impl Error for Problem {}

impl Problem {
    /// Whether an assertion of ours divided by zero.
    pub(super) fn asserted(&self) -> bool {
        let message = self.message.to_lowercase();
        message.contains("divide by zero") || message.contains("division by zero")
    }

    /// Whether another transaction was in the way, so that the whole may be tried again: 1023 (serializable isolation
    /// violation) and 1018 (a table that a snapshot does not see), Amazon Redshift Database Developer Guide, which
    /// writes both with and without a space; and the same without a number, as users report it: `could not complete because of
    /// conflict with concurrent transaction`, `table 123 dropped by concurrent transaction`.
    pub(super) fn conflict(&self) -> bool {
        let message = self.message.to_lowercase().replace("error: ", "error:");
        [
            "error:1023",
            "error:1018",
            "serializable isolation",
            "could not serialize",
            "deadlock detected",
            "concurrent transaction",
        ]
        .iter()
        .any(|words| message.contains(words))
    }

    /// Whether another load was first to make a column or a table.
    pub(super) fn there_already(&self) -> bool {
        self.message.contains("already exists")
    }
}

/// A client with this service's retries and time limit.
pub(super) fn client(aws: &SdkConfig) -> Client {
    let limit = Duration::from_secs(u64::from(HOLD_SECONDS.unsigned_abs()) + 30);
    let limits = aws.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    let config = Builder::from(aws)
        .retry_config(RetryConfig::standard().with_max_attempts(6))
        .timeout_config(limits.operation_attempt_timeout(limit).build());
    Client::from_conf(config.build())
}

impl DataApi {
    pub(super) fn new(client: Client, workgroup: &str, database: &str, token: &str) -> Self {
        let (workgroup, database) = (workgroup.to_owned(), database.to_owned());
        Self { client, workgroup, database, token: token.to_owned(), sent: AtomicU64::new(0) }
    }

    /// Runs statements, several of them in one transaction, and waits until they have ended.
    pub(super) async fn run(&self, statements: &[&str]) -> Result<Result<Finished, Problem>> {
        let token = format!("{}-{}", self.token, self.sent.fetch_add(1, Ordering::Relaxed));
        let id = match statements {
            [one] => {
                let call = self.client.execute_statement().sql(*one).client_token(token);
                let sent = call.workgroup_name(&self.workgroup).database(&self.database).send().await;
                sent.map_err(|error| self.unanswered(error))?.id
            }
            several => {
                let sqls = several.iter().map(|sql| (*sql).to_owned()).collect();
                let call = self.client.batch_execute_statement().set_sqls(Some(sqls)).client_token(token);
                let sent = call.workgroup_name(&self.workgroup).database(&self.database).send().await;
                sent.map_err(|error| self.unanswered(error))?.id
            }
        };
        let id = id.ok_or_else(|| Failure::temporary("the Data API took a statement without naming it"))?;
        self.wait(id).await
    }

    async fn wait(&self, id: String) -> Result<Result<Finished, Problem>> {
        loop {
            let asked = self.client.describe_statement().id(&id).wait_time_seconds(HOLD_SECONDS).send().await;
            let told = asked.map_err(|error| self.unanswered(error))?;
            match told.status() {
                Some(StatusString::Finished) => return Ok(Ok(Finished { id })),
                Some(StatusString::Failed | StatusString::Aborted) => {
                    // The first statement of a batch that tells why; the ones after it were never begun.
                    let parts = told.sub_statements().iter().enumerate();
                    let part = parts.map(|(at, part)| (at, part.error().unwrap_or_default(), part.redshift_query_id()));
                    let whole = (0, told.error().unwrap_or("aborted"), told.redshift_query_id());
                    let (statement, message, query) = { part }.find(|(_, error, _)| !error.is_empty()).unwrap_or(whole);
                    return Ok(Err(Problem { statement, message: message.to_owned(), query }));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// A finished query's rows, every value as text.
    pub(super) async fn rows(&self, of: &Finished) -> Result<Vec<Vec<String>>> {
        let mut pages = self.client.get_statement_result().id(&of.id).into_paginator().send();
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.unanswered(error))?;
            rows.extend(page.records.into_iter().map(|row| row.into_iter().map(text).collect()));
        }
        Ok(rows)
    }

    fn unanswered<E>(&self, error: SdkError<E>) -> anyhow::Error
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let place = format!("database `{}` of workgroup `{}`", self.database, self.workgroup);
        let message = format!("the Data API does not do what was asked of {place}");
        let Some(code) = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned) else {
            let credentials = matches!(&error, SdkError::DispatchFailure(dispatch) if dispatch.is_user())
                || chain(&error).contains("credentials");
            let message = format!("cannot ask {place}");
            return if credentials {
                let hint =
                    "give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role, and AWS_DEFAULT_REGION";
                Failure::refused(message).because(chain(&error)).hint(hint).into()
            } else {
                Failure::temporary(message).because(chain(&error)).into()
            };
        };
        let words = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
        let because = format!("{code}: {words}");
        let refused = [
            ("ValidationException", "is the statement within the Data API's limits?"),
            ("ResourceNotFoundException", "check workgroup and database in WAREHOUSE_URL, and the region"),
            (
                "AccessDenied",
                "the role needs redshift-data:* for this workgroup and redshift-serverless:GetCredentials",
            ),
            ("UnrecognizedClient", "check the credentials"),
            ("InvalidSignature", "check the credentials"),
            ("ExpiredToken", "get new credentials"),
        ];
        match refused.iter().find(|(start, _)| code.starts_with(start)) {
            Some((_, hint)) => Failure::refused(message).because(because).hint(*hint).into(),
            None => Failure::temporary(message).because(because).into(),
        }
    }
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

/// An error and what lies beneath it, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let (mut words, mut beneath) = (vec![error.to_string()], error.source());
    while let Some(error) = beneath {
        words.push(error.to_string());
        beneath = error.source();
    }
    words.dedup();
    words.join(": ")
}
