//! What a workflow is. No permission at the top, a shell that stops at the first error, one runner by its version, a limit on
//! every job, a reason beside every permission: what all of them have is written here once and is nobody's choice.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::step::Step;
use super::{FOLDER, File, HEADER};

/// By its version, so that it changes when we say so.
pub const RUNNER: &str = "ubuntu-24.04";

/// A mapping in the order in which it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    pub(super) fn of(list: impl IntoIterator<Item = (impl Into<String>, T)>) -> Self {
        Self(list.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A workflow: one file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The file's name without its end.
    pub id: &'static str,
    /// As GitHub shows it.
    pub name: &'static str,
    /// What it is for, as lines of comment.
    pub why: &'static [&'static str],
    /// When it runs.
    pub on: Triggers,
    /// What runs of it wait for.
    pub concurrency: Concurrency,
    /// By their ids.
    pub jobs: Entries<Job>,
}

/// When a workflow runs. There is no `pull_request_target` and no `workflow_run`: both give a stranger's change a token.
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

/// The branch that everything is about.
#[derive(Clone, Debug, Serialize)]
pub struct Branches {
    branches: [&'static str; 1],
}

/// `main`.
pub const MAIN: Branches = Branches { branches: ["main"] };

/// A time, in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// As cron writes it.
    pub cron: &'static str,
}

/// What is asked of whoever starts a workflow by hand.
#[derive(Clone, Debug, Serialize)]
pub struct ByHand {
    /// By name.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub inputs: Entries<Choice>,
}

/// One of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// What is asked.
    pub description: &'static str,
    /// It has to be answered.
    pub required: bool,
    /// `choice`.
    pub r#type: &'static str,
    /// The first.
    pub default: String,
    /// What there is.
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
    /// A newer run takes an older one's place where the expression holds.
    pub fn newest(group: &str, when: &'static str) -> Self {
        Self { group: group.to_owned(), cancel: Cancel::When(when), queue: None }
    }

    /// One after the other, and none is dropped: by default only the newest of those that wait stays (GitHub changelog of
    /// 2026-05-07; up to 100 wait).
    pub fn queued(group: &str) -> Self {
        Self { group: group.to_owned(), cancel: Cancel::Never(false), queue: Some("max") }
    }
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// As GitHub shows it.
    pub name: String,
    /// What a reader should know, as a comment.
    pub why: &'static str,
    /// Only then.
    pub condition: Option<String>,
    /// After these.
    pub needs: Vec<String>,
    /// GitHub's environment: who approves, which branches may, and what the job's identity says.
    pub environment: Option<String>,
    /// What its token may do. Nothing else.
    pub permissions: Vec<Permission>,
    /// Minutes after which it is ended.
    pub minutes: u32,
    /// What later jobs may read.
    pub outputs: Entries<&'static str>,
    /// In their order.
    pub steps: Vec<Step>,
}

/// What a job's token may do, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    scope: &'static str,
    level: &'static str,
    why: &'static str,
}

impl Permission {
    /// Reads the repository.
    pub const CONTENTS: Self = Self { scope: "contents", level: "read", why: "checks the sources out" };
    /// Asks for the job's identity.
    pub const IDENTITY: Self = Self { scope: "id-token", level: "write", why: "becomes its role in AWS" };
    /// Comments on the pull request.
    pub const COMMENT: Self =
        Self { scope: "pull-requests", level: "write", why: "writes the plan below the pull request" };
    /// Opens issues.
    pub const ISSUES: Self = Self { scope: "issues", level: "write", why: "tells in an issue what failed" };
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
        map.serialize_entry(
            "env",
            &Entries::of([("CARGO_TERM_COLOR", "always"), ("RUSTUP_TOOLCHAIN", super::ci::RUST)]),
        )?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

impl Workflow {
    /// The file: the value, and its text with the comments that the value cannot hold.
    pub(super) fn file(&self) -> Result<File, serde_yaml::Error> {
        let value = serde_yaml::to_value(self)?;
        let mut text = format!("{HEADER}\n#\n");
        self.why.iter().for_each(|line| text += &format!("# {line}\n"));
        let mut job = None;
        for line in serde_yaml::to_string(self)?.lines() {
            let indent = line.len() - line.trim_start().len();
            let key = line.trim().trim_end_matches(':');
            // A comment stands above its job; a blank line above each section.
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
        Ok(File { path: format!("{FOLDER}/{}.yml", self.id), value, text })
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
