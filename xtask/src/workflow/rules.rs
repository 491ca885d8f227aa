//! What must hold of every workflow, whoever wrote it: the types of `model` keep most of it, and here it is asked of the files
//! themselves, so that neither a hand nor a change of the types takes any of it away unseen.

use serde_yaml::Value;

mod credentials;
mod jobs;
mod steps;

/// A file as the rules see it.
pub(super) struct Subject<'f> {
    pub(super) path: &'f str,
    pub(super) text: &'f str,
    pub(super) value: &'f Value,
}

/// One rule: what it says, and the places where it does not hold.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) broken: fn(&Subject<'_>) -> Vec<String>,
}

/// Everything that does not hold in a workflow.
pub fn broken(path: &str, text: &str, value: &Value) -> Vec<String> {
    let subject = Subject { path, text, value };
    let told = |rule: &'static Rule| {
        let places = (rule.broken)(&subject).into_iter();
        places.map(|place| format!("{path}: {place}: {}", rule.name)).collect::<Vec<_>>()
    };
    rules().flat_map(told).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_yaml::to_string(value).unwrap_or_default().trim().to_owned(), str::to_owned)
}

fn members(value: Option<&Value>) -> Vec<(String, &Value)> {
    let mapping = value.and_then(Value::as_mapping).into_iter().flatten();
    mapping.map(|(key, value)| (text_of(key), value)).collect()
}

fn jobs<'f>(subject: &Subject<'f>) -> Vec<(String, &'f Value)> {
    members(subject.value.get("jobs"))
}

fn steps(job: &Value) -> &[Value] {
    job.get("steps").and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}

fn action(step: &Value) -> &str {
    step.get("uses").and_then(Value::as_str).and_then(|uses| uses.split('@').next()).unwrap_or_default()
}

/// The jobs for which something holds.
fn jobs_that(subject: &Subject<'_>, wrong: impl Fn(&Value) -> bool) -> Vec<String> {
    jobs(subject).into_iter().filter(|(_, job)| wrong(job)).map(|(id, _)| id).collect()
}

/// The steps for which something holds, with their jobs.
fn steps_that(subject: &Subject<'_>, wrong: impl Fn(&Value, &Value) -> bool) -> Vec<String> {
    let of = |(id, job): (String, &Value)| {
        let named = |(index, step): (usize, &Value)| {
            format!(
                "{id}, step {}",
                step.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
            )
        };
        let found = steps(job).iter().enumerate().filter(|(_, step)| wrong(job, step));
        found.map(named).collect::<Vec<_>>()
    };
    jobs(subject).into_iter().flat_map(of).collect()
}

fn whole(wrong: bool) -> Vec<String> {
    if wrong { vec!["the workflow".to_owned()] } else { Vec::new() }
}

fn has(job: &Value, name: &str) -> bool {
    steps(job).iter().any(|step| action(step) == name)
}

fn permission<'j>(job: &'j Value, scope: &str) -> Option<&'j str> {
    job.get("permissions")?.get(scope)?.as_str()
}

/// The values of a mapping that hold an expression on secrets.
fn secrets(value: Option<&Value>) -> Vec<String> {
    members(value).into_iter().map(|(_, value)| text_of(value)).filter(|text| text.contains("secrets")).collect()
}

pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    jobs::RULES.iter().chain(steps::RULES).chain(credentials::RULES)
}
