//! Deploys: creates one plan from current and desired state, and applies it; independent tasks run in parallel.

mod existing;
mod run;
mod warehouse;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub use run::{DeployOutcome, Unapproved};
pub(super) use warehouse::{limit_of, shown as limit_shown};

use super::stacks::{Listener, Operations, Report, StackReporter, describe};
use super::sync::dags;
use super::{account, images, templates};
use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::edge::files;
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::image::ImagePlan;
use crate::plan::{DagsStep, Deployment, ImageStep, Plan, PlanInput, StackPlan, Task, WarehouseStep, stacks, tasks};
use crate::platform::{self, partition};
use crate::settings::{Settings, Variables};
use crate::stack::{
    Dependencies, Deployed, ParameterValue, REGISTRY, SOURCE, STORAGE, Source, State, Template, WAREHOUSE, is_of_source,
};
use crate::sync::REQUIREMENTS;

/// Maximum number of objects that a deployment may delete from the DAG bucket. Deleting more requires `sync-dags`.
const MOST_DELETED: usize = 10;

#[derive(Clone, Debug)]
pub struct DeployRequest {
    pub module: String,
    pub settings: Settings,
    pub variables: Variables,
    /// The stacks to deploy, by name without the prefix; all stacks if empty.
    pub only: Vec<String>,
    /// Whether to exclude existing stacks.
    pub create_only: bool,
    /// A folder to use instead of `infra/`.
    pub folder: Option<PathBuf>,
    /// Host of an emulator's registry, used instead of ECR.
    pub registry: Option<String>,
}

/// A deployment's templates and its current state, from which plans are created.
#[derive(Debug)]
pub(super) struct Current {
    pub request: DeployRequest,
    pub aws: Aws,
    pub account: String,
    pub cloudformation: CloudFormation,
    pub templates: Vec<Template>,
    pub dependencies: Dependencies,
    /// The existing stacks, by name without the prefix.
    pub deployed: BTreeMap<String, Deployed>,
    /// The existing stacks of sources that no longer need one.
    pub abandoned: BTreeMap<String, Deployed>,
}

/// A plan, and the data needed to apply it.
#[derive(Debug)]
pub struct ReadyDeployment {
    pub plan: Plan,
    current: Current,
    images: Vec<ImagePlan>,
}

impl DeployRequest {
    /// Creates a request for all stacks of a settings module.
    pub fn new(module: &str, settings: Settings, variables: Variables) -> Self {
        let (module, only) = (module.to_owned(), Vec::new());
        Self { module, settings, variables, only, create_only: false, folder: None, registry: None }
    }

    pub(super) fn images(&self) -> images::ImageRequest {
        let (registry, settings, variables) = (self.registry.clone(), self.settings.clone(), self.variables.clone());
        images::ImageRequest { push: true, registry, ..images::ImageRequest::new(settings, variables) }
    }

    pub(super) fn dags(&self) -> dags::SyncRequest {
        let (settings, variables) = (self.settings.clone(), self.variables.clone());
        dags::SyncRequest { dir: None, overwrite: false, max_delete: MOST_DELETED, settings, variables }
    }

    /// Fails if `only` contains a name that is not a stack.
    fn check(&self, dependencies: &Dependencies, exists: impl Fn(&str) -> bool) -> Result<()> {
        let is_known = |only: &String| dependencies.stacks.contains_key(only) || exists(only);
        let Some(unknown) = self.only.iter().find(|only| !is_known(only)) else {
            return Ok(());
        };
        let names: Vec<&str> = dependencies.stacks.keys().map(String::as_str).collect();
        let failure = Failure::new(format!("the stack `{unknown}` does not exist"));
        bail!(failure.hint(format!("the stacks are {}", names.join(", "))));
    }

    pub(super) fn names(&self, stack: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == stack)
    }
}

impl Current {
    /// Reads the templates and the stacks; changes nothing. Fails if the credentials belong to a different account,
    /// templates have problems, the request names an unknown stack, or a stack belongs to a different module.
    pub fn read(request: DeployRequest) -> Result<Self> {
        let (templates, dependencies) = templates::read(request.folder.as_deref(), &request.settings)?;
        // Only AWS knows the stacks of sources that no longer need one.
        request.check(&dependencies, is_of_source)?;
        let aws = Aws::for_settings(&request.settings, &request.variables)?;
        let account = account::own(&request.settings, &aws)?;
        let cloudformation = CloudFormation::new(&aws.config);
        let owner = (request.module.as_str(), request.settings.stack_prefix.as_str());
        let deployed = aws.wait(describe(&cloudformation, owner, dependencies.stacks.keys()))?;
        let mut abandoned = BTreeMap::new();
        // The jobs that only create what is missing, and other folders, have no stacks of sources.
        if !request.create_only && request.folder.is_none() {
            let prefix = format!("{}-", owner.1);
            let found = aws.wait(cloudformation.names(&format!("{prefix}{SOURCE}-")))?;
            let short = found.iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned);
            let others: Vec<String> = short.filter(|name| !dependencies.stacks.contains_key(name)).collect();
            abandoned = aws.wait(describe(&cloudformation, owner, others.iter()))?;
        }
        request.check(&dependencies, |only| abandoned.contains_key(only))?;
        Ok(Self { request, aws, account, cloudformation, templates, dependencies, deployed, abandoned })
    }

    fn exists(&self, stack: &str) -> bool {
        self.deployed.get(stack).is_some_and(|stack| stack.state() == State::Ready)
    }

    /// Whether `create_only` excludes a stack. A busy stack is planned again later; a failed one is an error, as it is
    /// without `--create-only`.
    fn leaves_alone(&self, stack: &str) -> bool {
        self.request.create_only && self.request.names(stack) && self.exists(stack)
    }

    pub fn wants(&self, stack: &str) -> bool {
        self.request.names(stack) && !self.leaves_alone(stack)
    }

    /// Whether any stack in the deployment has a parameter with a matching source.
    fn wants_source(&self, has: impl Fn(&Source) -> bool) -> bool {
        self.dependencies.stacks.iter().any(|(stack, sources)| self.wants(stack) && sources.values().any(&has))
    }

    pub fn operations<'a>(&'a self, listener: &'a mut dyn Listener) -> Operations<'a> {
        Operations { cloudformation: &self.cloudformation, region: &self.request.settings.region, listener }
    }
}

/// Reads the current state and creates the plan; changes nothing. Fails if the credentials belong to a different
/// account, templates have problems, a bucket name is in use, or a stack's state does not allow a deployment.
pub fn plan(request: DeployRequest) -> Result<ReadyDeployment> {
    let current = Current::read(request)?;
    let Current { request, aws, account, templates, dependencies, deployed, .. } = &current;
    let prefix = &request.settings.stack_prefix;
    let existing = existing::find(&current)?;
    let wants_images = current.wants_source(|source| matches!(source, Source::Image(_)));
    let image_plans = if wants_images { images::plan(&request.images())? } else { Vec::new() };
    let found = if wants_images && current.exists(REGISTRY) {
        images::find(&request.images(), &image_plans)?
    } else {
        BTreeMap::new()
    };
    let image_step = |plan: &ImagePlan| {
        let digest = found.get(plan.name).cloned();
        ImageStep { image: plan.name.to_owned(), key: plan.key(), digest }
    };
    let image_steps: Vec<ImageStep> = image_plans.iter().map(image_step).collect();
    let wants_dags = current.wants_source(|source| matches!(source, Source::Object(_)));
    let (dags_step, version) = match (wants_dags, current.exists(STORAGE)) {
        (false, _) => (None, None),
        (true, false) => (Some(DagsStep { files: dags::files(&request.dags())?, requests: None }), None),
        (true, true) => {
            let sync = dags::plan(&request.dags())?;
            let shown = sync.plan.to_string();
            let requests = shown.lines().filter(|line| !line.starts_with("skip ")).map(str::to_owned).collect();
            (Some(DagsStep { files: sync.files(), requests: Some(requests) }), sync.requirements_version())
        }
    };
    let given = |step: &ImageStep| match &step.digest {
        Some(digest) => ParameterValue::Known(digest.clone()),
        None => ParameterValue::Pending(format!("image:{}", step.key)),
    };
    let region = &request.settings.region;
    let place = [("Region", region.as_str()), ("AccountId", account.as_str()), ("Partition", partition(region))];
    let known = |(name, value): (&str, &str)| (format!("AWS::{name}"), ParameterValue::Known(value.to_owned()));
    let wants = dependencies.stacks.keys().filter(|stack| current.wants(stack)).cloned().collect();
    let object = version.map(|version| (REQUIREMENTS.to_owned(), ParameterValue::Known(version)));
    let planned = stacks(&PlanInput {
        prefix,
        place: &place.map(known).into(),
        templates,
        dependencies,
        deployed,
        included: &wants,
        images: &image_steps.iter().map(|step| (step.image.clone(), given(step))).collect(),
        objects: &object.into_iter().collect(),
        existing: &existing,
        // Only the approved deployment protects stacks, so that what runs before it cannot remove a protection.
        protect: request.settings.protection.termination_protection && !request.create_only,
        module: &request.module,
    })?;
    // A new source changes the settings of the DAGs. They are uploaded after its schemas were created, so that an
    // interrupted deployment creates them next time.
    let has_new_settings = dags_step.as_ref().is_some_and(|step| step.uploads(platform::FILE));
    let prepares = has_new_settings && current.exists(WAREHOUSE);
    let warehouse = if dependencies.stacks.contains_key(WAREHOUSE) && (current.wants(WAREHOUSE) || prepares) {
        let stack = planned.iter().find(|plan| plan.stack == WAREHOUSE);
        let step = aws.wait(warehouse::step(aws, &Serverless::new(&aws.config), &request.settings, stack))?;
        Some(WarehouseStep { prepares: step.prepares || prepares, ..step })
    } else {
        None
    };
    let deployment = Deployment { settings: request.module.clone(), account: account.clone(), region: region.clone() };
    let left_alone = dependencies.stacks.keys().filter(|stack| current.leaves_alone(stack));
    let left_alone = left_alone.map(|stack| format!("{prefix}-{stack}")).collect();
    let abandoned = current.abandoned.values().map(|stack| stack.name.clone()).collect();
    let plan =
        Plan { deployment, stacks: planned, left_alone, abandoned, images: image_steps, dags: dags_step, warehouse };
    Ok(ReadyDeployment { plan, current, images: image_plans })
}

impl ReadyDeployment {
    pub fn is_idle(&self, task: &Task) -> bool {
        match task {
            Task::Stack(name) => self.plan.stack(name).is_none_or(StackPlan::is_idle),
            Task::Image(name) => self.plan.images.iter().any(|image| image.image == *name && image.digest.is_some()),
            Task::Dags => self.plan.dags.as_ref().is_none_or(DagsStep::is_idle),
            Task::Warehouse => self.plan.warehouse.as_ref().is_none_or(WarehouseStep::is_idle),
        }
    }

    /// Returns every task with work to do: its name, its dependencies, and its number of resources.
    pub fn works(&self) -> Vec<(String, String, usize)> {
        let tasks = tasks(&self.plan, &self.current.dependencies);
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
            let note = if waits.is_empty() { String::new() } else { format!("waits for {waits}") };
            (task.to_string(), note, count(&task))
        };
        order.chain(others).filter(|task| !self.is_idle(task)).map(line).collect()
    }

    /// Waits until no operation on a stack is in progress.
    pub fn wait_until_idle(&self, stack: &str, report: &mut Report<'_>) -> Result<()> {
        let found = self.current.deployed.get(stack).cloned();
        let mut reporter = StackReporter { task: Task::Stack(stack.to_owned()), report };
        self.current.aws.wait(self.current.operations(&mut reporter).wait_until_idle(found)).map(drop)
    }

    /// Creates a stack's change set and deletes it; returns the number of its changes.
    pub fn preview(&self, plan: &StackPlan, parameters: &BTreeMap<String, String>) -> Result<usize> {
        let id = files::now("%Y%m%dT%H%M%S%3f");
        let mut reporter = StackReporter { task: Task::Stack(plan.stack.clone()), report: &mut |_| {} };
        let mut templates = self.current.templates.iter();
        let template = templates.find(|template| template.name == plan.stack).context("the stack has no template")?;
        let sources = self.current.dependencies.stacks.get(&plan.stack);
        let hidden = template.hidden().filter_map(|name| match sources?.get(name)? {
            Source::Setting(value) => Some((name.clone(), value.clone())),
            _ => None,
        });
        let parameters = parameters.clone().into_iter().chain(hidden).collect();
        let mut operations = self.current.operations(&mut reporter);
        self.current.aws.wait(operations.preview(plan, &template.text, &parameters, &id))
    }

    pub fn again(self) -> DeployRequest {
        self.current.request
    }
}
