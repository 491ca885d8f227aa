//! What a person set: the process's environment, and `.env` below it.

use std::path::Path;

use anyhow::{Context, Result};

use crate::settings::{Origin, Problem, Problems, Variable, Variables};

/// The environment over a `.env`, which need not be there.
///
/// # Errors
/// With every line of `.env` that is no `NAME=value`, never with what it says: it may be a secret.
pub fn variables(path: &Path) -> Result<Variables> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    let mut variables = dot_env(&text).map_err(|list| Problems { of: ".env".to_owned(), list })?;
    // What is not UTF-8 is nothing that settings could hold.
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            // An empty variable sets nothing, as in `.env.example`.
            if !value.trim().is_empty() || !variables.contains_key(&name) {
                variables.insert(name, Variable { value, origin: Origin::Environment });
            }
        }
    }
    Ok(variables)
}

/// The file's lines by dotenvy, which knows quotes, comments and `export`.
fn dot_env(text: &str) -> Result<Variables, Vec<Problem>> {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    // dotenvy tells no lines, so they are counted by what it has taken: the names in their order, and the bad lines' texts.
    let mut rest = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok((name, value)) => {
                let own = |line: &str| {
                    let line = line.trim_start();
                    line.strip_prefix("export ").unwrap_or(line).trim_start().starts_with(name.as_str())
                };
                let line = rest.find(|(_, line)| own(line)).map_or(0, |(number, _)| number);
                variables.insert(name, Variable { value, origin: Origin::DotEnv(line) });
            }
            Err(error) => {
                let bad = match &error {
                    dotenvy::Error::LineParse(bad, _) => bad.lines().next().unwrap_or_default().to_owned(),
                    _ => String::new(),
                };
                let line =
                    rest.find(|(_, line)| !bad.is_empty() && line.contains(bad.trim())).map(|(number, _)| number);
                let fix = "is no `NAME=value`; quote a value with spaces or a #, and begin a comment with #";
                problems.push(Problem::of(".env", line, fix));
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_known_and_bad_ones_are_told_without_their_text() {
        let text = "# a comment\n\nA=1\nexport B='two words'\nC=\"three\nlines\"\nD=4 # four\n";
        let found = dot_env(text).expect("good lines");
        let line = |name: &str| (found[name].value.as_str(), found[name].origin.clone());
        assert_eq!(line("A"), ("1", Origin::DotEnv(3)));
        assert_eq!(line("B"), ("two words", Origin::DotEnv(4)));
        assert_eq!(line("C"), ("three\nlines", Origin::DotEnv(5)));
        assert_eq!(line("D"), ("4", Origin::DotEnv(7)));

        let problems = dot_env("A=1\nthe secret word\nB=2\nC=a b c\n").expect_err("bad lines");
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(2), Some(4)]);
        assert!(problems.iter().all(|problem| !problem.to_string().contains("secret")));
    }
}
