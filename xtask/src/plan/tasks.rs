//! The dependencies between the tasks of a deployment; independent tasks run in parallel.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::types::Plan;
use crate::stack::{Dependencies, REGISTRY, STORAGE, Source, WAREHOUSE, is_of_source};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A stack, by name without the prefix.
    Stack(String),
    Image(String),
    /// The upload of the DAGs and their requirements to the bucket.
    Dags,
    /// The warehouse: schemas, ledger, roles, grants, and the usage limit.
    Warehouse,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(name) | Self::Image(name) => f.write_str(name),
            Self::Dags => f.write_str("DAGs"),
            Self::Warehouse => f.write_str("warehouse objects"),
        }
    }
}

/// Returns every task of a plan with its dependencies. Airflow runs DAGs as soon as its environment exists, so the
/// DAGs, their requirements and the warehouse come first.
pub fn tasks(plan: &Plan, dependencies: &Dependencies) -> BTreeMap<Task, BTreeSet<Task>> {
    let stack = |name: &str| Task::Stack(name.to_owned());
    let mut tasks: BTreeMap<Task, BTreeSet<Task>> = BTreeMap::new();
    for planned in &plan.stacks {
        let sources = dependencies.stacks.get(&planned.stack).into_iter().flat_map(BTreeMap::values);
        let needs = sources.flat_map(|source| match source {
            Source::Setting(_) => vec![],
            Source::Image(image) => vec![Task::Image((*image).to_owned())],
            Source::Object(_) => vec![Task::Dags, Task::Warehouse],
            Source::Output { stack: other, .. } => vec![stack(other)],
        });
        tasks.insert(stack(&planned.stack), needs.collect());
    }
    for image in &plan.images {
        tasks.insert(Task::Image(image.image.clone()), BTreeSet::from([stack(REGISTRY)]));
    }
    // The settings of the DAGs name only sources whose schemas and job definitions exist.
    let sources = plan.stacks.iter().map(|planned| &planned.stack).filter(|name| is_of_source(name));
    let needed = sources.map(|name| stack(name)).chain([stack(STORAGE), Task::Warehouse]);
    tasks.extend(plan.dags.iter().map(|_| (Task::Dags, needed.clone().collect())));
    tasks.extend(plan.warehouse.iter().map(|_| (Task::Warehouse, BTreeSet::from([stack(WAREHOUSE)]))));
    // Tasks outside this deployment are not dependencies.
    let known: BTreeSet<Task> = tasks.keys().cloned().collect();
    tasks.values_mut().for_each(|needs| needs.retain(|need| known.contains(need)));
    tasks
}

/// Returns the tasks that have not started and whose dependencies are done.
pub fn ready<'t>(
    tasks: &'t BTreeMap<Task, BTreeSet<Task>>,
    started: &'t BTreeSet<Task>,
    done: &'t BTreeSet<Task>,
) -> impl Iterator<Item = &'t Task> {
    tasks.iter().filter(|(task, needs)| !started.contains(*task) && needs.is_subset(done)).map(|(task, _)| task)
}
