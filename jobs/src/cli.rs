//! Code shared by the programs: options, logs, progress, signals and exit codes.
//!
//! Standard output contains only one JSON object, printed at the end; all human-readable output goes to standard error.

pub mod copy;
pub mod forget;
pub(crate) mod lineage;
pub mod report;
pub mod transformation;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use contract::{Contract, Exit};
use indicatif::{MultiProgress, ProgressDrawTarget};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::fmt::format::debug_fn;

use crate::failure::{Failure, chain, exit_of, hint_of};
use crate::flows::lineage::Lineage;
use crate::lineage::{State, Written};

/// The built-in contract; `--contract` selects a different one.
const SPACEX: &str = include_str!("../contracts/spacex.yaml");

/// The options of the programs that process collections.
#[derive(Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub base: Base,
    /// Process only these collections (default: all collections in the contract)
    #[arg(long, env = "COLLECTIONS", value_delimiter = ',', value_name = "NAMES")]
    pub collections: Vec<String>,
    /// The lineage collector.
    #[command(flatten)]
    pub lineage: lineage::To,
}

/// The options of every program. Each can also be set by an environment variable, as AWS Batch does.
#[derive(Args)]
pub(crate) struct Base {
    /// The lake: s3://bucket or file:///dir
    #[arg(long, env = "LAKE_URL", value_name = "URL")]
    pub lake_url: String,
    /// Use this contract file instead of the built-in SpaceX contract
    #[arg(long, env = "CONTRACT", value_name = "FILE")]
    pub contract: Option<PathBuf>,
    /// The format of the log on standard error
    #[arg(long, env = "LOG", value_enum, default_value_t = Log::Text)]
    pub log: Log,
    /// The minimum log level: error, warn, info or debug
    #[arg(long, env = "LOG_LEVEL", default_value_t = tracing::Level::INFO, value_name = "LEVEL")]
    pub log_level: tracing::Level,
}

/// The log format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Human-readable text.
    Text,
    /// One JSON object per line.
    Json,
}

impl Base {
    pub(crate) fn contract(&self) -> Result<Contract> {
        let Some(file) = &self.contract else { return Ok(Contract::parse(SPACEX, "jobs/contracts/spacex.yaml")?) };
        let shown = file.display().to_string();
        let unreadable = || format!("cannot read the contract `{shown}`");
        let text = contract::text(&std::fs::read(file).with_context(unreadable)?).with_context(unreadable)?;
        Ok(Contract::parse(&text, &shown)?)
    }
}

/// Returns an option's value. AWS Batch passes an empty variable for a parameter without a value: it is not set.
fn given(option: &Option<String>) -> Option<&str> {
    option.as_deref().filter(|text| !text.trim().is_empty())
}

/// Sets up the log and TLS.
pub(crate) fn start(base: &Base, bars: &MultiProgress) {
    // The TLS provider of all HTTPS connections; a second call has no effect.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let all = bars.clone();
    let to = tracing_subscriber::fmt().with_max_level(base.log_level).with_writer(move || Above(all.clone()));
    match base.log {
        Log::Json => to.json().flatten_event(true).with_current_span(false).with_target(false).init(),
        Log::Text => {
            let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            // The text format shows only the message; the JSON format has all fields.
            let message = debug_fn(|out, field, value| match field.name() {
                "message" => write!(out, "{value:?}"),
                _ => Ok(()),
            });
            to.with_ansi(colour).with_target(false).without_time().fmt_fields(message).init();
        }
    }
}

/// Runs a job until it finishes or a signal stops it (SIGTERM, SIGINT), prints the result and returns the exit code.
/// `clean_up` runs for at most three seconds. The lineage, if it has started, then ends with what the job has `written`.
pub(crate) async fn finish<T: serde::Serialize>(
    job: impl Future<Output = Result<T>>,
    clean_up: impl AsyncFnOnce(),
    lineage: &OnceLock<Lineage>,
    written: impl FnOnce(&T) -> BTreeMap<String, Written>,
) -> ExitCode {
    let mut stopped = false;
    let result = tokio::select! {
        // Poll the signals first, so that they are handled from the start.
        biased;
        result = wait_for_signal() => Err(result.map_or_else(anyhow::Error::from, |signal| {
            stopped = true;
            Failure::temporary(format!("stopped by {signal}; no partial results are visible")).into()
        })),
        result = job => result,
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(3), clean_up()).await;
    let report = async |state: State<'_>| {
        if let Some(lineage) = lineage.get() {
            lineage.end(state).await;
        }
    };
    let error = match result.and_then(|result| Ok((serde_json::to_string(&result)?, result))) {
        Ok((text, result)) => {
            // A closed pipe is not an error: the run is complete.
            let _ = writeln!(io::stdout(), "{text}");
            report(State::Complete(&written(&result))).await;
            return Exit::Done.into();
        }
        Err(error) => error,
    };
    let exit = exit_of(&error);
    tracing::error!(exit = exit as u8, "{}", chain(error.as_ref()));
    if let Some(hint) = hint_of(&error) {
        tracing::error!("hint: {hint}");
    }
    let problem = format!("{error:#}");
    report(if stopped { State::Abort } else { State::Fail(&problem) }).await;
    exit.into()
}

async fn wait_for_signal() -> io::Result<&'static str> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

/// Returns the progress bars on standard error, which are hidden unless it is a terminal and the log is text. Log lines
/// appear above them.
pub fn bars(log: Log) -> MultiProgress {
    let shown = log == Log::Text && io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    MultiProgress::with_draw_target(target)
}

/// Writes log lines above the bars; the log writes each line in a single call.
struct Above(MultiProgress);

impl Write for Above {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.suspend(|| io::stderr().write_all(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
