//! `cargo xtask conform`: checks what the platform relies on in Redshift against a workgroup.

use std::path::PathBuf;

use anyhow::{Result, bail};
use contract::Exit;
use serde_json::{Value, json};

use crate::cli::Conform as Args;
use crate::commands::common::{configured, print};
use crate::conformance::{self, Difference, Line};
use crate::edge::aws::Aws;
use crate::edge::redshift::Redshift;
use crate::edge::s3::Bucket;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::conform::{self, Conform, Outcome};
use crate::flows::generated::Generated;
use crate::warehouse::Address;

pub(super) fn run(args: &Args) -> Result<Exit> {
    if args.page {
        let path = PathBuf::from("docs/redshift-conformance.md");
        return Generated { command: "cargo xtask conform --page", path, text: conformance::page()? }
            .settle(args.check);
    }
    let mut lines: Vec<Line> = conformance::tables()?.into_values().flatten().collect();
    if let Some(unknown) = args.only.iter().find(|id| !lines.iter().any(|line| line.id == **id)) {
        let hint = "docs/redshift-conformance.md lists the IDs";
        bail!(Failure::new(format!("no check has the ID `{unknown}`")).hint(hint));
    }
    lines.retain(|line| args.only.is_empty() || args.only.contains(&line.id));
    let conform = open(args)?;
    if args.record && conform.is_emulated() {
        let hint = "remove the endpoint from the environment and .env, or --record";
        bail!(Failure::new("the results of an emulator cannot be recorded").hint(hint));
    }
    terminal::step(&format!("Running the checks as `{}` in the schema `{}`", conform.user, conform.schema));
    let mut outcomes = Vec::new();
    for line in &lines {
        let outcome = conform.outcome(line)?;
        if !args.common.json {
            terminal::print(&text(line, &outcome))?;
        }
        outcomes.push((line.id.clone(), outcome));
    }
    if args.record {
        conform::record(&outcomes)?;
    }
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| is(outcome)).count();
    let differ = count(|outcome| matches!(outcome, Outcome::Differs(_)));
    let verified = count(|outcome| *outcome == Outcome::Verified);
    let value: Vec<Value> = outcomes.iter().map(|(id, outcome)| value(id, outcome)).collect();
    print(args.common.json, &value, || {
        let place = if conform.is_emulated() { " This is an emulator: nothing was verified on AWS." } else { "" };
        format!("{verified} verified, {differ} differ, {} not run.{place}\n", outcomes.len() - verified - differ)
    })?;
    Ok(if differ == 0 { Exit::Done } else { Exit::Failed })
}

fn open(args: &Args) -> Result<Conform> {
    let (aws, workgroup, database) = match args.warehouse.as_deref().map(str::parse).transpose()? {
        Some(Address::Redshift { workgroup, database }) => {
            (Aws::open(&configure::variables(args.common.dot_env.as_deref())?, None)?, workgroup, database)
        }
        Some(Address::Postgres { .. }) => {
            bail!(Failure::new("the warehouse is not Redshift").hint("write redshift://workgroup/database"));
        }
        None => {
            let (configured, variables) = configured(&args.common)?;
            let (settings, names) = (configured.settings(), configured.settings().warehouse.clone());
            (Aws::for_settings(settings, &variables)?, names.workgroup, names.database)
        }
    };
    let connect = |secret| Redshift::new(&aws.config, &workgroup, &database, secret);
    let caller = connect(None);
    let user = aws.wait(caller.query("SELECT current_user"))?.concat().concat();
    let administrator = args.admin_secret.as_deref().map(|secret| connect(Some(secret)));
    let bucket = args.bucket.as_ref().map(|name| aws.wait(Bucket::open(name, &aws.config))).transpose()?;
    let role = args.copy_role.as_ref().map_or("default".to_owned(), |role| format!("'{role}'"));
    let schema = format!("conform_{}", &files::secret()?[..10]);
    Ok(Conform { aws, caller, administrator, bucket, role, database, user: user.trim().to_owned(), schema })
}

fn text(line: &Line, outcome: &Outcome) -> String {
    let (state, detail) = match outcome {
        Outcome::Verified => ("verified", String::new()),
        Outcome::Differs(Difference(expected, found)) => ("differs", format!(": expected {expected}, found {found}")),
        Outcome::NotRun(why) if line.check.is_some() => ("not run", format!(": {why}")),
        Outcome::NotRun(why) => (line.evidence.as_str(), format!(": not run, {why}")),
    };
    format!("{state:<10}  {}{detail}\n", line.id)
}

fn value(id: &str, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Verified => json!({ "id": id, "outcome": "verified" }),
        Outcome::Differs(Difference(expected, found)) => {
            json!({ "id": id, "outcome": "differs", "expected": expected, "found": found })
        }
        Outcome::NotRun(why) => json!({ "id": id, "outcome": "not run", "reason": why }),
    }
}
