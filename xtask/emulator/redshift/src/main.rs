//! The emulator as one process on the loopback interface. It prints one line of JSON with its addresses, and runs until SIGTERM or
//! SIGINT arrives; refusals are lines of JSON on standard error.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use redshift_emulator::emulator::{Emulator, Settings};
use redshift_emulator::engine::{CopyRoles, Key, User};
use redshift_emulator::identity::{Identities, Identity};
use redshift_emulator::journal::Journal;
use redshift_emulator::rules::{self, Disabled};
use redshift_emulator::wire::WireSettings;

/// An emulator of Amazon Redshift Serverless in front of PostgreSQL
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the PostgreSQL database, with a superuser; the emulator changes its system views
    #[arg(long, env = "EMULATOR_POSTGRES", hide_env_values = true)]
    postgres: String,
    /// Name of the workgroup
    #[arg(long, default_value = "dpstack-workgroup")]
    workgroup: String,
    /// Name of the namespace (default: the workgroup's)
    #[arg(long)]
    namespace: Option<String>,
    /// The workgroup and the namespace do not exist until a request creates them
    #[arg(long)]
    empty: bool,
    /// Port of the Data API and of Redshift Serverless; 0 selects a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of PostgreSQL's protocol; 0 selects a free one
    #[arg(long, default_value_t = 0)]
    wire_port: u16,
    /// Name of the database that clients connect to
    #[arg(long, default_value = "dpstack")]
    database: String,
    /// Access key of a caller and the ARN of its role or user; repeatable. Requests with other keys are refused
    #[arg(long, value_name = "KEY=ARN", value_parser = pair)]
    identity: Vec<(String, String)>,
    /// ARN of the administrator's secret
    #[arg(long, value_name = "ARN")]
    admin_secret: Option<String>,
    /// Password of the administrator, for the wire protocol; without it, the administrator cannot log in
    #[arg(long, env = "EMULATOR_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// URL of S3, from which COPY reads
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// ARN of a role that COPY can use (first: the namespace's default role); repeatable
    #[arg(long, value_name = "ARN")]
    copy_role: Vec<String>,
    /// Access key with which COPY reads, `ID:SECRET`; without it, requests are not signed
    #[arg(long, env = "EMULATOR_COPY_KEY", hide_env_values = true)]
    copy_key: Option<String>,
    /// ID of a rule to switch off; repeatable
    #[arg(long, value_name = "ID")]
    disable_rule: Vec<String>,
    /// Name that clients connect to, for the certificate; repeatable
    #[arg(long, value_name = "HOST", default_values_t = WireSettings::default().hosts)]
    host_name: Vec<String>,
    /// Text in statements to be delayed, and the delay in seconds
    #[arg(long, value_name = "TEXT=SECONDS", value_parser = pair)]
    slow_statement: Option<(String, String)>,
    /// File for the CA's certificate; without it, a temporary file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Arguments {
    fn settings(&self) -> Result<Settings> {
        let disabled = Disabled(self.disable_rule.iter().cloned().collect());
        let known: Vec<&str> = rules::all().map(|rule| rule.id).collect();
        for rule in &disabled.0 {
            ensure!(known.contains(&rule.as_str()), "no rule `{rule}`; the rules are {}", known.join(", "));
        }
        let mut settings = Settings::new(self.postgres.clone(), &self.workgroup, &self.database, User::Admin);
        let mut identities = BTreeMap::new();
        for (key, arn) in &self.identity {
            let identity =
                Identity::of_arn(arn).with_context(|| format!("`{arn}` is not the ARN of a role or a user"))?;
            identities.insert(key.clone(), identity);
        }
        settings.identities = Identities::Keys(identities);
        let key = self.copy_key.as_deref().map(|key| key.split_once(':').context("--copy-key is not `ID:SECRET`"));
        let key = key.transpose()?.map(|(id, secret)| Key { id: id.to_owned(), secret: secret.to_owned() });
        settings.engine.copy_roles = CopyRoles {
            endpoint: self.s3_endpoint.clone(),
            default: self.copy_role.first().cloned(),
            roles: self.copy_role.iter().map(|role| (role.clone(), key.clone())).collect(),
        };
        settings.engine.disabled = disabled;
        if let Some(namespace) = &self.namespace {
            settings.warehouse.namespace.clone_from(namespace);
        }
        settings.port = self.port;
        settings.warehouse.endpoint.0.clone_from(&self.host_name[0]);
        settings.warehouse.exists = !self.empty;
        settings.warehouse.copy_key.clone_from(&key);
        settings.warehouse.admin_secret.clone_from(&self.admin_secret);
        settings.warehouse.default_role = self.copy_role.first().cloned();
        settings.warehouse.roles.clone_from(&self.copy_role);
        settings.data_api.secrets = self.admin_secret.iter().map(|arn| (arn.clone(), User::Admin)).collect();
        settings.journal = Journal::printed();
        let slow =
            |(text, seconds): &(String, String)| Ok((text.clone(), Duration::try_from_secs_f64(seconds.parse()?)?));
        let slow_statement = self.slow_statement.as_ref().map(slow).transpose();
        let slow_statement = slow_statement.map_err(|error: anyhow::Error| error.context("--slow-statement"))?;
        settings.wire = Some(WireSettings {
            hosts: self.host_name.clone(),
            admin_password: self.admin_password.clone(),
            port: self.wire_port,
            slow_statement,
        });
        Ok(settings)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let emulator = Emulator::start(arguments.settings()?)?;
    let (address, ca) = emulator.wire().context("the endpoint for the wire protocol is not started")?;
    let folder = tempfile::tempdir()?;
    let ca_file = arguments.ca_file.unwrap_or_else(|| folder.path().join("ca.pem"));
    std::fs::write(&ca_file, ca).with_context(|| format!("cannot write `{}`", ca_file.display()))?;
    let addresses = json!({
        "url": emulator.url(),
        "wire": {"host": address.ip().to_string(), "port": address.port()},
        "ca_file": ca_file,
    });
    println!("{addresses}");
    std::io::stdout().flush()?;
    emulator.block_on(stopped())?
}

async fn stopped() -> Result<()> {
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}
