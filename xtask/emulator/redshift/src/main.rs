//! The emulator as one process on the loopback interface. It prints one line of JSON with its addresses, and runs until its
//! standard input is closed or SIGTERM arrives; refusals are lines of JSON on standard error.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_postgres::NoTls;

use redshift_emulator::catalog;
use redshift_emulator::credentials::Issued;
use redshift_emulator::journal::Journal;
use redshift_emulator::rules::Disabled;
use redshift_emulator::wire::{Endpoint, Options, tls};

/// An emulator of Amazon Redshift Serverless in front of PostgreSQL
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the PostgreSQL database, with a superuser; the emulator changes its system views
    #[arg(long, env = "EMULATOR_POSTGRES", hide_env_values = true)]
    postgres: String,
    /// Name of the namespace's administrator
    #[arg(long, default_value = "admin")]
    admin_user: String,
    /// Password of the administrator; without it, the administrator cannot log in
    #[arg(long, env = "EMULATOR_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// ID of a rule to switch off; repeatable
    #[arg(long, value_name = "ID")]
    disable_rule: Vec<String>,
    /// Name that clients connect to, for the certificate; repeatable
    #[arg(long, value_name = "HOST", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    host_name: Vec<String>,
    /// Seconds by which one statement that creates a table is delayed
    #[arg(long, value_name = "SECONDS")]
    slow_statement: Option<f64>,
    /// File for the CA's certificate; without it, a temporary file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let disabled = Disabled(arguments.disable_rule.into_iter().collect());
    let known: Vec<&str> = redshift_emulator::rules::all().map(|rule| rule.id).collect();
    for rule in &disabled.0 {
        ensure!(known.contains(&rule.as_str()), "no rule `{rule}`; the rules are {}", known.join(", "));
    }
    let postgres: tokio_postgres::Config =
        arguments.postgres.parse().context("--postgres is not a URL of PostgreSQL")?;
    let (client, connection) = postgres.connect(NoTls).await.context("cannot connect to --postgres")?;
    tokio::spawn(connection);
    catalog::install(&client, &disabled).await?;

    let issued = Issued::default();
    if let Some(password) = &arguments.admin_password {
        catalog::administrator(&client, &arguments.admin_user).await?;
        issued.permanent(&arguments.admin_user, password);
    }
    let (acceptor, ca) = tls::acceptor(arguments.host_name)?;
    let folder = tempfile::tempdir()?;
    let ca_file = arguments.ca_file.unwrap_or_else(|| folder.path().join("ca.pem"));
    std::fs::write(&ca_file, ca).with_context(|| format!("cannot write `{}`", ca_file.display()))?;
    let options = Options {
        postgres,
        issued,
        journal: Journal::default(),
        disabled,
        slow_statement: arguments.slow_statement.map(Duration::from_secs_f64),
    };
    let address = Endpoint::new(options, acceptor).listen().await?;
    println!("{}", json!({"wire": {"host": address.ip().to_string(), "port": address.port()}, "ca_file": ca_file}));

    let mut terminated = signal(SignalKind::terminate())?;
    let (close, closed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let copied = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        close.send(copied)
    });
    tokio::select! {
        _ = terminated.recv() => {}
        _ = closed => {}
    }
    Ok(())
}
