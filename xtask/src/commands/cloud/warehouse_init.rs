//! `cargo xtask warehouse-init`: creates schemas, ledger, roles and grants; idempotent.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use contract::Exit;

use crate::cli::WarehouseInit;
use crate::commands::common::print;
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
    let value = serde_json::json!({ "source": source, "applied": !args.dry_run, "statements": shown });
    print(args.json, &value, || {
        if args.dry_run {
            shown.iter().map(|sql| format!("{sql};\n")).collect()
        } else {
            format!("The warehouse is ready for `{source}` ({} statements).\n", shown.len())
        }
    })
}

fn who(args: &WarehouseInit, address: &Address, variables: &Variables) -> Result<Who> {
    // Not trimmed like other values: a password may start or end with a space.
    let secret = |name: &str| variables.get(name).map(|found| found.value.clone()).filter(|value| !value.is_empty());
    let is_iam =
        args.loader.is_some() || args.transformer.is_some() || !args.reader.is_empty() || args.admin_secret.is_some();
    match (address, &args.loader, &args.transformer) {
        (Address::Redshift { .. }, Some(loader), Some(transformer)) => {
            let users = Users::of_roles(loader, transformer, &args.reader)?;
            Ok(Who::Iam { users, secret: args.admin_secret.clone() })
        }
        (Address::Redshift { .. }, ..) => bail!(
            Failure::new("missing --loader and --transformer")
                .hint("pass the IAM roles of the two jobs: --loader ROLE --transformer ROLE")
        ),
        (Address::Postgres { .. }, ..) if is_iam => bail!(
            Failure::new("--loader, --transformer, --reader and --admin-secret apply to Redshift only").hint(
                "roles in PostgreSQL log in with passwords: set LOADER_PASSWORD, TRANSFORMER_PASSWORD and READER_PASSWORD"
            )
        ),
        (Address::Postgres { .. }, ..) => {
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
