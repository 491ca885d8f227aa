//! DAG schedule, retries and thresholds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// DAG schedule, retries and thresholds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dags {
    /// Schedule of the sources in UTC: a cron expression with five fields, or a preset such as @daily. Without it, runs
    /// are only started manually.
    pub schedule: Option<String>,
    /// Number of times that Airflow retries a failed task, 0 or 1; Batch retries too.
    #[schemars(range(max = 1))]
    pub retries: u32,
    /// Seconds before a retry.
    pub retry_delay_seconds: u32,
    /// Seconds between two questions to Batch whether a task's job has finished.
    #[serde(default = "poll_seconds")]
    #[schemars(range(min = 1))]
    pub poll_seconds: u32,
    /// Maximum age of the newest load in hours; `platform_health` fails if it is older.
    #[schemars(range(min = 1))]
    pub max_load_age_hours: u32,
    /// Share of a run's records, from 0 to 1, that may be quarantined before an alarm is raised.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_quarantine_share: f64,
}

/// Fargate takes about 30 s to start a job, and DescribeJobs is throttled per account.
fn poll_seconds() -> u32 {
    15
}

/// Airflow's presets (Apache Airflow, "DAG Runs", cron presets), without `@once` and `@continuous`, which have no times.
const PRESETS: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Dags {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        if let Some(Err(fix)) = self.schedule.as_deref().map(cron) {
            found.add("dags.schedule", fix);
        }
        // Our rule: Batch retries where a retry helps; Airflow retries multiply its attempts.
        found.range("dags.retries", ..=1, "use 0 or 1; for more attempts set batch.ingestion.attempts");
        found.range("dags.poll_seconds", 1.., "must be 1 or more");
        found.range("dags.max_load_age_hours", 1.., "must be 1 or more");
        let share = (0.0..=1.0).contains(&self.max_quarantine_share);
        found.must(share, "dags.max_quarantine_share", "must be between 0 and 1");
    }
}

/// Checks that a schedule is a preset, or a cron expression with five fields, each with `*`, numbers, names, ranges,
/// lists and steps (crontab(5), as in Airflow's croniter).
pub(super) fn cron(text: &str) -> Result<(), String> {
    if text.starts_with('@') {
        let fix = || format!("must be one of the presets {}", PRESETS.join(", "));
        return if PRESETS.contains(&text) { Ok(()) } else { Err(fix()) };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(format!(
            "has {} fields, but cron requires five: minute, hour, day of the month, month, day of the week",
            fields.len()
        ));
    };
    for (name, field, from, to, words) in [
        ("minute", minute, 0, 59, &[][..]),
        ("hour", hour, 0, 23, &[]),
        ("day of the month", day, 1, 31, &[]),
        ("month", month, 1, 12, &MONTHS),
        ("day of the week", weekday, 0, 7, &DAYS),
    ] {
        if !field.split(',').all(|part| is_part(part, from, to, words)) {
            return Err(format!("the {name} `{field}` must consist of {from} to {to}, *, a-b, a,b or */n"));
        }
    }
    Ok(())
}

fn is_part(part: &str, from: u32, to: u32, words: &[&str]) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let number = |text: &str| {
        let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
        let digits = || if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None };
        word.and_then(|at| u32::try_from(at).ok()).map(|at| at + from).or_else(digits)
    };
    let inside = |value: u32| (from..=to).contains(&value);
    let step_is_legal = step.is_none_or(|step| number(step).is_some_and(|step| step > 0 && step <= to));
    let range_is_legal = match range.split_once('-') {
        _ if range == "*" => true,
        Some((first, last)) => {
            matches!((number(first), number(last)), (Some(a), Some(b)) if inside(a) && inside(b) && a <= b)
        }
        None => number(range).is_some_and(inside) && step.is_none(),
    };
    step_is_legal && range_is_legal
}
