//! Syncs the DAGs and their requirements to Airflow's bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use super::transfer;
use crate::edge::aws::Aws;
use crate::edge::s3::{Bucket, Written};
use crate::edge::{files, python};
use crate::failure::Failure;
use crate::flows::{account, generated};
use crate::platform;
use crate::settings::{Settings, Variables};
use crate::sync::{
    self, FOLDER, File, Import, MANIFEST, Manifest, Owned, Pending, Plan, REQUIREMENTS, SyncInput, SyncStep, Tree,
};

/// The options of a sync.
#[derive(Debug)]
pub struct SyncRequest {
    /// A folder to use instead of `dags/`, with its own `requirements.txt`.
    pub dir: Option<PathBuf>,
    /// Replace or delete what others wrote to our keys.
    pub overwrite: bool,
    /// The maximum number of deletes.
    pub max_delete: usize,
    /// The settings.
    pub settings: Settings,
    /// The variables of the environment and `.env`.
    pub variables: Variables,
}

/// A plan, and the data that is needed to apply it.
#[derive(Debug)]
pub struct Sync {
    /// The plan.
    pub plan: Plan,
    /// The bucket's name.
    pub bucket: String,
    input: SyncInput,
    aws: Aws,
    store: Bucket,
}

/// The result of a sync.
#[derive(Debug, Serialize)]
pub struct Done {
    /// The version of the requirements in the bucket, for `RequirementsVersion`; `None` without versioning.
    pub requirements_version: Option<String>,
}

/// The local files, by key.
fn tree(request: &SyncRequest) -> Result<Tree> {
    let folder = request.dir.clone().unwrap_or_else(|| files::root().join("dags"));
    anyhow::ensure!(folder.is_dir(), Failure::new(format!("the folder `{}` does not exist", folder.display())));
    let below = files::below(&folder, &[""], is_for_airflow)?.into_iter();
    let mut tree: Tree = below.map(|(path, _, bytes)| (format!("{FOLDER}{path}"), File::new(bytes))).collect();
    let requirements = match &request.dir {
        Some(dir) => dir.join(REQUIREMENTS),
        None => files::root().join(&request.settings.airflow.requirements),
    };
    let bytes = files::bytes(&requirements)?.with_context(|| {
        let failure = Failure::new(format!("`{}` does not exist", requirements.display()));
        failure.hint("create it, it may be empty: Airflow's environment needs it (setting airflow.requirements)")
    })?;
    tree.insert(REQUIREMENTS.to_owned(), File::new(bytes));
    Ok(tree)
}

/// Excludes tests, guides, bytecode, hidden files, and the requirements, which have a key outside of the folder.
fn is_for_airflow(path: &str) -> bool {
    let hidden = |part: &str| part.starts_with('.') && part != ".airflowignore";
    let around = |part: &str| hidden(part) || part == "__pycache__";
    !path.split('/').any(around)
        && path != "tests"
        && !path.starts_with("tests/")
        && !path.ends_with(".md")
        && !path.ends_with(".pyc")
        && path != REQUIREMENTS
}

/// The desired state. The committed `platform.json` is of `dev` without an account; the bucket gets this deployment's.
fn of_this_deployment(mut tree: Tree, request: &SyncRequest, aws: &Aws) -> Result<Tree> {
    if tree.contains_key(platform::FILE) {
        let text = generated::platform(&request.settings, &account::of(&request.settings, aws)?)?;
        tree.insert(platform::FILE.to_owned(), File::new(text.into_bytes()));
    }
    Ok(tree)
}

/// The SHA-256 of each file of the desired state, by key, without a request to the bucket.
pub fn files(request: &SyncRequest) -> Result<BTreeMap<String, String>> {
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    Ok(hashes(&of_this_deployment(tree(request)?, request, &aws)?))
}

fn hashes(tree: &Tree) -> BTreeMap<String, String> {
    tree.iter().map(|(key, file)| (key.clone(), file.sha256.clone())).collect()
}

/// The imports of each Python file: of unchanged files from the manifest, of the others from Python.
fn imports(tree: &Tree, manifest: &Manifest) -> Result<BTreeMap<String, Vec<Import>>> {
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for (key, file) in tree.iter().filter(|(key, _)| sync::is_python(key)) {
        match manifest.files.get(key).filter(|owned| owned.sha256 == file.sha256) {
            Some(owned) => _ = known.insert(key.clone(), owned.imports.clone()),
            None => _ = unknown.insert(key.as_str(), file.bytes.as_slice()),
        }
    }
    known.extend(python::imports::find(&unknown)?);
    Ok(known)
}

/// Compares the folder with the bucket: its listing, its manifest, and the content of ambiguous objects.
pub fn plan(request: &SyncRequest) -> Result<Sync> {
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    let bucket = request.settings.buckets().airflow;
    let store = aws.wait(Bucket::open(&bucket, &aws.config))?;
    let (tree, remote) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| tree(request));
        let remote = aws.wait(store.list(None));
        (reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), remote)
    });
    let (tree, remote) = (of_this_deployment(tree?, request, &aws)?, remote?);
    let manifest = match remote.get(MANIFEST) {
        Some(_) => read(&aws.wait(store.get(MANIFEST))?.bytes)?,
        None => Manifest::default(),
    };
    let imports = imports(&tree, &manifest)?;
    let ours: BTreeSet<String> = manifest.files.keys().cloned().collect();
    let others = remote.keys().filter(|key| !ours.contains(*key)).cloned().collect();
    let problems = sync::check(&tree, &imports, &ours, &others);
    if !problems.is_empty() {
        let failure = Failure::new(format!("these imports would fail: {}", problems.join("; ")));
        return Err(failure.hint("fix them and run the command again; nothing was uploaded").into());
    }
    let seen = aws.wait(transfer::read(&store, sync::ambiguous(&tree, &remote, &manifest)))?;
    let (overwrite, max_delete) = (request.overwrite, request.max_delete);
    let input = SyncInput { tree, imports, remote, manifest, seen, overwrite, max_delete };
    let plan = sync::plan(&input)?;
    Ok(Sync { plan, bucket, input, aws, store })
}

fn read(bytes: &[u8]) -> Result<Manifest> {
    serde_json::from_slice(bytes).with_context(|| {
        let failure = Failure::new(format!("`{MANIFEST}` in the bucket is not a valid manifest"));
        failure.hint("delete that object and run the command again: it adopts the objects with our content")
    })
}

impl Sync {
    /// The SHA-256 of each file, by key.
    pub fn files(&self) -> BTreeMap<String, String> {
        hashes(&self.input.tree)
    }

    /// The version of the requirements in the bucket, if the plan does not change it.
    pub fn requirements_version(&self) -> Option<String> {
        let kept = self.plan.keep.contains(REQUIREMENTS);
        done(&self.input.manifest).requirements_version.filter(|_| kept)
    }

    /// Announces the uploads in the manifest, runs the plan, and records the result in the manifest. An empty plan sends no
    /// request.
    pub fn apply(&self, settings: &Settings) -> Result<Done> {
        let SyncInput { remote, manifest, tree, .. } = &self.input;
        account::check(settings, &self.aws)?;
        if self.plan.is_empty() {
            return Ok(done(manifest));
        }
        let mut over = remote.get(MANIFEST).map(|there| there.etag.clone());
        let mut write = |manifest: &Manifest| -> Result<()> {
            let bytes = serde_json::to_vec(manifest)?;
            over = Some(self.aws.wait(self.store.put(MANIFEST, bytes, over.as_deref()))?.etag);
            Ok(())
        };
        let pending = self.pending();
        if !pending.is_empty() {
            let mut announced = manifest.clone();
            announced.pending.extend(pending);
            write(&announced)?;
        }
        let written = self.aws.wait(transfer::apply(&self.store, &self.plan, tree, remote))?;
        let manifest = self.manifest(&written)?;
        write(&manifest)?;
        Ok(done(&manifest))
    }

    /// The uploads of the plan.
    fn pending(&self) -> BTreeMap<String, Pending> {
        let SyncInput { tree, imports, .. } = &self.input;
        let pending = |step: &SyncStep| match step {
            SyncStep::Put { key, .. } => {
                let (sha256, imports) = (tree.get(key)?.sha256.clone(), imports.get(key).cloned().unwrap_or_default());
                Some((key.clone(), Pending { sha256, imports }))
            }
            SyncStep::Delete { .. } => None,
        };
        self.plan.steps().filter_map(pending).collect()
    }

    /// The manifest after the plan.
    fn manifest(&self, written: &BTreeMap<String, Written>) -> Result<Manifest> {
        let SyncInput { imports, manifest: before, tree, seen, .. } = &self.input;
        let mut after = Manifest::default();
        for (key, object) in written {
            let read = || seen.get(key).and_then(|seen| seen.version.clone());
            let owned = Owned {
                sha256: transfer::content(tree, key)?.sha256.clone(),
                etag: object.etag.clone(),
                version: object.version.clone().or_else(read),
                imports: imports.get(key).cloned().unwrap_or_default(),
                adopted: self.plan.adopt.contains(key) && before.files.get(key).is_none_or(|before| before.adopted),
            };
            after.files.insert(key.clone(), owned);
        }
        let kept = before.files.iter().filter(|(key, _)| self.plan.keep.contains(*key));
        after.files.extend(kept.map(|(key, owned)| (key.clone(), owned.clone())));
        Ok(after)
    }
}

fn done(manifest: &Manifest) -> Done {
    Done { requirements_version: manifest.files.get(REQUIREMENTS).and_then(|owned| owned.version.clone()) }
}
