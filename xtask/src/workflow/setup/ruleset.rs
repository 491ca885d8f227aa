//! The ruleset of `main`: every change is a pull request whose required check has succeeded.

use serde_json::{Value, json};

use super::{Found, Otherwise, Plan, REPOSITORY, Step, Write};

/// The name of our ruleset; others are not changed.
const NAME: &str = "main";
/// GitHub's answer if the account has no merge queues.
const NO_QUEUE: &str = "Invalid rule 'merge_queue'";

/// Returns the rules. Only an organisation has merge queues, and other people who approve.
fn rules(required: &str, of_organisation: bool) -> Vec<Value> {
    let checks = json!([{ "context": required }]);
    let mut rules = vec![
        json!({ "type": "deletion" }),
        json!({ "type": "non_fast_forward" }),
        json!({ "type": "pull_request", "parameters": {
            "required_approving_review_count": u8::from(of_organisation),
            "dismiss_stale_reviews_on_push": of_organisation,
            "require_code_owner_review": of_organisation,
            "require_last_push_approval": of_organisation,
            "required_review_thread_resolution": false,
        } }),
        json!({ "type": "required_status_checks", "parameters": {
            "required_status_checks": checks,
            "strict_required_status_checks_policy": false,
        } }),
    ];
    if of_organisation {
        rules.push(json!({ "type": "merge_queue", "parameters": {
            "merge_method": "SQUASH",
            "grouping_strategy": "ALLGREEN",
            "check_response_timeout_minutes": 180,
            "min_entries_to_merge": 1,
            "max_entries_to_merge": 5,
            "max_entries_to_build": 5,
            "min_entries_to_merge_wait_minutes": 5,
        } }));
    }
    rules
}

/// Returns the stricter one of two values of a parameter; for lists, both.
fn stricter(own: &Value, wanted: &Value) -> Value {
    match (own, wanted) {
        (Value::Bool(own), Value::Bool(wanted)) => (*own || *wanted).into(),
        (Value::Number(own), Value::Number(wanted)) => own.as_u64().max(wanted.as_u64()).into(),
        (Value::Array(own), Value::Array(wanted)) => {
            let missing = wanted.iter().filter(|one| own.iter().all(|other| other["context"] != one["context"]));
            own.iter().chain(missing).cloned().collect()
        }
        (Value::Null, wanted) => wanted.clone(),
        (own, _) => own.clone(),
    }
}

/// Adds to the rules what they lack. The parameters of a merge queue are a choice, not a protection.
fn merged(mut own: Vec<Value>, wanted: Vec<Value>) -> Vec<Value> {
    for rule in wanted {
        match own.iter_mut().find(|own| own["type"] == rule["type"]) {
            None => own.push(rule),
            Some(_) if rule["type"] == "merge_queue" => {}
            Some(own) => {
                for (name, value) in rule["parameters"].as_object().into_iter().flatten() {
                    own["parameters"][name] = stricter(&own["parameters"][name], value);
                }
            }
        }
    }
    own
}

pub(super) fn plan(required: &str, found: &Found, plan: &mut Plan) {
    let Some(rulesets) = &found.rulesets else {
        plan.notes.push(
            "GitHub has no rulesets for private repositories in this plan: nothing makes a change wait for the checks, and \
             everybody who can write can change `main`. Make the repository public, or use GitHub Pro or Team."
                .to_owned(),
        );
        return;
    };
    let of_organisation = found.is_of_organisation();
    let (own, wanted) = (rulesets.iter().find(|one| one["name"] == NAME), rules(required, of_organisation));
    let rules = merged(own.and_then(|own| own["rules"].as_array().cloned()).unwrap_or_default(), wanted);
    let words = format!(
        "ruleset `{NAME}`: a change is a pull request{}, and `{required}` has succeeded; no force push, no deletion",
        if of_organisation { " that a code owner has approved" } else { "" }
    );
    if of_organisation && !found.code_owners {
        let file = "Write .github/CODEOWNERS, such as `* @organisation/team`: without it, anybody with write access can approve.";
        plan.notes.push(file.to_owned());
    }
    let (mut body, method, path) = match own {
        None => {
            let conditions = json!({ "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } });
            let body = json!({ "name": NAME, "target": "branch", "enforcement": "active", "conditions": conditions });
            (body, "POST", format!("{REPOSITORY}/rulesets"))
        }
        Some(own) => {
            let kept =
                ["name", "target", "conditions", "bypass_actors"].map(|name| (name.to_owned(), own[name].clone()));
            let mut body: Value = kept.into_iter().filter(|(_, value)| !value.is_null()).collect();
            body["enforcement"] = "active".into();
            (body, "PUT", format!("{REPOSITORY}/rulesets/{}", own["id"]))
        }
    };
    let lacks =
        |rules: &Vec<Value>| own.is_none_or(|own| own["enforcement"] != "active" || own["rules"] != json!(rules));
    if !lacks(&rules) {
        plan.kept.push(words);
        return;
    }
    let had_queue = own.is_some_and(|own| own["rules"].to_string().contains("\"merge_queue\""));
    let without: Vec<Value> = rules.iter().filter(|rule| had_queue || rule["type"] != "merge_queue").cloned().collect();
    let instead = lacks(&without).then(|| {
        let mut body = body.clone();
        body["rules"] = without.into();
        Write::Api(method, path.clone(), body)
    });
    body["rules"] = rules.into();
    let note = "GitHub has no merge queue for this repository: a change can be merged with checks of an older `main`.";
    let otherwise = Otherwise { sign: NO_QUEUE, write: instead, note: note.to_owned() };
    plan.steps.push(Step { why: words, write: Write::Api(method, path, body), otherwise: Some(otherwise) });
}
