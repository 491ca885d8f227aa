//! `cargo xtask warehouse-init`: creates schemas, ledger, roles and grants; idempotent.

use std::collections::BTreeMap;

use anyhow::Result;
use contract::Exit;

use crate::cli::WarehouseInit;
use crate::edge::{files, terminal};
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::warehouse::{self, Preparation, Who};
use crate::settings::Variables;
use crate::warehouse::{Address, ROLES, Users};

pub(super) fn run(args: &WarehouseInit) -> Result<Exit> {
    let contract = args.contract.clone().unwrap_or_else(|| files::root().join("jobs/contracts/spacex.yaml"));
    let source = warehouse::contract(&contract)?.source;
    let address: Address = args.warehouse.parse()?;
    let variables = configure::variables(args.dot_env.as_deref())?;
    let who = who(args, &address, &variables)?;
    terminal::step("Reading the warehouse");
    let ready = Preparation::plan(&address, &who, &source, &variables, None)?;
    if !args.dry_run {
        terminal::step("Applying the statements");
        ready.apply()?;
    }
    let shown: Vec<&str> = ready.statements.iter().map(|sql| without_verifier(sql)).collect();
    if args.json {
        let value = serde_json::json!({ "source": source, "applied": !args.dry_run, "statements": shown });
        terminal::say(&format!("{value}\n"))?;
    } else if args.dry_run {
        terminal::say(&shown.iter().map(|sql| format!("{sql};\n")).collect::<String>())?;
    } else {
        terminal::say(&format!("The warehouse is ready for `{source}` ({} statements).\n", shown.len()))?;
    }
    Ok(Exit::Done)
}

fn who(args: &WarehouseInit, address: &Address, variables: &Variables) -> Result<Who> {
    // Not trimmed like other values: a password may start or end with a space.
    let secret = |name: &str| variables.get(name).map(|found| found.value.clone()).filter(|value| !value.is_empty());
    match address {
        Address::Redshift { .. } => {
            let (Some(loader), Some(transformer)) = (&args.loader, &args.transformer) else {
                let failure = Failure::new("missing --loader and --transformer");
                return Err(failure
                    .hint("pass the IAM roles of the two jobs: --loader ROLE --transformer ROLE")
                    .into());
            };
            let users = Users::of_roles(loader, transformer, &args.reader)?;
            Ok(Who::Iam { users, secret: args.admin_secret.clone() })
        }
        Address::Postgres { .. } => {
            if args.loader.is_some()
                || args.transformer.is_some()
                || !args.reader.is_empty()
                || args.admin_secret.is_some()
            {
                let failure =
                    Failure::new("--loader, --transformer, --reader and --admin-secret apply to Redshift only");
                let hint = "in PostgreSQL the roles log in with passwords: set LOADER_PASSWORD, TRANSFORMER_PASSWORD, READER_PASSWORD";
                return Err(failure.hint(hint).into());
            }
            let password = |role: &str| Some((role.to_owned(), secret(&format!("{}_PASSWORD", role.to_uppercase()))?));
            let roles: BTreeMap<_, _> = ROLES.into_iter().filter_map(password).collect();
            Ok(Who::Passwords { roles, admin: secret("PGPASSWORD").unwrap_or_default() })
        }
    }
}

/// A statement without its password verifier.
fn without_verifier(sql: &str) -> &str {
    sql.split_once(" PASSWORD '").map_or(sql, |(role, _)| role)
}
