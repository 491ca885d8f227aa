//! The DAGs into Airflow's bucket: everything below `dags/` that Airflow uses, and its requirements beside the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{apply, content, look};
use crate::edge::aws::Aws;
use crate::edge::s3::{Bucket, Written};
use crate::edge::{files, python};
use crate::failure::Failure;
use crate::flows::{account, generated};
use crate::platform;
use crate::settings::{Settings, Variables};
use crate::sync::{
    self, FOLDER, File, Import, MANIFEST, Manifest, Owned, Pending, Plan, REQUIREMENTS, STAND_IN, Seen, Step, Tree,
    Wanted,
};

/// What is wanted, and with what.
#[derive(Debug)]
pub struct Request {
    /// Another folder than `dags/`, with a `requirements.txt` of its own.
    pub dir: Option<PathBuf>,
    /// Replace or delete what somebody else wrote where our files belong.
    pub overwrite: bool,
    /// How many objects may be deleted.
    pub max_delete: usize,
    /// The settings.
    pub settings: Settings,
    /// The environment over `.env`.
    pub variables: Variables,
}

/// A plan, and what it needs to be carried out.
#[derive(Debug)]
pub struct Sync {
    /// The plan.
    pub plan: Plan,
    /// The bucket's name.
    pub bucket: String,
    wanted: Wanted,
    aws: Aws,
    store: Bucket,
}

/// What a sync came to.
#[derive(Debug, Serialize)]
pub struct Done {
    /// The version of the requirements that is in the bucket now, for `RequirementsVersion`; none in a bucket without.
    pub requirements_version: Option<String>,
}

/// The files as they are here, by key.
fn tree(request: &Request) -> Result<Tree> {
    let folder = request.dir.clone().unwrap_or_else(|| files::root().join("dags"));
    anyhow::ensure!(folder.is_dir(), Failure::new(format!("there is no folder `{}`", folder.display())));
    let below = files::below(&folder, &[""], is_for_airflow)?.into_iter();
    let mut tree: Tree = below.map(|(path, _, bytes)| (format!("{FOLDER}{path}"), File::new(bytes))).collect();
    let requirements = match &request.dir {
        Some(dir) => dir.join(REQUIREMENTS),
        None => files::root().join(&request.settings.airflow.requirements),
    };
    let bytes = files::bytes(&requirements)?.with_context(|| {
        let failure = Failure::new(format!("there is no `{}`", requirements.display()));
        failure.hint("it may be empty, but Airflow's environment names it; see airflow.requirements")
    })?;
    tree.insert(REQUIREMENTS.to_owned(), File::new(bytes));
    Ok(tree)
}

/// Not: tests, guides, what Python leaves behind, hidden files, and the requirements, which lie beside the folder.
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

/// The files as they shall be in the bucket. The committed `platform.json` is that of `dev` without an account; the bucket
/// gets that of this deployment.
fn of_this_deployment(mut tree: Tree, request: &Request, aws: &Aws) -> Result<Tree> {
    if tree.contains_key(platform::FILE) {
        let text = generated::platform(&request.settings, &account::of(&request.settings, aws)?)?;
        tree.insert(platform::FILE.to_owned(), File::new(text.into_bytes()));
    }
    Ok(tree)
}

/// The SHA-256 of each file that a sync would send, by key; the bucket is not asked.
pub fn files(request: &Request) -> Result<BTreeMap<String, String>> {
    let aws = Aws::of(&request.settings, &request.variables)?;
    Ok(hashes(&of_this_deployment(tree(request)?, request, &aws)?))
}

fn hashes(tree: &Tree) -> BTreeMap<String, String> {
    tree.iter().map(|(key, file)| (key.clone(), file.sha256.clone())).collect()
}

/// What each Python file imports. The manifest knows it of those that are as they were; Python is asked about the rest.
fn imports(tree: &Tree, manifest: &Manifest) -> Result<BTreeMap<String, Vec<Import>>> {
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for (key, file) in tree.iter().filter(|(key, _)| sync::is_python(key)) {
        match manifest.files.get(key).filter(|owned| owned.sha256 == file.sha256) {
            Some(owned) => _ = known.insert(key.clone(), owned.imports.clone()),
            None => _ = unknown.insert(key.as_str(), file.bytes.as_slice()),
        }
    }
    known.extend(python::imports::of(&unknown)?);
    Ok(known)
}

/// Looks at both sides: a listing, the manifest, and what neither of them can tell whose it is.
pub fn plan(request: &Request) -> Result<Sync> {
    let aws = Aws::of(&request.settings, &request.variables)?;
    let bucket = request.settings.buckets().airflow;
    let store = aws.wait(Bucket::open(&bucket, &aws.config))?;
    // Both sides at once: the listing waits for S3, the files for nobody.
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
        let failure = Failure::new(format!("imports that would fail: {}", problems.join("; ")));
        return Err(failure.hint("Airflow would show the DAGs as broken; nothing was sent").into());
    }
    let seen = aws.wait(look(&store, sync::doubtful(&tree, &remote, &manifest)))?;
    let (overwrite, max_delete) = (request.overwrite, request.max_delete);
    let wanted = Wanted { tree, imports, remote, manifest, seen, overwrite, max_delete };
    let plan = sync::plan(&wanted)?;
    Ok(Sync { plan, bucket, wanted, aws, store })
}

fn read(bytes: &[u8]) -> Result<Manifest> {
    serde_json::from_slice(bytes).with_context(|| {
        let failure = Failure::new(format!("`{MANIFEST}` in the bucket is no manifest"));
        failure.hint("delete that object and run this again: what has our content is taken up again")
    })
}

impl Sync {
    /// The SHA-256 of each file, by key.
    pub fn files(&self) -> BTreeMap<String, String> {
        hashes(&self.wanted.tree)
    }

    /// The version of the requirements that is in the bucket, where the plan leaves it as it is.
    pub fn requirements_version(&self) -> Option<String> {
        let stays = self.plan.keep.contains(REQUIREMENTS);
        done(&self.wanted.manifest).requirements_version.filter(|_| stays)
    }

    /// Announces in the manifest what is written, writes it, and says so there. With nothing to do, S3 is asked nothing
    /// more.
    pub fn apply(&self, settings: &Settings) -> Result<Done> {
        let Wanted { remote, manifest, tree, .. } = &self.wanted;
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
        let written = self.aws.wait(apply(&self.store, &self.plan, tree, remote))?;
        let manifest = self.manifest(&written)?;
        write(&manifest)?;
        Ok(done(&manifest))
    }

    /// What the plan sends.
    fn pending(&self) -> BTreeMap<String, Pending> {
        let Wanted { tree, imports, .. } = &self.wanted;
        let sent = self.plan.steps().filter_map(|step| match step {
            Step::Put { key, .. } | Step::StandIn { key, .. } => Some(key),
            Step::Delete { .. } => None,
        });
        let pending = |key: &String| {
            // Not in the tree: a stand-in on its way out.
            let sha256 = tree.get(key).map_or_else(|| sync::sha256(STAND_IN), |file| file.sha256.clone());
            (key.clone(), Pending { sha256, imports: imports.get(key).cloned().unwrap_or_default() })
        };
        sent.map(pending).collect()
    }

    /// As things are after the plan.
    fn manifest(&self, written: &BTreeMap<String, Written>) -> Result<Manifest> {
        let Wanted { imports, manifest: before, tree, seen, .. } = &self.wanted;
        let mut after = Manifest::default();
        for (key, there) in written.iter().filter(|(key, _)| tree.contains_key(*key)) {
            let read = || seen.get(key).and_then(|seen: &Seen| seen.version.clone());
            let owned = Owned {
                sha256: content(tree, key)?.sha256.clone(),
                etag: there.etag.clone(),
                version: there.version.clone().or_else(read),
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
