//! A step of a job. Each constructor returns a safe step: actions are pinned to commits, a checkout does not keep the
//! token, a shell line runs one command of this project or installs a tool, and values that are not known in advance
//! are passed as environment variables.

use indexmap::IndexMap;
use serde::Serialize;

use super::deployment::{Access, Deployment, KEYS, Login};
use super::pins::{Pin, Pins};

/// The commands that compile both variants of xtask.
pub(super) const COMPILES: [&str; 2] =
    ["cargo build --locked --package xtask", "cargo build --locked --package xtask --features cloud"];

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Step {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<Pin>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    with: IndexMap<&'static str, String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    env: IndexMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl Step {
    fn action<const N: usize>(name: &str, pins: &Pins, action: &str, with: [(&'static str, &str); N]) -> Self {
        let with = with.map(|(name, value)| (name, value.to_owned())).into();
        Self { name: name.to_owned(), uses: Some(pins.of(action)), with, ..Self::default() }
    }

    /// Checks out the sources without keeping the token.
    pub fn checkout(pins: &Pins) -> Self {
        Self::action("check out the sources", pins, "actions/checkout", [("persist-credentials", "false")])
    }

    /// Restores compiled crates, for tests only: a pull request could have written them, so never for artefacts.
    pub fn cache(pins: &Pins) -> Self {
        Self::action("restore compiled crates", pins, "Swatinem/rust-cache", [("cache-on-failure", "true")])
    }

    /// Uploads a file for later jobs and for download.
    pub fn keep(pins: &Pins, name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path), ("if-no-files-found", "error"), ("retention-days", "14")];
        Self::action(&format!("upload the {name}"), pins, "actions/upload-artifact", with)
    }

    /// Downloads a file that an earlier job uploaded.
    pub fn fetch(pins: &Pins, name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path)];
        Self::action(&format!("download the {name}"), pins, "actions/download-artifact", with)
    }

    /// Compiles the program before the job has credentials, because every build script can read the environment. It compiles both
    /// variants: `cargo xtask` starts the one without AWS clients, which starts the other.
    pub fn compiles() -> [Self; 2] {
        let [light, full] = COMPILES;
        [Self::line("compile xtask", light), Self::line("compile xtask with AWS clients", full)]
    }

    /// Calls GitHub's API. The script reads its inputs from the environment.
    pub fn script(pins: &Pins, name: &str, id: Option<&'static str>, script: &str) -> Self {
        Self { id, ..Self::action(name, pins, "actions/github-script", [("script", script)]) }
    }

    /// Runs a shell line that compiles the program or installs a tool.
    pub fn line(name: &str, line: &str) -> Self {
        Self { name: name.to_owned(), run: Some(line.to_owned()), ..Self::default() }
    }

    /// Runs `cargo xtask` with these arguments; a variable (`$…`) is quoted.
    pub fn xtask(name: &str, arguments: &str) -> Self {
        let quoted = |word: &str| if word.starts_with('$') { format!(" \"{word}\"") } else { format!(" {word}") };
        Self::line(name, &format!("cargo xtask{}", arguments.split(' ').map(quoted).collect::<String>()))
    }

    /// Runs a command that calls AWS. Access keys, if used, are passed only to this step.
    pub fn cloud(name: &str, deployment: &Deployment, arguments: &str) -> Self {
        let mut step = Self::local(name, deployment, arguments);
        if deployment.login == Login::Keys {
            step.env.extend(KEYS.map(|name| (name, format!("${{{{ secrets.{name} }}}}"))));
        }
        step
    }

    /// Runs a command that uses a deployment's settings but does not call AWS.
    pub fn local(name: &str, deployment: &Deployment, arguments: &str) -> Self {
        Self::xtask(name, &format!("{arguments} --env {}", deployment.module))
            .with_env("AWS_ACCOUNT_ID", &deployment.account())
    }

    /// Assumes a role in the deployment's account with GitHub's identity token; `None` if the deployment uses keys.
    pub fn login(pins: &Pins, deployment: &Deployment, access: Access) -> Option<Self> {
        let Login::Oidc(_) = &deployment.login else { return None };
        let (role, account, seconds) =
            (deployment.role_arn(access), deployment.account(), access.seconds().to_string());
        let with = [
            ("role-to-assume", role.as_str()),
            ("aws-region", &deployment.region),
            ("allowed-account-ids", &account),
            ("role-session-name", "github-${{ github.run_id }}"),
            ("role-duration-seconds", &seconds),
        ];
        let name = format!("assume the role {}", deployment.role(access));
        Some(Self::action(&name, pins, "aws-actions/configure-aws-credentials", with))
    }

    #[must_use]
    pub fn with_env(mut self, name: &'static str, value: &str) -> Self {
        self.env.insert(name, value.to_owned());
        self
    }

    /// Redirects the standard output to a file.
    #[must_use]
    pub fn into_file(mut self, path: &str) -> Self {
        self.run = self.run.map(|run| format!("{run} > {path}"));
        self
    }

    /// Returns the version of the step's action, if that action is `uses`.
    pub(super) fn version(&self, uses: &str) -> Option<&str> {
        self.uses.as_ref().filter(|pin| pin.to_string() == uses).map(|pin| pin.version.as_str())
    }
}
