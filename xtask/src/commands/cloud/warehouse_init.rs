//! `cargo xtask warehouse-init`: creates the schemas, ledger, roles and grants of a warehouse; idempotent.

use anyhow::{Result, bail};
use contract::Exit;

use crate::cli::WarehouseInit;
use crate::commands::common::print;
use crate::edge::aws::Aws;
use crate::edge::postgres::Login;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::configure;
use crate::flows::warehouse::{self, Preparation};
use crate::warehouse::{Address, ROLES, Users};

pub(super) fn run(args: &WarehouseInit) -> Result<Exit> {
    let address: Address = args.warehouse.parse()?;
    let variables = configure::variables(args.dot_env.as_deref())?;
    let sources = match &args.contract {
        Some(file) => vec![warehouse::contract(Some(file))?.source],
        None => configure::module(args.env.as_deref(), &variables)?.contracts.into_keys().collect(),
    };
    match address {
        Address::Redshift { workgroup, database } => {
            let (Some(loader), Some(transformer)) = (&args.loader, &args.transformer) else {
                let hint = "pass the IAM roles of the two jobs: --loader ROLE --transformer ROLE";
                bail!(Failure::new("Redshift requires both --loader and --transformer").hint(hint));
            };
            let users = Users::of_roles(loader, transformer, &args.reader, &args.developer)?;
            let (aws, secret) = (Aws::open(&variables, None)?, args.admin_secret.as_deref());
            terminal::step("Reading the warehouse");
            apply(args, &sources, &Preparation::redshift(&aws, (&workgroup, &database), secret, &users, &sources)?)
        }
        Address::Postgres { host, port, user, database, tls } => {
            let roles = args.loader.iter().chain(&args.transformer).chain(&args.reader).chain(&args.admin_secret);
            if roles.count() > 0 {
                let failure = "--loader, --transformer, --reader and --admin-secret apply to Redshift only";
                let hint = "PostgreSQL roles log in with passwords: set LOADER_PASSWORD, TRANSFORMER_PASSWORD and \
                            READER_PASSWORD";
                bail!(Failure::new(failure).hint(hint));
            }
            // Unlike other values, passwords are not trimmed: they may start or end with a space.
            let secret =
                |name: &str| variables.get(name).map(|found| found.value.clone()).filter(|value| !value.is_empty());
            let password = |role: &str| Some((role.to_owned(), secret(&format!("{}_PASSWORD", role.to_uppercase()))?));
            let admin = secret("PGPASSWORD").unwrap_or_default();
            let login = Login::new(&host, port, &user, &admin, &database).with_tls(tls);
            let passwords = ROLES.into_iter().filter_map(password).collect();
            terminal::step("Reading the warehouse");
            apply(args, &sources, &Preparation::postgres(login, &passwords, &sources, &args.developer)?)
        }
    }
}

fn apply(args: &WarehouseInit, sources: &[String], preparation: &Preparation<'_>) -> Result<Exit> {
    if !args.dry_run {
        terminal::step("Applying the statements");
        preparation.apply()?;
    }
    let shown: Vec<&str> = preparation.statements.iter().map(|sql| without_verifier(sql)).collect();
    let value = serde_json::json!({ "sources": sources, "applied": !args.dry_run, "statements": shown });
    print(args.json, &value, || {
        if args.dry_run {
            shown.iter().map(|sql| format!("{sql};\n")).collect()
        } else {
            format!("The warehouse is ready for `{}` ({} statements).\n", sources.join("`, `"), shown.len())
        }
    })
}

/// Returns a statement without its password verifier.
fn without_verifier(sql: &str) -> &str {
    sql.split_once(" PASSWORD '").map_or(sql, |(role, _)| role)
}
