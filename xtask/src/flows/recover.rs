//! Recovers failed stacks one after another, in dependency order.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::deploy::{Current, DeployRequest};
use super::stacks::{Report, StackReporter};
use crate::failure::Failure;
use crate::plan::Task;

/// Recovers each stack in the request; returns the actions taken, by stack name. Resources to retain or skip can be
/// specified for one stack only, because CloudFormation rejects unknown names.
pub fn recover(
    request: DeployRequest,
    retain: &[String],
    skip: &[String],
    report: &mut Report<'_>,
) -> Result<BTreeMap<String, &'static str>> {
    let named = !retain.is_empty() || !skip.is_empty();
    let failure = || Failure::new("--retain and --skip require exactly one stack").hint("pass --stack NAME");
    ensure!(!named || request.only.len() == 1, failure());
    let current = Current::read(request)?;
    let mut done = BTreeMap::new();
    for stack in current.dependencies.levels.iter().flatten().filter(|stack| current.wants(stack)) {
        let name = format!("{}-{stack}", current.request.settings.stack_prefix);
        let mut reporter = StackReporter { task: Task::Stack(stack.clone()), report };
        let result = current.aws.wait(current.operations(&mut reporter).recover(&name, retain, skip))?;
        done.insert(name, result);
    }
    Ok(done)
}
