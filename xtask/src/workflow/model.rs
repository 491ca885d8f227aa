//! A workflow as a value. What workflows share is defined here: no permissions at the top level, a shell that stops at
//! the first error, a fixed runner version, a time limit for every job, a reason for every permission.

use indexmap::IndexMap;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_yaml::Value;

use super::pins::Pins;
use super::step::Step;
use super::{FOLDER, File, HEADER};

/// The Rust version, the same as in the builder image.
pub(super) const RUST: &str = "1.95.0";

/// A workflow file, `<id>.yml`.
#[derive(Clone, Debug)]
pub struct Workflow {
    pub id: &'static str,
    /// The workflow's purpose, as comment lines.
    pub why: &'static [&'static str],
    pub on: Triggers,
    /// `None` for a workflow that others call: it runs as a part of theirs.
    pub concurrency: Option<Concurrency>,
    pub jobs: IndexMap<String, Job>,
}

/// When a workflow runs. Without `pull_request_target` and `workflow_run`, which run untrusted code with privileges.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Triggers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push: Option<Branches>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<Branches>,
    /// For a merge queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge_group: Option<Branches>,
    /// As a job of another workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_call: Option<Called>,
    /// Cron schedules, in UTC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<IndexMap<&'static str, &'static str>>,
    /// By hand, with `inputs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_dispatch: Option<IndexMap<&'static str, IndexMap<&'static str, Input>>>,
}

/// Branches, or tags.
#[derive(Clone, Debug, Serialize)]
pub struct Branches {
    #[serde(skip_serializing_if = "Option::is_none")]
    branches: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<[&'static str; 1]>,
}

pub const MAIN: Branches = Branches { branches: Some(["main"]), tags: None };
/// The tags of releases.
pub const RELEASES: Branches = Branches { branches: None, tags: Some(["v*"]) };

/// The outputs of a workflow that others call, each with its value.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Called {
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<&'static str, IndexMap<&'static str, &'static str>>,
}

/// An input of a run that is started by hand.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    pub description: &'static str,
    pub required: bool,
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default: String,
    /// The values of a `choice`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// Defines which runs exclude each other.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Concurrency {
    group: String,
    cancel_in_progress: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'static str>,
}

impl Concurrency {
    /// A newer run cancels an older one if the expression is true.
    pub fn newest(group: &str, when: &str) -> Self {
        Self { group: group.to_owned(), cancel_in_progress: when.into(), queue: None }
    }

    /// Runs are executed one after the other, and none is skipped: by default, GitHub keeps only the newest waiting run
    /// (changelog of 2026-05-07; `max` keeps up to 100).
    pub fn queued(group: &str) -> Self {
        Self { group: group.to_owned(), cancel_in_progress: false.into(), queue: Some("max") }
    }
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    pub name: String,
    /// A comment above the job.
    #[serde(skip)]
    pub why: &'static str,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The workflow that this job calls; the job then has no runner, no time limit and no steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<&'static str>,
    #[serde(skip_serializing_if = "Runner::is_absent")]
    pub runs_on: Runner,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The GitHub environment, which determines reviewers, allowed branches and the subject of the identity token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// All permissions of the job's token.
    #[serde(serialize_with = "levels")]
    pub permissions: Vec<Permission>,
    /// Outputs for later jobs.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

impl Job {
    /// Returns a job that calls another generated workflow.
    pub fn call(name: &str, why: &'static str, workflow: &'static str) -> Self {
        let permissions = vec![Permission::CONTENTS];
        Self {
            name: name.to_owned(),
            why,
            uses: Some(workflow),
            runs_on: Runner::Absent,
            permissions,
            ..Self::default()
        }
    }
}

/// One job for each value of a variable. A failure does not cancel the others, so that one run shows all failures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Strategy {
    fail_fast: bool,
    matrix: IndexMap<&'static str, Vec<&'static str>>,
}

impl Strategy {
    pub fn each(variable: &'static str, values: Vec<&'static str>) -> Self {
        Self { fail_fast: false, matrix: [(variable, values)].into() }
    }
}

/// A fixed runner version, so that it changes only with a commit.
#[derive(Clone, Debug, Default, Serialize)]
pub enum Runner {
    #[default]
    #[serde(rename = "ubuntu-24.04")]
    Ubuntu,
    /// The job calls another workflow.
    Absent,
}

impl Runner {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// A permission of a job's token, and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    scope: &'static str,
    level: &'static str,
    why: &'static str,
}

impl Permission {
    pub const CONTENTS: Self = Self { scope: "contents", level: "read", why: "checks out the sources" };
    /// For the job's identity token.
    pub const IDENTITY: Self = Self { scope: "id-token", level: "write", why: "assumes its role in AWS" };
    pub const ACTIONS: Self = Self { scope: "actions", level: "read", why: "reads the runs of workflows" };
    pub const ATTEST: Self = Self { scope: "attestations", level: "write", why: "stores the signature" };
    pub const ATTESTED: Self = Self { scope: "attestations", level: "read", why: "verifies the signature" };
    /// For the certificate of a signature.
    pub const SIGN: Self = Self { scope: "id-token", level: "write", why: "signs as this workflow" };
    pub const COMMENT: Self =
        Self { scope: "pull-requests", level: "write", why: "posts the plan on the pull request" };
    pub const PUBLISH: Self = Self { scope: "contents", level: "write", why: "creates the release" };
    pub const ISSUES: Self = Self { scope: "issues", level: "write", why: "reports failures in an issue" };
}

fn levels<S: Serializer>(permissions: &[Permission], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(permissions.iter().map(|permission| (permission.scope, permission.level)))
}

impl Serialize for Workflow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.id)?;
        map.serialize_entry("on", &self.on)?;
        map.serialize_entry("permissions", &IndexMap::<(), ()>::new())?;
        if let Some(concurrency) = &self.concurrency {
            map.serialize_entry("concurrency", concurrency)?;
        }
        map.serialize_entry("defaults", &IndexMap::from([("run", IndexMap::from([("shell", "bash")]))]))?;
        map.serialize_entry("env", &IndexMap::from([("CARGO_TERM_COLOR", "always"), ("RUSTUP_TOOLCHAIN", RUST)]))?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

impl Workflow {
    /// Generates the file, with the comments that serde cannot write.
    pub(super) fn file(&self, pins: &Pins) -> Result<File, serde_yaml::Error> {
        let mut text = format!("{HEADER}\n#\n");
        self.why.iter().for_each(|line| text += &format!("# {line}\n"));
        let mut job = None;
        for line in serde_yaml::to_string(self)?.lines() {
            let indent = line.len() - line.trim_start().len();
            // A comment above its job; a blank line above each section.
            if indent == 0 && !line.starts_with('-') {
                text += "\n";
            }
            if indent == 2
                && let Some(found) = self.jobs.get(line.trim().trim_end_matches(':'))
            {
                text += &format!("{}  # {}\n", if job.is_some() { "\n" } else { "" }, found.why);
                job = Some(found);
            }
            text += &annotated(line, indent, job, pins);
            text += "\n";
        }
        Ok(File { path: format!("{FOLDER}/{}.yml", self.id), text })
    }
}

/// Appends the reason for a permission, or the commit and version of an action, to a line.
fn annotated(line: &str, indent: usize, job: Option<&Job>, pins: &Pins) -> String {
    let trimmed = line.trim_start().trim_start_matches("- ");
    let line = if line == "'on':" { "on:" } else { line };
    let Some(job) = job else { return line.to_owned() };
    let permission =
        |permission: &&Permission| indent == 6 && trimmed == format!("{}: {}", permission.scope, permission.level);
    if let Some(permission) = job.permissions.iter().find(permission) {
        return format!("{line} # {}", permission.why);
    }
    // The table has every action; the tests generate every workflow.
    let pin = trimmed.strip_prefix("uses: ").filter(|uses| !uses.starts_with("$/")).map(|action| &pins[action]);
    pin.map_or_else(|| line.to_owned(), |pin| format!("{line}@{} # {}", pin.commit, pin.version))
}
