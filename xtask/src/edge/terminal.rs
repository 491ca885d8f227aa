//! What goes to the terminal. Colour only where standard error is a terminal that wants it (`NO_COLOR`).

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

/// Shows the chain of causes, then the hint.
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
    told(&text);
}

/// Shows warnings, one under the other.
pub fn warnings(list: &[impl Display]) {
    list.iter().for_each(|warning| told(&format!("{}: {warning}\n", painted("warning", "1;33"))));
}

/// Writes to standard error. A terminal that is gone, or a reader that has seen enough, is no trouble of the work's.
fn told(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Lights the words that lines of a report begin with, where standard output is a terminal that wants colour.
pub fn lights(report: &str) -> String {
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return report.to_owned();
    }
    let lit = |line: &str| {
        let words = ["ok ", "optional ", "not verifiable here ", "FIX ", "RED "];
        let word = words.into_iter().zip(["32", "33", "33", "1;31", "1;31"]);
        let found = word.into_iter().find(|(word, _)| line.starts_with(word));
        let paint = |(word, code): (&str, &str)| format!("\x1b[{code}m{word}\x1b[0m{}\n", &line[word.len()..]);
        found.map_or_else(|| format!("{line}\n"), paint)
    };
    report.lines().map(lit).collect()
}

/// Writes a command's result to standard output. Whoever stops reading, like `head`, has seen enough.
pub fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Whether somebody looks at standard output, and no file keeps it.
pub fn is_seen() -> bool {
    std::io::stdout().is_terminal()
}

/// Asks whoever is at the terminal; only yes is yes. None when nobody is there.
pub fn ask(question: &str) -> Option<bool> {
    typed(&format!("{question} [y/N]")).map(|answer| ["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

/// Has a word typed; none when nobody is there.
pub fn typed(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    told(&format!("{}: ", painted(question, "1")));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
/// Of one whose terminal was closed.
const HUNG_UP: i32 = 129;
/// And of one that was asked to end.
const TERMINATED: i32 = 143;

/// Does some work; at Ctrl-C says what becomes of it, and ends the program. For work that may end at any moment.
pub fn until_interrupted<T>(words: impl Display + Send + 'static, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told(&format!("\n{words}\n"));
            std::process::exit(INTERRUPTED);
        }
    });
    let done = work();
    // The task waits for ever.
    runtime.shutdown_background();
    done
}

/// Does some work whose traces have to be removed; at Ctrl-C, or when the program is asked to end, says so, removes them, and
/// ends the program. Without that the work is done, and its traces are the caller's.
pub fn until_stopped<T>(
    words: &'static str,
    remove: impl FnOnce() -> Result<()> + Send + 'static,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    static STOPPED: AtomicBool = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (mut asked, mut gone) =
        runtime.block_on(async { anyhow::Ok((signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)) })?;
    runtime.spawn(async move {
        let code = tokio::select! {
            _ = tokio::signal::ctrl_c() => INTERRUPTED,
            _ = asked.recv() => TERMINATED,
            // The terminal was closed.
            _ = gone.recv() => HUNG_UP,
        };
        STOPPED.store(true, Ordering::SeqCst);
        told(&format!("\n{words}\n"));
        // It asks others for answers, with a runtime of its own.
        let removed = std::thread::spawn(remove).join();
        match removed {
            Ok(Err(why)) => error(&why),
            // What was said first may have been drawn over.
            _ => told("\nAll of it is stopped.\n"),
        }
        std::process::exit(code);
    });
    let done = work();
    // What the work says of its own end is of no use then.
    while STOPPED.load(Ordering::SeqCst) {
        std::thread::park();
    }
    runtime.shutdown_background();
    done
}

/// Says that a step begins.
pub fn step(title: &str) {
    told(&format!("{} {title}\n", painted("::", "1;32")));
}
