//! `cargo xtask new-source`: proposes the contract and dbt models of another API, or compares a contract with samples.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::NewSource;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::flows::configure;
use crate::flows::new_source::{self, Plan, contract_file};
use crate::settings::{DEFAULT_MODULE, Variables};
use crate::ui::{self, Align};

pub(super) fn run(args: &NewSource) -> Result<Exit> {
    if args.check {
        return check(args);
    }
    let plan = new_source::plan(args)?;
    plan.write(args.force)?;
    let files: Vec<String> = plan.files.iter().map(|(path, _)| path.display().to_string()).collect();
    files.iter().for_each(|file| terminal::step(&format!("Wrote {file}")));
    let (settings, next) = (settings(&plan), next(&plan));
    let value = json!({"proposal": plan.proposal, "files": files, "settings": settings, "next": next});
    print(args.json, &value, || text(&plan, &settings, &next))
}

fn check(args: &NewSource) -> Result<Exit> {
    let (drift, file) = (new_source::check(args)?, contract_file(&args.name));
    let count = format!("{} difference{}", drift.len(), if drift.len() == 1 { "" } else { "s" });
    let lines = || drift.iter().map(|line| format!("{line}\n")).collect::<String>();
    print(args.json, &json!({"contract": file, "drift": drift}), || match drift.is_empty() {
        true => format!("{file} fits the samples\n"),
        false => format!("{}{file}: {count}\n", lines()),
    })?;
    Ok(if drift.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Returns the lines for the settings.
fn settings(plan: &Plan) -> String {
    let name = &plan.proposal.source;
    let secrets: Vec<&str> = plan.proposal.contract.secrets().into_iter().collect();
    let mut lines = format!("sources:\n  {name}:\n    schedule: \"0 5 * * *\"\n");
    if !secrets.is_empty() {
        let project = configure::module(Some(DEFAULT_MODULE), &Variables::new());
        let project = project.map_or_else(|_| "PROJECT".to_owned(), |found| found.resolved.settings.project);
        lines += &format!(
            "    secret: /{project}/{name} # SSM parameter, or a secret's ARN: a JSON object with {}\n",
            secrets.join(", ")
        );
    }
    lines
}

fn next(plan: &Plan) -> Vec<String> {
    let name = &plan.proposal.source;
    let file = contract_file(name);
    vec![
        format!("cargo xtask local --contract {file} {}", plan.local),
        "cargo xtask dbt-sources".to_owned(),
        format!("cargo xtask new-source {name} --check --sample PATH"),
    ]
}

fn text(plan: &Plan, settings: &str, next: &[String]) -> String {
    let mut text = String::new();
    for found in &plan.proposal.collections {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        let (records, pages) = (found.records, found.pages as u64);
        text += &format!("{}: {records} record{} in {pages} response{}, ", found.name, plural(records), plural(pages));
        text += &format!("key `{}`\n", found.key);
        text.extend(found.guesses.iter().map(|guess| format!("  {}: {}\n", guess.what, guess.why)));
        let head = ["table", "column", "type", "field", "evidence"].map(|name| (name, Align::Left));
        let row = |shown: &crate::propose::Shown| {
            [&shown.table, &shown.column, &shown.kind, &shown.at, &shown.why].map(ToOwned::to_owned).to_vec()
        };
        text += &format!("\n{}\n", ui::columns(&head, found.columns.iter().map(row).collect()));
    }
    text.extend(plan.proposal.notes.iter().map(|note| format!("Note: {note}\n")));
    let settings: String = settings.lines().map(|line| format!("  {line}\n")).collect();
    let next: String = next.iter().map(|command| format!("  {command}\n")).collect();
    text + &format!("\nAdd to infra/settings/dev.yaml:\n{settings}\nNext, edit the contract, and run:\n{next}")
}
