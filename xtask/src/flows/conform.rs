//! Runs the checks of `docs/redshift-conformance.md` against a workgroup. Each check has its own schema, which is dropped
//! afterwards.

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
    /// Returns why a row is not checked.
    pub fn skipped<'a>(&self, line: &'a Line) -> Option<&'a str> {
        let Some(check) = &line.check else { return Some(&line.manual) };
        let missing = [
            (check.administrator && self.administrator.is_none(), "needs --admin-secret"),
            (!check.objects.is_empty() && self.bucket.is_none(), "needs --bucket"),
            (check.only_on_aws && self.is_emulated, "the emulator is known to differ"),
        ];
        missing.into_iter().find_map(|(is_missing, why)| is_missing.then_some(why))
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
        let steps = u32::from(!check.behind.is_empty());
        let holder: OptionFuture<_> = (steps > 0).then(|| self.caller.0.problem(&check.behind, false)).into();
        let others = join(after(steps, sent), after(2 * steps, self.caller.execute(&check.meanwhile)));
        let (_, (found, changed)) = join(holder, others).await;
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

/// Waits 1.5 seconds per step before the work.
async fn after<T>(steps: u32, work: impl Future<Output = T>) -> T {
    tokio::time::sleep(steps * Duration::from_millis(1500)).await;
    work.await
}
