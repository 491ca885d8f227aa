//! A database of Redshift Serverless, asked through the Data API: no network path to it is needed.

use std::time::Duration;

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_redshiftdata::types::{Field, StatusString};

use crate::failure;

/// Statements that one transaction takes (API reference, BatchExecuteStatement).
const TOGETHER: usize = 40;
/// How long the service may hold a question until the statement has ended; 30 is its limit (DescribeStatement).
const HOLD_SECONDS: i32 = 30;

/// What mends an error, by how its code begins.
const HINTS: [(&str, &str); 3] = [
    ("ResourceNotFound", "check workgroup, database, secret and region"),
    ("AccessDenied", "the caller needs redshift-data:* for this workgroup and secretsmanager:GetSecretValue"),
    ("Validation", "check workgroup, database and secret"),
];

/// A database, and as whom it is entered.
#[derive(Debug)]
pub struct Redshift {
    client: Client,
    workgroup: String,
    database: String,
    secret: Option<String>,
}

impl Redshift {
    /// As the user of a secret, named by its ARN, or as the caller.
    pub fn new(config: &SdkConfig, workgroup: &str, database: &str, secret: Option<&str>) -> Self {
        let (workgroup, database) = (workgroup.to_owned(), database.to_owned());
        Self { client: Client::new(config), workgroup, database, secret: secret.map(str::to_owned) }
    }

    /// A query's lines, every value as text.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let call = self.client.execute_statement().sql(sql).set_secret_arn(self.secret.clone());
        let sent = call.workgroup_name(&self.workgroup).database(&self.database).send().await;
        let id = sent.map_err(|error| self.unanswered(error))?.id.unwrap_or_default();
        self.end_of(&id, &[sql.to_owned()]).await?;
        let mut pages = self.client.get_statement_result().id(&id).into_paginator().send();
        let mut lines = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.unanswered(error))?;
            lines.extend(page.records.into_iter().map(|line| line.into_iter().map(text).collect()));
        }
        Ok(lines)
    }

    /// Runs statements in as few transactions as can be.
    pub async fn execute(&self, statements: &[String]) -> Result<()> {
        // A batch of one is no batch to the service, but a batch all the same.
        for together in statements.chunks(TOGETHER) {
            let call = self.client.batch_execute_statement().set_sqls(Some(together.to_vec()));
            let call = call.set_secret_arn(self.secret.clone());
            let sent = call.workgroup_name(&self.workgroup).database(&self.database).send().await;
            let id = sent.map_err(|error| self.unanswered(error))?.id.unwrap_or_default();
            self.end_of(&id, together).await?;
        }
        Ok(())
    }

    async fn end_of(&self, id: &str, statements: &[String]) -> Result<()> {
        loop {
            let asked = self.client.describe_statement().id(id).wait_time_seconds(HOLD_SECONDS).send().await;
            let told = asked.map_err(|error| self.unanswered(error))?;
            match told.status() {
                Some(StatusString::Finished) => return Ok(()),
                Some(StatusString::Failed | StatusString::Aborted) => {
                    let part = told.sub_statements().iter().position(|part| part.error().is_some());
                    let words = part.and_then(|at| told.sub_statements()[at].error()).or(told.error());
                    let sql = statements.get(part.unwrap_or(0)).and_then(|sql| sql.lines().next()).unwrap_or_default();
                    bail!("the warehouse refused `{sql}`: {}", words.unwrap_or("aborted").trim());
                }
                // A service that does not hold the question.
                _ => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    fn unanswered<E>(&self, error: SdkError<E>) -> anyhow::Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let what = format!("ask database `{}` of workgroup `{}`", self.database, self.workgroup);
        failure::refused(&what, (error.code(), error.message()), &error, &HINTS).into()
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
