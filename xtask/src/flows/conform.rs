//! Runs the checks of `docs/redshift-conformance.md` against a workgroup, each in its own temporary schema.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::{OptionFuture, join};

use crate::conformance::{Check, FILES, Line};
use crate::edge::aws::Aws;
use crate::edge::redshift::Redshift;
use crate::edge::s3::Bucket;
use crate::failure::Failure;

#[derive(Debug)]
pub struct Conform {
    pub aws: Aws,
    pub caller: Redshift,
    pub administrator: Option<Redshift>,
    /// A bucket, and the key of a folder.
    pub bucket: Option<(Bucket, String)>,
    /// A schema that does not exist.
    pub schema: String,
    /// The statement that permits the caller to create it.
    pub grant: String,
    /// Whether the Data API is not that of AWS.
    pub is_emulated: bool,
}

impl Conform {
    /// Returns the check of a row, or why it is not run.
    pub fn check<'a>(&self, line: &'a Line) -> Result<&'a Check, &'a str> {
        match &line.check {
            None => Err(&line.manual),
            Some(check) if check.administrator && self.administrator.is_none() => Err("needs --admin-secret"),
            Some(check) if !check.objects.is_empty() && self.bucket.is_none() => Err("needs --bucket"),
            Some(check) if check.only_on_aws && self.is_emulated => Err("the emulator is known to differ"),
            Some(check) => Ok(check),
        }
    }

    /// Runs a check, and returns what differs.
    pub fn run(&self, check: &Check) -> Result<Option<String>> {
        let schema = &self.schema;
        self.aws.wait(async {
            let failure = Failure::new(format!("cannot create the schema `{schema}`"));
            let failure = || failure.hint(format!("run `{}` as the administrator", self.grant));
            self.caller.execute(&[format!("CREATE SCHEMA {schema}")]).await.with_context(failure)?;
            let result = self.with_objects(check).await;
            let dropped = self.caller.execute(&[format!("DROP SCHEMA {schema} CASCADE")]).await;
            dropped.with_context(|| format!("cannot drop the schema `{schema}`"))?;
            result
        })
    }

    async fn with_objects(&self, check: &Check) -> Result<Option<String>> {
        // Without a bucket, only checks without objects run.
        let objects = || check.objects.iter().zip(self.bucket.iter().cycle());
        for ((name, content), (bucket, key)) in objects() {
            let file = FILES.iter().find(|(file, _)| file == content);
            let bytes = file.map_or(content.as_bytes(), |(_, bytes)| bytes).to_vec();
            bucket.put(&format!("{key}/{name}"), bytes, None).await?;
        }
        let result = self.difference(check).await;
        for ((name, _), (bucket, key)) in objects() {
            bucket.delete(&format!("{key}/{name}")).await?;
        }
        Ok(result)
    }

    async fn difference(&self, check: &Check) -> Option<String> {
        let user = self.administrator.as_ref().filter(|_| check.administrator).unwrap_or(&self.caller);
        if let Err(error) = self.caller.execute(&check.setup).await {
            return Some(format!("expected the setup to succeed, found {error:#}"));
        }
        let sent = async {
            match &check.token {
                Some(token) => user.0.repeat(&check.run.concat(), token, check.wait).await.err(),
                None if check.run.is_empty() => None,
                None => user.0.problem(&check.run, check.each).await,
            }
        };
        let behind = (!check.behind.is_empty()).then(|| self.caller.0.problem(&check.behind, false));
        // A third of `{held}`, so that `behind` has locked its table, and `run` waits for it.
        let step = if self.is_emulated { Duration::from_millis(1500) } else { Duration::from_secs(5) };
        let step = step * u32::from(!check.behind.is_empty());
        let others = join(after(step, sent), after(2 * step, self.caller.execute(&check.meanwhile)));
        let (_, (found, changed)) = join(OptionFuture::from(behind), others).await;
        let different = changed.err().map(|error| format!("expected concurrent changes to succeed, found {error:#}"));
        let different = different.or_else(|| check.difference(found.as_ref()));
        let Some(query) = &check.query else { return different };
        let query = query.replace("{query}", &found.map_or(0, |found| found.query).to_string());
        let shown = match user.query(&query).await {
            Ok(rows) if rows == check.rows => return different,
            found => found.map_or_else(|error| format!("{error:#}"), |rows| format!("{rows:?}")),
        };
        different.or(Some(format!("expected {:?}, found {shown}", check.rows)))
    }
}

async fn after<T>(time: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::sleep(time).await;
    work.await
}
