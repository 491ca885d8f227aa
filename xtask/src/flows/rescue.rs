//! Stacks out of dead ends: what `recover` does, one stack after the other, those that others wait for first.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::deploy::Request;
use super::stacks::{self, Listener};
use super::{account, templates};
use crate::edge::aws::Aws;
use crate::edge::cloudformation::CloudFormation;
use crate::failure::Failure;
use crate::stack::Event;

/// Recovers each stack of the request; says of each, by its name, what was done.
///
/// # Errors
/// When resources are named and not the one stack that has them: CloudFormation refuses names that a stack has not got.
pub fn recover(
    request: &Request,
    retain: &[String],
    skip: &[String],
    tell: &mut (dyn FnMut(&str, Heard<'_>) + Send),
) -> Result<BTreeMap<String, &'static str>> {
    let named = !retain.is_empty() || !skip.is_empty();
    let of_one = || Failure::new("resources to retain or to skip are those of one stack").hint("name it: --stack NAME");
    ensure!(!named || request.only.len() == 1, of_one());
    let (_, wiring) = templates::wired(request.folder.as_deref(), &request.settings)?;
    request.check(&wiring)?;
    let aws = Aws::of(&request.settings, &request.variables)?;
    account::own(&request.settings, &aws)?;
    let cloudformation = CloudFormation::new(&aws.config);
    let of = (request.module.as_str(), request.settings.stack_prefix.as_str());
    aws.wait(stacks::look(&cloudformation, of, wiring.stacks.keys()))?;
    let mut told = BTreeMap::new();
    for stack in wiring.levels.iter().flatten().filter(|stack| request.wants(stack)) {
        let name = format!("{}-{stack}", request.settings.stack_prefix);
        let mut voice = Of { stack, tell };
        let region = &request.settings.region;
        let did = aws.wait(stacks::recover(&cloudformation, &name, (retain, skip), region, &mut voice))?;
        told.insert(name, did);
    }
    Ok(told)
}

/// What is told of a stack.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// CloudFormation begins with it, or goes on with it.
    Begins(&'a str),
    /// Something happened to a resource.
    Event(&'a Event),
    /// It is over with it.
    Ended,
}

/// Tells what happens to one stack.
pub struct Of<'a, 't> {
    /// The stack, without prefix.
    pub stack: &'a str,
    /// Who hears it.
    pub tell: &'a mut (dyn FnMut(&str, Heard<'_>) + Send + 't),
}

impl Listener for Of<'_, '_> {
    fn begins(&mut self, words: &str) {
        (self.tell)(self.stack, Heard::Begins(words));
    }

    fn event(&mut self, event: &Event) {
        (self.tell)(self.stack, Heard::Event(event));
    }
}
