//! The `--help` text of every command at 80 columns matches `help/<command>.txt`.
//!
//! `UPDATE_HELP=1 cargo test --workspace --features xtask/cloud --test it -- help::` writes these files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Commands with subcommands, and these subcommands.
const NESTED: [(&str, &[&str]); 2] = [("local", &["run", "query", "docs", "stop", "reset"]), ("rehearse", &["stop"])];

pub(crate) fn help(command: &[&str], columns: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = program.args(command).arg("--help").env("COLUMNS", columns).output().expect("xtask starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Returns the program itself, its commands, and their subcommands.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let root = help(&[], "80");
    let listed = root.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
    let names = listed.map(|(name, _)| name).filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    let mut found = vec![Vec::new()];
    for name in names {
        found.push(vec![name.to_owned()]);
        let actions = NESTED.iter().find(|(command, _)| *command == name).map_or(&[][..], |(_, actions)| actions);
        found.extend(actions.iter().map(|action| vec![name.to_owned(), (*action).to_owned()]));
    }
    found
}

fn snapshot(command: &[&str]) -> PathBuf {
    let name = if command.is_empty() { "xtask".to_owned() } else { command.join("-") };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/help/{name}.txt"))
}

#[test]
fn every_help_text_matches_the_committed_one() {
    let update = std::env::var_os("UPDATE_HELP").is_some();
    let (mut stale, mut known) = (Vec::new(), BTreeSet::new());
    for command in commands() {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let (file, text) = (snapshot(&command), help(&command, "80"));
        if update {
            std::fs::write(&file, &text).expect("written");
        } else if std::fs::read_to_string(&file).unwrap_or_default() != text {
            stale.push(format!("{}:\n{text}", file.display()));
        }
        known.insert(file);
    }
    assert!(stale.is_empty(), "set UPDATE_HELP=1 to update\n{}", stale.join("\n"));
    let folder = snapshot(&[]).parent().expect("a folder").to_owned();
    let files = std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path());
    assert_eq!(files.collect::<BTreeSet<_>>(), known, "one file for each command");
}

#[test]
fn every_help_text_fits_80_columns_without_breaking_a_word() {
    for command in commands() {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let (narrow, wide) = (help(&command, "80"), help(&command, "100"));
        let long: Vec<&str> = narrow.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{command:?}: {long:?}");
        assert!(narrow.split_whitespace().eq(wide.split_whitespace()), "{command:?}:\n{narrow}\n{wide}");
    }
}

#[test]
fn every_command_shows_an_example() {
    for command in commands().iter().filter(|command| !command.is_empty()) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = help(&words, "80");
        let examples = text.split("Example").nth(1).unwrap_or_default();
        assert!(examples.contains(&format!("\n  cargo xtask {}", words.join(" "))), "{words:?}:\n{text}");
    }
}
