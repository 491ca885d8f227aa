//! A step of a job. Each constructor returns a safe step: actions are pinned to commits, a checkout does not keep the
//! token, a shell line runs one command of this project or installs a tool, and values that are not known in advance
//! are passed as environment variables.

use indexmap::IndexMap;
use serde::Serialize;

use super::deployment::{Access, Deployment, KEYS};
use crate::settings::Method;

/// The commands that compile both variants of xtask.
pub(super) const COMPILES: [&str; 2] =
    ["cargo build --locked --package xtask", "cargo build --locked --package xtask --features cloud"];

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Step {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    /// An action; the generated file also has its commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<&'static str>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    with: IndexMap<&'static str, String>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    env: IndexMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl Step {
    fn action<const N: usize>(name: &str, action: &'static str, with: [(&'static str, &str); N]) -> Self {
        let with = with.map(|(name, value)| (name, value.to_owned())).into();
        Self { name: name.to_owned(), uses: Some(action), with, ..Self::default() }
    }

    /// Checks out the sources without keeping the token.
    pub fn checkout() -> Self {
        Self::action("check out the sources", "actions/checkout", [("persist-credentials", "false")])
    }

    /// Restores compiled crates, for tests only: a pull request could have written them, so never for artefacts.
    pub fn cache() -> Self {
        Self::action("restore compiled crates", "Swatinem/rust-cache", [("cache-on-failure", "true")])
    }

    /// Uploads a file for later jobs and for download.
    pub fn keep(name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path), ("if-no-files-found", "error"), ("retention-days", "14")];
        Self::action(&format!("upload the {name}"), "actions/upload-artifact", with)
    }

    /// Downloads a file that an earlier job uploaded.
    pub fn fetch(name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path)];
        Self::action(&format!("download the {name}"), "actions/download-artifact", with)
    }

    /// Compiles the program before the job has credentials, because every build script can read the environment. It compiles both
    /// variants: `cargo xtask` starts the one without AWS clients, which starts the other.
    pub fn compiles() -> [Self; 2] {
        let [light, full] = COMPILES;
        [Self::line("compile xtask", light), Self::line("compile xtask with AWS clients", full)]
    }

    /// Calls GitHub's API. The script reads its inputs from the environment.
    pub fn script(name: &str, id: Option<&'static str>, script: &str) -> Self {
        Self { id, ..Self::action(name, "actions/github-script", [("script", script)]) }
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
        if deployment.settings.auth.method == Method::Keys {
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
    pub fn login(deployment: &Deployment, access: Access) -> Option<Self> {
        if deployment.settings.auth.method == Method::Keys {
            return None;
        }
        let (role, account) = (deployment.role_arn(access), deployment.account());
        // Creating Airflow alone takes half an hour.
        let seconds = if access == Access::Deploy { "7200" } else { "3600" };
        let with = [
            ("role-to-assume", role.as_str()),
            ("aws-region", &deployment.settings.region),
            ("allowed-account-ids", &account),
            ("role-session-name", "github-${{ github.run_id }}"),
            ("role-duration-seconds", seconds),
        ];
        let name = format!("assume the role {}", deployment.role(access));
        Some(Self::action(&name, "aws-actions/configure-aws-credentials", with))
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
}
