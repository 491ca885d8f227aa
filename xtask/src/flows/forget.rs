//! Removes records from the lake and the warehouse of a platform on this machine, or of a deployment. The program `forget`
//! of the jobs removes them; old versions of objects in a bucket are removed here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use contract::{Contract, Layout};
use serde::{Deserialize, Serialize};

use super::configure::Configured;
use super::local::{self, Platform};
use super::{account, warehouse};
use crate::cli::Forget as Args;
use crate::edge::aws::Aws;
use crate::edge::buckets::Buckets;
use crate::edge::serverless::Serverless;
use crate::edge::{files, shell};
use crate::failure::Failure;
use crate::pipeline::Invocation;
use crate::settings::Variables;

/// What to remove, and where.
#[derive(Debug)]
pub struct Forget {
    step: Invocation,
    programs: PathBuf,
    source: String,
    /// The bucket of a deployment.
    bucket: Option<(Aws, String)>,
    /// The platform on this machine, locked until this value is dropped.
    _platform: Option<Platform>,
}

/// What the program found or removed. [`Forgotten::versions`] are added here.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    pub applied: bool,
    pub collections: BTreeMap<String, Found>,
    pub removed: Vec<String>,
    pub corrected: Vec<String>,
    pub searched: Searched,
    pub left: Vec<String>,
    /// Noncurrent versions of the source's objects.
    #[serde(default)]
    pub versions: u64,
}

/// What was found of one collection's records.
#[derive(Debug, Serialize, Deserialize)]
pub struct Found {
    pub manifests: u64,
    pub records: u64,
    pub rows: u64,
    pub loaded: BTreeMap<String, u64>,
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.records + self.rows == 0 && self.loaded.is_empty()
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Searched {
    pub texts: u64,
    pub objects: u64,
    pub bytes: u64,
    pub tables: u64,
}

impl Forget {
    /// For the platform in a folder of this machine.
    pub fn local(args: &Args) -> Result<Self> {
        let contract = contract(args)?;
        let platform = Platform::open(args.dir.as_deref())?;
        let (lake, warehouse) = platform.urls()?;
        let variables = [("LAKE_URL", lake), ("WAREHOUSE_URL", warehouse.expose().to_owned())];
        Self::new(args, contract, variables, None, Some(platform))
    }

    /// For a deployment. `variables` has the credentials of the caller, who must be able to read the administrator's secret.
    pub fn deployed(args: &Args, configured: &Configured, variables: &Variables) -> Result<Self> {
        let contract = contract(args)?;
        let settings = configured.settings();
        let aws = Aws::for_settings(settings, variables)?;
        account::check(settings, &aws)?;
        let names = &settings.warehouse;
        let namespace = aws.wait(Serverless::new(&aws.config).namespace(&names.namespace))?;
        let secret = namespace.and_then(|namespace| namespace.admin_password_secret_arn);
        let bucket = settings.buckets().lake;
        let own = [
            ("LAKE_URL", Some(format!("s3://{bucket}"))),
            ("WAREHOUSE_URL", Some(format!("redshift://{}/{}", names.workgroup, names.database))),
            ("ADMIN_SECRET", secret),
            ("AWS_REGION", Some(settings.region.clone())),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let mut forget = Self::new(args, contract, own, Some((aws, bucket)), None)?;
        for (name, found) in variables.iter().filter(|(name, _)| name.starts_with("AWS_")) {
            forget.step.environment.entry(name.clone()).or_insert_with(|| found.value.clone());
        }
        Ok(forget)
    }

    fn new(
        args: &Args,
        (file, contract): (PathBuf, Contract),
        own: impl IntoIterator<Item = (&'static str, String)>,
        bucket: Option<(Aws, String)>,
        platform: Option<Platform>,
    ) -> Result<Self> {
        let request = args.request.clone().unwrap_or_else(|| files::now("forget-%Y%m%dT%H%M%SZ"));
        let mut step = Invocation::new("forget", &[], &[]);
        let own = own.into_iter().chain([
            ("CONTRACT", file.display().to_string()),
            ("COLLECTIONS", args.collection.clone().unwrap_or_default()),
            ("FORGET_KEYS", serde_json::to_string(&args.keys)?),
            ("FORGET_REQUEST", request),
        ]);
        step.environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let secrets = local::secrets(&contract)?;
        step.environment.extend(secrets.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
        let programs = shell::build_forget(&files::root())?;
        Ok(Self { step, programs, source: contract.source, bucket, _platform: platform })
    }

    /// Finds the records, changing nothing.
    pub fn plan(&self) -> Result<Forgotten> {
        let found = self.run(&self.step)?;
        Ok(Forgotten { versions: self.versions(false)?, ..found })
    }

    /// Removes the records, and then the old versions of the source's objects. If this is interrupted, it can be repeated.
    pub fn apply(&self) -> Result<Forgotten> {
        let mut step = self.step.clone();
        step.arguments.push("--apply".to_owned());
        let mut done = self.run(&step)?;
        done.versions = self.versions(true)?;
        if self.versions(false)? > 0 {
            done.left.push("old versions of objects, which another program has just replaced".to_owned());
        }
        Ok(done)
    }

    fn run(&self, step: &Invocation) -> Result<Forgotten> {
        let output = shell::step(step, &self.programs)?;
        serde_json::from_str(&output).context("`forget` did not print a valid report")
    }

    /// Deletes or counts the noncurrent versions of the source's objects.
    fn versions(&self, deletes: bool) -> Result<u64> {
        let Some((aws, bucket)) = &self.bucket else { return Ok(0) };
        let (buckets, mut count) = (Buckets::new(&aws.config, aws.is_emulated()), 0);
        for folder in Layout::FOLDERS {
            count += aws.wait(buckets.noncurrent(bucket, &format!("{folder}/{}/", self.source), deletes))?;
        }
        Ok(count)
    }
}

/// Returns the contract of the source and its file; fails if it does not have the collection.
fn contract(args: &Args) -> Result<(PathBuf, Contract)> {
    let usual = files::root().join(format!("jobs/contracts/{}.yaml", args.source));
    let file = args.contract.clone().unwrap_or(usual);
    let contract = warehouse::contract(Some(&file))?;
    if contract.source != args.source {
        let failure = Failure::new(format!("`{}` describes the source `{}`", file.display(), contract.source));
        return Err(failure.hint("pass the contract of the source with --contract").into());
    }
    if let Some(name) = args.collection.as_ref().filter(|name| !contract.collections.contains_key(*name)) {
        let known: Vec<&str> = contract.collections.keys().map(String::as_str).collect();
        let failure = Failure::new(format!("source `{}` has no collection `{name}`", args.source));
        return Err(failure.hint(format!("its collections are {}", known.join(", "))).into());
    }
    if args.keys.iter().any(String::is_empty) {
        return Err(Failure::new("--key: a key is empty").hint("pass the key of a record").into());
    }
    Ok((file, contract))
}
