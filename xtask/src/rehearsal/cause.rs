//! Why a run failed, from what its containers said.

use serde::Deserialize;

use crate::dbt::Results;

/// Lines of a cause.
const SHOWN: usize = 6;

/// A line of our programs, which speak JSON in the cloud.
#[derive(Deserialize)]
struct Said {
    level: String,
    message: String,
}

/// dbt's failures by their names, else the errors that the failed task's container told, else its last lines.
pub fn cause(last: &[&str], dbt: Option<&Results>) -> Vec<String> {
    if let Some(dbt) = dbt.filter(|dbt| !dbt.failures.is_empty()) {
        let told = dbt.failures.iter().map(|failure| match &failure.test {
            Some(test) => format!("test `{test}` of `{}` failed: {}", failure.of, failure.message),
            None => format!("`{}` could not be built: {}", failure.of, failure.message),
        });
        return first(told.collect());
    }
    let said = last.iter().filter_map(|line| serde_json::from_str::<Said>(line).ok());
    let errors = said.filter(|said| said.level == "ERROR").map(|said| said.message);
    let errors: Vec<String> = errors.flat_map(|words| words.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    if !errors.is_empty() {
        return first(errors);
    }
    let errors = last.iter().filter(|line| line.to_lowercase().contains("error")).map(|line| (*line).to_owned());
    let errors: Vec<String> = errors.collect();
    if !errors.is_empty() {
        return first(errors);
    }
    last[last.len().saturating_sub(SHOWN)..].iter().map(|line| (*line).to_owned()).collect()
}

/// The first lines, and how many more there are.
fn first(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 1 {
        lines.truncate(SHOWN);
        lines.push(format!("… and {more} more"));
    }
    lines
}

#[cfg(test)]
#[path = "../../tests/unit/rehearsal/cause.rs"]
mod tests;
