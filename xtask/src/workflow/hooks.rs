//! Hooks: steps of one's own in the generated workflows. `.github/hooks/<workflow>.yml` has, for a job, the steps `before`
//! the others (after the checkout) and `after` them; `ci-gen` inserts them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::pins::{Pins, parsed};
use super::step::command;
use super::{FOLDER, File};

/// The folder of the hooks, relative to the repository root.
pub const HOOKS: &str = ".github/hooks";

/// The hooks of a workflow, by job.
type Hooks = IndexMap<String, Hook>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Hook {
    before: Vec<Own>,
    after: Vec<Own>,
}

/// A step, with the keys that a hook may set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Own {
    name: String,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<String>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    with: IndexMap<String, String>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    env: IndexMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// Returns the actions in a hook file with their pins, and the lines without one.
pub fn pins(path: &str, text: &str) -> (Pins, Vec<String>) {
    let lines = text.lines().enumerate().filter_map(|(index, line)| {
        Some((index, line.trim_start().trim_start_matches("- ").strip_prefix("uses:")?.trim()))
    });
    let (mut pins, mut wrong) = (Pins::new(), Vec::new());
    for (index, uses) in lines {
        match parsed(uses) {
            Ok(pin) => _ = pins.insert(pin.action.clone(), pin),
            Err(why) => wrong.push(format!("{path}:{}: {why}", index + 1)),
        }
    }
    (pins, wrong)
}

/// Inserts the steps of a hook file into its workflow. Returns all problems if there are any.
pub fn insert(path: &str, text: &str, files: &mut [File], pins: &Pins) -> Result<(), Vec<String>> {
    let hooks: Hooks = serde_yaml::from_str(text).map_err(|error| vec![format!("{path}: {error}")])?;
    let name = path.strip_prefix(HOOKS).unwrap_or(path);
    let Some(file) = files.iter_mut().find(|file| file.path.strip_prefix(FOLDER) == Some(name)) else {
        return Err(vec![format!("{path}: `ci-gen` generates no workflow `{FOLDER}{name}`")]);
    };
    let mut lines: Vec<String> = file.text.lines().map(str::to_owned).collect();
    let mut problems = Vec::new();
    for (job, hook) in &hooks {
        let Some(place) = Place::of(&lines, job) else {
            problems.push(format!("{path}: the workflow has no job `{job}` with steps"));
            continue;
        };
        let has_credentials = lines[place.start..place.end].iter().any(|line| line.starts_with("    environment:"));
        for step in hook.before.iter().chain(&hook.after) {
            problems.extend(
                problem(step, has_credentials).map(|why| format!("{path}: {job}: step `{}`: {why}", step.name)),
            );
        }
        // From the end, so that the places before remain valid.
        for (line, steps) in [(place.end, &hook.after), (place.first, &hook.before)] {
            lines.splice(line..line, steps.iter().flat_map(|step| written(step, pins)));
        }
    }
    if problems.is_empty() {
        file.text = lines.join("\n") + "\n";
        return Ok(());
    }
    Err(problems)
}

/// Why a step is refused.
fn problem(step: &Own, has_credentials: bool) -> Option<String> {
    let values = step.with.values().chain(step.env.values()).chain(&step.condition);
    let secret = |text: &&String| text.contains("secrets") || text.contains("github.token");
    let of = |text: &str| text.contains("${{");
    match (&step.uses, &step.run) {
        (Some(_), Some(_)) | (None, None) => return Some("needs either `uses` or `run`".to_owned()),
        (None, Some(run)) if of(run) => return Some("pass `${{ … }}` to `run` as a variable, below `env`".to_owned()),
        (None, Some(run)) if command(run).is_none() => {
            return Some("`run` must be one simple command; put more into a script".to_owned());
        }
        _ => {}
    }
    let found = values.into_iter().find(secret).filter(|_| !has_credentials);
    found
        .map(|text| format!("`{text}` is a secret, but the job has no environment: it runs code that was not approved"))
}

/// Returns a step's lines, as in the generated file.
fn written(step: &Own, pins: &Pins) -> Vec<String> {
    let mut step = step.clone();
    let action = step.uses.as_deref().and_then(|uses| uses.split('@').next());
    let pin = action.and_then(|action| pins.get(action)).cloned();
    step.uses = pin.as_ref().map(|pin| format!("{}@{}", pin.action, pin.commit));
    let comment = |line: &str| match &pin {
        Some(pin) if line.trim_start().starts_with("uses: ") => format!(" # {}", pin.version),
        _ => String::new(),
    };
    let text = serde_yaml::to_string(&[step]).unwrap_or_default();
    text.lines().map(|line| format!("    {line}{}", comment(line))).collect()
}

/// Where a job's steps are, as indexes of lines.
struct Place {
    /// The line with the job's ID.
    start: usize,
    /// The first step after the checkout.
    first: usize,
    /// After the last step.
    end: usize,
}

impl Place {
    fn of(lines: &[String], job: &str) -> Option<Self> {
        let start = lines.iter().position(|line| *line == format!("  {job}:"))?;
        let rest = |from: usize| lines.iter().enumerate().skip(from);
        let is_inside = |line: &str| line.starts_with("    ");
        let end = rest(start + 1).find(|(_, line)| !is_inside(line)).map_or(lines.len(), |(index, _)| index);
        let steps = rest(start).take(end - start).find(|(_, line)| *line == "    steps:")?.0;
        let starts: Vec<usize> = rest(steps)
            .take(end - steps)
            .filter(|(_, line)| line.starts_with("    - "))
            .map(|(index, _)| index)
            .collect();
        let (one, two) = (*starts.first()?, starts.get(1).copied().unwrap_or(end));
        let checks_out = lines[one..two].iter().any(|line| line.trim_start().starts_with("uses: actions/checkout@"));
        Some(Self { start, first: if checks_out { two } else { one }, end })
    }
}
