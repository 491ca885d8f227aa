//! The two images: planned from the repository's files, built where nobody has them yet, pushed where they are missing.

mod registry;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::doctor::{Choice, Compilers};
use crate::edge::docker::{Build, Engine, Progress, Pushed};
use crate::edge::{files, machine, shell};
use crate::failure::Failure;
use crate::image::{DBT, INGESTION, ImagePlan, Node, Toolchain, Tree, dbt, ingestion, sbom};
use crate::settings::{Settings, Variables, given};
use crate::sync::sha256;
use registry::Registry;

/// What is wanted, and with what.
#[derive(Debug)]
pub struct Request {
    /// Only this image.
    pub image: Option<String>,
    /// Push what the registry does not have.
    pub push: bool,
    /// Another registry's host than ECR's own: an emulator's.
    pub registry: Option<String>,
    /// Build again what was built before.
    pub anew: bool,
    /// The settings.
    pub settings: Settings,
    /// The environment over `.env`.
    pub variables: Variables,
}

impl Request {
    fn engine(&self) -> Result<Engine> {
        Engine::connect(given(&self.variables, "DOCKER_HOST"))
    }

    /// What compiles the programs, here or in Docker.
    fn toolchain(&self) -> Result<Toolchain> {
        let images = &self.settings.images;
        let compilers = Compilers {
            host: machine::host(),
            targets: machine::targets(),
            static_libc: machine::static_libc().is_some(),
            // Whether it answers is told when it is needed.
            engine: true,
        };
        let (target, image) = match Choice::of(images.ingestion.compile, self.settings.batch.platform, &compilers) {
            Choice::Host { target, .. } => (target, None),
            Choice::Docker { .. } => (self.settings.batch.platform.gnu(), Some(images.ingestion.builder.clone())),
            Choice::Nowhere { why } => {
                let failure = Failure::new(format!("the programs can be compiled nowhere: {why}"));
                return Err(failure.hint("`cargo xtask doctor` says what to install").into());
            }
        };
        let rustc =
            if image.is_some() { String::new() } else { machine::rustc().context("rustc does not say which it is")? };
        let flags = if target.ends_with("gnu") { "-C target-feature=+crt-static" } else { "" };
        let c = if image.is_some() { String::new() } else { c(!flags.is_empty())? };
        Ok(Toolchain { rustc, target: target.to_owned(), c, flags: flags.to_owned(), image })
    }

    /// Build arguments with a company's proxies.
    fn proxies(&self) -> BTreeMap<String, String> {
        let images = &self.settings.images;
        let proxies = [("HTTP_PROXY", &images.http_proxy), ("HTTPS_PROXY", &images.https_proxy)];
        proxies.into_iter().filter_map(|(name, proxy)| Some((name.to_owned(), proxy.clone()?))).collect()
    }
}

/// What the C compiler is, and what it links in: crates have C in them, and a program for glibc has all of that library.
fn c(links_libc: bool) -> Result<String> {
    let version = machine::says("cc", &["--version"]).context("there is no C compiler")?;
    let libc = if links_libc { machine::static_libc() } else { None };
    let libc = libc.map(|path| files::bytes(&path)).transpose()?.flatten().map(|bytes| sha256(&bytes));
    Ok([version, libc.unwrap_or_default()].join(" ").trim_end().to_owned())
}

/// What became of one image.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Made {
    /// `ingestion-image` or `dbt-image`.
    pub image: String,
    /// Its tag.
    pub key: String,
    /// How everything downstream names it: registry, repository and digest; of one that was not pushed its local name.
    pub uri: String,
    /// Of the manifest, once a registry has it.
    pub digest: Option<String>,
    /// Whether it was built now.
    pub built: bool,
    /// What was sent, if anything.
    pub pushed: Option<Pushed>,
    /// Bytes unpacked, where the engine has it.
    pub size: Option<u64>,
    /// The bill of materials.
    pub sbom: String,
    /// Seconds to compile, build and push.
    pub seconds: f64,
}

/// Who hears how it goes.
pub trait Listener {
    /// A step begins.
    fn step(&mut self, words: &str);
    /// A line of the engine.
    fn line(&mut self, words: &str);
    /// How far a push is.
    fn progress(&mut self, of: &str, progress: &Progress);
}

/// The plans of the wanted images.
pub fn plan(request: &Request) -> Result<Vec<ImagePlan>> {
    let plans = planned(request)?;
    let hint = format!("they are {INGESTION} and {DBT}");
    ensure!(!plans.is_empty(), Failure::new("there is no such image").hint(hint));
    Ok(plans)
}

fn planned(request: &Request) -> Result<Vec<ImagePlan>> {
    let root = files::root();
    let (repository, images) = (repository(&root)?, &request.settings.images);
    let platform = request.settings.batch.platform.docker();
    let certificates = match &images.ca_bundle {
        Some(path) => files::read(&root.join(path))?.with_context(|| {
            Failure::new(format!("there is no file of certificates `{path}`")).hint("see images.ca_bundle")
        })?,
        None => String::new(),
    };
    let wanted = |name: &str| request.image.as_deref().is_none_or(|only| only == name);
    let mut plans = Vec::new();
    if wanted(INGESTION) {
        let toolchain = request.toolchain()?;
        let dependencies = shell::image_dependencies(&root, &toolchain.target)?;
        let cargo = (&dependencies, root.to_str().context("the repository's path is not UTF-8")?);
        plans.push(ingestion(&repository, cargo, &toolchain, platform, &certificates, request.proxies())?);
    }
    if wanted(DBT) {
        let mut passing = request.proxies();
        passing.insert("PIP_INDEX_URL".to_owned(), images.package_index.clone());
        plans.push(dbt(&repository, &images.dbt.base, platform, &certificates, passing)?);
    }
    Ok(plans)
}

/// The digest of each plan's image that the registry has.
pub fn find(request: &Request, plans: &[ImagePlan]) -> Result<BTreeMap<&'static str, String>> {
    let registry = Registry::open(request)?;
    let there = plans.iter().map(|plan| Ok(registry.find(plan)?.map(|there| (plan.name, there.digest))));
    Ok(there.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Builds and pushes what is missing.
pub fn apply(request: &Request, plans: &[ImagePlan], tell: &mut dyn Listener) -> Result<Vec<Made>> {
    let registry = if request.push { Some(Registry::open(request)?) } else { None };
    let mut engine = None;
    let mut made = Vec::new();
    for plan in plans {
        let began = Instant::now();
        let key = plan.key();
        let bill = files::folder(&files::root().join("target/images"))?.join(format!("{}.cdx.json", plan.name));
        files::write(&bill, &sbom(plan))?;
        let mut result = Made {
            image: plan.name.to_owned(),
            key: key.to_string(),
            uri: format!("{}:{key}", plan.name),
            digest: None,
            built: false,
            pushed: None,
            size: None,
            sbom: bill.display().to_string(),
            seconds: 0.0,
        };
        if let Some(registry) = &registry
            && !request.anew
            && let Some(there) = registry.find(plan)?
        {
            (result.uri, result.digest) = (there.uri, Some(there.digest));
        } else {
            let engine = match &engine {
                Some(engine) => engine,
                None => engine.insert(request.engine()?),
            };
            result.built = build(request, plan, engine, tell)?;
            result.size = engine.image(&result.uri)?.map(|image| image.size);
            if let Some(registry) = &registry {
                let (there, pushed) = registry.push(plan, engine, tell)?;
                (result.uri, result.digest, result.pushed) = (there.uri, Some(there.digest), Some(pushed));
            }
        }
        result.seconds = (began.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        made.push(result);
    }
    remember(&made)?;
    Ok(made)
}

/// Keeps what became of the images in `target/images/images.json`. What an earlier call knows of another image stays, and
/// so does the digest of one that this call did not push.
fn remember(made: &[Made]) -> Result<()> {
    let folder = files::folder(&files::root().join("target/images"))?;
    // A deployment makes both images at once.
    let _turn = files::turn(&folder)?;
    let path = folder.join("images.json");
    let before = files::read(&path)?.and_then(|text| serde_json::from_str::<Vec<Made>>(&text).ok()).unwrap_or_default();
    let newer = |old: &Made| made.iter().find(|new| new.image == old.image);
    let stays = |old: &Made| newer(old).is_none_or(|new| new.digest.is_none() && new.key == old.key);
    let mut all: Vec<Made> = before.into_iter().filter(|old| old.digest.is_some() && stays(old)).collect();
    let missing: Vec<Made> = made.iter().filter(|new| all.iter().all(|old| old.image != new.image)).cloned().collect();
    all.extend(missing);
    all.sort_by(|one, other| other.image.cmp(&one.image));
    files::write(&path, &serde_json::to_string_pretty(&all)?)
}

/// Whether it had to be built.
fn build(request: &Request, plan: &ImagePlan, engine: &Engine, tell: &mut dyn Listener) -> Result<bool> {
    let tag = format!("{}:{}", plan.name, plan.key());
    if !request.anew && engine.image(&tag)?.is_some() {
        return Ok(false);
    }
    let mut context = plan.context.clone();
    if let Some(toolchain) = &plan.here {
        tell.step("Compiling the programs");
        let program = shell::static_program(&files::root(), toolchain)?;
        context.put(
            "rootfs/usr/local/bin/jobs",
            Node::File(0o755, files::bytes(&program)?.context("the compiler left no program")?),
        );
        // The compiler reads the files by itself: what was saved meanwhile would go under the key of what was there before.
        let now = planned(request)?.into_iter().find(|now| now.name == plan.name);
        let hint = "run the same command again";
        let failure =
            || Failure::new(format!("files of `{}` were changed while it was compiled", plan.name)).hint(hint);
        ensure!(now.is_some_and(|now| now.key() == plan.key()), failure());
    }
    tell.step(&format!("Building {} {}", plan.name, plan.key().short()));
    let build = Build {
        context: context.tar()?,
        dockerfile: plan.dockerfile,
        target: &plan.inputs.target,
        platform: &plan.inputs.platform,
        arguments: plan.passing.clone(),
        labels: labels(plan)?,
        tag: &tag,
        anew: request.anew,
    };
    engine.build(build, &mut |line| tell.line(line))?;
    Ok(true)
}

/// What people and tools read on an image (OCI Image Specification, "Annotations"). Not in the key: they tell where an
/// image came from, not what is in it.
fn labels(plan: &ImagePlan) -> Result<BTreeMap<String, String>> {
    let commit = shell::commit(&files::root());
    let label = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let mut labels = BTreeMap::from([label("title", plan.name), label("version", plan.key().short())]);
    if let Some(commit) = commit {
        labels.extend([label("revision", &commit.revision), label("created", &commit.when)]);
        labels.extend(commit.source.iter().map(|source| label("source", source)));
    }
    Ok(labels)
}

/// The files of the repository that an image can be made of.
fn repository(root: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let folders = ["jobs", ".cargo", "dbt"];
    // Files that dbt, Python and editors leave beside the sources, and the largest folders that no image needs.
    let skipped = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        ["dbt/target", "dbt/logs", "jobs/fuzz", "jobs/sample", "jobs/tests"].contains(&path)
            || name == "__pycache__"
            || path.starts_with("dbt/.")
    };
    for (path, executable, bytes) in files::below(root, &folders, |path| !skipped(path))? {
        tree.put(&path, Node::File(if executable { 0o755 } else { 0o644 }, bytes));
    }
    let more = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"];
    for path in more {
        if let Some(text) = files::read(&root.join(path))? {
            tree.file(path, text);
        }
    }
    Ok(tree)
}
