//! A step: made by one of a few constructors, each safe by itself. Actions come by commit, sources are checked out without
//! leaving a token behind, a line for the shell is a command of ours or installs a tool, and whatever is not known beforehand
//! reaches it as a variable.

use serde::Serialize;

use super::deployment::{Access, Deployment, Login};
use super::model::Entries;
use super::pins::{Pin, Pins};

/// The lines that compile everything that `cargo xtask` runs in a job with credentials.
pub(super) const COMPILES: [&str; 2] =
    ["cargo build --locked --package xtask", "cargo build --locked --package xtask --features cloud"];

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Pin>,
    #[serde(skip_serializing_if = "no_entries")]
    with: Entries<String>,
    #[serde(skip_serializing_if = "no_entries")]
    env: Entries<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

fn no_entries(entries: &Entries<String>) -> bool {
    entries.0.is_empty()
}

fn entries<const N: usize>(list: [(&str, &str); N]) -> Entries<String> {
    Entries::of(list.map(|(name, value)| (name, value.to_owned())))
}

impl Step {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            uses: None,
            with: Entries::default(),
            env: Entries::default(),
            run: None,
        }
    }

    fn action<const N: usize>(name: &str, pins: &Pins, action: &str, with: [(&str, &str); N]) -> Self {
        Self { uses: Some(pins.of(action)), with: entries(with), ..Self::named(name) }
    }

    /// The sources, without the token that fetched them.
    pub fn checkout(pins: &Pins) -> Self {
        Self::action("sources", pins, "actions/checkout", [("persist-credentials", "false")])
    }

    /// What cargo compiled before. For tests alone: what is published is built from nothing that a pull request could have
    /// put there.
    pub fn cache(pins: &Pins) -> Self {
        Self::action("what was compiled before", pins, "Swatinem/rust-cache", [("cache-on-failure", "true")])
    }

    /// Keeps a file for later jobs and for people.
    pub fn keep(pins: &Pins, name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path), ("if-no-files-found", "error"), ("retention-days", "14")];
        Self::action(&format!("keep the {name}"), pins, "actions/upload-artifact", with)
    }

    /// What an earlier job kept.
    pub fn fetch(pins: &Pins, name: &str, path: &str) -> Self {
        Self::action(&format!("fetch the {name}"), pins, "actions/download-artifact", [("name", name), ("path", path)])
    }

    /// Compiles what later steps run, before the job has credentials: a build script of any crate sees its environment. The program
    /// is compiled without and with what reaches AWS, because `cargo xtask` starts with the first and continues with the second.
    pub fn compiles() -> [Self; 2] {
        let [light, full] = COMPILES;
        [Self::install("compile xtask", light), Self::install("compile what reaches AWS", full)]
    }

    /// Talks to GitHub. What the script is to know comes by the environment.
    pub fn script(pins: &Pins, name: &str, id: Option<&'static str>, script: &str) -> Self {
        let action = "actions/github-script";
        Self { id, ..Self::action(name, pins, action, [("script", script)]) }
    }

    /// Installs a tool.
    pub fn install(name: &str, line: &str) -> Self {
        Self { run: Some(line.to_owned()), ..Self::named(name) }
    }

    /// `cargo xtask` with these words; one that begins with `$` is a variable, and quoted.
    pub fn xtask(name: &str, words: &str) -> Self {
        let quoted = |word: &str| if word.starts_with('$') { format!("\"{word}\"") } else { word.to_owned() };
        let words: Vec<String> = words.split(' ').map(quoted).collect();
        Self { run: Some(format!("cargo xtask {}", words.join(" "))), ..Self::named(name) }
    }

    /// A command that reaches AWS: where credentials are a pair of keys, only this step has them.
    pub fn cloud(name: &str, deployment: &Deployment, words: &str) -> Self {
        let mut step = Self::local(name, deployment, words);
        if deployment.login == Login::Keys {
            let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            step.env.0.extend(keys.map(|name| (name.to_owned(), format!("${{{{ secrets.{name} }}}}"))));
        }
        step
    }

    /// A command with a deployment's settings that does not reach AWS.
    pub fn local(name: &str, deployment: &Deployment, words: &str) -> Self {
        let words = format!("{words} --env {}", deployment.module);
        Self { env: Entries::of([("AWS_ACCOUNT_ID", deployment.account())]), ..Self::xtask(name, &words) }
    }

    /// Becomes a role of the deployment's account, where GitHub's identity is the way in.
    pub fn login(pins: &Pins, deployment: &Deployment, access: Access) -> Option<Self> {
        let Login::Oidc(_) = &deployment.login else { return None };
        let role = deployment.role(access);
        let (account, region) = (deployment.account(), deployment.region.as_str());
        let with = [
            ("role-to-assume", role.arn(&account)),
            ("aws-region", region.to_owned()),
            ("allowed-account-ids", account.clone()),
            ("role-session-name", "github-${{ github.run_id }}".to_owned()),
            ("role-duration-seconds", access.seconds().to_string()),
        ];
        let with = with.each_ref().map(|(name, value)| (*name, value.as_str()));
        let action = "aws-actions/configure-aws-credentials";
        Some(Self::action(&format!("become the role {}", role.name()), pins, action, with))
    }

    /// With more in its environment.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With its standard output in a file.
    #[must_use]
    pub fn into_file(mut self, path: &str) -> Self {
        self.run = self.run.map(|run| format!("{run} > {path}"));
        self
    }

    /// The version of its action, if it uses this one.
    pub(super) fn version(&self, uses: &str) -> Option<&str> {
        self.uses.as_ref().filter(|pin| pin.to_string() == uses).map(|pin| pin.version.as_str())
    }
}
