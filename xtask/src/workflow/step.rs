//! A step of a job. Each constructor returns a safe step: actions are pinned to commits, a checkout keeps no token, a shell line is
//! one command of this project or installs a tool, and values that are unknown beforehand are environment variables.

use serde::Serialize;

use super::deployment::{Access, Deployment, Login};
use super::entries::Entries;
use super::pins::{Pin, Pins};

/// The commands that compile both variants of xtask.
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
    #[serde(skip_serializing_if = "Entries::is_empty")]
    with: Entries<String>,
    #[serde(skip_serializing_if = "Entries::is_empty")]
    env: Entries<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
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

    /// Checks out the sources without keeping the token.
    pub fn checkout(pins: &Pins) -> Self {
        Self::action("check out the sources", pins, "actions/checkout", [("persist-credentials", "false")])
    }

    /// A cache of compiled crates, for tests only: a pull request could have written to it, so published artefacts never use it.
    pub fn cache(pins: &Pins) -> Self {
        Self::action("restore compiled crates", pins, "Swatinem/rust-cache", [("cache-on-failure", "true")])
    }

    /// Uploads a file for later jobs and for people.
    pub fn keep(pins: &Pins, name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path), ("if-no-files-found", "error"), ("retention-days", "14")];
        Self::action(&format!("upload the {name}"), pins, "actions/upload-artifact", with)
    }

    /// Downloads a file of an earlier job.
    pub fn fetch(pins: &Pins, name: &str, path: &str) -> Self {
        Self::action(
            &format!("download the {name}"),
            pins,
            "actions/download-artifact",
            [("name", name), ("path", path)],
        )
    }

    /// Compiles the program before the job has credentials, because every build script can read the environment. It compiles both
    /// variants: `cargo xtask` starts the one without AWS clients, which starts the other.
    pub fn compiles() -> [Self; 2] {
        let [light, full] = COMPILES;
        [Self::install("compile xtask", light), Self::install("compile xtask with AWS clients", full)]
    }

    /// Calls GitHub's API. The script reads its inputs from the environment.
    pub fn script(pins: &Pins, name: &str, id: Option<&'static str>, script: &str) -> Self {
        let action = "actions/github-script";
        Self { id, ..Self::action(name, pins, action, [("script", script)]) }
    }

    /// Installs a tool.
    pub fn install(name: &str, line: &str) -> Self {
        Self { run: Some(line.to_owned()), ..Self::named(name) }
    }

    /// `cargo xtask` with these arguments; a variable (`$…`) is quoted.
    pub fn xtask(name: &str, words: &str) -> Self {
        let quoted = |word: &str| if word.starts_with('$') { format!("\"{word}\"") } else { word.to_owned() };
        let words: Vec<String> = words.split(' ').map(quoted).collect();
        Self { run: Some(format!("cargo xtask {}", words.join(" "))), ..Self::named(name) }
    }

    /// A command that calls AWS. With access keys, only this step has them.
    pub fn cloud(name: &str, deployment: &Deployment, words: &str) -> Self {
        let mut step = Self::local(name, deployment, words);
        if deployment.login == Login::Keys {
            let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            step.env.0.extend(keys.map(|name| (name.to_owned(), format!("${{{{ secrets.{name} }}}}"))));
        }
        step
    }

    /// A command with a deployment's settings that does not call AWS.
    pub fn local(name: &str, deployment: &Deployment, words: &str) -> Self {
        let words = format!("{words} --env {}", deployment.module);
        Self { env: Entries::of([("AWS_ACCOUNT_ID", deployment.account())]), ..Self::xtask(name, &words) }
    }

    /// Assumes a role of the deployment's account with GitHub's identity token; `None` if the deployment uses keys.
    pub fn login(pins: &Pins, deployment: &Deployment, access: Access) -> Option<Self> {
        let Login::Oidc(_) = &deployment.login else { return None };
        let (account, region) = (deployment.account(), deployment.region.as_str());
        let with = [
            ("role-to-assume", deployment.role_arn(access)),
            ("aws-region", region.to_owned()),
            ("allowed-account-ids", account.clone()),
            ("role-session-name", "github-${{ github.run_id }}".to_owned()),
            ("role-duration-seconds", access.seconds().to_string()),
        ];
        let with = with.each_ref().map(|(name, value)| (*name, value.as_str()));
        let action = "aws-actions/configure-aws-credentials";
        Some(Self::action(&format!("assume the role {}", deployment.role(access)), pins, action, with))
    }

    /// With another environment variable.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With its standard output redirected to a file.
    #[must_use]
    pub fn into_file(mut self, path: &str) -> Self {
        self.run = self.run.map(|run| format!("{run} > {path}"));
        self
    }

    /// The version of its action, if that is `uses`.
    pub(super) fn version(&self, uses: &str) -> Option<&str> {
        self.uses.as_ref().filter(|pin| pin.to_string() == uses).map(|pin| pin.version.as_str())
    }
}
