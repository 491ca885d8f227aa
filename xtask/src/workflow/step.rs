//! A step of a job. Each constructor returns a safe step: actions are pinned to commits, a checkout does not keep the
//! token, a shell line runs one command of this project or installs a tool, and values that are not known in advance
//! are passed as environment variables.

use indexmap::IndexMap;
use serde::Serialize;

use super::ci::Programs;
use super::deployment::{Access, Deployment, KEYS};
use crate::settings::Method;

/// Compiles the program that `cargo xtask` starts.
pub(super) const COMPILE_LIGHT: &str = "cargo build --locked --package xtask";
/// The program that the `build` workflow compiled, in the artifact that a job unpacked.
pub(super) const PROGRAM: &str = "programs/xtask";
/// The images' keys contain the compiler, so that of Docker is used: it is the same on every runner.
pub(super) const COMPILE: (&str, &str) = ("IMAGE_COMPILE", "docker");
/// The archive in the artifact, and its lines: in the `build` workflow, and in the jobs that use it.
pub(super) const ARCHIVE: &str = "programs.tar";
pub(super) const PACK: &str = "tar --create --file programs.tar programs";
pub(super) const DIGEST: &str = "echo \"sha256=$(sha256sum programs.tar | cut -c -64)\" >> \"$GITHUB_OUTPUT\"";
pub(super) const VERIFY: &str = "sha256sum --check --strict <<< \"$SHA256  programs.tar\"";
/// Only `deploy.yml` on `main` signs, and only what it built from the commit of this run.
pub(super) const VERIFY_SIGNATURE: &str = "gh attestation verify programs.tar --repo \"$GITHUB_REPOSITORY\" \
    --signer-workflow \"$GITHUB_REPOSITORY/.github/workflows/deploy.yml\" --source-digest \"$GITHUB_SHA\" \
    --source-ref refs/heads/main --deny-self-hosted-runners";
const TOKEN: &str = "${{ github.token }}";
/// The SHA-256 of the archive, as an output of the job that packs it.
pub(super) const PACKED: (&str, &str) = ("sha256", "${{ steps.archive.outputs.sha256 }}");
pub(super) const UNPACK: &str = "tar --extract --file programs.tar";

/// Splits a shell line into its words if it is one simple command: words of plain characters, `"$NAME"`, and at most one
/// `> file` at the end. Everything else that a shell would interpret is refused, since no step needs it: lists, pipes,
/// substitutions, assignments, other redirections, quotes, comments and line breaks.
pub(super) fn command(line: &str) -> Option<Vec<String>> {
    let is_plain = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:,@+*".contains(c) || c == '=')
    };
    let is_name = |name: &str| {
        let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(is_of_name)
    };
    let variable = |word: &str| word.strip_prefix("\"$").and_then(|rest| rest.strip_suffix('"')).is_some_and(is_name);
    let mut words: Vec<&str> = line.split(' ').collect();
    if let [.., ">", file] = words[..]
        && is_plain(file)
    {
        words.truncate(words.len() - 2);
    }
    let first = words.first().filter(|word| is_plain(word) && !word.contains('='))?;
    let rest = words[1..].iter().all(|word| is_plain(word) || variable(word));
    (rest && !first.is_empty()).then(|| words.into_iter().map(str::to_owned).collect())
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Step {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    condition: Option<&'static str>,
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

    /// Checks out the sources with all commits and branches.
    pub fn checkout_history() -> Self {
        let with = [("persist-credentials", "false"), ("fetch-depth", "0")];
        Self::action("check out the sources and their history", "actions/checkout", with)
    }

    /// Signs the provenance of files by their checksums or, with a bill of materials, what a file contains.
    pub fn attest<const N: usize>(name: &str, with: [(&'static str, &str); N]) -> Self {
        Self::action(name, "actions/attest", with)
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

    /// Packs the programs and uploads the archive, with its SHA-256 in the name; it is also the output of the second step.
    pub fn pack(artifact: &str) -> [Self; 3] {
        let name = format!("{artifact}-${{{{ steps.archive.outputs.sha256 }}}}");
        let mut keep = Self::keep(&name, ARCHIVE);
        keep.name = "upload the archive".to_owned();
        [Self::line("pack", PACK), Self::line("compute the SHA-256", DIGEST).with_id("archive"), keep]
    }

    /// Uploads what a failed step left behind, if anything.
    pub fn remains(name: &str, path: &str) -> Self {
        let mut step = Self::keep(name, path);
        step.with.insert("if-no-files-found", "ignore".to_owned());
        Self { condition: Some("failure()"), ..step }
    }

    /// Downloads a file that an earlier job uploaded.
    pub fn fetch(name: &str, path: &str) -> Self {
        let with = [("name", name), ("path", path)];
        Self::action(&format!("download the {name}"), "actions/download-artifact", with)
    }

    /// Downloads the archive of the programs and compares it with its SHA-256.
    pub fn archive(programs: &Programs) -> [Self; 2] {
        let mut fetch = Self::fetch(&format!("{}-{}", programs.artifact, programs.sha256), ".");
        fetch.name = "download the programs".to_owned();
        if let Some(run) = &programs.run {
            fetch.with.extend([("run-id", run.clone()), ("github-token", TOKEN.to_owned())]);
        }
        [fetch, Self::line("verify the programs", VERIFY).with_env("SHA256", &programs.sha256)]
    }

    /// Downloads the programs, verifies and unpacks them.
    pub fn programs(programs: &Programs) -> Vec<Self> {
        let signature = Self::line("verify the signature", VERIFY_SIGNATURE).with_env("GH_TOKEN", TOKEN);
        let mut steps: Vec<Self> = Self::archive(programs).into();
        steps.extend(programs.attested.then_some(signature));
        steps.push(Self::line("unpack the programs", UNPACK));
        steps
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
        Self::with_arguments(name, "cargo xtask", arguments)
    }

    fn with_arguments(name: &str, program: &str, arguments: &str) -> Self {
        let quoted = |word: &str| if word.starts_with('$') { format!(" \"{word}\"") } else { format!(" {word}") };
        Self::line(name, &format!("{program}{}", arguments.split(' ').map(quoted).collect::<String>()))
    }

    /// Runs the downloaded program, which compiles nothing.
    pub fn program(name: &str, arguments: &str) -> Self {
        Self::with_arguments(name, PROGRAM, arguments)
    }

    /// Runs a command that calls AWS. Access keys, if used, are passed only to this step.
    pub fn cloud(name: &str, deployment: &Deployment, arguments: &str) -> Self {
        let mut step = Self::program(name, &format!("{arguments} --env {}", deployment.module))
            .with_env("AWS_ACCOUNT_ID", &deployment.account())
            .with_env(COMPILE.0, COMPILE.1);
        if deployment.settings.auth.method == Method::Keys {
            step.env.extend(KEYS.map(|name| (name, format!("${{{{ secrets.{name} }}}}"))));
        }
        step
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

    /// Runs the step even if an earlier one failed.
    #[must_use]
    pub fn regardless(mut self) -> Self {
        self.condition = Some("${{ !cancelled() }}");
        self
    }

    #[must_use]
    pub fn with_id(mut self, id: &'static str) -> Self {
        self.id = Some(id);
        self
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
