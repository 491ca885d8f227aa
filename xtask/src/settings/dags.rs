//! What the DAGs do by themselves: when they run, how often they try, and when they complain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, quoted};

/// What the DAGs do by themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dags {
    /// When `ingestion` runs, in UTC: five fields of cron, or a preset such as @daily. Left out: only when asked.
    #[serde(default)]
    pub schedule: Option<String>,
    /// How often Airflow tries a failed task again: 0 or 1, as Batch does the retrying.
    #[schemars(range(max = 1))]
    pub retries: u32,
    /// Seconds before it does.
    pub retry_delay_seconds: u32,
    /// Hours since the newest load after which the platform is called stale; a week at most.
    #[schemars(range(min = 1, max = 168))]
    pub max_load_age_hours: u32,
    /// The share of a run's records, 0 to 1, that may be in quarantine before somebody is told.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_quarantine_share: f64,
}

/// Airflow's presets (Apache Airflow, "DAG Runs", cron presets), without `@once` and `@continuous`, which do not repeat at
/// set times.
const PRESETS: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"];

impl Dags {
    pub(super) fn check(&self, found: &mut Findings) {
        if let Some(schedule) = &self.schedule
            && let Err(why) = cron(schedule)
        {
            found.add("dags.schedule", quoted(schedule), why);
        }
        // Ours: Batch tries again where trying again helps; Airflow on top of it would run a job several times over.
        let fix = "write 0 or 1; more attempts belong into batch.ingestion.attempts";
        found.must(self.retries <= 1, "dags.retries", self.retries, fix);
        let age = self.max_load_age_hours;
        // Amazon CloudWatch API Reference, PutMetricAlarm, `EvaluationPeriods`: an alarm looks back 7 days at most.
        let fix = "write 1 to 168: the alarm looks back a week at most";
        found.must((1..=168).contains(&age), "dags.max_load_age_hours", age, fix);
        let share = self.max_quarantine_share;
        found.must((0.0..=1.0).contains(&share), "dags.max_quarantine_share", share, "a share goes from 0 to 1");
    }
}

/// Whether a schedule is five fields of cron, each with `*`, numbers, names, ranges, lists and steps (crontab(5); Airflow's
/// croniter reads the same), or a preset.
fn cron(text: &str) -> Result<(), String> {
    if text.starts_with('@') {
        return if PRESETS.contains(&text) { Ok(()) } else { Err(format!("the presets are {}", PRESETS.join(", "))) };
    }
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(format!(
            "has {} of cron's five fields: minute, hour, day of the month, month, day of the week",
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
        if !field.split(',').all(|part| part_is_legal(part, from, to, words)) {
            return Err(format!("its {name} `{field}` is not made of {from} to {to}, *, a-b, a,b or */n"));
        }
    }
    Ok(())
}

fn part_is_legal(part: &str, from: u32, to: u32, words: &[&str]) -> bool {
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

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn schedules_are_cron_or_a_preset() {
        for good in ["0 5 * * *", "*/15 0-6,18 1,15 jan-jun MON-fri", "@daily", "59 23 31 12 7", "0 */6 * * 1-5/2"] {
            assert_eq!(cron(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "0 of cron's five"),
            ("0 5 * *", "4 of cron's five"),
            ("0 0 5 * * *", "6 of cron's five"),
            ("60 5 * * *", "its minute `60`"),
            ("0 24 * * *", "its hour `24`"),
            ("0 0 0 * *", "its day of the month `0`"),
            ("0 0 * 13 *", "its month `13`"),
            ("0 0 * * 8", "its day of the week `8`"),
            ("5-1 * * * *", "its minute `5-1`"),
            ("*/0 * * * *", "its minute `*/0`"),
            ("1,,2 * * * *", "its minute `1,,2`"),
            ("-1 * * * *", "its minute `-1`"),
            ("@always", "the presets are"),
        ] {
            assert!(cron(bad).is_err_and(|words| words.contains(why)), "{bad}");
        }
    }
}
