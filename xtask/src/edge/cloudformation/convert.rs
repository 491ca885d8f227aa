//! Conversions between SDK types and this crate's types.

use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSource, EvaluationType, Replacement, ResourceChange, ResourceChangeDetail, ResourceToImport,
    Stack,
};

use crate::stack::{Action, Adopted, ChangeSetEntry, Deployed, Replaces};

pub(super) fn deployed(stack: Stack) -> Deployed {
    let parameters = stack.parameters.unwrap_or_default().into_iter();
    let tags = stack.tags.unwrap_or_default().into_iter();
    let outputs = stack.outputs.unwrap_or_default().into_iter();
    Deployed {
        name: stack.stack_name.unwrap_or_default(),
        id: stack.stack_id.unwrap_or_default(),
        status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: stack.stack_status_reason.filter(|reason| !reason.is_empty()),
        parameters: parameters.filter_map(|one| Some((one.parameter_key?, one.parameter_value?))).collect(),
        outputs: outputs.filter_map(|one| Some((one.output_key?, one.output_value?))).collect(),
        tags: tags.filter_map(|one| Some((one.key?, one.value?))).collect(),
        protected: stack.enable_termination_protection.unwrap_or_default(),
        template: String::new(),
        change_sets: Vec::new(),
    }
}

pub(super) fn change_set_entry(change: &ResourceChange) -> ChangeSetEntry {
    let targets = change.details().iter().filter_map(|detail| detail.target());
    let mut properties: Vec<String> = targets.filter_map(|target| target.name()).map(str::to_owned).collect();
    properties.dedup();
    // The cause is `Bucket` or `Bucket.Arn`.
    let follows: Option<Vec<String>> = change.details().iter().map(followed).collect();
    let (action, is_known) = match change.action() {
        Some(ChangeAction::Add) => (Action::Add, true),
        Some(ChangeAction::Import) => (Action::Import, true),
        Some(ChangeAction::Remove) => (Action::Remove, true),
        Some(ChangeAction::Modify) => (Action::Modify, true),
        // `Dynamic`, or an action that AWS adds in the future: not known before execution.
        _ => (Action::Modify, false),
    };
    let replaces = match change.replacement() {
        _ if !is_known => Replaces::Maybe,
        Some(Replacement::True) => Replaces::Yes,
        Some(Replacement::Conditional) => Replaces::Maybe,
        _ => Replaces::No,
    };
    ChangeSetEntry {
        resource: change.logical_resource_id().unwrap_or_default().to_owned(),
        kind: change.resource_type().unwrap_or_default().to_owned(),
        action,
        replaces,
        properties,
        follows: follows.unwrap_or_default(),
    }
}

/// Returns the resource that causes a change, if any.
fn followed(detail: &ResourceChangeDetail) -> Option<String> {
    let resource_sources = [ChangeSource::ResourceReference, ChangeSource::ResourceAttribute];
    let is_dynamic = detail.evaluation() == Some(&EvaluationType::Dynamic)
        && detail.change_source().is_some_and(|source| resource_sources.contains(source));
    let from = detail.causing_entity().filter(|_| is_dynamic)?;
    from.split('.').next().map(str::to_owned)
}

pub(super) fn resource_to_import((resource, adopted): (&String, &Adopted)) -> ResourceToImport {
    let one = ResourceToImport::builder().logical_resource_id(resource).resource_type(adopted.kind);
    one.resource_identifier(adopted.property, &adopted.name).build()
}
