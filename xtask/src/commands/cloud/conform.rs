//! `cargo xtask conform`: checks that a workgroup behaves in the way the platform relies on.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use connect::aws::endpoint;
use contract::Exit;

use crate::cli::Conform as Args;
use crate::commands::common::{configured, print};
use crate::conformance::{self, Line};
use crate::edge::aws::Aws;
use crate::edge::redshift::Redshift;
use crate::edge::s3::Bucket;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::flows::conform::Conform;
use crate::flows::generated::Generated;

pub(super) fn run(args: &Args) -> Result<Exit> {
    if args.page {
        let (command, text) = ("cargo xtask conform --page", conformance::page()?);
        return Generated { command, path: "docs/redshift-conformance.md".into(), text }.settle(args.check);
    }
    let (conform, values) = open(args)?;
    let chosen = |line: &Line| args.only.is_empty() || args.only.contains(&line.id);
    let lines: Vec<Line> = conformance::tables(&values)?.into_values().flatten().filter(chosen).collect();
    if let Some(unknown) = args.only.iter().find(|id| !lines.iter().any(|line| line.id == **id)) {
        let failure = Failure::new(format!("no check has the ID `{unknown}`"));
        bail!(failure.hint("docs/redshift-conformance.md lists the IDs"));
    }
    let failure = || Failure::new("the results of an emulator cannot be recorded");
    let hint = "remove the endpoint from the environment and .env, or --record";
    ensure!(!args.record || !conform.is_emulated, failure().hint(hint));
    let (date, mut outcomes) = (files::now("%Y-%m-%d"), BTreeMap::new());
    for line in &lines {
        let outcome = match conform.check(line).map(|check| conform.run(check)) {
            Ok(found) => found?.map_or(format!("verified on {date}"), |text| format!("differs on {date}: {text}")),
            Err(why) => format!("not run: {why}"),
        };
        if !args.common.json {
            terminal::print(&format!("{}: {outcome}\n", line.id))?;
        }
        outcomes.insert(line.id.clone(), outcome);
    }
    let count = |start| outcomes.values().filter(|outcome| outcome.starts_with(start)).count();
    let (verified, differ, not_run) = (count("verified"), count("differs"), count("not run"));
    print(args.common.json, &outcomes, || {
        let place = if conform.is_emulated { " This is an emulator: nothing was verified on AWS." } else { "" };
        format!("{verified} verified, {differ} differ, {not_run} not run.{place}\n")
    })?;
    if args.record {
        let mut results = conformance::results()?;
        results.extend(outcomes.into_iter().filter(|(_, outcome)| !outcome.starts_with("not run")));
        files::write(&files::root().join("xtask/conformance/results.yaml"), &serde_yaml::to_string(&results)?)?;
    }
    Ok(if differ == 0 { Exit::Done } else { Exit::Failed })
}

/// Also returns the placeholders of the checks and their values.
fn open(args: &Args) -> Result<(Conform, Vec<(&'static str, String)>)> {
    let (configured, variables) = configured(&args.common)?;
    let (aws, names) = (Aws::for_settings(configured.settings(), &variables)?, &configured.settings().warehouse);
    let workgroup = args.workgroup.as_ref().unwrap_or(&names.workgroup);
    let database = args.database.as_ref().unwrap_or(&names.database);
    let connect = |secret| Redshift::new(&aws.config, workgroup, database, secret);
    let (caller, administrator) = (connect(None), args.admin_secret.as_deref().map(|secret| connect(Some(secret))));
    let user = aws.wait(caller.query("SELECT current_user"))?.concat().concat().trim().to_owned();
    let schema = format!("conform_{}", &files::secret()?[..10]);
    terminal::step(&format!("Running the checks as `{user}` in the schema `{schema}`"));
    let prefix = format!("s3://{}/conform/{schema}", args.bucket.as_deref().unwrap_or_default());
    let open = |name| anyhow::Ok((aws.wait(Bucket::open(name, &aws.config))?, format!("conform/{schema}")));
    let bucket = args.bucket.as_deref().map(open).transpose()?;
    let is_emulated = endpoint(&aws.config, "Redshift Data").is_some();
    let grant = format!("GRANT CREATE ON DATABASE {database} TO \"{user}\"");
    let mut values = vec![
        ("s", schema.clone()),
        ("d", database.clone()),
        ("caller", user),
        ("role", args.copy_role.as_ref().map_or("default".to_owned(), |role| format!("'{role}'"))),
        ("manifest", format!("{prefix}/manifest.json")),
        ("prefix", prefix),
        ("held", if is_emulated { 4500 } else { 15_000 }.to_string()),
        ("60KB", "x".repeat(60_000)),
    ];
    values.extend(conformance::FILES.map(|(name, bytes)| (name, bytes.len().to_string())));
    Ok((Conform { aws, caller, administrator, bucket, schema, grant, is_emulated }, values))
}
