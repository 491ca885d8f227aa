//! A plan as text. Replacements, removals and access changes come first, since output may be truncated; then every
//! stack with its changes; finally the number of replacements and removals again, where a terminal ends.

use std::fmt;

use super::types::{Plan, StackAction, StackPlan};
use crate::stack::{Action, Change, TAG};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = &self.deployment;
        writeln!(f, "settings {}, account {}, region {}\n", at.settings, at.account, at.region)?;
        let lost = self.lost();
        if let Some(lost) = &lost {
            writeln!(f, "{lost}")?;
            for (stack, change) in self.changes().filter(|(_, change)| change.is_removal()) {
                writeln!(f, "  {}: {}", stack.stack, change.to_string().lines().next().unwrap_or_default())?;
            }
            writeln!(f)?;
        }
        self.show_access(f)?;
        let names = self.stacks.iter().map(|stack| &stack.name).chain(&self.left_alone).chain(&self.abandoned);
        let widest = names.map(String::len).max().unwrap_or(0);
        for name in &self.left_alone {
            writeln!(f, "{name:<widest$}  exists; not part of this plan")?;
        }
        for name in &self.abandoned {
            let stack = name.split_once('-').map_or("", |(_, stack)| stack);
            writeln!(f, "{name:<widest$}  no source needs it; `cargo xtask destroy --stack {stack}` deletes it")?;
        }
        for stack in &self.stacks {
            writeln!(f, "{:<widest$}  {}", stack.name, summary(stack))?;
            listed_changes(stack).try_for_each(|change| writeln!(f, "  {}", indented(change)))?;
        }
        self.show_rest(f)?;
        if let Some(lost) = lost {
            writeln!(f, "\n{lost} (listed first)")?;
        }
        if self.is_idle() && self.left_alone.is_empty() {
            writeln!(f, "\nNothing to do: everything is in the desired state.")?;
        } else if self.is_idle() {
            writeln!(f, "\nNothing to create.")?;
        }
        writeln!(f, "\nplan {}", self.digest())
    }
}

impl Plan {
    fn changes(&self) -> impl Iterator<Item = (&StackPlan, &Change)> {
        self.stacks.iter().flat_map(|stack| stack.changes.iter().map(move |change| (stack, change)))
    }

    /// Formats the number of replaced or removed resources, if it is not zero.
    fn lost(&self) -> Option<String> {
        let count = |which: fn(&Change) -> bool| self.changes().filter(|(_, change)| which(change)).count();
        let (removals, losses) = (count(Change::is_removal), count(Change::loses_data));
        let data = if losses > 0 { format!(", {losses} with data loss") } else { String::new() };
        (removals > 0).then(|| format!("Replaced or removed: {}{data}", resources(removals)))
    }

    fn show_access(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For a new stack, only the number of resources is shown.
        let shown = |stack: &StackPlan, change: &Change| {
            change.is_access()
                && !change.is_removal()
                && !matches!(stack.action, StackAction::Create | StackAction::Recreate)
        };
        let mut list = self.changes().filter(|(stack, change)| shown(stack, change)).peekable();
        if list.peek().is_none() {
            return Ok(());
        }
        writeln!(f, "Changes to permissions and network access:")?;
        list.try_for_each(|(stack, change)| writeln!(f, "  {}: {}", stack.stack, indented(change)))?;
        writeln!(f)
    }

    fn show_rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.images.is_empty() || self.dags.is_some() || self.warehouse.is_some() {
            writeln!(f)?;
        }
        for image in &self.images {
            let key = image.key.get(..12).unwrap_or(&image.key);
            let word = if image.digest.is_some() { "exists" } else { "will be built and pushed" };
            writeln!(f, "{} {key} {word}", image.image)?;
        }
        if let Some(dags) = &self.dags {
            match dags.requests.as_deref() {
                None => writeln!(f, "DAGs: {} files to upload once the bucket exists", dags.files.len())?,
                Some([]) => writeln!(f, "DAGs: {} files are up to date", dags.files.len())?,
                Some(requests) => {
                    writeln!(f, "DAGs:")?;
                    requests.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
                }
            }
        }
        match &self.warehouse {
            None => Ok(()),
            Some(step) if step.unanswered => writeln!(f, "warehouse: cannot be verified with an emulator"),
            Some(step) if step.is_idle() => writeln!(f, "warehouse: ready; usage limit {}", step.limit.1),
            Some(step) => {
                let prepares = if step.prepares { "prepare schemas, ledger, roles and grants; " } else { "" };
                let from = step.limit.0.as_deref().unwrap_or("none");
                writeln!(f, "warehouse: {prepares}usage limit {from} -> {}", step.limit.1)
            }
        }
    }
}

/// Returns the changes that are listed with their stack; access changes have a separate section.
fn listed_changes(stack: &StackPlan) -> impl Iterator<Item = &Change> {
    let listed = matches!(stack.action, StackAction::Update | StackAction::Wait);
    let imported = |change: &&Change| change.action == Action::Import;
    let own = move |change: &&Change| (listed && (change.is_removal() || !change.is_access())) || imported(change);
    stack.changes.iter().filter(own)
}

fn indented(change: &Change) -> String {
    change.to_string().replace('\n', "\n  ")
}

fn resources(count: usize) -> String {
    format!("{count} resource{}", if count == 1 { "" } else { "s" })
}

fn summary(stack: &StackPlan) -> String {
    let count = |action| stack.changes.iter().filter(|change| change.action == action).count();
    let mut parts = vec![match stack.action {
        StackAction::Create => format!("create, {}", resources(stack.changes.len())),
        StackAction::Recreate => {
            format!("delete the empty stack and create it again, {}", resources(stack.changes.len()))
        }
        StackAction::Keep => "no change".to_owned(),
        StackAction::Wait => {
            let status = stack.found.as_ref().map_or("", |(status, _)| status);
            format!("{status}: operation in progress")
        }
        StackAction::Update => {
            let parts = [
                (count(Action::Add), "new"),
                (count(Action::Import), "imported"),
                (count(Action::Modify), "changed"),
                (count(Action::Remove), "removed"),
            ];
            let some = parts.into_iter().filter(|(count, _)| *count > 0);
            let counts: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
            match (counts.is_empty(), stack.outputs.is_empty()) {
                (true, true) => "update tags".to_owned(),
                (true, false) => "update outputs".to_owned(),
                (false, _) => format!("update: {}", counts.join(", ")),
            }
        }
    }];
    if !stack.outputs.is_empty() && stack.action == StackAction::Update {
        parts.push(format!("outputs {}", stack.outputs.join(", ")));
    }
    if let Some(module) = stack.tag.as_ref().filter(|_| stack.action == StackAction::Update) {
        parts.push(format!("tag {TAG}={module}"));
    }
    match stack.protect {
        Some(true) => parts.push("protect from deletion".to_owned()),
        Some(false) => parts.push("no longer protect from deletion".to_owned()),
        None => {}
    }
    if !stack.leftovers.is_empty() {
        parts.push(format!("delete {} change sets left by an interrupted deployment", stack.leftovers.len()));
    }
    parts.join("; ")
}
