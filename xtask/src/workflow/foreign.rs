//! Workflow files that `ci-gen` does not own. They may contain anything; what the rules of the generated ones refuse is a
//! warning.

use serde_yaml::Value;

use super::pins::parsed;

/// Returns the warnings about a workflow file.
pub fn warnings(path: &str, text: &str) -> Vec<String> {
    let Ok(value) = serde_yaml::from_str::<Value>(text) else { return vec![format!("{path}: is not valid YAML")] };
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let uses = line.trim_start().trim_start_matches("- ").strip_prefix("uses:").map(str::trim);
        // An action or a workflow of this repository has its commit.
        let problem = uses.filter(|uses| !uses.starts_with("./")).and_then(|uses| parsed(uses).err());
        found.extend(problem.map(|why| format!("{path}:{}: {why}", index + 1)));
    }
    let untrusted = triggers(&value).iter().any(|name| name == "pull_request_target" || name == "workflow_run");
    let limited = value.get("permissions").is_some();
    for (id, job) in value.get("jobs").and_then(Value::as_mapping).into_iter().flatten() {
        let place = format!("{path}: job `{}`", id.as_str().unwrap_or_default());
        if !limited && job.get("permissions").is_none() {
            found.push(format!(
                "{place} has no `permissions`: its token can do whatever the repository's settings allow"
            ));
        }
        // A called workflow has the time limits of its own jobs.
        if job.get("uses").is_none() && job.get("timeout-minutes").is_none() {
            found.push(format!("{place} has no `timeout-minutes`: it may run for six hours"));
        }
        let uses = |step: &Value| step.get("uses").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut steps = job.get("steps").and_then(Value::as_sequence).into_iter().flatten();
        if untrusted && steps.any(|step| uses(step).starts_with("actions/checkout@")) {
            found.push(format!(
                "{place} checks out code with the privileges of `pull_request_target` or `workflow_run`"
            ));
        }
    }
    found
}

/// Returns the names of a workflow's triggers: a name, a list or a mapping.
fn triggers(value: &Value) -> Vec<String> {
    let name = |value: &Value| value.as_str().map(str::to_owned);
    match value.get("on") {
        Some(Value::Sequence(names)) => names.iter().filter_map(name).collect(),
        Some(Value::Mapping(names)) => names.keys().filter_map(name).collect(),
        Some(value) => name(value).into_iter().collect(),
        None => Vec::new(),
    }
}
