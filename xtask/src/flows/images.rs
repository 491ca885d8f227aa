//! Plans the two images from the repository's files, builds those that engine and registry lack, and pushes them.

mod expected;
mod registry;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::doctor::Choice;
use crate::edge::docker::{BuildImageOptionsBuilder, Engine, Progress, Pushed};
use crate::edge::shell::Compiler;
use crate::edge::{files, git, machine, shell};
use crate::failure::Failure;
use crate::image::{DBT, INGESTION, ImagePlan, Node, Toolchain, Tree, dbt, ingestion, short};
use crate::settings::{Settings, Variables, given};
use expected::Expected;
use registry::Registry;

#[derive(Debug)]
pub struct ImageRequest {
    /// The image to build; all images if `None`.
    pub image: Option<String>,
    /// Whether to push the images that the registry does not have.
    pub push: bool,
    /// Host of an emulated registry, used instead of ECR.
    pub registry: Option<String>,
    pub no_cache: bool,
    /// The archive to which the engine's images are saved.
    pub save: Option<PathBuf>,
    /// The archive from which the engine gets the images; nothing is built.
    pub from: Option<PathBuf>,
    /// The [`BuiltImage`]s of another deployment, which the registry must get.
    pub expect: Option<PathBuf>,
    pub settings: Settings,
    pub variables: Variables,
}

impl ImageRequest {
    /// Builds both images, and neither pushes nor saves them.
    pub fn new(settings: Settings, variables: Variables) -> Self {
        let (image, registry, save, from, expect) = (None, None, None, None, None);
        Self { image, push: false, registry, no_cache: false, save, from, expect, settings, variables }
    }

    fn engine(&self) -> Result<Engine> {
        Engine::connect(given(&self.variables, "DOCKER_HOST"))
    }

    /// Connects to the engine at the first call.
    fn connect<'e>(&self, engine: &'e mut Option<Engine>) -> Result<&'e Engine> {
        if engine.is_none() {
            *engine = Some(self.engine()?);
        }
        engine.as_ref().context("no Docker engine")
    }

    /// Returns the toolchain that compiles the programs, on this machine or in Docker.
    fn toolchain(&self) -> Result<Toolchain> {
        let images = &self.settings.images;
        // The connection to an engine is checked when it is needed.
        let compilers = machine::compilers();
        let (target, image) = match Choice::of(images.ingestion.compile, self.settings.batch.platform, &compilers, true)
        {
            Choice::Host(target, _) => (target, None),
            Choice::Docker(_) => (self.settings.batch.platform.gnu(), Some(images.ingestion.builder.clone())),
            Choice::Nowhere(why) => {
                let failure = Failure::new(format!("cannot compile the programs: {why}"));
                return Err(failure.hint("run `cargo xtask doctor` to see what to install").into());
            }
        };
        let flags = if target.ends_with("gnu") { "-C target-feature=+crt-static" } else { "" };
        let (rustc, c) = match image {
            Some(_) => (String::new(), String::new()),
            None => (machine::rustc().context("cannot determine the rustc version")?, c_compiler(!flags.is_empty())?),
        };
        Ok(Toolchain { rustc, target: target.to_owned(), c, flags: flags.to_owned(), image })
    }

    fn proxies(&self) -> BTreeMap<String, String> {
        let images = &self.settings.images;
        let proxies = [("HTTP_PROXY", &images.http_proxy), ("HTTPS_PROXY", &images.https_proxy)];
        proxies.into_iter().filter_map(|(name, proxy)| Some((name.to_owned(), proxy.clone()?))).collect()
    }
}

/// Returns the C compiler's version and the static C library's SHA-256: the images contain compiled C code.
fn c_compiler(links_libc: bool) -> Result<String> {
    let version = machine::first_line("cc", &["--version"]).context("no C compiler is installed")?;
    let libc = if links_libc { machine::static_libc() } else { None };
    let libc = libc.map(|path| files::bytes(&path)).transpose()?.flatten().map(|bytes| sha256(&bytes));
    Ok([version, libc.unwrap_or_default()].join(" ").trim_end().to_owned())
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct BuiltImage {
    /// `ingestion-image` or `dbt-image`.
    pub image: String,
    pub key: String,
    /// Registry, repository and digest, or the local name if the image was not pushed.
    pub uri: String,
    /// The manifest's digest, if a registry has the image.
    pub digest: Option<String>,
    /// The engine's identifier of the image, if the engine has it.
    pub id: Option<String>,
    pub built: bool,
    /// The layers that this call pushed, if it pushed the image.
    pub pushed: Option<Pushed>,
    /// Unpacked size in bytes, if the engine has the image.
    pub size: Option<u64>,
    /// The path of the software bill of materials.
    pub sbom: String,
    /// Time to compile, build and push, in seconds.
    pub seconds: f64,
}

/// Shows the progress; by default, nothing is shown.
pub trait BuildProgress {
    fn step(&mut self, _words: &str) {}
    /// A line of the engine's output.
    fn line(&mut self, _words: &str) {}
    /// The progress of a push.
    fn progress(&mut self, _of: &str, _progress: &Progress) {}
}

impl BuildProgress for () {}

pub fn plan(request: &ImageRequest) -> Result<Vec<ImagePlan>> {
    let root = files::root();
    let (repository, images) = (repository(&root)?, &request.settings.images);
    let platform = request.settings.batch.platform.docker();
    let certificates = match &images.ca_bundle {
        Some(path) => files::read(&root.join(path))?.with_context(|| {
            Failure::new(format!("`{path}` does not exist")).hint("correct images.ca_bundle in the settings")
        })?,
        None => String::new(),
    };
    let wanted = |name: &str| request.image.as_deref().is_none_or(|only| only == name);
    let mut plans = Vec::new();
    if wanted(INGESTION) {
        let toolchain = request.toolchain()?;
        let dependencies = shell::image_dependencies(&root, &toolchain.target)?;
        let cargo = (&dependencies, root.to_str().context("the repository path is not valid UTF-8")?);
        plans.push(ingestion(&repository, cargo, &toolchain, platform, &certificates, request.proxies())?);
    }
    if wanted(DBT) {
        let mut passing = request.proxies();
        passing.insert("PIP_INDEX_URL".to_owned(), images.package_index.clone());
        plans.push(dbt(&repository, &images.dbt.base, platform, &certificates, passing)?);
    }
    let hint = format!("the images are {INGESTION} and {DBT}");
    ensure!(!plans.is_empty(), Failure::new("unknown image").hint(hint));
    Ok(plans)
}

/// Returns the digests of the planned images that the registry already has.
pub fn find(request: &ImageRequest, plans: &[ImagePlan]) -> Result<BTreeMap<&'static str, String>> {
    let registry = Registry::open(request)?;
    let found = plans.iter().map(|plan| Ok(registry.find(plan)?.map(|found| (plan.name, found.digest))));
    Ok(found.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

pub fn apply(request: &ImageRequest, plans: &[ImagePlan], progress: &mut dyn BuildProgress) -> Result<Vec<BuiltImage>> {
    let registry = if request.push { Some(Registry::open(request)?) } else { None };
    let expected = request.expect.as_deref().map(Expected::read).transpose()?.unwrap_or_default();
    let mut engine = None;
    if let Some(archive) = &request.from {
        progress.step(&format!("Loading {}", archive.display()));
        request.connect(&mut engine)?.load(archive)?;
    }
    let mut made = Vec::new();
    for plan in plans {
        let start = Instant::now();
        let key = plan.key();
        let bill = files::folder(&files::root().join("target/images"))?.join(format!("{}.cdx.json", plan.name));
        files::write(&bill, &plan.bill_of_materials())?;
        let mut result = BuiltImage {
            image: plan.name.to_owned(),
            uri: format!("{}:{key}", plan.name),
            key,
            sbom: bill.display().to_string(),
            ..BuiltImage::default()
        };
        if let Some(registry) = &registry
            && !request.no_cache
            && let Some(found) = registry.find(plan)?
        {
            if request.save.is_some() {
                let engine = request.connect(&mut engine)?;
                registry.pull(plan, &found, engine, progress)?;
                result.id = engine.image(&result.uri)?.and_then(|image| image.id);
            }
            (result.uri, result.digest) = (found.uri, Some(found.digest));
        } else {
            let engine = request.connect(&mut engine)?;
            result.built = build(request, plan, engine, progress)?;
            let image = engine.image(&result.uri)?.unwrap_or_default();
            result.size = image.size.map(i64::unsigned_abs);
            result.id = image.id;
            expected.check(&result)?;
            if let Some(registry) = &registry {
                let (found, pushed) = registry.push(plan, engine, progress)?;
                (result.uri, result.digest, result.pushed) = (found.uri, Some(found.digest), Some(pushed));
            }
        }
        expected.check(&result)?;
        result.seconds = (start.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        made.push(result);
    }
    if let Some(archive) = &request.save {
        progress.step(&format!("Saving {}", archive.display()));
        let tags: Vec<String> = plans.iter().map(ImagePlan::tag).collect();
        request.connect(&mut engine)?.save(&tags, archive)?;
    }
    record(&made)?;
    Ok(made)
}

/// Records the images in `target/images/images.json`. Entries for other images are kept, and so is the digest of an
/// image that this call did not push.
fn record(made: &[BuiltImage]) -> Result<()> {
    let folder = files::folder(&files::root().join("target/images"))?;
    // A deployment builds both images in parallel.
    let _lock = files::wait_for_lock(&folder)?;
    let path = folder.join("images.json");
    let before =
        files::read(&path)?.and_then(|text| serde_json::from_str::<Vec<BuiltImage>>(&text).ok()).unwrap_or_default();
    let newer = |old: &BuiltImage| made.iter().find(|new| new.image == old.image);
    let keeps = |old: &BuiltImage| newer(old).is_none_or(|new| new.digest.is_none() && new.key == old.key);
    let mut all: Vec<BuiltImage> = before.into_iter().filter(|old| old.digest.is_some() && keeps(old)).collect();
    let missing: Vec<BuiltImage> =
        made.iter().filter(|new| all.iter().all(|old| old.image != new.image)).cloned().collect();
    all.extend(missing);
    all.sort_by(|one, other| other.image.cmp(&one.image));
    files::write(&path, &serde_json::to_string_pretty(&all)?)
}

/// Starts compiling the programs of the requested images in the background, unless the engine has the images.
pub fn start_compiler(request: &ImageRequest) -> Result<Option<Compiler>> {
    let engine = request.engine()?;
    for plan in plan(request)? {
        if let Some(toolchain) = &plan.here
            && engine.image(&plan.tag())?.is_none()
        {
            return Ok(Some(Compiler::start(&files::root(), toolchain)?));
        }
    }
    Ok(None)
}

/// Builds an image unless the engine has it; returns whether it was built.
fn build(request: &ImageRequest, plan: &ImagePlan, engine: &Engine, progress: &mut dyn BuildProgress) -> Result<bool> {
    let tag = plan.tag();
    if !request.no_cache && engine.image(&tag)?.is_some() {
        return Ok(false);
    }
    if let Some(archive) = &request.from {
        let failure = Failure::new(format!("`{}` does not contain `{tag}`", archive.display()));
        let hint =
            "it was saved from other files, with other settings or with another compiler; `--dry-run` prints the key";
        return Err(failure.hint(hint).into());
    }
    let mut context = plan.context.clone();
    if let Some(toolchain) = &plan.here {
        progress.step("Compiling the programs");
        let program = shell::static_program(&files::root(), toolchain)?;
        context.put(
            "rootfs/usr/local/bin/jobs",
            Node::File(0o755, files::bytes(&program)?.context("the compiler did not write the program")?),
        );
        // The compiler reads the files itself: one saved meanwhile would be built under its old content's key.
        let now = self::plan(request)?.into_iter().find(|now| now.name == plan.name);
        let hint = "run the command again";
        let failure = || Failure::new(format!("source files of `{}` changed during compilation", plan.name)).hint(hint);
        ensure!(now.is_some_and(|now| now.key() == plan.key()), failure());
    }
    progress.step(&format!("Building {} {}", plan.name, short(&plan.key())));
    let options = BuildImageOptionsBuilder::default()
        .dockerfile(plan.dockerfile)
        .target(&plan.inputs.target)
        .platform(&plan.inputs.platform)
        .buildargs(&plan.passing.iter().collect::<HashMap<_, _>>())
        .labels(&labels(plan))
        .nocache(request.no_cache);
    engine.build(&tag, context.tar()?, options, &mut |line| progress.line(line))?;
    Ok(true)
}

/// Returns the standard labels (OCI Image Specification, "Annotations"). They are not part of the key: they describe an
/// image's origin, not its contents.
fn labels(plan: &ImagePlan) -> HashMap<String, String> {
    let root = files::root();
    let git = |arguments: &[&str]| git::git(&root, arguments).ok();
    let label = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let mut labels = HashMap::from([label("title", plan.name), label("version", short(&plan.key()))]);
    let (id, created) = (git(&["rev-parse", "HEAD"]), git(&["show", "--no-patch", "--format=%cI", "HEAD"]));
    if let (Some(id), Some(created), Some(changes)) = (id, created, git(&["status", "--porcelain"])) {
        let changed = if changes.is_empty() { "" } else { "-changed" };
        labels.extend([label("revision", &format!("{id}{changed}")), label("created", &created)]);
        // Omit a URL with credentials.
        let source = git(&["remote", "get-url", "origin"]);
        let source = source.filter(|url| url.starts_with("https://") && !url.contains('@'));
        labels.extend(source.map(|source| label("source", &source)));
    }
    labels
}

/// Reads the repository's files that an image can contain.
fn repository(root: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    // Skip files that dbt, Python and editors create next to the sources, and the largest folders that no image needs.
    let skipped = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        ["dbt/target", "dbt/logs", "jobs/fuzz", "jobs/sample", "jobs/tests"].contains(&path)
            || name == "__pycache__"
            || path.starts_with("dbt/.")
    };
    for (path, executable, bytes) in files::below(root, &["jobs", ".cargo", "dbt"], |path| !skipped(path))? {
        tree.put(&path, Node::File(if executable { 0o755 } else { 0o644 }, bytes));
    }
    for path in ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
        if let Some(text) = files::read(&root.join(path))? {
            tree.file(path, text);
        }
    }
    Ok(tree)
}
