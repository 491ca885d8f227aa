//! Terminal output, in colour only if standard error is a terminal and `NO_COLOR` is not set.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::hint_of;

fn painted(text: &str, code: &str) -> String {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Prints the chain of causes, then the hint.
pub fn error(error: &anyhow::Error) {
    let mut lines: Vec<String> = error.chain().map(ToString::to_string).collect();
    lines.dedup();
    let mut text = format!("{}: {}\n", painted("error", "1;31"), lines.first().map_or("", String::as_str));
    for cause in lines.iter().skip(1) {
        text += &format!("  {}: {}\n", painted("cause", "31"), cause.replace('\n', "\n         "));
    }
    if let Some(hint) = hint_of(error) {
        text += &format!("{}: {hint}\n", painted("hint", "1;36"));
    }
    write_error(&text);
}

pub fn warnings(list: &[impl Display]) {
    list.iter().for_each(|warning| write_error(&format!("{}: {warning}\n", painted("warning", "1;33"))));
}

/// Writes to standard error. A closed terminal or pipe is not an error.
fn write_error(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Colours the state at the start of each line of a report, if standard output is a terminal and `NO_COLOR` is not set.
pub fn coloured(report: &str) -> String {
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return report.to_owned();
    }
    let colour = |line: &str| {
        let states =
            [("ok ", "32"), ("optional ", "33"), ("not verifiable here ", "33"), ("FIX ", "1;31"), ("RED ", "1;31")];
        let coloured = states.into_iter().find_map(|(state, code)| {
            let rest = line.strip_prefix(state)?;
            Some(format!("\x1b[{code}m{state}\x1b[0m{rest}\n"))
        });
        coloured.unwrap_or_else(|| format!("{line}\n"))
    };
    report.lines().map(colour).collect()
}

/// Writes a command's result to standard output. A closed pipe (`| head`) is not an error.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Asks a yes-or-no question; any answer except yes counts as no. Returns `None` without a terminal.
pub fn confirm(question: &str) -> Option<bool> {
    prompt(&format!("{question} [y/N]")).map(|answer| ["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

/// Asks for a line of text; returns `None` without a terminal.
pub fn prompt(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    write_error(&format!("{}: ", painted(question, "1")));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// The exit code of a program stopped by SIGINT: 128 plus the signal number, as shells report it.
const INTERRUPTED: i32 = 130;

/// Runs work that may be interrupted at any time; Ctrl-C prints the message and exits.
pub fn until_interrupted<T>(message: impl Display + Send + 'static, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            write_error(&format!("\n{message}\n"));
            std::process::exit(INTERRUPTED);
        }
    });
    let done = work();
    // The signal task never finishes.
    runtime.shutdown_background();
    done
}

/// Runs work. On SIGINT, SIGTERM or SIGHUP, prints the message, calls `remove` and exits; else the caller cleans up.
pub fn until_stopped<T>(
    message: &'static str,
    remove: impl FnOnce() -> Result<()> + Send + 'static,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (mut terminate, mut hang_up) =
        runtime.block_on(async { anyhow::Ok((signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)) })?;
    runtime.spawn(async move {
        let code = tokio::select! {
            _ = tokio::signal::ctrl_c() => INTERRUPTED,
            _ = terminate.recv() => 143,
            _ = hang_up.recv() => 129,
        };
        STOPPED.store(true, Ordering::SeqCst);
        write_error(&format!("\n{message}\n"));
        // `remove` runs in a thread, because it starts its own async runtime.
        match std::thread::spawn(remove).join() {
            Ok(Err(why)) => error(&why),
            // The progress display may have overwritten the first message.
            _ => write_error("\nStopped everything that was started.\n"),
        }
        std::process::exit(code);
    });
    let done = work();
    // Do not print the error of the interrupted work.
    while STOPPED.load(Ordering::SeqCst) {
        std::thread::park();
    }
    runtime.shutdown_background();
    done
}

pub fn step(title: &str) {
    write_error(&format!("{} {title}\n", painted("::", "1;32")));
}
