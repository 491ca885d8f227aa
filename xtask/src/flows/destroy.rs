//! Deletes a deployment, with or without its data. Each stack is deleted before the stacks that it depends on.

mod plan;

use anyhow::{Context, Result, bail, ensure};

pub use plan::DestroyPlan;

use super::deploy::{Current, DeployRequest};
use super::stacks::{Progress, Report, StackReporter};
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::ecr::Ecr;
use crate::edge::files;
use crate::edge::serverless::{Serverless, is_deleting};
use crate::failure::Failure;
use crate::plan::Task;
use crate::settings::{Deletion, Level};
use crate::stack::{Deployed, REGISTRY, STORAGE, State, WAREHOUSE, retained, without_retention};

/// Maximum attempts to delete the stack with the buckets: S3 can write access logs hours later.
const ATTEMPTS: u32 = 3;

/// A plan, and the data needed to apply it.
#[derive(Debug)]
pub struct Destruction {
    pub plan: DestroyPlan,
    current: Current,
    stacks: Vec<Deployed>,
}

/// Creates the plan from the current state. Fails for another account's credentials, or if a stack is protected.
pub fn plan(request: DeployRequest, with_data: bool) -> Result<Destruction> {
    let mut current = Current::read(request)?;
    let mut deployed = std::mem::take(&mut current.deployed);
    let abandoned = std::mem::take(&mut current.abandoned);
    let Current { request, aws, account, dependencies, .. } = &current;
    let prefix = &request.settings.stack_prefix;
    let order = dependencies.levels.iter().rev().flatten().filter(|stack| request.names(stack));
    let others = abandoned.into_iter().filter(|(stack, _)| request.names(stack)).map(|(_, found)| found);
    let stacks: Vec<Deployed> = others.chain(order.filter_map(|stack| deployed.remove(stack))).collect();
    // Fail if a remaining stack depends on a deleted one.
    for (stack, remaining) in deployed.iter().filter(|_| !request.only.is_empty()) {
        let needs = dependencies.needs(stack);
        if let Some(needed) = stacks.iter().find(|one| needs.iter().any(|need| one.name == format!("{prefix}-{need}")))
        {
            let message = format!("cannot delete `{}`: `{}` depends on it", needed.name, remaining.name);
            bail!(Failure::new(message).hint(format!("also pass --stack {stack}")));
        }
    }
    let protected: Vec<&str> = stacks.iter().filter(|stack| stack.protected).map(|stack| stack.name.as_str()).collect();
    let failure = || Failure::new(format!("these stacks are protected from deletion: {}", protected.join(", ")));
    let hint = "set protection.termination_protection to false in the settings, and deploy that change first";
    ensure!(protected.is_empty(), failure().hint(hint));
    let names = request.settings.buckets();
    let buckets = Buckets::new(&aws.config, aws.is_emulated());
    let mut found = Vec::new();
    // A different template folder may not contain this stack.
    if request.names(STORAGE) && dependencies.stacks.contains_key(STORAGE) {
        for name in [names.lake, names.airflow, names.access_logs] {
            // The name may belong to another account.
            if aws.wait(buckets.owner(&name, account))? == Owner::Caller {
                let content = if with_data { Some(aws.wait(buckets.content(&name))?) } else { None };
                found.push((name, content));
            }
        }
    }
    let settings = &request.settings;
    let mut images = Vec::new();
    if stacks.iter().any(|stack| stack.name == format!("{prefix}-{REGISTRY}")) {
        let ecr = Ecr::new(&aws.config);
        for repository in [&settings.registry.ingestion, &settings.registry.dbt] {
            let count = aws.wait(ecr.digests(repository))?.len();
            images.extend((count > 0).then(|| (repository.clone(), count)));
        }
        let keeps = settings.protection.deletion_policy == Deletion::Retain && !with_data && !images.is_empty();
        let message = "repositories with images cannot be deleted: protection.deletion_policy is `retain`";
        let hint = "pass --delete-data to delete the images too, or use --stack to select only the other stacks";
        ensure!(!keeps, Failure::new(message).hint(hint));
    }
    // This handles only a namespace that was retained when its stack was deleted earlier.
    let has_warehouse = stacks.iter().any(|stack| stack.name == format!("{prefix}-{WAREHOUSE}"));
    let may_remain = request.names(WAREHOUSE) && dependencies.stacks.contains_key(WAREHOUSE) && !has_warehouse;
    let namespace = if may_remain && !aws.is_unsupported("Redshift Serverless") {
        let name = &settings.warehouse.namespace;
        let found = aws.wait(Serverless::new(&aws.config).namespace(name))?;
        found.filter(|namespace| !is_deleting(namespace)).map(|_| name.clone())
    } else {
        None
    };
    // Data is deleted from a stack that can be updated, now or later, or that could be before its deletion failed.
    let keeps_data = |state| matches!(state, State::UpdateFailed | State::RollbackFailed | State::Manual);
    if with_data && let Some(failed) = stacks.iter().find(|stack| keeps_data(stack.state())) {
        let (what, next) = failed.state().remedy().unwrap_or_default();
        bail!(Failure::new(format!("the stack `{}` is {}: {what}", failed.name, failed.status)).hint(next));
    }
    let of = |stack: &Deployed| (stack.name.clone(), stack.status.clone(), retained(&stack.template));
    let plan = DestroyPlan { stacks: stacks.iter().map(of).collect(), buckets: found, images, namespace, with_data };
    Ok(Destruction { plan, current, stacks })
}

impl Destruction {
    /// Returns the text that the user must type to confirm; `None` outside production.
    pub fn required_confirmation(&self) -> Option<&str> {
        let settings = &self.current.request.settings;
        (settings.protection.level == Level::Production).then_some(settings.stack_prefix.as_str())
    }

    pub fn is_empty(&self) -> bool {
        let retained = !self.plan.buckets.is_empty() || self.plan.namespace.is_some();
        self.stacks.is_empty() && !(retained && self.plan.with_data)
    }

    /// Returns the stack names without the prefix, in deletion order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stacks.iter().map(|stack| self.short(stack))
    }

    fn short<'s>(&self, stack: &'s Deployed) -> &'s str {
        let rest = stack.name.strip_prefix(&self.current.request.settings.stack_prefix);
        rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or(&stack.name)
    }

    /// Deletes everything in the plan. After a failure, another run deletes the rest.
    pub fn apply(&self, report: &mut Report<'_>) -> Result<()> {
        let buckets = Buckets::new(&self.current.aws.config, self.current.aws.is_emulated());
        for stack in &self.stacks {
            let short = self.short(stack);
            let mut reporter = StackReporter { task: Task::Stack(short.to_owned()), report };
            if self.plan.with_data {
                self.release_data(stack, &mut reporter)?;
            }
            let holds_data = self.plan.with_data && short == STORAGE;
            for attempt in 1.. {
                if holds_data {
                    self.empty(&buckets)?;
                }
                match self.current.aws.wait(self.current.operations(&mut reporter).delete(&stack.name, &[])) {
                    Ok(()) => break,
                    Err(_) if holds_data && attempt < ATTEMPTS => {}
                    Err(error) => return Err(error),
                }
            }
            report(Progress::Finished(Task::Stack(short.to_owned()), None));
        }
        if self.plan.with_data {
            // These were retained by an earlier `destroy` without --delete-data.
            self.empty(&buckets)?;
            self.plan.buckets.iter().try_for_each(|(name, ..)| self.current.aws.wait(buckets.remove(name)))?;
            let serverless = Serverless::new(&self.current.aws.config);
            self.plan.namespace.iter().try_for_each(|name| self.current.aws.wait(serverless.remove_namespace(name)))?;
        }
        Ok(())
    }

    fn empty(&self, buckets: &Buckets) -> Result<()> {
        for (name, ..) in &self.plan.buckets {
            if self.current.aws.wait(buckets.owner(name, &self.current.account))? == Owner::Caller {
                self.current.aws.wait(buckets.empty(name))?;
            }
        }
        Ok(())
    }

    /// Updates the stack so that deleting it deletes its data too.
    fn release_data(&self, stack: &Deployed, reporter: &mut StackReporter<'_, '_>) -> Result<()> {
        let busy = Some(stack.clone()).filter(|stack| stack.state() == State::Busy);
        let mut operations = self.current.operations(reporter);
        let idle = self.current.aws.wait(operations.wait_until_idle(busy))?;
        let stack = &idle.unwrap_or_else(|| stack.clone());
        let changed = if stack.state() == State::Ready { without_retention(stack) } else { None };
        let Some((template, parameters)) = changed else { return Ok(()) };
        let id = files::now("%Y%m%dT%H%M%S%3f");
        let changed = operations.update(stack, &template, &parameters, &id);
        self.current.aws.wait(changed).with_context(|| format!("cannot update `{}` to delete its data", stack.name))
    }
}
