//! A Redshift Serverless database, accessed through the Data API.

use anyhow::{Result, bail};
use aws_config::SdkConfig;
use connect::data_api::{DataApi, Finished, client};

/// The maximum number of statements in a transaction (API Reference, BatchExecuteStatement).
const MAX_STATEMENTS: usize = 40;

#[derive(Debug)]
pub struct Redshift(pub DataApi);

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
