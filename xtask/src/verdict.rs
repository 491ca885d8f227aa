//! One line of `status`: a part of a deployment that is healthy, unhealthy, or cannot be verified here.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Display;

use serde::Serialize;

use crate::ui::{self, Align};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Green,
    Red,
    /// An emulator lacks the service, or the service cannot be reached.
    NotVerifiableHere,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    pub check: String,
    pub light: Light,
    pub found: String,
    pub fix: Option<String>,
}

impl StatusLine {
    pub fn green(check: impl Into<String>, found: impl Display) -> Self {
        Self { check: check.into(), light: Light::Green, found: found.to_string(), fix: None }
    }

    pub fn red(check: impl Into<String>, found: impl Display, fix: impl Into<String>) -> Self {
        Self { light: Light::Red, fix: Some(fix.into()), ..Self::green(check, found) }
    }

    pub fn not_verifiable(check: impl Into<String>, why: impl Display) -> Self {
        Self { light: Light::NotVerifiableHere, ..Self::green(check, why) }
    }

    pub fn of(healthy: bool, check: impl Into<String>, found: impl Display, fix: impl Into<String>) -> Self {
        if healthy { Self::green(check, found) } else { Self::red(check, found, fix) }
    }
}

pub fn is_red(lines: &[StatusLine]) -> bool {
    lines.iter().any(|line| line.light == Light::Red)
}

/// Formats the lines as a table, followed by the fixes for all red lines.
pub fn report(lines: &[StatusLine]) -> String {
    let label = |light| match light {
        Light::Green => "ok",
        Light::Red => "RED",
        Light::NotVerifiableHere => "not verifiable here",
    };
    let head = [("", Align::Left), ("part", Align::Left), ("found", Align::Left)];
    let rows = lines.iter().map(|one| vec![label(one.light).to_owned(), one.check.clone(), one.found.clone()]);
    let mut text = ui::columns(&head, rows.collect());
    // One command often fixes several parts.
    let mut fixes: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines.iter().filter(|line| line.light == Light::Red) {
        let fix = line.fix.as_deref().unwrap_or_default();
        match fixes.iter_mut().find(|(other, _)| *other == fix) {
            Some((_, checks)) => checks.push(&line.check),
            None => fixes.push((fix, vec![&line.check])),
        }
    }
    for (index, (fix, checks)) in fixes.iter().enumerate() {
        let heading = if index == 0 { "\nTo fix\n" } else { "" };
        text += &format!("{heading}  {}: {fix}\n", checks.join(", "));
    }
    let count = |light| lines.iter().filter(|line| line.light == light).count();
    text += &match (count(Light::Red), count(Light::NotVerifiableHere)) {
        (0, 0) => "\nAll parts are healthy.\n".to_owned(),
        (0, unverified) => {
            format!("\nAll parts that can be verified here are healthy; {unverified} cannot be verified.\n")
        }
        (red, _) => format!("\n{red} of {} parts are not healthy.\n", lines.len()),
    };
    text
}

#[cfg(test)]
#[path = "../tests/unit/verdict.rs"]
mod tests;
