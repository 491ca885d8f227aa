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
mod tests {
    use super::*;
    use crate::dbt::Finding;

    #[test]
    fn the_programs_errors_come_before_other_words() {
        let warning = r#"{"level":"WARN","message":"error 500; trying again"}"#;
        let error = r#"{"level":"ERROR","message":"2 of 2 failed: a: 500\nb: 500","exit":75}"#;
        assert_eq!(cause(&["begin", warning, error], None), ["2 of 2 failed: a: 500", "b: 500"]);
        assert_eq!(cause(&["begin", "Database Error in model", "end"], None), ["Database Error in model"]);
        assert_eq!(cause(&["one", "two"], None), ["one", "two"]);
        assert!(cause(&[], None).is_empty());
        let long: Vec<String> = (0..20).map(|number| format!("error {number}")).collect();
        let told = cause(&long.iter().map(String::as_str).collect::<Vec<_>>(), None);
        assert_eq!((told.len(), told[SHOWN].as_str()), (SHOWN + 1, "… and 14 more"));
    }

    #[test]
    fn a_test_of_dbt_is_named() {
        let of = |test: Option<&str>| Finding {
            of: "fct".to_owned(),
            test: test.map(str::to_owned),
            message: "Got 1 result".to_owned(),
            rows: None,
        };
        let dbt = Results { failures: vec![of(Some("unique")), of(None)], ..Results::default() };
        let wanted = ["test `unique` of `fct` failed: Got 1 result", "`fct` could not be built: Got 1 result"];
        assert_eq!(cause(&["error: no"], Some(&dbt)), wanted);
        assert_eq!(cause(&["error: no"], Some(&Results::default())), ["error: no"]);
    }
}
