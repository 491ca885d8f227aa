//! CloudFormation's answers as our own values, and ours as its.

use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSource, EvaluationType, Replacement, ResourceChange, ResourceChangeDetail, ResourceToImport,
    Stack,
};

use crate::stack::{Action, Adopted, ChangeSetEntry, Deployed, Replaces};

/// A stack, without its template and change sets.
pub(super) fn deployed(told: Stack) -> Deployed {
    let parameters = told.parameters.unwrap_or_default().into_iter();
    let tags = told.tags.unwrap_or_default().into_iter();
    let outputs = told.outputs.unwrap_or_default().into_iter();
    Deployed {
        name: told.stack_name.unwrap_or_default(),
        id: told.stack_id.unwrap_or_default(),
        status: told.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: told.stack_status_reason.filter(|reason| !reason.is_empty()),
        parameters: parameters.filter_map(|one| Some((one.parameter_key?, one.parameter_value?))).collect(),
        outputs: outputs.filter_map(|one| Some((one.output_key?, one.output_value?))).collect(),
        tags: tags.filter_map(|one| Some((one.key?, one.value?))).collect(),
        protected: told.enable_termination_protection.unwrap_or_default(),
        template: String::new(),
        change_sets: Vec::new(),
    }
}

/// One resource of a change set.
pub(super) fn announced(told: &ResourceChange) -> ChangeSetEntry {
    let targets = told.details().iter().filter_map(|detail| detail.target());
    let mut properties: Vec<String> = targets.filter_map(|target| target.name()).map(str::to_owned).collect();
    properties.dedup();
    // `Bucket` or `Bucket.Arn`.
    let follows: Option<Vec<String>> = told.details().iter().map(followed).collect();
    let (action, sure) = match told.action() {
        Some(ChangeAction::Add) => (Action::Add, true),
        Some(ChangeAction::Import) => (Action::Import, true),
        Some(ChangeAction::Remove) => (Action::Remove, true),
        Some(ChangeAction::Modify) => (Action::Modify, true),
        // "Dynamic", or what AWS adds later: it cannot be told before it is done.
        _ => (Action::Modify, false),
    };
    let replaces = match told.replacement() {
        _ if !sure => Replaces::Maybe,
        Some(Replacement::True) => Replaces::Yes,
        Some(Replacement::Conditional) => Replaces::Maybe,
        _ => Replaces::No,
    };
    ChangeSetEntry {
        resource: told.logical_resource_id().unwrap_or_default().to_owned(),
        kind: told.resource_type().unwrap_or_default().to_owned(),
        action,
        replaces,
        properties,
        follows: follows.unwrap_or_default(),
    }
}

/// The resource that a change comes from, where it comes from one.
fn followed(detail: &ResourceChangeDetail) -> Option<String> {
    let of_a_resource = [ChangeSource::ResourceReference, ChangeSource::ResourceAttribute];
    let follows = detail.evaluation() == Some(&EvaluationType::Dynamic)
        && detail.change_source().is_some_and(|source| of_a_resource.contains(source));
    let from = detail.causing_entity().filter(|_| follows)?;
    from.split('.').next().map(str::to_owned)
}

/// A resource that an import takes up.
pub(super) fn to_import((resource, adopted): (&String, &Adopted)) -> ResourceToImport {
    let one = ResourceToImport::builder().logical_resource_id(resource).resource_type(&adopted.kind);
    one.resource_identifier(&adopted.property, &adopted.name).build()
}
