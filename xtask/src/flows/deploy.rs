//! A deployment: what is there held against what is wanted, as one plan; then every part of it, side by side where the
//! wires allow.

mod existing;
mod run;
mod warehouse;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

pub use run::{Done, News};
pub(super) use warehouse::{shown as limit_shown, wanted as limit_wanted};

use super::stacks::{CHANGE_SETS, Listener, look, settle};
use super::sync::dags;
use super::{account, configure, images, templates};
use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::image::ImagePlan;
use crate::plan::{DagsStep, Deployment, ImageStep, Known, Plan, StackPlan, Task, WarehouseStep, stacks, tasks};
use crate::platform::partition;
use crate::settings::{Problem, Settings, Variables};
use crate::stack::{Deployed, Event, Given, REGISTRY, STORAGE, Source, State, Template, WAREHOUSE, Wiring};
use crate::sync::REQUIREMENTS;

/// Objects that a sync of the DAGs may delete from their bucket on the way; more wants `sync-dags` itself.
const MOST_DELETED: usize = 10;

/// What is wanted, and with what.
#[derive(Debug)]
pub struct Request {
    /// The settings' module.
    pub module: String,
    /// The settings.
    pub settings: Settings,
    /// The environment over `.env`.
    pub variables: Variables,
    /// Only these stacks, by their names without prefix; all where it is empty.
    pub only: Vec<String>,
    /// Only create stacks: those that exist are left as they are.
    pub create_only: bool,
    /// The stacks that exist and for that reason are left as they are; a plan finds them.
    pub(super) left_alone: BTreeSet<String>,
    /// Another folder than `infra/`.
    pub folder: Option<PathBuf>,
    /// Another registry's host than ECR's own: an emulator's.
    pub registry: Option<String>,
    /// What the settings warn of; part of no plan.
    pub warnings: Vec<Problem>,
}

/// A plan, and what it needs to be carried out.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: Plan,
    request: Request,
    aws: Aws,
    cloudformation: CloudFormation,
    templates: Vec<Template>,
    wiring: Wiring,
    deployed: BTreeMap<String, Deployed>,
    images: Vec<ImagePlan>,
}

impl Request {
    /// With the settings of a module, which may be named, and the variables of the environment over `.env` or another file.
    ///
    /// # Errors
    /// With every problem of the settings.
    pub fn new(
        module: Option<&str>,
        dot_env: Option<&Path>,
        only: &[String],
        folder: Option<&Path>,
        registry: Option<&str>,
    ) -> Result<Self> {
        let variables = configure::variables(dot_env)?;
        let configured = configure::module(module, &variables)?;
        let (module, settings) = (configured.module.clone(), configured.settings().clone());
        let warnings = configured.resolved.warnings;
        let (only, folder, registry) = (only.to_vec(), folder.map(Path::to_owned), registry.map(str::to_owned));
        Ok(Self {
            module,
            settings,
            variables,
            only,
            create_only: false,
            left_alone: BTreeSet::new(),
            folder,
            registry,
            warnings,
        })
    }

    fn images(&self) -> images::ImageRequest {
        images::ImageRequest {
            image: None,
            push: true,
            registry: self.registry.clone(),
            no_cache: false,
            settings: self.settings.clone(),
            variables: self.variables.clone(),
        }
    }

    pub(super) fn dags(&self) -> dags::Request {
        dags::Request {
            dir: None,
            overwrite: false,
            max_delete: MOST_DELETED,
            settings: self.settings.clone(),
            variables: self.variables.clone(),
        }
    }

    /// Whether the stacks that are named are some.
    ///
    /// # Errors
    /// With the name that is none: a slip would else be a deployment of nothing.
    pub fn check(&self, wiring: &Wiring) -> Result<()> {
        let Some(unknown) = self.only.iter().find(|only| !wiring.stacks.contains_key(*only)) else { return Ok(()) };
        let names: Vec<&str> = wiring.stacks.keys().map(String::as_str).collect();
        bail!(Failure::new(format!("there is no stack `{unknown}`")).hint(format!("there are {}", names.join(", "))));
    }

    /// Whether a stack is part of the deployment.
    pub fn wants(&self, stack: &str) -> bool {
        self.names(stack) && !self.left_alone.contains(stack)
    }

    fn names(&self, stack: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == stack)
    }
}

/// Looks at everything and plans; nothing is changed.
///
/// # Errors
/// When the credentials are of another account, a template or its wires have a problem, a bucket's name is taken, or a stack
/// is in a state from which nothing can be done.
pub fn plan(mut request: Request) -> Result<Ready> {
    let (templates, wiring) = templates::wired(request.folder.as_deref(), &request.settings)?;
    request.check(&wiring)?;
    let aws = Aws::of(&request.settings, &request.variables)?;
    let account = account::own(&request.settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let prefix = &request.settings.stack_prefix;
    let deployed = aws.wait(look(&cloudformation, (&request.module, prefix), wiring.stacks.keys()))?;
    let is_there = |stack: &str| deployed.get(stack).is_some_and(|there| there.state() == State::Ready);
    // CloudFormation may still be creating one: it is waited for, then the plan is made again. One that is in a state from which
    // nothing can be done is refused, as without `--create-only`.
    let exists = |stack: &&String| request.create_only && request.names(stack) && is_there(stack);
    request.left_alone = wiring.stacks.keys().filter(exists).cloned().collect();

    let existing = existing::find(&aws, &request, &wiring, &deployed, &account)?;
    let taken = |source: &Source| matches!(source, Source::Image(_));
    let wants_images = wanted(&wiring, &request, taken);
    let image_plans = if wants_images { images::plan(&request.images())? } else { Vec::new() };
    let found = if wants_images && is_there(REGISTRY) {
        images::find(&request.images(), &image_plans)?
    } else {
        BTreeMap::new()
    };
    let image_steps: Vec<ImageStep> = image_plans
        .iter()
        .map(|plan| {
            let digest = found.get(plan.name).cloned();
            ImageStep { image: plan.name.to_owned(), key: plan.key().to_string(), digest }
        })
        .collect();
    let wants_dags = wanted(&wiring, &request, |source| matches!(source, Source::Object(_)));
    let (dags_step, version) = match (wants_dags, is_there(STORAGE)) {
        (false, _) => (None, None),
        (true, false) => (Some(DagsStep { files: dags::files(&request.dags())?, requests: None }), None),
        (true, true) => {
            let sync = dags::plan(&request.dags())?;
            let shown = sync.plan.to_string();
            let requests = shown.lines().filter(|line| !line.starts_with("leave ")).map(str::to_owned).collect();
            (Some(DagsStep { files: sync.files(), requests: Some(requests) }), sync.requirements_version())
        }
    };
    let given = |step: &ImageStep| match &step.digest {
        Some(digest) => Given::Known(digest.clone()),
        None => Given::Pending(format!("image:{}", step.key)),
    };
    let region = &request.settings.region;
    let place = [("Region", region.as_str()), ("AccountId", &account), ("Partition", partition(region))];
    let place = place.into_iter().map(|(name, value)| (format!("AWS::{name}"), Given::Known(value.to_owned())));
    let wants = wiring.stacks.keys().filter(|stack| request.wants(stack)).cloned().collect();
    let planned = stacks(&Known {
        prefix,
        place: &place.collect(),
        templates: &templates,
        wiring: &wiring,
        deployed: &deployed,
        wanted: &wants,
        images: &image_steps.iter().map(|step| (step.image.clone(), given(step))).collect(),
        objects: &version.into_iter().map(|version| (REQUIREMENTS.to_owned(), Given::Known(version))).collect(),
        existing: &existing,
        protect: request.settings.protection.termination_protection,
        change_sets: CHANGE_SETS,
        module: &request.module,
    })?;
    let warehouse = if request.wants(WAREHOUSE) && wiring.stacks.contains_key(WAREHOUSE) {
        let stack = planned.iter().find(|plan| plan.stack == WAREHOUSE);
        Some(aws.wait(warehouse::step(&aws, &Serverless::new(&aws.config), &request.settings, stack))?)
    } else {
        None
    };
    let deployment = Deployment { settings: request.module.clone(), account, region: region.clone() };
    let left_alone = request.left_alone.iter().map(|stack| format!("{prefix}-{stack}")).collect();
    let plan = Plan { deployment, stacks: planned, left_alone, images: image_steps, dags: dags_step, warehouse };
    Ok(Ready { plan, request, aws, cloudformation, templates, wiring, deployed, images: image_plans })
}

impl Ready {
    /// Every task, and those that it waits for.
    pub fn tasks(&self) -> BTreeMap<Task, BTreeSet<Task>> {
        tasks(&self.plan, &self.wiring)
    }

    /// Whether a task is over before it begins.
    pub fn is_idle(&self, task: &Task) -> bool {
        match task {
            Task::Stack(name) => self.plan.stack(name).is_none_or(StackPlan::is_idle),
            Task::Image(name) => self.plan.images.iter().any(|image| image.image == *name && image.digest.is_some()),
            Task::Dags => self.plan.dags.as_ref().is_none_or(DagsStep::is_idle),
            Task::Warehouse => self.plan.warehouse.as_ref().is_none_or(WarehouseStep::is_idle),
        }
    }

    /// Every piece of work that is not over before it begins: its name, what it waits for, and how many resources it has.
    pub fn works(&self) -> Vec<(String, String, usize)> {
        let tasks = self.tasks();
        let order = self.plan.stacks.iter().map(|stack| Task::Stack(stack.stack.clone()));
        let others = tasks.keys().filter(|task| !matches!(task, Task::Stack(_))).cloned();
        let count = |task: &Task| match task {
            Task::Stack(name) => self.plan.stack(name).map_or(0, |stack| stack.changes.len()),
            _ => 0,
        };
        let waits = |task: &Task| {
            let needs = tasks.get(task).into_iter().flatten().filter(|need| !self.is_idle(need));
            let needs: BTreeSet<String> = needs.map(ToString::to_string).collect();
            needs.into_iter().collect::<Vec<_>>().join(", ")
        };
        let line = |task: Task| {
            let waits = waits(&task);
            let words = if waits.is_empty() { String::new() } else { format!("waits for {waits}") };
            (task.to_string(), words, count(&task))
        };
        order.chain(others).filter(|task| !self.is_idle(task)).map(line).collect()
    }

    /// Looks on until CloudFormation is at rest with a stack.
    pub fn settle(&self, stack: &str, tell: &mut (dyn FnMut(&Event) + Send)) -> Result<()> {
        let there = self.deployed.get(stack).cloned();
        self.aws.wait(settle(&self.cloudformation, there, &mut Only(tell))).map(drop)
    }

    /// The same request once more.
    pub fn again(self) -> Request {
        self.request
    }
}

/// Hears events alone.
struct Only<'a>(&'a mut (dyn FnMut(&Event) + Send));

impl Listener for Only<'_> {
    fn begins(&mut self, _words: &str) {}

    fn event(&mut self, event: &Event) {
        (self.0)(event);
    }
}

/// Whether a stack of the deployment has a parameter with such a source.
fn wanted(wiring: &Wiring, request: &Request, has: impl Fn(&Source) -> bool) -> bool {
    wiring.stacks.iter().any(|(stack, sources)| request.wants(stack) && sources.values().any(&has))
}
