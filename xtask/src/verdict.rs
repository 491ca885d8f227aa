//! One line of `status`: a part of a deployment that is healthy, not healthy, or cannot be verified here.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Display;

use serde::Serialize;

use crate::ui::{self, Align};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Green,
    Red,
    /// It cannot be verified: an emulator lacks it, or the service cannot be reached.
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
        Self { check: check.into(), light: Light::Red, found: found.to_string(), fix: Some(fix.into()) }
    }

    pub fn not_verifiable(check: impl Into<String>, why: impl Display) -> Self {
        Self { check: check.into(), light: Light::NotVerifiableHere, found: why.to_string(), fix: None }
    }

    pub fn of(healthy: bool, check: impl Into<String>, found: impl Display, fix: impl Into<String>) -> Self {
        if healthy { Self::green(check, found) } else { Self::red(check, found, fix) }
    }
}

pub fn is_red(lines: &[StatusLine]) -> bool {
    lines.iter().any(|line| line.light == Light::Red)
}

/// The table, and below it how to fix what is red.
pub fn report(lines: &[StatusLine]) -> String {
    let label = |light| match light {
        Light::Green => "ok",
        Light::Red => "RED",
        Light::NotVerifiableHere => "not verifiable here",
    };
    let head = [("", Align::Left), ("part", Align::Left), ("found", Align::Left)];
    let rows = lines.iter().map(|one| vec![label(one.light).to_owned(), one.check.clone(), one.found.clone()]);
    let mut text = ui::columns(&head, rows.collect());
    let red: Vec<&StatusLine> = lines.iter().filter(|line| line.light == Light::Red).collect();
    // One command often fixes several parts.
    let mut fixes: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in &red {
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
    let unverified = lines.iter().filter(|line| line.light == Light::NotVerifiableHere).count();
    text += &match (red.len(), unverified) {
        (0, 0) => "\nAll parts are healthy.\n".to_owned(),
        (0, unverified) => format!("\nAll parts that can be verified here are healthy; {unverified} cannot.\n"),
        (red, _) => format!("\n{red} of {} parts are not healthy.\n", lines.len()),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_red_line_is_reported_with_its_fix() {
        let mut list =
            vec![StatusLine::green("lake", "dpstack-dlake"), StatusLine::not_verifiable("Airflow", "an emulator")];
        assert!(!is_red(&list));
        assert!(report(&list).ends_with("\nAll parts that can be verified here are healthy; 1 cannot.\n"));
        list.push(StatusLine::of(false, "queue", "DISABLED", "cargo xtask deploy"));
        let text = report(&list);
        assert!(is_red(&list) && text.contains("To fix\n  queue: cargo xtask deploy\n"), "{text}");
        assert!(text.ends_with("\n1 of 3 parts are not healthy.\n"), "{text}");
        assert!(report(&[StatusLine::of(true, "a", "b", "")]).ends_with("\nAll parts are healthy.\n"));
    }
}
