//! Why a run failed, from the output of its containers.

use serde::Deserialize;

use crate::dbt::Results;

/// The most lines of a cause.
const SHOWN: usize = 6;

/// A log line of the jobs, which is JSON in the cloud.
#[derive(Deserialize)]
struct LogLine {
    level: String,
    message: String,
}

/// dbt's failures; otherwise the errors that the failed task's container logged; otherwise its last lines.
pub fn cause(last: &[&str], dbt: Option<&Results>) -> Vec<String> {
    let failures: Vec<String> = dbt.into_iter().flat_map(|dbt| &dbt.failures).map(|failure| failure.line()).collect();
    let logged = last.iter().filter_map(|line| serde_json::from_str::<LogLine>(line).ok());
    let errors = logged.filter(|line| line.level == "ERROR").flat_map(|line| lines(&line.message));
    let others = last.iter().filter(|line| line.to_lowercase().contains("error")).map(|line| (*line).to_owned());
    let tail = last[last.len().saturating_sub(SHOWN)..].iter().map(|line| (*line).to_owned());
    let causes = [failures, errors.collect(), others.collect(), tail.collect()];
    let mut cause = causes.into_iter().find(|lines| !lines.is_empty()).unwrap_or_default();
    let more = cause.len().saturating_sub(SHOWN);
    if more > 1 {
        cause.truncate(SHOWN);
        cause.push(format!("… and {more} more"));
    }
    cause
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
#[path = "../../tests/unit/rehearsal/cause.rs"]
mod tests;
