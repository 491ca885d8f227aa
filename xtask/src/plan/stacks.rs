//! The stacks in a plan: their parameters, their changes, and the effect on dependent stacks.

use std::collections::{BTreeMap, BTreeSet};

use super::types::{StackAction, StackPlan};
use crate::digest::sha256;
use crate::failure::Failure;
use crate::stack::{
    Action, Dependencies, Deployed, Existing, ParameterValue, Replaces, Resolved, Source, State, TAG, Template,
    adopted, blocked, changes, referenced, resolve,
};

#[derive(Debug)]
pub struct PlanInput<'a> {
    /// The stack name prefix.
    pub prefix: &'a str,
    /// Pseudo parameters, such as `AWS::Region`.
    pub place: &'a BTreeMap<String, ParameterValue>,
    pub templates: &'a [Template],
    pub dependencies: &'a Dependencies,
    /// The existing stacks, by name without the prefix.
    pub deployed: &'a BTreeMap<String, Deployed>,
    /// The stacks to plan; the others only provide their current outputs.
    pub included: &'a BTreeSet<String>,
    pub images: &'a BTreeMap<String, ParameterValue>,
    pub objects: &'a BTreeMap<String, ParameterValue>,
    /// Existing resources in this account that do not belong to a stack, by name; they are imported.
    pub existing: &'a Existing,
    pub protect: bool,
    /// The settings module, with which each stack is tagged.
    pub module: &'a str,
}

/// The name prefix of change sets that deployments create.
pub const CHANGE_SETS: &str = "dpworld-";

/// Plans every stack, in dependency order. The error lists every stack whose state does not allow a deployment, and
/// every change that cannot succeed.
pub fn stacks(known: &PlanInput<'_>) -> Result<Vec<StackPlan>, Failure> {
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    let mut outputs: BTreeMap<(String, String), ParameterValue> = BTreeMap::new();
    for stack in known.dependencies.levels.iter().flatten() {
        let Some(template) = known.templates.iter().find(|template| template.name == *stack) else { continue };
        let deployed = known.deployed.get(stack);
        let included = known.included.contains(stack);
        let parameters = known.parameters(stack, &outputs);
        let new = resolve(template, &known.comparable(template, parameters.clone()));
        let created = deployed.filter(|deployed| deployed.state() != State::ReviewInProgress);
        let before = created.map(|deployed| known.current(deployed));
        match known.plan(template, deployed, parameters, &new, before.as_ref()) {
            Ok(plan) if included => {
                outputs.extend(outputs_after(template, deployed, &plan, &new, before.as_ref()));
                plans.push(plan);
            }
            Err(why) if included => refused.extend(why),
            // A stack that is not part of the plan provides its current outputs.
            _ => {
                let current = deployed.into_iter().flat_map(|deployed| &deployed.outputs);
                outputs.extend(
                    current.map(|(name, value)| ((stack.clone(), name.clone()), ParameterValue::Known(value.clone()))),
                );
            }
        }
    }
    if refused.is_empty() {
        return Ok(plans);
    }
    let (messages, hints): (Vec<String>, Vec<&str>) = refused.into_iter().unzip();
    let failure = Failure::new(format!("nothing was changed: {}", messages.join("; ")));
    Err(failure.hint(hints.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ")))
}

type Refused = Vec<(String, &'static str)>;

impl PlanInput<'_> {
    fn parameters(
        &self,
        stack: &str,
        outputs: &BTreeMap<(String, String), ParameterValue>,
    ) -> BTreeMap<String, ParameterValue> {
        let given = |source: &Source| {
            let known = match source {
                Source::Setting(value) => return ParameterValue::Known(value.clone()),
                Source::Image(image) => self.images.get(*image),
                Source::Object(key) => self.objects.get(*key),
                Source::Output { stack, name } => outputs.get(&(stack.clone(), name.clone())),
            };
            known.cloned().unwrap_or_else(|| ParameterValue::Pending(source.to_string()))
        };
        let sources = self.dependencies.stacks.get(stack).into_iter().flatten();
        sources.map(|(name, source)| (name.clone(), given(source))).collect()
    }

    /// Adds the pseudo parameters. Replaces values that CloudFormation does not return by their digests, on both sides of a
    /// comparison.
    fn comparable(
        &self,
        template: &Template,
        mut given: BTreeMap<String, ParameterValue>,
    ) -> BTreeMap<String, ParameterValue> {
        for name in template.hidden() {
            if let Some(digest) = given.get(&format!("{name}Digest")).cloned() {
                given.insert(name.clone(), digest);
            }
        }
        given.extend(self.place.clone());
        given
    }

    /// Resolves the deployed template. One that breaks our rules is read as far as possible.
    fn current(&self, deployed: &Deployed) -> Resolved {
        let Some(template) = Template::read_any(&deployed.name, &deployed.template) else { return Resolved::default() };
        let given =
            deployed.parameters.iter().map(|(name, value)| (name.clone(), ParameterValue::Known(value.clone())));
        resolve(&template, &self.comparable(&template, given.collect()))
    }

    fn plan(
        &self,
        template: &Template,
        deployed: Option<&Deployed>,
        mut parameters: BTreeMap<String, ParameterValue>,
        new: &Resolved,
        before: Option<&Resolved>,
    ) -> Result<StackPlan, Refused> {
        parameters.retain(|name, _| !template.hidden().any(|hidden| hidden == name));
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
        let has_tag = deployed.is_some_and(|deployed| deployed.tags.contains_key(TAG));
        let tagged = state != State::Ready || (!has_tag && new.accepts_tags());
        let tag = tagged.then(|| self.module.to_owned());
        let action = match state {
            State::Absent => StackAction::Create,
            State::ReviewInProgress => StackAction::Recreate,
            State::Busy => StackAction::Wait,
            State::Ready if changes.is_empty() && outputs.is_empty() && tag.is_none() => StackAction::Keep,
            State::Ready => StackAction::Update,
            State::Broken | State::UpdateFailed | State::RollbackFailed | State::Manual => {
                let (what, next) = state.remedy().unwrap_or_default();
                let (name, status) = deployed.map_or(("", ""), |deployed| (&deployed.name, &deployed.status));
                return Err(vec![(format!("the stack `{name}` is {status}: {what}"), next)]);
            }
        };
        if action == StackAction::Update {
            let refused = blocked(old, &changes);
            if !refused.is_empty() {
                let of = |why: String| {
                    let message = format!(
                        "in `{}`, {why}, but CloudFormation cannot create the replacement while the name is in use",
                        template.name
                    );
                    (
                        message,
                        "rename it in the settings, or undo the change; to replace it under the same name, remove it first",
                    )
                };
                return Err(refused.into_iter().map(of).collect());
            }
        }
        let protected =
            deployed.filter(|_| state != State::ReviewInProgress).is_some_and(|deployed| deployed.protected);
        let ours = |name: &&String| name.starts_with(CHANGE_SETS);
        Ok(StackPlan {
            stack: template.name.clone(),
            name: format!("{}-{}", self.prefix, template.name),
            action,
            found: deployed.map(StackPlan::current_state),
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

/// Returns a stack's outputs after the deployment. An output with an unchanged definition keeps its value unless it
/// refers to a new resource.
fn outputs_after(
    template: &Template,
    deployed: Option<&Deployed>,
    plan: &StackPlan,
    new: &Resolved,
    before: Option<&Resolved>,
) -> BTreeMap<(String, String), ParameterValue> {
    let is_new = |resource: &String| {
        let change = plan.changes.iter().find(|change| change.resource == *resource);
        change.is_some_and(|change| change.action == Action::Add || change.replaces > Replaces::No)
    };
    let value = |name: &String| {
        let current =
            deployed.filter(|_| matches!(plan.action, StackAction::Update | StackAction::Keep))?.outputs.get(name)?;
        let same = before?.outputs.get(name)? == new.outputs.get(name)?;
        (same && !referenced(&new.outputs[name]).iter().any(is_new)).then(|| ParameterValue::Known(current.clone()))
    };
    let of = |name: &String| {
        let pending = || ParameterValue::Pending(format!("output:{}.{name}", template.name));
        ((template.name.clone(), name.clone()), value(name).unwrap_or_else(pending))
    };
    template.outputs.keys().map(of).collect()
}
