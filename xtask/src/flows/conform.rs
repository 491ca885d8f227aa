//! Runs the checks of `docs/redshift-conformance.md` against a workgroup. Each check has its own schema, which is dropped
//! afterwards.

use std::time::Duration;

use anyhow::{Context, Result};
use connect::aws::endpoint;
use futures_util::future::join;

use crate::conformance::{self, Check, Copy, Difference, Line};
use crate::edge::aws::Aws;
use crate::edge::files;
use crate::edge::redshift::Redshift;
use crate::edge::s3::Bucket;
use crate::failure::Failure;

/// Milliseconds for which a transaction holds a lock, and between it and the transactions that wait for it or not.
const HELD: u64 = 4500;
const BETWEEN: Duration = Duration::from_millis(HELD / 3);

#[derive(Debug)]
pub struct Conform {
    pub aws: Aws,
    pub caller: Redshift,
    pub administrator: Option<Redshift>,
    pub bucket: Option<Bucket>,
    /// The role of COPY, as in a statement.
    pub role: String,
    pub database: String,
    /// The caller's database user.
    pub user: String,
    /// A schema that does not exist.
    pub schema: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Verified,
    Differs(Difference),
    NotRun(String),
}

impl Conform {
    /// Whether the Data API is not that of AWS. The results of an emulator are never recorded.
    pub fn is_emulated(&self) -> bool {
        endpoint(&self.aws.config, "Redshift Data").is_some()
    }

    /// Runs the check of a row, if it has one. Fails only if the schema cannot be created or dropped.
    pub fn outcome(&self, line: &Line) -> Result<Outcome> {
        let Some(check) = &line.check else { return Ok(Outcome::NotRun(line.manual.clone())) };
        let missing = if check.administrator && self.administrator.is_none() {
            Some("needs --admin-secret")
        } else if check.copy.is_some() && self.bucket.is_none() {
            Some("needs --bucket")
        } else {
            (check.only_on_aws && self.is_emulated()).then_some("the emulator is known to differ")
        };
        if let Some(missing) = missing {
            return Ok(Outcome::NotRun(missing.to_owned()));
        }
        self.aws.wait(async {
            let hint =
                format!("run `GRANT CREATE ON DATABASE {} TO \"{}\"` as the administrator", self.database, self.user);
            let failure = || Failure::new(format!("cannot create the schema `{}`", self.schema)).hint(hint);
            self.caller.execute(&[format!("CREATE SCHEMA {}", self.schema)]).await.with_context(failure)?;
            let result = self.run(check).await;
            let dropped = self.caller.execute(&[format!("DROP SCHEMA {} CASCADE", self.schema)]).await;
            dropped.with_context(|| format!("cannot drop the schema `{}`", self.schema))?;
            Ok(result?.map_or(Outcome::Verified, Outcome::Differs))
        })
    }

    async fn run(&self, check: &Check) -> Result<Option<Difference>> {
        let prefix = format!("conform/{}", self.schema);
        let (objects, manifest) = match (&check.copy, &self.bucket) {
            (Some(copy), Some(bucket)) => self.objects(copy, &bucket.url(&prefix)),
            _ => (Vec::new(), String::new()),
        };
        let fill = |text: &String| {
            let pairs = [
                ("{s}", self.schema.as_str()),
                ("{d}", &self.database),
                ("{caller}", &self.user),
                ("{role}", &self.role),
                ("{manifest}", &manifest),
                ("{60KB}", &"x".repeat(60_000)),
            ];
            pairs.into_iter().fold(text.clone(), |text, (name, value)| text.replace(name, value))
        };
        if let Some(bucket) = &self.bucket {
            for (name, bytes) in &objects {
                bucket.put(&format!("{prefix}/{name}"), bytes.clone(), None).await?;
            }
        }
        let result = self.difference(check, &fill).await;
        if let Some(bucket) = &self.bucket {
            for (name, _) in &objects {
                bucket.delete(&format!("{prefix}/{name}")).await?;
            }
        }
        Ok(result)
    }

    async fn difference(&self, check: &Check, fill: &impl Fn(&String) -> String) -> Option<Difference> {
        let user = if check.administrator { self.administrator.as_ref() } else { None }.unwrap_or(&self.caller);
        let filled = |texts: &[String]| texts.iter().map(fill).collect::<Vec<_>>();
        let (mut setup, run, meanwhile) = (filled(&check.setup), filled(&check.run), filled(&check.meanwhile));
        if !meanwhile.is_empty() {
            setup.push(format!(
                "CREATE TABLE {}.gate AS SELECT 1 AS n{}",
                self.schema,
                " UNION ALL SELECT 1".repeat(9)
            ));
        }
        if let Err(error) = self.caller.execute(&setup).await {
            return Some(Difference("the setup succeeds".to_owned(), format!("{error:#}")));
        }
        let statements: Vec<&str> = run.iter().map(String::as_str).collect();
        let sent = async {
            match &check.token {
                _ if run.is_empty() => None,
                Some(token) => user.repeated(&run[0], &fill(token), check.wait).await,
                None => user.rejection(&statements, check.each).await,
            }
        };
        let (found, changed) =
            if meanwhile.is_empty() { (sent.await, Ok(())) } else { self.behind(sent, &meanwhile).await };
        if let Err(error) = changed {
            return Some(Difference("the concurrent statements succeed".to_owned(), format!("{error:#}")));
        }
        let different = check.difference(found.as_ref());
        let Some(query) = &check.query else { return different };
        let query = fill(query).replace("{query}", &found.map_or(0, |found| found.query).to_string());
        let expected: Vec<Vec<String>> = check.rows.iter().map(|row| filled(row)).collect();
        let rows = match user.query(&query).await {
            Ok(rows) if rows == expected => return different,
            Ok(rows) => format!("{rows:?}"),
            Err(error) => format!("{error:#}"),
        };
        different.or(Some(Difference(format!("{expected:?}"), rows)))
    }

    /// Sends statements while another transaction has locked the table `gate`, and commits others in the meantime.
    async fn behind<T>(&self, sent: impl Future<Output = T>, meanwhile: &[String]) -> (T, Result<()>) {
        let gate = format!("{}.gate", self.schema);
        // Its duration exceeds the time limit by far.
        let endless = (0..14).map(|number| format!("{gate} AS g{number}")).collect::<Vec<_>>().join(", ");
        let (limit, lock) = (format!("SET statement_timeout TO {HELD}"), format!("LOCK {gate}"));
        let endless = format!("SELECT count(*) FROM {endless}");
        let holder = [limit.as_str(), lock.as_str(), endless.as_str()];
        let later = async {
            tokio::time::sleep(BETWEEN).await;
            let change = async {
                tokio::time::sleep(BETWEEN).await;
                self.caller.execute(meanwhile).await
            };
            join(sent, change).await
        };
        join(self.caller.rejection(&holder, false), later).await.1
    }

    /// Returns the objects of a check with the manifest, and the URL of the manifest.
    fn objects(&self, copy: &Copy, prefix: &str) -> (Vec<(String, Vec<u8>)>, String) {
        let file = |(name, file): (&String, &String)| (name.clone(), conformance::file(file).to_vec());
        let mut objects: Vec<_> = copy.objects.iter().map(file).collect();
        let entry = |(name, bytes): &(String, Vec<u8>)| {
            let meta = serde_json::json!({ "content_length": bytes.len() });
            serde_json::json!({ "url": format!("{prefix}/{name}"), "mandatory": true, "meta": meta })
        };
        let entries = objects.iter().map(entry).collect::<Vec<_>>();
        let manifest = serde_json::json!({ "entries": entries }).to_string();
        let manifest = copy.manifest.as_ref().map_or(manifest, |text| text.replace("{prefix}", prefix));
        let length = |text: String, (name, bytes): &(String, Vec<u8>)| {
            text.replace(&format!("{{{name}}}"), &bytes.len().to_string())
        };
        let manifest = objects.iter().fold(manifest, length);
        objects.push(("manifest.json".to_owned(), manifest.into_bytes()));
        (objects, format!("{prefix}/manifest.json"))
    }
}

/// Records results against AWS in the repository. Rows without a result keep their old one.
pub fn record(outcomes: &[(String, Outcome)]) -> Result<()> {
    let mut results = conformance::results()?;
    let date = files::now("%Y-%m-%d");
    for (id, outcome) in outcomes {
        let text = match outcome {
            Outcome::Verified => format!("**verified** on {date}"),
            Outcome::Differs(Difference(expected, found)) => {
                format!("**differs** on {date}: expected {expected}, found {found}")
            }
            Outcome::NotRun(_) => continue,
        };
        results.insert(id.clone(), text);
    }
    let text = serde_yaml::to_string(&results).context("cannot write the results")?;
    files::write(&files::root().join("xtask/conformance/results.yaml"), &text)
}
