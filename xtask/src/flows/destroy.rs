//! The end of a deployment: what goes, what stays, and in which order. Stacks go before those whose outputs they take.

mod plan;

use anyhow::{Context, Result, bail, ensure};

pub use plan::DestroyPlan;

use super::deploy::DeployRequest;
use super::recover::{StackProgress, StackReporter};
use super::stacks::{self, describe};
use super::{account, templates};
use crate::edge::aws::Aws;
use crate::edge::buckets::{Buckets, Content};
use crate::edge::cloudformation::CloudFormation;
use crate::edge::ecr::Ecr;
use crate::edge::files;
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::settings::{Deletion, Level};
use crate::stack::{Deployed, REGISTRY, STORAGE, State, WAREHOUSE, retained, without_retention};

/// How often a stack with buckets is tried: S3 writes its logs of requests hours later, also into a bucket that was emptied.
const TRIES: u32 = 3;

/// A deployment that is to end, and what that takes.
#[derive(Debug)]
pub struct Destruction {
    /// What goes and what stays.
    pub plan: DestroyPlan,
    aws: Aws,
    cloudformation: CloudFormation,
    request: DeployRequest,
    stacks: Vec<Deployed>,
}

/// Looks at what is there.
///
/// # Errors
/// When the credentials are of another account, or a stack is protected.
pub fn plan(request: DeployRequest, with_data: bool) -> Result<Destruction> {
    let (_, dependencies) = templates::read(request.folder.as_deref(), &request.settings)?;
    request.check(&dependencies)?;
    let aws = Aws::of(&request.settings, &request.variables)?;
    account::own(&request.settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let prefix = &request.settings.stack_prefix;
    let mut deployed = aws.wait(describe(&cloudformation, (&request.module, prefix), dependencies.stacks.keys()))?;
    let order = dependencies.levels.iter().rev().flatten().filter(|stack| request.wants(stack));
    let stacks: Vec<Deployed> = order.filter_map(|stack| deployed.remove(stack)).collect();
    // What stays takes outputs of what goes.
    for (stack, there) in deployed.iter().filter(|_| !request.only.is_empty()) {
        let needs = dependencies.needs(stack);
        if let Some(gone) = stacks.iter().find(|gone| needs.iter().any(|need| gone.name == format!("{prefix}-{need}")))
        {
            let words = format!("`{}` would go, and `{}` needs it", gone.name, there.name);
            bail!(Failure::new(words).hint(format!("name it too: --stack {stack}")));
        }
    }
    let protected: Vec<&str> = stacks.iter().filter(|stack| stack.protected).map(|stack| stack.name.as_str()).collect();
    if !protected.is_empty() {
        let failure = Failure::new(format!("protected from deletion: {}", protected.join(", ")));
        let hint = "set protection.termination_protection to false in the settings and deploy that first";
        bail!(failure.hint(hint));
    }
    let names = request.settings.buckets();
    let buckets = Buckets::new(&aws.config, aws.is_emulated());
    let mut found = Vec::new();
    // Another folder may have no such stack; its deployment has no buckets then.
    if request.wants(STORAGE) && dependencies.stacks.contains_key(STORAGE) {
        for name in [names.lake, names.airflow, names.access_logs] {
            if let Some(Content { objects, versions, bytes }) = aws.wait(buckets.content(&name))? {
                found.push((name, objects, versions, bytes));
            }
        }
    }
    let settings = &request.settings;
    let mut images = Vec::new();
    if stacks.iter().any(|stack| stack.name == format!("{prefix}-{REGISTRY}")) {
        let ecr = Ecr::new(&aws.config);
        for repository in [&settings.registry.ingestion, &settings.registry.dbt] {
            let count = aws.wait(ecr.count(repository))?;
            images.extend((count > 0).then(|| (repository.clone(), count)));
        }
        let keeps = settings.protection.deletion_policy == Deletion::Retain && !with_data && !images.is_empty();
        let words = "repositories with images in them do not go: protection.deletion_policy is `retain`";
        ensure!(
            !keeps,
            Failure::new(words).hint("--delete-data takes them too; --stack leaves the registry where it is")
        );
    }
    // One that its stack still has goes or stays with the stack.
    let has_warehouse = stacks.iter().any(|stack| stack.name == format!("{prefix}-{WAREHOUSE}"));
    let left = request.wants(WAREHOUSE) && dependencies.stacks.contains_key(WAREHOUSE) && !has_warehouse;
    let namespace = if left && !aws.is_unanswered("Redshift Serverless") {
        let name = &settings.warehouse.namespace;
        aws.wait(Serverless::new(&aws.config).namespace(name))?.map(|_| name.clone())
    } else {
        None
    };
    if with_data && let Some(stuck) = stacks.iter().find(|stack| !can_let_go(stack.state())) {
        let (what, next) = stuck.state().remedy().unwrap_or_default();
        bail!(Failure::new(format!("the stack `{}` is {}: {what}", stuck.name, stuck.status)).hint(next));
    }
    let of = |stack: &Deployed| (stack.name.clone(), stack.status.clone(), retained(&stack.template));
    let plan = DestroyPlan { stacks: stacks.iter().map(of).collect(), buckets: found, images, namespace, with_data };
    Ok(Destruction { plan, aws, cloudformation, request, stacks: stacks })
}

/// Whether a stack can be told to keep nothing, now or once CloudFormation is done with it, or has nothing to keep. One that
/// failed to be deleted was told before.
fn can_let_go(state: State) -> bool {
    !matches!(state, State::UpdateFailed | State::RollbackFailed | State::Manual)
}

impl Destruction {
    /// What has to be typed before anything goes: nothing, but in production.
    pub fn wants_typed(&self) -> Option<&str> {
        let settings = &self.request.settings;
        (settings.protection.level == Level::Production).then_some(settings.stack_prefix.as_str())
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        let left = !self.plan.buckets.is_empty() || self.plan.namespace.is_some();
        self.stacks.is_empty() && !(left && self.plan.with_data)
    }

    /// The stacks by their names without prefix, in the order in which they go.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stacks.iter().map(|stack| self.short(stack))
    }

    fn short<'s>(&self, stack: &'s Deployed) -> &'s str {
        let rest = stack.name.strip_prefix(&self.request.settings.stack_prefix);
        rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(&stack.name)
    }

    /// Ends it all; run again, it ends what is left.
    pub fn apply(&self, tell: &mut (dyn FnMut(&str, StackProgress<'_>) + Send)) -> Result<()> {
        let buckets = Buckets::new(&self.aws.config, self.aws.is_emulated());
        for stack in &self.stacks {
            let short = self.short(stack);
            let holds_buckets = short == STORAGE;
            let mut reporter = StackReporter { stack: short, report: tell };
            if self.plan.with_data {
                self.let_go(stack, &mut reporter)?;
            }
            let mut tries = 0;
            loop {
                tries += 1;
                if self.plan.with_data && holds_buckets {
                    self.empty(&buckets)?;
                }
                let region = &self.request.settings.region;
                let gone = stacks::delete(&self.cloudformation, &stack.name, &[], region, &mut reporter);
                match self.aws.wait(gone) {
                    Ok(()) => break,
                    Err(_) if self.plan.with_data && holds_buckets && tries < TRIES => {}
                    Err(error) => return Err(error),
                }
            }
            tell(short, StackProgress::Finished);
        }
        if self.plan.with_data {
            // Of a stack that left them: an earlier `destroy` without the data.
            self.empty(&buckets)?;
            self.plan.buckets.iter().try_for_each(|(name, ..)| self.aws.wait(buckets.remove(name)))?;
            let serverless = Serverless::new(&self.aws.config);
            self.plan.namespace.iter().try_for_each(|name| self.aws.wait(serverless.remove_namespace(name)))?;
        }
        Ok(())
    }

    fn empty(&self, buckets: &Buckets) -> Result<()> {
        for (name, ..) in &self.plan.buckets {
            if self.aws.wait(buckets.content(name))?.is_some() {
                self.aws.wait(buckets.empty(name))?;
            }
        }
        Ok(())
    }

    /// Has CloudFormation delete what it would keep: it knows each resource, also after this program was killed.
    fn let_go(&self, stack: &Deployed, reporter: &mut StackReporter<'_, '_>) -> Result<()> {
        let there = Some(stack.clone()).filter(|stack| stack.state() == State::Busy);
        let settled = self.aws.wait(stacks::settle(&self.cloudformation, there, reporter))?;
        let stack = &settled.unwrap_or_else(|| stack.clone());
        let changed = if stack.state() == State::Ready { without_retention(stack) } else { None };
        let Some((template, parameters)) = changed else { return Ok(()) };
        let id = files::now("%Y%m%dT%H%M%S%3f");
        let place = (id.as_str(), self.request.settings.region.as_str());
        let changed = stacks::update(&self.cloudformation, stack, &template, &parameters, place, reporter);
        self.aws.wait(changed).with_context(|| format!("`{}` cannot be told to let its data go", stack.name))
    }
}
