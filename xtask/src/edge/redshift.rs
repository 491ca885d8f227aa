//! A Redshift Serverless database, accessed through the Data API.

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use connect::data_api::{DataApi, Finished, client};

use crate::conformance::Rejection;
use crate::failure::chain;

/// The maximum number of statements in a transaction (API Reference, BatchExecuteStatement).
const MAX_STATEMENTS: usize = 40;

#[derive(Debug)]
pub struct Redshift(DataApi);

impl Redshift {
    /// Connects as the user whose credentials are in a secret (given by its ARN), or as the caller.
    pub fn new(config: &SdkConfig, workgroup: &str, database: &str, secret: Option<&str>) -> Self {
        Self(DataApi::new(client(config), workgroup, database, secret))
    }

    /// Runs a query and returns its rows, with every value as text.
    pub async fn query(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        Ok(self.0.rows(&self.run(&[sql]).await?).await?)
    }

    /// Runs statements in as few transactions as possible.
    pub async fn execute(&self, statements: &[String]) -> Result<()> {
        for transaction in statements.chunks(MAX_STATEMENTS) {
            self.run(&transaction.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Runs statements in one transaction, or in one for each of them, and returns the first rejection.
    pub async fn rejection(&self, statements: &[&str], each: bool) -> Option<Rejection> {
        let problem = if each {
            self.0.run_each(statements).await.map(|problems| problems.into_iter().next())
        } else {
            self.0.run(statements).await.map(Result::err)
        };
        match problem {
            Ok(problem) => problem.map(|problem| Rejection {
                statement: problem.statement + 1,
                message: problem.message,
                query: problem.query,
            }),
            Err(failure) => Some(Rejection { message: chain(&failure), ..Rejection::default() }),
        }
    }

    /// Sends a statement twice with a client token, and returns why the responses are not the same statement's.
    pub async fn repeated(&self, sql: &str, token: &str, wait: Option<i32>) -> Option<Rejection> {
        let message = match self.0.repeat(sql, token, wait).await {
            Ok([(first, true), (second, _)]) if first == second => return None,
            Ok(responses) => format!("the IDs of the responses, and whether their status is FINISHED: {responses:?}"),
            Err(failure) => chain(&failure),
        };
        Some(Rejection { message, ..Rejection::default() })
    }

    async fn run(&self, statements: &[&str]) -> Result<Finished> {
        match self.0.run(statements).await? {
            Ok(finished) => Ok(finished),
            Err(problem) => {
                let sql = statements.get(problem.statement).and_then(|sql| sql.lines().next()).unwrap_or_default();
                bail!("the warehouse rejected `{sql}`: {problem}")
            }
        }
    }
}
