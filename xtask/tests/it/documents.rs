//! The links, paths and commands in the Markdown files exist.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::help;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns committed files with matching names, each with its text.
fn texts(is: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    let names = String::from_utf8(output.stdout).expect("UTF-8 names");
    let named = names.split('\0').filter(|name| is(name));
    named.filter_map(|name| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?))).collect()
}

fn is_markdown(name: &str) -> bool {
    name.ends_with(".md")
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut broken = Vec::new();
    for (name, text) in texts(is_markdown) {
        let folder = root().join(&name).parent().expect("a folder").to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let path = target.split('#').next().unwrap_or_default();
            if !folder.join(path).exists() {
                broken.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Expands `a/{b,c}.rs` to `a/b.rs` and `a/c.rs`.
fn expanded(path: &str) -> Vec<String> {
    match path.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?))) {
        Some((start, (names, end))) => names.split(',').map(|name| format!("{start}{name}{end}")).collect(),
        None => vec![path.to_owned()],
    }
}

/// Returns whether a quoted text names a file or module: it starts with a folder of the repository or of a crate's
/// sources.
fn is_path(text: &str, folders: &[PathBuf]) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./{},-".contains(c);
    let first = text.split_once('/').map_or("", |(first, _)| first);
    let is_name = first.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.') && first != "target";
    text.chars().all(plain) && is_name && folders.iter().any(|folder| folder.join(first).is_dir())
}

#[test]
fn every_path_in_the_documents_exists() {
    let (mut missing, mut count) = (Vec::new(), 0);
    for (name, text) in texts(is_markdown) {
        let own = root().join(&name).parent().expect("a folder").to_owned();
        let folders =
            [own, root(), root().join("xtask/src"), root().join("jobs/src"), root().join("jobs/contract/src")];
        let lines = text.lines().filter(|line| !line.starts_with("```"));
        let quoted = lines.flat_map(|line| line.split('`').skip(1).step_by(2).collect::<Vec<_>>());
        for path in quoted.filter(|text| is_path(text, &folders)).flat_map(expanded) {
            count += 1;
            let exists = |folder: &PathBuf| folder.join(&path).exists() || folder.join(format!("{path}.rs")).exists();
            if !folders.iter().any(exists) {
                missing.push(format!("{name}: {path}"));
            }
        }
    }
    assert!(missing.is_empty() && count > 100, "{count} paths\n{}", missing.join("\n"));
}

#[test]
fn the_readme_is_short_and_lists_every_command() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    assert!(text.lines().count() <= 200);
    let missing: Vec<_> = help::commands().into_iter().filter(|words| words.len() == 1).collect();
    let missing: Vec<_> = missing.iter().filter(|words| !text.contains(&format!("\n| `{}` |", words[0]))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_command_that_is_shown_exists_with_its_options() {
    let commands: BTreeMap<Vec<String>, String> = help::commands()
        .into_iter()
        .map(|words| (words.clone(), help::help(&words.iter().map(String::as_str).collect::<Vec<_>>(), "80")))
        .collect();
    let (mut shown, mut wrong) = (0, Vec::new());
    for (name, text) in texts(|name| is_markdown(name) || name.ends_with(".yml") || name == ".ci/run") {
        for call in text.split("cargo xtask ").skip(1) {
            let call = call.split(['\n', '`', '|', '"', '>']).next().unwrap_or_default();
            let call = call.split(" #").next().unwrap_or_default();
            let words: Vec<&str> =
                call.split_whitespace().map(|word| word.trim_matches(['[', ']', ',', '.', ')', ';', ':'])).collect();
            let Some(command) = words.first().filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())) else {
                continue;
            };
            let action = words.get(1).map_or_else(Vec::new, |action| vec![(*command).to_owned(), (*action).to_owned()]);
            let Some(help) = commands.get(&action).or_else(|| commands.get(&vec![(*command).to_owned()])) else {
                wrong.push(format!("{name}: the command `{command}` does not exist"));
                continue;
            };
            shown += 1;
            for word in words.iter().filter(|word| word.starts_with("--") && **word != "--") {
                let flag = word.split('=').next().unwrap_or_default();
                if !help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|known| known == flag) {
                    wrong.push(format!("{name}: `{command}` has no option `{flag}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty() && shown > 50, "{shown} commands\n{}", wrong.join("\n"));
}
