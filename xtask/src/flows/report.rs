//! Fetches the report of a run from the lake of a deployment.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use contract::{Layout, RunId};

use crate::edge::aws::Aws;
use crate::edge::s3::Bucket;
use crate::edge::{files, web};
use crate::failure::Failure;
use crate::flows::account;
use crate::settings::{Settings, Variables};

/// The pages' folder, inside the repository: a sandboxed browser can access neither hidden folders nor the user's /tmp.
const FOLDER: &str = "target/report";
/// How long a link works.
const LASTS: Duration = Duration::from_secs(3600);
/// A page stays where it is, so the browser has all the time it needs.
const READING: Duration = Duration::ZERO;

/// A report in the lake.
#[derive(Debug)]
pub struct Reports {
    aws: Aws,
    bucket: Bucket,
    key: String,
}

impl Reports {
    /// Finds the report of a run, by default the one that was written last.
    pub fn find(settings: &Settings, variables: &Variables, source: Option<&str>, run: Option<&RunId>) -> Result<Self> {
        let source = settings.ingestion(source)?.source;
        let aws = Aws::for_settings(settings, variables)?;
        account::check(settings, &aws)?;
        let bucket = aws.wait(Bucket::open(&settings.buckets().lake, &aws.config))?;
        let layout = Layout { source: &source };
        let key = match run {
            Some(run) => {
                let key = layout.report(run, "html");
                let exists = aws.wait(bucket.list(Some(&layout.reports())))?.contains_key(&key);
                let failure = || Failure::new(format!("the run `{run}` of `{source}` has no report"));
                ensure!(exists, failure().hint("the last task of a run, `report`, writes it; see `cargo xtask logs`"));
                key
            }
            None => {
                let failure = || Failure::new(format!("`{source}` has no reports"));
                let newest = aws.wait(bucket.newest(&layout.reports(), ".html"))?;
                newest.with_context(|| failure().hint("start a run with `cargo xtask run`"))?
            }
        };
        Ok(Self { aws, bucket, key })
    }

    /// Saves the page; returns its path.
    pub fn save(&self) -> Result<PathBuf> {
        let page = String::from_utf8(self.aws.wait(self.bucket.get(&self.key))?.bytes)?;
        let name = self.key.rsplit('/').next().unwrap_or_default();
        let path = files::folder(&files::root().join(FOLDER))?.join(name);
        files::write(&path, &page)?;
        Ok(path)
    }

    /// Returns a URL to the page for everyone who has it.
    pub fn link(&self) -> Result<String> {
        self.aws.wait(self.bucket.link(&self.key, LASTS))
    }
}

/// Opens a page in a browser; returns false if no browser is available.
pub fn browse(page: &std::path::Path) -> bool {
    web::open_in_browser(page, READING)
}
