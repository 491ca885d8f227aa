//! Several pieces of work under way at once, as one picture: a line each on a terminal, plain lines as things happen elsewhere.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::stack::{Event, STACK};
use crate::ui::elapsed;

/// The picture; what is drawn stays when it ends.
#[derive(Debug)]
pub struct Tree {
    all: MultiProgress,
    began: Instant,
    lines: BTreeMap<String, Line>,
    width: usize,
    drawn: bool,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    began: Option<Instant>,
    words: String,
    /// Resources that are done, and how many there will be.
    done: (usize, usize),
    /// Resources under way, the newest last.
    under_way: Vec<String>,
}

impl Tree {
    /// With a line for each piece of work: its name, what it says while it waits, and how many resources it has.
    pub fn new(works: &[(String, String, usize)]) -> Self {
        let all = MultiProgress::new();
        let width = works.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        let line = |(name, waits, count): &(String, String, usize)| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(style("{prefix} {wide_msg}"));
            bar.set_prefix(format!("  {name:<width$}"));
            bar.set_message(waits.clone());
            let line = Line { bar, began: None, words: String::new(), done: (0, *count), under_way: Vec::new() };
            (name.clone(), line)
        };
        let drawn = std::io::stderr().is_terminal();
        let lines = works.iter().map(line).collect();
        Self { all, began: Instant::now(), lines, width, drawn }
    }

    /// A piece of work begins, or takes its next step.
    pub fn step(&mut self, name: &str, words: &str) {
        self.say(name, words);
        self.begin(name, words);
    }

    /// How far a step is; on a terminal alone, for elsewhere it would be a flood.
    pub fn progress(&mut self, name: &str, words: &str) {
        self.begin(name, words);
    }

    fn begin(&mut self, name: &str, words: &str) {
        let width = self.width;
        let Some(line) = self.lines.get_mut(name) else { return };
        if line.began.is_none() {
            line.began = Some(Instant::now());
            line.bar.reset_elapsed();
            line.bar.set_style(style("{spinner:.cyan} {prefix} {elapsed:>6.dim} {wide_msg}"));
            line.bar.set_prefix(format!("{name:<width$}"));
            line.bar.enable_steady_tick(Duration::from_millis(120));
        }
        words.clone_into(&mut line.words);
        line.show();
    }

    /// Something happened to a resource of a stack.
    pub fn event(&mut self, name: &str, event: &Event) {
        let Event { resource, kind, status, reason, .. } = event;
        let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        if kind == STACK {
            self.say(name, &format!("{status}{reason}"));
        } else {
            self.say(name, &format!("{resource} ({kind}) {status}{reason}"));
        }
        if self.lines.get(name).is_some_and(|line| line.began.is_none()) {
            self.begin(name, status);
        }
        let Some(line) = self.lines.get_mut(name) else { return };
        if kind == STACK {
            line.words.clone_from(status);
        } else {
            line.under_way.retain(|other| other != resource);
            if status.ends_with("_IN_PROGRESS") {
                line.under_way.push(resource.clone());
            } else if status.ends_with("_COMPLETE") {
                line.done.0 += 1;
            }
        }
        line.show();
    }

    /// A line of detail.
    pub fn line(&mut self, name: &str, words: &str) {
        self.say(name, words);
        if let Some(line) = self.lines.get_mut(name) {
            line.bar.set_message(words.to_owned());
        }
    }

    /// Something that stays in sight, such as a line of a log: above the picture on a terminal.
    pub fn keep(&self, name: &str, words: &str) {
        self.say(name, words);
        if self.drawn {
            // A terminal that is gone is no trouble of the work's.
            let _ = self.all.println(format!("{name:<width$} | {words}", width = self.width));
        }
    }

    /// Hides the picture while a question is asked.
    pub fn pause<T>(&self, work: impl FnOnce() -> T) -> T {
        self.all.suspend(work)
    }

    /// A piece of work ended, well or not.
    pub fn ended(&mut self, name: &str, error: Option<&str>) {
        let width = self.width;
        let took = self.lines.get(name).and_then(|line| line.began).map(|began| elapsed(began.elapsed()));
        let words = match (error, &took) {
            (Some(error), _) => format!("failed: {}", error.lines().next().unwrap_or_default()),
            (None, Some(took)) => format!("done in {took}"),
            (None, None) => "no change".to_owned(),
        };
        self.say(name, &words);
        let Some(line) = self.lines.get_mut(name) else { return };
        let sign = if error.is_some() { "\u{2717}" } else { "\u{2713}" };
        let colour = if error.is_some() { "{prefix:.red} {wide_msg}" } else { "{prefix:.green} {wide_msg}" };
        line.bar.disable_steady_tick();
        line.bar.set_style(style(colour));
        line.bar.set_prefix(format!("{sign} {name:<width$}"));
        line.bar.finish_with_message(words);
    }

    fn say(&self, name: &str, words: &str) {
        if !self.drawn {
            // Who stopped reading has seen enough.
            let _ = writeln!(std::io::stderr(), "[{:>6}] {name}: {words}", elapsed(self.began.elapsed()));
        }
    }
}

impl Line {
    fn show(&self) {
        let (done, all) = self.done;
        let count = if all > 0 && done > 0 { format!(" {}/{all}", done.min(all)) } else { String::new() };
        let newest: Vec<&str> = self.under_way.iter().rev().take(3).map(String::as_str).collect();
        let more = self.under_way.len().saturating_sub(newest.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = if newest.is_empty() { String::new() } else { format!("  {}{more}", newest.join(", ")) };
        self.bar.set_message(format!("{}{count}{names}", self.words));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
