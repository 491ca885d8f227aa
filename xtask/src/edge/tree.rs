//! Progress display for parallel tasks: one updated line per task on a terminal, plain log lines elsewhere.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::stack::{Event, STACK};
use crate::ui::elapsed;

/// The display; its final state remains on the terminal.
#[derive(Debug)]
pub struct Tree {
    all: MultiProgress,
    started: Instant,
    lines: BTreeMap<String, Line>,
    width: usize,
    drawn: bool,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    started: Option<Instant>,
    text: String,
    /// The number of finished resources, and the total number.
    done: (usize, usize),
    /// Resources in progress, the newest last.
    in_progress: Vec<String>,
}

impl Tree {
    /// Creates one line for each task, given its name, the text to show while it waits, and its number of resources.
    pub fn new(tasks: &[(String, String, usize)]) -> Self {
        let all = MultiProgress::new();
        let width = tasks.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        let line = |(name, waits, count): &(String, String, usize)| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(style("{prefix} {wide_msg}"));
            bar.set_prefix(format!("  {name:<width$}"));
            bar.set_message(waits.clone());
            let line = Line { bar, started: None, text: String::new(), done: (0, *count), in_progress: Vec::new() };
            (name.clone(), line)
        };
        let drawn = std::io::stderr().is_terminal();
        let lines = tasks.iter().map(line).collect();
        Self { all, started: Instant::now(), lines, width, drawn }
    }

    /// Reports that a task starts, or starts its next step.
    pub fn step(&mut self, name: &str, text: &str) {
        self.log(name, text);
        self.progress(name, text);
    }

    /// Reports the progress of a step; shown only on a terminal.
    pub fn progress(&mut self, name: &str, text: &str) {
        let width = self.width;
        let Some(line) = self.lines.get_mut(name) else { return };
        if line.started.is_none() {
            line.started = Some(Instant::now());
            line.bar.reset_elapsed();
            line.bar.set_style(style("{spinner:.cyan} {prefix} {elapsed:>6.dim} {wide_msg}"));
            line.bar.set_prefix(format!("{name:<width$}"));
            line.bar.enable_steady_tick(Duration::from_millis(120));
        }
        text.clone_into(&mut line.text);
        line.show();
    }

    /// Reports an event of a stack or of one of its resources.
    pub fn event(&mut self, name: &str, event: &Event) {
        let Event { resource, kind, status, reason, .. } = event;
        let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let subject = if kind == STACK { String::new() } else { format!("{resource} ({kind}) ") };
        self.log(name, &format!("{subject}{status}{reason}"));
        if self.lines.get(name).is_some_and(|line| line.started.is_none()) {
            self.progress(name, status);
        }
        let Some(line) = self.lines.get_mut(name) else { return };
        if kind == STACK {
            line.text.clone_from(status);
        } else {
            line.in_progress.retain(|other| other != resource);
            if status.ends_with("_IN_PROGRESS") {
                line.in_progress.push(resource.clone());
            } else if status.ends_with("_COMPLETE") {
                line.done.0 += 1;
            }
        }
        line.show();
    }

    /// Reports a line of detail.
    pub fn line(&mut self, name: &str, text: &str) {
        self.log(name, text);
        if let Some(line) = self.lines.get_mut(name) {
            line.bar.set_message(text.to_owned());
        }
    }

    /// Prints a line to keep, such as a log line. On a terminal, it appears above the display.
    pub fn keep(&self, name: &str, text: &str) {
        self.log(name, text);
        if self.drawn {
            // A closed terminal must not fail the task.
            let _ = self.all.println(format!("{name:<width$} | {text}", width = self.width));
        }
    }

    /// Hides the display while a question is asked.
    pub fn pause<T>(&self, work: impl FnOnce() -> T) -> T {
        self.all.suspend(work)
    }

    /// Reports that a task finished, with `error` if it failed.
    pub fn finished(&mut self, name: &str, error: Option<&str>) {
        let width = self.width;
        let took = self.lines.get(name).and_then(|line| line.started).map(|started| elapsed(started.elapsed()));
        let text = match (error, &took) {
            (Some(error), _) => format!("failed: {}", error.lines().next().unwrap_or_default()),
            (None, Some(took)) => format!("done in {took}"),
            (None, None) => "no change".to_owned(),
        };
        self.log(name, &text);
        let Some(line) = self.lines.get_mut(name) else { return };
        let (sign, colour) = if error.is_some() { ("\u{2717}", "red") } else { ("\u{2713}", "green") };
        line.bar.disable_steady_tick();
        line.bar.set_style(style(&format!("{{prefix:.{colour}}} {{wide_msg}}")));
        line.bar.set_prefix(format!("{sign} {name:<width$}"));
        line.bar.finish_with_message(text);
    }

    fn log(&self, name: &str, text: &str) {
        if !self.drawn {
            // A closed standard error must not fail the task.
            let _ = writeln!(std::io::stderr(), "[{:>6}] {name}: {text}", elapsed(self.started.elapsed()));
        }
    }
}

impl Line {
    fn show(&self) {
        let (done, all) = self.done;
        let count = if all > 0 && done > 0 { format!(" {}/{all}", done.min(all)) } else { String::new() };
        let newest: Vec<&str> = self.in_progress.iter().rev().take(3).map(String::as_str).collect();
        let more = self.in_progress.len().saturating_sub(newest.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = if newest.is_empty() { String::new() } else { format!("  {}{more}", newest.join(", ")) };
        self.bar.set_message(format!("{}{count}{names}", self.text));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
