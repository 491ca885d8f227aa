//! Recovers failed stacks one after another, in dependency order.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::deploy::DeployRequest;
use super::stacks::{self, Listener, Operations};
use super::{account, templates};
use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::stack::Event;

/// Recovers each stack in the request; returns the actions taken, by stack name. Resources to retain or skip can be
/// specified for one stack only, because CloudFormation rejects unknown names.
pub fn recover(
    request: &DeployRequest,
    retain: &[String],
    skip: &[String],
    report: &mut (dyn FnMut(&str, StackProgress<'_>) + Send),
) -> Result<BTreeMap<String, &'static str>> {
    let named = !retain.is_empty() || !skip.is_empty();
    let failure = || Failure::new("--retain and --skip require exactly one stack").hint("pass --stack NAME");
    ensure!(!named || request.only.len() == 1, failure());
    let (_, dependencies) = templates::read(request.folder.as_deref(), &request.settings)?;
    request.check(&dependencies)?;
    let aws = Aws::for_settings(&request.settings, &request.variables)?;
    account::own(&request.settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let (prefix, region) = (&request.settings.stack_prefix, &request.settings.region);
    aws.wait(stacks::describe(&cloudformation, (&request.module, prefix), dependencies.stacks.keys()))?;
    let mut done = BTreeMap::new();
    for stack in dependencies.levels.iter().flatten().filter(|stack| request.wants(stack)) {
        let name = format!("{prefix}-{stack}");
        let mut reporter = StackReporter { stack, report };
        let mut operations = Operations { cloudformation: &cloudformation, region, listener: &mut reporter };
        let result = aws.wait(operations.recover(&name, retain, skip))?;
        done.insert(name, result);
    }
    Ok(done)
}

#[derive(Clone, Copy, Debug)]
pub enum StackProgress<'a> {
    /// CloudFormation starts or continues an operation.
    Starts(&'a str),
    Event(&'a Event),
    Finished,
}

pub struct StackReporter<'a, 't> {
    pub stack: &'a str,
    pub report: &'a mut (dyn FnMut(&str, StackProgress<'_>) + Send + 't),
}

impl Listener for StackReporter<'_, '_> {
    fn starts(&mut self, operation: &str) {
        (self.report)(self.stack, StackProgress::Starts(operation));
    }

    fn event(&mut self, event: &Event) {
        (self.report)(self.stack, StackProgress::Event(event));
    }
}
