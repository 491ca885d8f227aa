//! What `status` says of one part of a deployment: as it should be, not so, or not to be told from here.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Display;

use serde::Serialize;

use crate::ui::{self, Align};

/// How a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// As it should be.
    Green,
    /// Not as it should be.
    Red,
    /// It cannot be told: an emulator answers, or nobody does.
    NotVerifiableHere,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusLine {
    /// The part.
    pub check: String,
    /// How it stands.
    pub light: Light,
    /// What was found.
    pub found: String,
    /// What mends it.
    pub fix: Option<String>,
}

impl StatusLine {
    /// As it should be.
    pub fn green(check: impl Into<String>, found: impl Display) -> Self {
        Self { check: check.into(), light: Light::Green, found: found.to_string(), fix: None }
    }

    /// Not as it should be.
    pub fn red(check: impl Into<String>, found: impl Display, fix: impl Into<String>) -> Self {
        Self { check: check.into(), light: Light::Red, found: found.to_string(), fix: Some(fix.into()) }
    }

    /// Not to be told from here.
    pub fn not_verifiable(check: impl Into<String>, why: impl Display) -> Self {
        Self { check: check.into(), light: Light::NotVerifiableHere, found: why.to_string(), fix: None }
    }

    /// Green if it is as it should be.
    pub fn of(is: bool, check: impl Into<String>, found: impl Display, fix: impl Into<String>) -> Self {
        if is { Self::green(check, found) } else { Self::red(check, found, fix) }
    }
}

/// Whether any line is red.
pub fn is_red(verdicts: &[StatusLine]) -> bool {
    verdicts.iter().any(|verdict| verdict.light == Light::Red)
}

/// The table, and below it what mends what is red.
pub fn report(verdicts: &[StatusLine]) -> String {
    let word = |light| match light {
        Light::Green => "ok",
        Light::Red => "RED",
        Light::NotVerifiableHere => "not provable here",
    };
    let head = [("", Align::Left), ("part", Align::Left), ("found", Align::Left)];
    let rows = verdicts.iter().map(|one| vec![word(one.light).to_owned(), one.check.clone(), one.found.clone()]);
    let mut text = ui::columns(&head, rows.collect());
    let red: Vec<&StatusLine> = verdicts.iter().filter(|verdict| verdict.light == Light::Red).collect();
    // One command often mends many.
    let mut fixes: Vec<(&str, Vec<&str>)> = Vec::new();
    for verdict in &red {
        let fix = verdict.fix.as_deref().unwrap_or_default();
        match fixes.iter_mut().find(|(other, _)| *other == fix) {
            Some((_, checks)) => checks.push(&verdict.check),
            None => fixes.push((fix, vec![&verdict.check])),
        }
    }
    for (index, (fix, checks)) in fixes.iter().enumerate() {
        let heading = if index == 0 { "\nTo mend\n" } else { "" };
        text += &format!("{heading}  {}: {fix}\n", checks.join(", "));
    }
    let unproven = verdicts.iter().filter(|verdict| verdict.light == Light::NotVerifiableHere).count();
    text += &match (red.len(), unproven) {
        (0, 0) => "\nEverything is as it should be.\n".to_owned(),
        (0, unproven) => format!("\nWhat can be proved here is as it should be; {unproven} parts cannot.\n"),
        (red, _) => format!("\n{red} of {} parts are not as they should be.\n", verdicts.len()),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_red_line_is_told_with_what_mends_it() {
        let mut list =
            vec![StatusLine::green("lake", "dpstack-dlake"), StatusLine::not_verifiable("Airflow", "an emulator")];
        assert!(!is_red(&list));
        assert!(report(&list).ends_with("\nWhat can be proved here is as it should be; 1 parts cannot.\n"));
        list.push(StatusLine::of(false, "queue", "DISABLED", "cargo xtask deploy"));
        let text = report(&list);
        assert!(is_red(&list) && text.contains("To mend\n  queue: cargo xtask deploy\n"), "{text}");
        assert!(text.ends_with("\n1 of 3 parts are not as they should be.\n"), "{text}");
        assert!(report(&[StatusLine::of(true, "a", "b", "")]).ends_with("\nEverything is as it should be.\n"));
    }
}
