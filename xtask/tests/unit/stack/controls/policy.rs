//! Reads policy statements, wherever a template contains them.

use serde_json::Value;

use super::{Stacks, resources, texts};

/// The purpose of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyKind {
    /// Who may assume a role.
    Trust,
    /// What a role may do.
    Identity,
    /// Who may use a bucket or a topic.
    Resource,
    /// Who may use a key; `*` means the key itself.
    Key,
    /// Which GitHub job may assume a role.
    Federated,
    /// What a GitHub job may do.
    Job,
    /// The maximum permissions of a GitHub job, or of a role in the stacks.
    Boundary,
    /// Limits the calls through an endpoint; it grants nothing.
    Endpoint,
}

/// A statement.
pub(super) struct Statement<'s> {
    pub(super) place: String,
    pub(super) kind: PolicyKind,
    pub(super) body: &'s Value,
}

impl Statement<'_> {
    pub(super) fn allows(&self) -> bool {
        self.body["Effect"] != "Deny"
    }

    pub(super) fn actions(&self) -> Vec<String> {
        texts(&self.body["Action"])
    }

    pub(super) fn resources(&self) -> Vec<String> {
        texts(&self.body["Resource"])
    }

    pub(super) fn services(&self) -> Vec<String> {
        texts(&self.body["Principal"]["Service"])
    }

    /// Returns a condition on a key, with any operator.
    pub(super) fn condition(&self, key: &str) -> Option<&Value> {
        let operators = self.body["Condition"].as_object()?;
        operators.values().find_map(|keys| keys.get(key))
    }
}

/// Returns every statement in every template.
pub(super) fn statements(stacks: &Stacks) -> Vec<Statement<'_>> {
    let mut documents = Vec::new();
    for (place, kind, body) in resources(stacks) {
        let properties = &body["Properties"];
        match kind {
            "AWS::IAM::Role" => {
                // Policies for users and services are separate from the policies for the deployment itself, which have
                // separate rules.
                let ci = place.starts_with("ci.");
                let (trust, may) = if ci {
                    (PolicyKind::Federated, PolicyKind::Job)
                } else {
                    (PolicyKind::Trust, PolicyKind::Identity)
                };
                documents.push((place.clone(), trust, &properties["AssumeRolePolicyDocument"]));
                let policies = properties["Policies"].as_array().into_iter().flatten();
                documents.extend(policies.map(|policy| (place.clone(), may, &policy["PolicyDocument"])));
            }
            "AWS::S3::BucketPolicy" | "AWS::SNS::TopicPolicy" => {
                documents.push((place, PolicyKind::Resource, &properties["PolicyDocument"]));
            }
            "AWS::IAM::ManagedPolicy" => {
                let kind = if place.ends_with("Boundary") { PolicyKind::Boundary } else { PolicyKind::Job };
                documents.push((place, kind, &properties["PolicyDocument"]));
            }
            "AWS::KMS::Key" => documents.push((place, PolicyKind::Key, &properties["KeyPolicy"])),
            "AWS::EC2::VPCEndpoint" => documents.push((place, PolicyKind::Endpoint, &properties["PolicyDocument"])),
            _ => {}
        }
    }
    documents.into_iter().flat_map(|(place, kind, document)| of(&place, kind, document)).collect()
}

fn of<'s>(place: &str, kind: PolicyKind, document: &'s Value) -> Vec<Statement<'s>> {
    let list = document["Statement"].as_array().into_iter().flatten().enumerate();
    let named = |index: usize, body: &Value| body["Sid"].as_str().map_or_else(|| index.to_string(), str::to_owned);
    // A statement may depend on a condition.
    let list = list.map(|(index, body)| (index, body.pointer("/Fn::If/1").unwrap_or(body)));
    list.map(|(index, body)| Statement { place: format!("{place} {}", named(index, body)), kind, body }).collect()
}
