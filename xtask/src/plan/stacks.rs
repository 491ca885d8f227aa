//! The stacks' part of a plan: what each gets, what that changes, and what follows from it for those that come after.

use std::collections::{BTreeMap, BTreeSet};

use super::{StackAction, StackPlan};
use crate::failure::Failure;
use crate::stack::{
    Action, Dependencies, Deployed, Existing, ParameterValue, Replaces, Resolved, Source, State, TAG, Template,
    adopted, blocked, changes, referenced, resolve, takes_tags,
};
use crate::sync::sha256;

/// Everything that is known when a plan is made.
#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The stacks' names begin so.
    pub prefix: &'a str,
    /// AWS's own names of where the stacks are: `AWS::Region` and the others.
    pub place: &'a BTreeMap<String, ParameterValue>,
    /// All templates.
    pub templates: &'a [Template],
    /// Where their parameters come from.
    pub dependencies: &'a Dependencies,
    /// The stacks that are there, by their name without prefix.
    pub deployed: &'a BTreeMap<String, Deployed>,
    /// The stacks that the plan is for; the others only give the outputs that they have.
    pub wanted: &'a BTreeSet<String>,
    /// The digest of each image.
    pub images: &'a BTreeMap<String, ParameterValue>,
    /// The version of each object.
    pub objects: &'a BTreeMap<String, ParameterValue>,
    /// Names that are taken by resources of this account which are in no stack of ours: they become part of it.
    pub existing: &'a Existing,
    /// Whether stacks shall be protected from deletion.
    pub protect: bool,
    /// How the names of our change sets begin.
    pub change_sets: &'a str,
    /// The settings' module, which stacks have as a tag.
    pub module: &'a str,
}

/// Plans every stack, in an order in which they can be made.
///
/// # Errors
/// With every stack that is in a state from which nothing can be done, and every change that cannot work.
pub fn stacks(known: &PlanInput<'_>) -> Result<Vec<StackPlan>, Failure> {
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    let mut outputs: BTreeMap<(String, String), ParameterValue> = BTreeMap::new();
    for stack in known.dependencies.levels.iter().flatten() {
        let Some(template) = known.templates.iter().find(|template| template.name == *stack) else { continue };
        let deployed = known.deployed.get(stack);
        let wanted = known.wanted.contains(stack);
        let parameters = known.parameters(stack, &outputs);
        let new = resolve(template, &known.with_place(parameters.clone()));
        let before =
            deployed.filter(|deployed| deployed.state() != State::ReviewInProgress).map(|there| known.old(there));
        match known.plan(template, deployed, parameters, &new, before.as_ref()) {
            Ok(plan) if wanted => {
                outputs.extend(give(template, deployed, &plan, &new, before.as_ref()));
                plans.push(plan);
            }
            Err(why) if wanted => refused.extend(why),
            // One that is left alone gives what it has, whatever a change of it would be.
            _ => {
                let there = deployed.into_iter().flat_map(|deployed| &deployed.outputs);
                outputs.extend(
                    there.map(|(name, value)| ((stack.clone(), name.clone()), ParameterValue::Known(value.clone()))),
                );
            }
        }
    }
    if refused.is_empty() {
        return Ok(plans);
    }
    let (words, hints): (Vec<String>, Vec<&str>) = refused.into_iter().unzip();
    let failure = Failure::new(format!("nothing was changed: {}", words.join("; ")));
    Err(failure.hint(hints.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ")))
}

type Refused = Vec<(String, &'static str)>;

impl PlanInput<'_> {
    fn parameters(
        &self,
        stack: &str,
        outputs: &BTreeMap<(String, String), ParameterValue>,
    ) -> BTreeMap<String, ParameterValue> {
        let pending = |source: &Source| ParameterValue::Pending(source.to_string());
        let given = |source: &Source| match source {
            Source::Setting(value) => ParameterValue::Known(value.clone()),
            Source::Image(image) => self.images.get(*image).cloned().unwrap_or_else(|| pending(source)),
            Source::Object(key) => self.objects.get(*key).cloned().unwrap_or_else(|| pending(source)),
            Source::Output { stack, name } => {
                outputs.get(&(stack.clone(), name.clone())).cloned().unwrap_or_else(|| pending(source))
            }
        };
        let sources = self.dependencies.stacks.get(stack).into_iter().flatten();
        sources.map(|(name, source)| (name.clone(), given(source))).collect()
    }

    fn with_place(&self, mut given: BTreeMap<String, ParameterValue>) -> BTreeMap<String, ParameterValue> {
        given.extend(self.place.clone());
        given
    }

    /// A stack as it is, filled in. A template of somebody else's hand is read as far as it can be.
    fn old(&self, deployed: &Deployed) -> Resolved {
        let Some(template) = Template::read_any(&deployed.name, &deployed.template) else { return Resolved::default() };
        let given =
            deployed.parameters.iter().map(|(name, value)| (name.clone(), ParameterValue::Known(value.clone())));
        resolve(&template, &self.with_place(given.collect()))
    }

    fn plan(
        &self,
        template: &Template,
        deployed: Option<&Deployed>,
        parameters: BTreeMap<String, ParameterValue>,
        new: &Resolved,
        before: Option<&Resolved>,
    ) -> Result<StackPlan, Refused> {
        let state = deployed.map_or(State::Absent, Deployed::state);
        let empty = Resolved::default();
        let old = before.unwrap_or(&empty);
        let mut changes = changes(old, new);
        let adopts = match state {
            State::Absent | State::ReviewInProgress => adopted(new, &changes, self.existing),
            _ => BTreeMap::new(),
        };
        for change in changes.iter_mut().filter(|change| adopts.contains_key(&change.resource)) {
            change.action = Action::Import;
        }
        let outputs: BTreeSet<&String> = old.outputs.keys().chain(new.outputs.keys()).collect();
        let differs = |name: &&String| old.outputs.get(*name) != new.outputs.get(*name);
        let outputs: Vec<String> = outputs.into_iter().filter(differs).cloned().collect();
        let has_tag = deployed.is_some_and(|there| there.tags.contains_key(TAG));
        let tagged = state != State::Ready || (!has_tag && takes_tags(new));
        let tag = tagged.then(|| self.module.to_owned());
        let action = match state {
            State::Absent => StackAction::Create,
            State::ReviewInProgress => StackAction::Recreate,
            State::Busy => StackAction::Wait,
            State::Ready if changes.is_empty() && outputs.is_empty() && tag.is_none() => StackAction::Keep,
            State::Ready => StackAction::Update,
            State::Broken | State::UpdateFailed | State::RollbackFailed | State::Manual => {
                let (what, next) = state.remedy().unwrap_or_default();
                let (name, status) = deployed.map_or(("", ""), |there| (&there.name, &there.status));
                return Err(vec![(format!("the stack `{name}` is {status}: {what}"), next)]);
            }
        };
        if action == StackAction::Update {
            let refused = blocked(old, &changes);
            if !refused.is_empty() {
                let of = |why: String| {
                    let words =
                        format!("in `{}` {why}, which CloudFormation cannot do while its name is taken", template.name);
                    (
                        words,
                        "give it another name in the settings, or undo the change; to make it anew, remove it first",
                    )
                };
                return Err(refused.into_iter().map(of).collect());
            }
        }
        let protected =
            deployed.filter(|_| state != State::ReviewInProgress).is_some_and(|deployed| deployed.protected);
        let ours = |name: &&String| name.starts_with(self.change_sets);
        Ok(StackPlan {
            stack: template.name.clone(),
            name: format!("{}-{}", self.prefix, template.name),
            action,
            found: deployed.map(found),
            template: sha256(template.text.as_bytes()),
            parameters,
            changes,
            adopts,
            outputs,
            tag,
            protect: (protected != self.protect).then_some(self.protect),
            leftovers: match deployed {
                Some(deployed) if state == State::Ready => deployed.change_sets.iter().filter(ours).cloned().collect(),
                _ => Vec::new(),
            },
        })
    }
}

/// What a plan says of a stack that is there: its status, and the SHA-256 of template and parameters.
pub(super) fn found(there: &Deployed) -> (String, String) {
    let parameters: String = there.parameters.iter().map(|(name, value)| format!("\n{name}={value}")).collect();
    (there.status.clone(), sha256(format!("{}{parameters}", there.template).as_bytes()))
}

/// What a stack's outputs will be. One that is made of the same as before stays, unless what it names is made anew.
fn give(
    template: &Template,
    deployed: Option<&Deployed>,
    plan: &StackPlan,
    new: &Resolved,
    before: Option<&Resolved>,
) -> BTreeMap<(String, String), ParameterValue> {
    let anew = |resource: &String| {
        let change = plan.changes.iter().find(|change| change.resource == *resource);
        change.is_some_and(|change| change.action == Action::Add || change.replaces > Replaces::No)
    };
    let value = |name: &String| {
        let there =
            deployed.filter(|_| matches!(plan.action, StackAction::Update | StackAction::Keep))?.outputs.get(name)?;
        let same = before?.outputs.get(name)? == new.outputs.get(name)?;
        (same && !referenced(&new.outputs[name]).iter().any(anew)).then(|| ParameterValue::Known(there.clone()))
    };
    let of = |name: &String| {
        let pending = || ParameterValue::Pending(format!("output:{}.{name}", template.name));
        ((template.name.clone(), name.clone()), value(name).unwrap_or_else(pending))
    };
    template.outputs.keys().map(of).collect()
}
