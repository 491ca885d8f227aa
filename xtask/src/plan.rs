//! A deployment plan: every stack with its changes, the images, the DAGs and the warehouse, as one value.
//!
//! `diff` prints it, an approval refers to its digest, and `deploy` applies exactly this value. It is computed from
//! current and desired state: the same input produces the same digest, on any machine and at any time.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod display;
mod stacks;
mod tasks;
mod types;

#[cfg(test)]
#[path = "../tests/unit/plan/mod.rs"]
mod tests;

pub use stacks::{CHANGE_SETS, PlanInput, stacks};
pub use tasks::{Task, ready, tasks};
pub use types::{DagsStep, Deployment, ImageStep, Plan, StackAction, StackPlan, WarehouseStep};
