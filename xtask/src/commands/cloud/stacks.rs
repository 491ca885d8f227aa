//! Shared by the commands for stacks: the request, the confirmation prompt, and the display of progress and status.

use std::sync::mpsc::Sender;

use anyhow::{Result, bail};
use contract::Exit;

use crate::cli::{Common, Scope};
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::deploy::DeployRequest;
use crate::flows::stacks::{Difference, Progress};
use crate::verdict::{self, StatusLine};

/// Printed after Ctrl-C.
pub(super) const INTERRUPTED: &str =
    "Interrupted. CloudFormation will finish the operations it has started; run the same command again to continue.";

/// Returns the request for the selected deployment, and prints warnings about its settings.
pub(super) fn request(scope: &Scope, registry: Option<&str>) -> Result<DeployRequest> {
    let (configured, variables) = configured(&scope.common)?;
    terminal::warnings(&configured.resolved.warnings);
    terminal::step("Reading the current state");
    let (only, folder, registry) = (scope.stacks.clone(), scope.folder.clone(), registry.map(str::to_owned));
    let all = DeployRequest::new(&configured.module, configured.resolved.settings, variables);
    Ok(DeployRequest { only, folder, registry, ..all })
}

/// Prints the status lines of a deployment; fails if one is red.
pub(super) fn report(of: &Common, lines: impl FnOnce(DeployRequest) -> Result<Vec<StatusLine>>) -> Result<Exit> {
    let (configured, variables) = configured(of)?;
    let lines = lines(DeployRequest::new(&configured.module, configured.resolved.settings, variables))?;
    print(of.json, &lines, || terminal::coloured(&verdict::report(&lines)))?;
    Ok(if verdict::is_red(&lines) { Exit::Failed } else { Exit::Done })
}

/// Asks for confirmation. Fails without a terminal; `hint` then names the options to pass instead.
pub(super) fn confirm(question: &str, hint: &str) -> Result<()> {
    match terminal::confirm(question) {
        Some(true) => Ok(()),
        Some(false) => bail!("not confirmed; nothing was changed"),
        None => bail!(not_a_terminal(hint)),
    }
}

/// Returns the error for a confirmation prompt without a terminal.
pub(super) fn not_a_terminal(hint: &str) -> Failure {
    Failure::new("nothing was changed: standard input is not a terminal").hint(hint)
}

/// Shows the progress of a deployment. Returns a question, if any; dropping its channel rejects the change.
pub(super) fn show(tree: &mut Tree, progress: Progress) -> Option<(Difference, Sender<bool>)> {
    match progress {
        Progress::Step(task, message) => tree.step(&task.to_string(), &message),
        Progress::Update(task, message) => tree.progress(&task.to_string(), &message),
        Progress::Event(task, event) => tree.event(&task.to_string(), &event),
        Progress::Line(task, line) => tree.line(&task.to_string(), &line),
        Progress::Finished(task, error) => tree.finished(&task.to_string(), error.as_deref()),
        Progress::Ask(difference, answer) => return Some((difference, answer)),
    }
    None
}
