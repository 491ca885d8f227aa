//! Applies a plan: each task has a thread and starts after its dependencies; one place reports all progress.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};

use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;
use thiserror::Error;

use super::{Current, ReadyDeployment, warehouse};
use crate::edge::docker;
use crate::edge::files;
use crate::flows::images::{self, BuildProgress};
use crate::flows::stacks::{Difference, Listener, Progress};
use crate::flows::sync::dags;
use crate::plan::{StackAction, StackPlan, Task, ready, tasks};
use crate::stack::{Deployed, Event, ParameterValue, Source, WAREHOUSE};

#[derive(Clone, Debug, Default, Serialize)]
pub struct DeployOutcome {
    pub outputs: BTreeMap<String, String>,
    pub images: BTreeMap<String, String>,
    pub requirements_version: Option<String>,
}

/// Changes that the plan does not show and that were not approved. Their stacks are unchanged.
#[derive(Debug, Error)]
#[error("{}; these stacks were not changed", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Unapproved(pub Vec<Difference>);

enum Message {
    Progress(Progress),
    /// A task finished, with its outputs for the tasks that depend on it.
    Finished(Task, Result<DeployOutcome>),
}

impl ReadyDeployment {
    /// Applies the plan. After a failure, running tasks finish, and no new tasks start. `approved` contains the digests
    /// of changes that the plan does not show but that may be executed. Returns the first failure (the others are
    /// reported), or [`Unapproved`].
    pub fn apply(&self, approved: &[String], report: &mut dyn FnMut(Progress)) -> Result<DeployOutcome> {
        let tasks = tasks(&self.plan, &self.current.dependencies);
        let mut outcome = self.existing_outputs();
        let (mut started, mut done) = (BTreeSet::new(), BTreeSet::new());
        let (mut failure, mut differences): (Option<anyhow::Error>, Vec<Difference>) = (None, Vec::new());
        let id = files::now("%Y%m%dT%H%M%S%3f");
        std::thread::scope(|scope| {
            let (send, receive) = channel();
            let mut running = 0;
            loop {
                let next: Vec<Task> = if failure.is_none() && differences.is_empty() {
                    ready(&tasks, &started, &done).cloned().collect()
                } else {
                    Vec::new()
                };
                for task in next {
                    started.insert(task.clone());
                    running += 1;
                    // All dependencies have finished, so this is everything that the task may need.
                    let (send, known, id) = (send.clone(), outcome.clone(), id.as_str());
                    scope.spawn(move || {
                        // A panic must not leave the main thread waiting.
                        let work = AssertUnwindSafe(|| {
                            let mut reporter = Reporter { task: &task, approved, send: &send };
                            self.run_task(&task, &known, id, &mut reporter)
                        });
                        let output = catch_unwind(work)
                            .unwrap_or_else(|_| Err(anyhow!("`{task}` panicked; this is a bug in xtask")));
                        // The receiver outlives this thread.
                        let _ = send.send(Message::Finished(task, output));
                    });
                }
                if running == 0 {
                    break;
                }
                match receive.recv().context("a task exited without a result")? {
                    Message::Progress(progress) => report(progress),
                    Message::Finished(task, Ok(output)) => {
                        running -= 1;
                        outcome.add(output);
                        done.insert(task.clone());
                        report(Progress::Finished(task, None));
                    }
                    Message::Finished(task, Err(error)) => {
                        running -= 1;
                        report(Progress::Finished(task, Some(format!("{error:#}"))));
                        match error.downcast::<Difference>() {
                            Ok(difference) => differences.push(difference),
                            Err(error) => _ = failure.get_or_insert(error),
                        }
                    }
                }
            }
            anyhow::Ok(())
        })?;
        match failure {
            Some(error) => Err(error),
            None if !differences.is_empty() => Err(Unapproved(differences).into()),
            None => Ok(outcome),
        }
    }

    fn existing_outputs(&self) -> DeployOutcome {
        let outputs = self.current.deployed.values().flat_map(|stack| stack.outputs.clone()).collect();
        let images = self.plan.images.iter().filter_map(|step| Some((step.image.clone(), step.digest.clone()?)));
        DeployOutcome { outputs, images: images.collect(), requirements_version: None }
    }

    fn run_task(
        &self,
        task: &Task,
        known: &DeployOutcome,
        id: &str,
        reporter: &mut Reporter<'_>,
    ) -> Result<DeployOutcome> {
        let Current { request, aws, .. } = &self.current;
        let mut output = DeployOutcome::default();
        match task {
            Task::Stack(name) => output.outputs = self.deploy_stack(name, known, id, reporter)?.outputs,
            // The registry has it already.
            Task::Image(name) if known.images.contains_key(name) => {}
            Task::Image(name) => {
                let plans: Vec<_> = self.images.iter().filter(|plan| plan.name == name).cloned().collect();
                let built = images::apply(&request.images(), &plans, reporter)?;
                let digest = built.into_iter().find_map(|built| built.digest);
                let digest = digest.with_context(|| format!("pushing `{name}` did not return a digest"))?;
                output.images.insert(name.clone(), digest);
            }
            Task::Dags => {
                reporter.step("reading the bucket");
                let sync = dags::plan(&request.dags())?;
                for step in sync.plan.to_string().lines().filter(|line| !line.starts_with("skip ")) {
                    reporter.line(step);
                }
                output.requirements_version = sync.apply(&request.settings)?;
            }
            Task::Warehouse => {
                if let Some(step) = self.plan.warehouse.as_ref().filter(|step| !step.is_idle()) {
                    warehouse::apply(aws, &request.settings, step, &mut |step| reporter.step(step))?;
                }
            }
        }
        Ok(output)
    }

    fn deploy_stack(
        &self,
        name: &str,
        known: &DeployOutcome,
        id: &str,
        reporter: &mut Reporter<'_>,
    ) -> Result<Deployed> {
        let Current { request, aws, templates, deployed, .. } = &self.current;
        let plan = self.plan.stack(name).context("the task has no plan")?;
        let parameters = self.parameters(name, known)?;
        let as_planned = plan.parameters.iter().all(|(name, value)| match value {
            ParameterValue::Known(value) => parameters.get(name) == Some(value),
            ParameterValue::Pending(_) => false,
        });
        if let (true, true, Some(found)) = (plan.is_idle(), as_planned, deployed.get(name)) {
            return Ok(found.clone());
        }
        // If the output of a dependency differs from the plan, CloudFormation decides whether that changes the stack.
        let action = if plan.action == StackAction::Keep && !as_planned { StackAction::Update } else { plan.action };
        let plan = StackPlan { action, ..plan.clone() };
        let template = templates.iter().find(|template| template.name == name).context("the stack has no template")?;
        if name == WAREHOUSE && matches!(plan.action, StackAction::Create | StackAction::Recreate) {
            warehouse::wait_until_deleted(aws, &request.settings, &mut |step| reporter.step(step))?;
        }
        let mut operations = self.current.operations(reporter);
        aws.wait(operations.apply(&plan, &template.text, &parameters, id))
    }

    /// Returns a stack's parameters, once all its dependencies have finished.
    fn parameters(&self, stack: &str, known: &DeployOutcome) -> Result<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        for (name, source) in self.current.dependencies.stacks.get(stack).into_iter().flatten() {
            let value = match source {
                Source::Setting(value) => Some(value),
                Source::Image(image) => known.images.get(*image),
                Source::Object(_) => known.requirements_version.as_ref(),
                Source::Output { name, .. } => known.outputs.get(name),
            };
            let Some(value) = value else {
                bail!(
                    "the stack `{stack}` needs {source}, which does not exist; deploy without --stack, or first deploy the stack that provides it"
                );
            };
            parameters.insert(name.clone(), value.clone());
        }
        Ok(parameters)
    }
}

impl DeployOutcome {
    fn add(&mut self, other: Self) {
        self.outputs.extend(other.outputs);
        self.images.extend(other.images);
        self.requirements_version = self.requirements_version.take().or(other.requirements_version);
    }
}

struct Reporter<'a> {
    task: &'a Task,
    approved: &'a [String],
    send: &'a Sender<Message>,
}

impl Reporter<'_> {
    fn send(&self, progress: Progress) {
        // The receiver is dropped only after all tasks have finished.
        let _ = self.send.send(Message::Progress(progress));
    }
}

impl Listener for Reporter<'_> {
    fn starts(&mut self, operation: &str) {
        self.step(operation);
    }

    fn event(&mut self, event: &Event) {
        self.send(Progress::Event(self.task.clone(), event.clone()));
    }

    fn approves(&mut self, difference: &Difference) -> bool {
        let (answer, answered) = channel();
        self.approved.contains(&difference.digest) || {
            self.send(Progress::Ask(difference.clone(), answer));
            answered.recv().unwrap_or(false)
        }
    }
}

impl BuildProgress for Reporter<'_> {
    fn step(&mut self, step: &str) {
        self.send(Progress::Step(self.task.clone(), step.to_owned()));
    }

    fn line(&mut self, line: &str) {
        self.send(Progress::Line(self.task.clone(), line.to_owned()));
    }

    fn progress(&mut self, _of: &str, progress: &docker::Progress) {
        let (sent, all) = (progress.values().sum::<u64>(), progress.keys().sum::<u64>());
        let text = format!("pushing, {} of {} MB", sent / 1_000_000, all / 1_000_000);
        self.send(Progress::Update(self.task.clone(), text));
    }
}
