//! Syncs the DAGs and their requirements to Airflow's bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use super::transfer::{self, Sync};
use crate::edge::aws::Aws;
use crate::edge::s3::Written;
use crate::edge::{files, python};
use crate::failure::Failure;
use crate::flows::account;
use crate::platform;
use crate::settings::{Settings, Variables};
use crate::sync::{
    self, FOLDER, File, Import, MANIFEST, Manifest, Owned, Pending, REQUIREMENTS, SyncInput, SyncStep, Tree,
};

/// The options of `sync-dags`.
#[derive(Debug)]
pub struct SyncRequest {
    /// A folder to use instead of `dags/`; it must contain its own `requirements.txt`.
    pub dir: Option<PathBuf>,
    pub overwrite: bool,
    pub max_delete: usize,
    pub settings: Settings,
    pub variables: Variables,
}

/// Reads the local files, by key.
fn tree(request: &SyncRequest) -> Result<Tree> {
    let folder = request.dir.clone().unwrap_or_else(|| files::root().join("dags"));
    ensure!(folder.is_dir(), Failure::new(format!("the folder `{}` does not exist", folder.display())));
    let found = files::below(&folder, &[""], is_for_airflow)?.into_iter();
    let mut tree: Tree = found.map(|(path, _, bytes)| (format!("{FOLDER}{path}"), File::new(bytes))).collect();
    let requirements = match &request.dir {
        Some(dir) => dir.join(REQUIREMENTS),
        None => files::root().join(&request.settings.airflow.requirements),
    };
    let bytes = files::bytes(&requirements)?.with_context(|| {
        let failure = Failure::new(format!("`{}` does not exist", requirements.display()));
        failure.hint("create it (it may be empty): the Airflow environment needs it (`airflow.requirements` setting)")
    })?;
    tree.insert(REQUIREMENTS.to_owned(), File::new(bytes));
    Ok(tree)
}

/// Excludes tests, guides, bytecode, hidden files, and the requirements, which have a key outside the folder.
fn is_for_airflow(path: &str) -> bool {
    let is_hidden = |part: &str| part.starts_with('.') && part != ".airflowignore";
    !path.split('/').any(|part| is_hidden(part) || part == "__pycache__")
        && path != "tests"
        && !path.starts_with("tests/")
        && !path.ends_with(".md")
        && !path.ends_with(".pyc")
        && path != REQUIREMENTS
}

/// Returns the desired state, with this deployment's `platform.json`: the committed one is for `dev`.
fn of_this_deployment(mut tree: Tree, request: &SyncRequest, aws: &Aws) -> Result<Tree> {
    if tree.contains_key(platform::FILE) {
        let text = platform::render(&request.settings, &account::of(&request.settings, aws)?);
        tree.insert(platform::FILE.to_owned(), File::new(text.into_bytes()));
    }
    Ok(tree)
}

/// Returns the SHA-256 of each file in the desired state, by key, without sending a request to the bucket.
pub fn files(request: &SyncRequest) -> Result<BTreeMap<String, String>> {
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    Ok(hashes(&of_this_deployment(tree(request)?, request, &aws)?))
}

fn hashes(tree: &Tree) -> BTreeMap<String, String> {
    tree.iter().map(|(key, file)| (key.clone(), file.sha256.clone())).collect()
}

/// Returns the imports of each Python file: unchanged files' from the manifest, the others' by running Python.
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
    let bucket = request.settings.buckets().airflow;
    let (aws, store) = transfer::open(&request.settings, &request.variables, &bucket)?;
    let (tree, remote) = std::thread::scope(|scope| {
        let tree = scope.spawn(|| tree(request));
        let remote = aws.wait(store.list(None));
        (tree.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), remote)
    });
    let (tree, remote) = (of_this_deployment(tree?, request, &aws)?, remote?);
    let manifest = match remote.get(MANIFEST) {
        Some(_) => read(&aws.wait(store.get(MANIFEST))?.bytes)?,
        None => Manifest::default(),
    };
    let imports = imports(&tree, &manifest)?;
    let (local, ours): (BTreeSet<String>, BTreeSet<String>) =
        (tree.keys().cloned().collect(), manifest.files.keys().cloned().collect());
    let others = remote.keys().filter(|key| !ours.contains(*key)).cloned().collect();
    let problems = sync::check(&local, &imports, &ours, &others);
    let failure = || Failure::new(format!("these imports would fail: {}", problems.join("; ")));
    ensure!(problems.is_empty(), failure().hint("fix them and run the command again; nothing was uploaded"));
    let seen = aws.wait(transfer::read(&store, sync::ambiguous(&tree, &remote, &manifest)))?;
    let (overwrite, max_delete) = (request.overwrite, request.max_delete);
    let input = SyncInput { tree, imports, remote, manifest, seen, overwrite, max_delete };
    Ok(Sync { plan: sync::plan(&input)?, bucket, input, aws, store })
}

fn read(bytes: &[u8]) -> Result<Manifest> {
    serde_json::from_slice(bytes).with_context(|| {
        let failure = Failure::new(format!("`{MANIFEST}` in the bucket is not a valid manifest"));
        failure.hint("delete that object and run the command again; objects whose content matches the local files are added to a new manifest")
    })
}

impl Sync {
    /// Returns the SHA-256 of each file, by key.
    pub fn files(&self) -> BTreeMap<String, String> {
        hashes(&self.input.tree)
    }

    /// Returns the S3 object version of `requirements.txt`, if the plan does not change that file.
    pub fn requirements_version(&self) -> Option<String> {
        let kept = self.plan.keep.contains(REQUIREMENTS);
        requirements_version(&self.input.manifest).filter(|_| kept)
    }

    /// Announces the uploads in the manifest, runs the plan, and records the result in the manifest. An empty plan
    /// sends no requests. Returns the version of the requirements in the bucket; `None` without versioning.
    pub fn apply(&self, settings: &Settings) -> Result<Option<String>> {
        let SyncInput { remote, manifest, tree, imports, .. } = &self.input;
        account::check(settings, &self.aws)?;
        if self.plan.is_empty() {
            return Ok(requirements_version(manifest));
        }
        let mut etag = remote.get(MANIFEST).map(|current| current.etag.clone());
        let mut write = |manifest: &Manifest| -> Result<()> {
            let bytes = serde_json::to_vec(manifest)?;
            etag = Some(self.aws.wait(self.store.put(MANIFEST, bytes, etag.as_deref()))?.etag);
            Ok(())
        };
        let mut announced = manifest.clone();
        announced.pending.extend(self.plan.steps().filter_map(|step| match step {
            SyncStep::Put { key, .. } => {
                let (sha256, imports) = (tree[key].sha256.clone(), imports.get(key).cloned().unwrap_or_default());
                Some((key.clone(), Pending { sha256, imports }))
            }
            SyncStep::Delete { .. } => None,
        }));
        if announced != *manifest {
            write(&announced)?;
        }
        let manifest = self.manifest(self.run()?);
        write(&manifest)?;
        Ok(requirements_version(&manifest))
    }

    /// Returns the manifest after the plan has run.
    fn manifest(&self, written: BTreeMap<String, Written>) -> Manifest {
        let SyncInput { imports, manifest: before, tree, seen, .. } = &self.input;
        let kept = before.files.iter().filter(|(key, _)| self.plan.keep.contains(*key));
        let mut files: BTreeMap<_, _> = kept.map(|(key, owned)| (key.clone(), owned.clone())).collect();
        for (key, object) in written {
            let read = || seen.get(&key).and_then(|seen| seen.version.clone());
            let owned = Owned {
                sha256: tree[&key].sha256.clone(),
                etag: object.etag,
                version: object.version.or_else(read),
                imports: imports.get(&key).cloned().unwrap_or_default(),
                adopted: self.plan.adopt.contains(&key) && before.files.get(&key).is_none_or(|before| before.adopted),
            };
            files.insert(key, owned);
        }
        Manifest { files, ..Manifest::default() }
    }
}

fn requirements_version(manifest: &Manifest) -> Option<String> {
    manifest.files.get(REQUIREMENTS)?.version.clone()
}
