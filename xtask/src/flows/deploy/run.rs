//! A plan carried out: each task in a thread of its own as soon as what it waits for is done, the news of all in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};

use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;

use super::{Ready, warehouse};
use crate::edge::docker::Progress;
use crate::edge::files;
use crate::flows::images::{self, BuildProgress};
use crate::flows::stacks::{self, Listener};
use crate::flows::sync::dags;
use crate::plan::{Do, StackPlan, Task, ready, tasks};
use crate::stack::{Deployed, Event, Given, Source};

/// What a deployment tells while it goes on.
#[derive(Debug)]
pub enum News {
    /// A task begins, or takes its next step.
    Step(Task, String),
    /// How far a step is.
    Progress(Task, String),
    /// Something happened to a resource of a stack.
    Event(Task, Event),
    /// A line of detail.
    Line(Task, String),
    /// A task ended; without an error it is done.
    Ended(Task, Option<String>),
}

/// What a deployment came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Done {
    /// Every output of every stack, by name.
    pub outputs: BTreeMap<String, String>,
    /// The digest of each image.
    pub images: BTreeMap<String, String>,
    /// The version of Airflow's requirements.
    pub requirements_version: Option<String>,
}

/// What one task gives to those that wait for it.
enum Gives {
    Stack(Box<Deployed>),
    Image(String),
    Dags(Option<String>),
    Nothing,
}

enum Message {
    News(News),
    Ended(Task, Result<Gives>),
}

impl Ready {
    /// Carries the plan out. What fails ends neither what is under way nor CloudFormation's own work; what waits for it does
    /// not begin.
    ///
    /// # Errors
    /// The first failure; the others are among the news.
    pub fn apply(&self, tell: &mut dyn FnMut(News)) -> Result<Done> {
        let tasks = tasks(&self.plan, &self.wiring);
        let mut done = self.already();
        let (mut begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut failure: Option<anyhow::Error> = None;
        let id = files::now("%Y%m%dT%H%M%S%3f");
        std::thread::scope(|scope| {
            let (send, receive) = channel();
            let mut under_way = 0;
            loop {
                let next: Vec<Task> = match failure {
                    None => ready(&tasks, &begun, &ended).cloned().collect(),
                    Some(_) => Vec::new(),
                };
                for task in next {
                    begun.insert(task.clone());
                    under_way += 1;
                    // What is known now is all that it may need: those it waits for are done.
                    let (send, known, id) = (send.clone(), done.clone(), id.as_str());
                    scope.spawn(move || {
                        // A fault of ours must not leave the others waiting for a word that never comes.
                        let work = AssertUnwindSafe(|| self.work(&task, &known, id, &send));
                        let given = catch_unwind(work)
                            .unwrap_or_else(|_| Err(anyhow!("`{task}` broke off; this is a fault of the tool")));
                        // Whoever listens is gone only when this thread's scope is.
                        let _ = send.send(Message::Ended(task, given));
                    });
                }
                if under_way == 0 {
                    break;
                }
                match receive.recv().context("a task ended without a word")? {
                    Message::News(news) => tell(news),
                    Message::Ended(task, Ok(gives)) => {
                        under_way -= 1;
                        done.take(&task, gives);
                        ended.insert(task.clone());
                        tell(News::Ended(task, None));
                    }
                    Message::Ended(task, Err(error)) => {
                        under_way -= 1;
                        tell(News::Ended(task, Some(format!("{error:#}"))));
                        failure.get_or_insert(error);
                    }
                }
            }
            anyhow::Ok(())
        })?;
        match failure {
            Some(error) => Err(error),
            None => Ok(done),
        }
    }

    /// What is there before anything is done.
    fn already(&self) -> Done {
        let outputs = self.deployed.values().flat_map(|stack| stack.outputs.clone()).collect();
        let images = self.plan.images.iter().filter_map(|step| Some((step.image.clone(), step.digest.clone()?)));
        Done { outputs, images: images.collect(), requirements_version: None }
    }

    fn work(&self, task: &Task, known: &Done, id: &str, send: &Sender<Message>) -> Result<Gives> {
        let mut voice = Voice { task, send };
        match task {
            Task::Stack(name) => self.stack(name, known, id, &mut voice),
            Task::Image(name) => {
                let step = self.plan.images.iter().find(|step| step.image == *name);
                if let Some(digest) = step.and_then(|step| step.digest.clone()) {
                    return Ok(Gives::Image(digest));
                }
                let plans: Vec<_> = self.images.iter().filter(|plan| plan.name == name).cloned().collect();
                let made = images::apply(&self.request.images(), &plans, &mut voice)?;
                let digest = made.into_iter().find_map(|made| made.digest);
                Ok(Gives::Image(digest.with_context(|| format!("`{name}` was pushed and has no digest"))?))
            }
            Task::Dags => {
                voice.step("looking at the bucket");
                let sync = dags::plan(&self.request.dags())?;
                for step in sync.plan.to_string().lines().filter(|line| !line.starts_with("leave ")) {
                    voice.line(step);
                }
                Ok(Gives::Dags(sync.apply(&self.request.settings)?.requirements_version))
            }
            Task::Warehouse => {
                if let Some(step) = self.plan.warehouse.as_ref().filter(|step| !step.is_idle()) {
                    let (settings, variables) = (&self.request.settings, &self.request.variables);
                    warehouse::apply(&self.aws, settings, variables, step, &mut |words| voice.step(words))?;
                }
                Ok(Gives::Nothing)
            }
        }
    }

    fn stack(&self, name: &str, known: &Done, id: &str, voice: &mut Voice<'_>) -> Result<Gives> {
        let plan = self.plan.stack(name).context("a task without its plan")?;
        let parameters = self.parameters(name, known)?;
        let as_planned = plan.parameters.iter().all(|(name, given)| match given {
            Given::Known(value) => parameters.get(name) == Some(value),
            Given::Pending(_) => false,
        });
        if let (true, true, Some(there)) = (plan.is_idle(), as_planned, self.deployed.get(name)) {
            return Ok(Gives::Stack(Box::new(there.clone())));
        }
        // What it waits for gave something else than was to be expected: CloudFormation looks whether that changes it.
        let action = if plan.action == Do::Keep && !as_planned { Do::Update } else { plan.action };
        let plan = StackPlan { action, ..plan.clone() };
        let template =
            self.templates.iter().find(|template| template.name == name).context("a stack without template")?;
        let place = (id, self.request.settings.region.as_str());
        let applied = stacks::apply(&self.cloudformation, &plan, &template.text, &parameters, place, voice);
        Ok(Gives::Stack(Box::new(self.aws.wait(applied)?)))
    }

    /// What a stack's parameters are, now that everything that it waits for is done.
    fn parameters(&self, stack: &str, known: &Done) -> Result<BTreeMap<String, String>> {
        let sources = self.wiring.stacks.get(stack).into_iter().flatten();
        let value = |source: &Source| match source {
            Source::Setting(value) => Some(value.clone()),
            Source::Image(image) => known.images.get(*image).cloned(),
            Source::Object(_) => known.requirements_version.clone(),
            Source::Output { name, .. } => known.outputs.get(name).cloned(),
        };
        let mut parameters = BTreeMap::new();
        for (name, source) in sources {
            let Some(value) = value(source) else {
                bail!(
                    "the stack `{stack}` needs {source}, which is not there; deploy without --stack, or that one first"
                );
            };
            parameters.insert(name.clone(), value);
        }
        Ok(parameters)
    }
}

impl Done {
    fn take(&mut self, task: &Task, gives: Gives) {
        match (task, gives) {
            (Task::Image(name), Gives::Image(digest)) => _ = self.images.insert(name.clone(), digest),
            (_, Gives::Stack(stack)) => self.outputs.extend(stack.outputs),
            (_, Gives::Dags(version)) => self.requirements_version = version,
            _ => {}
        }
    }
}

/// A task's way to whoever listens.
struct Voice<'a> {
    task: &'a Task,
    send: &'a Sender<Message>,
}

impl Voice<'_> {
    fn say(&self, news: News) {
        // Nobody listens only when everything has ended.
        let _ = self.send.send(Message::News(news));
    }
}

impl Listener for Voice<'_> {
    fn begins(&mut self, words: &str) {
        self.say(News::Step(self.task.clone(), words.to_owned()));
    }

    fn event(&mut self, event: &Event) {
        self.say(News::Event(self.task.clone(), event.clone()));
    }
}

impl BuildProgress for Voice<'_> {
    fn step(&mut self, words: &str) {
        self.say(News::Step(self.task.clone(), words.to_owned()));
    }

    fn line(&mut self, words: &str) {
        self.say(News::Line(self.task.clone(), words.to_owned()));
    }

    fn progress(&mut self, _of: &str, progress: &Progress) {
        let (sent, all) = (progress.values().sum::<u64>(), progress.keys().sum::<u64>());
        self.say(News::Progress(self.task.clone(), format!("pushing, {} of {} MB", sent / 1_000_000, all / 1_000_000)));
    }
}
