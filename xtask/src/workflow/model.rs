//! A workflow as a value. What all workflows share is written here once: no permissions at the top, a shell that stops at the
//! first error, a fixed version of the runner, a time limit for every job, and a reason for every permission.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::entries::Entries;
use super::step::Step;
use super::{FOLDER, File, HEADER};

/// A fixed version, so that it changes only with a commit.
pub const RUNNER: &str = "ubuntu-24.04";
/// The compiler, the version of the images' builder.
pub(super) const RUST: &str = "1.95.0";

/// A workflow: one file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The file's name without extension.
    pub id: &'static str,
    /// The name on GitHub.
    pub name: &'static str,
    /// Its purpose, as comment lines.
    pub why: &'static [&'static str],
    /// When it runs.
    pub on: Triggers,
    /// Which of its runs exclude each other.
    pub concurrency: Concurrency,
    /// The jobs by id.
    pub jobs: Entries<Job>,
}

/// When a workflow runs. `pull_request_target` and `workflow_run` are left out: both run changes of strangers with a token.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Triggers {
    /// A push to a branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Branches>,
    /// A pull request into a branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<Branches>,
    /// Times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Time>,
    /// By hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_dispatch: Option<ByHand>,
}

/// A branch.
#[derive(Clone, Debug, Serialize)]
pub struct Branches {
    branches: [&'static str; 1],
}

/// `main`.
pub const MAIN: Branches = Branches { branches: ["main"] };

/// A time, in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// In cron's notation.
    pub cron: &'static str,
}

/// The inputs of a workflow that is started by hand.
#[derive(Clone, Debug, Serialize)]
pub struct ByHand {
    /// By name.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub inputs: Entries<Choice>,
}

/// A choice from a list.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// The question.
    pub description: &'static str,
    /// Whether it must be answered.
    pub required: bool,
    /// `choice`.
    pub r#type: &'static str,
    /// The first option.
    pub default: String,
    /// The options.
    pub options: Vec<String>,
}

/// Which runs exclude each other.
#[derive(Clone, Debug, Serialize)]
pub struct Concurrency {
    group: String,
    #[serde(rename = "cancel-in-progress")]
    cancel: Cancel,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Cancel {
    Never(bool),
    When(&'static str),
}

impl Concurrency {
    /// A newer run cancels an older one if the expression is true.
    pub fn newest(group: &str, when: &'static str) -> Self {
        Self { group: group.to_owned(), cancel: Cancel::When(when), queue: None }
    }

    /// Sequential runs without skipping any: by default, GitHub keeps only the newest waiting run (changelog of 2026-05-07; `max` keeps
    /// up to 100).
    pub fn queued(group: &str) -> Self {
        Self { group: group.to_owned(), cancel: Cancel::Never(false), queue: Some("max") }
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// The name on GitHub.
    pub name: String,
    /// A comment above the job.
    pub why: &'static str,
    /// The condition under which it runs.
    pub condition: Option<String>,
    /// The jobs that it waits for.
    pub needs: Vec<String>,
    /// GitHub's environment: it decides on reviewers, allowed branches and the subject of the job's identity token.
    pub environment: Option<String>,
    /// All permissions of its token.
    pub permissions: Vec<Permission>,
    /// The time limit in minutes.
    pub minutes: u32,
    /// Outputs for later jobs.
    pub outputs: Entries<&'static str>,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// A permission of a job's token, and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    scope: &'static str,
    level: &'static str,
    why: &'static str,
}

impl Permission {
    /// Reads the repository.
    pub const CONTENTS: Self = Self { scope: "contents", level: "read", why: "checks out the sources" };
    /// Requests the job's identity token.
    pub const IDENTITY: Self = Self { scope: "id-token", level: "write", why: "assumes its role in AWS" };
    /// Comments on the pull request.
    pub const COMMENT: Self =
        Self { scope: "pull-requests", level: "write", why: "comments the plan on the pull request" };
    /// Opens issues.
    pub const ISSUES: Self = Self { scope: "issues", level: "write", why: "reports failures in an issue" };
}

impl Serialize for Job {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        if let Some(condition) = &self.condition {
            map.serialize_entry("if", condition)?;
        }
        if !self.needs.is_empty() {
            map.serialize_entry("needs", &self.needs)?;
        }
        map.serialize_entry("runs-on", RUNNER)?;
        map.serialize_entry("timeout-minutes", &self.minutes)?;
        if let Some(environment) = &self.environment {
            map.serialize_entry("environment", environment)?;
        }
        let permissions = self.permissions.iter().map(|permission| (permission.scope, permission.level));
        map.serialize_entry("permissions", &Entries::of(permissions))?;
        if !self.outputs.is_empty() {
            map.serialize_entry("outputs", &self.outputs)?;
        }
        map.serialize_entry("steps", &self.steps)?;
        map.end()
    }
}

impl Serialize for Workflow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("on", &self.on)?;
        map.serialize_entry("permissions", &Entries::<()>::default())?;
        map.serialize_entry("concurrency", &self.concurrency)?;
        map.serialize_entry("defaults", &Entries::of([("run", Entries::of([("shell", "bash")]))]))?;
        map.serialize_entry("env", &Entries::of([("CARGO_TERM_COLOR", "always"), ("RUSTUP_TOOLCHAIN", RUST)]))?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

impl Workflow {
    /// The file, with the comments that serde cannot write.
    pub(super) fn file(&self) -> Result<File, serde_yaml::Error> {
        let mut text = format!("{HEADER}\n#\n");
        self.why.iter().for_each(|line| text += &format!("# {line}\n"));
        let mut job = None;
        for line in serde_yaml::to_string(self)?.lines() {
            let indent = line.len() - line.trim_start().len();
            let key = line.trim().trim_end_matches(':');
            // A comment above its job; a blank line above each section.
            if indent == 0 && !line.starts_with('-') {
                text += "\n";
            }
            if indent == 2
                && let Some((_, found)) = self.jobs.0.iter().find(|(id, _)| id == key)
            {
                text += &format!("{}  # {}\n", if job.is_some() { "\n" } else { "" }, found.why);
                job = Some(found);
            }
            text += &annotated(line, indent, job);
            text += "\n";
        }
        Ok(File { path: format!("{FOLDER}/{}.yml", self.id), text })
    }
}

/// A line with the reason of its permission or the version of its action.
fn annotated(line: &str, indent: usize, job: Option<&Job>) -> String {
    let trimmed = line.trim_start().trim_start_matches("- ");
    let line = if line == "'on':" { "on:" } else { line };
    let Some(job) = job else { return line.to_owned() };
    let permission =
        |permission: &&Permission| indent == 6 && trimmed == format!("{}: {}", permission.scope, permission.level);
    if let Some(permission) = job.permissions.iter().find(permission) {
        return format!("{line} # {}", permission.why);
    }
    let pin = trimmed.strip_prefix("uses: ").and_then(|uses| job.steps.iter().find_map(|step| step.version(uses)));
    pin.map_or_else(|| line.to_owned(), |version| format!("{line} # {version}"))
}
