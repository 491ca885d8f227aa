//! The results of a suite as a JUnit file, which GitHub and other tools display. libtest's own format for this is unstable, so
//! the file is made from the text that it prints.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The last lines of the output of a suite that failed without a failed test.
const LINES: usize = 100;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    Ignored,
    /// It was stopped.
    Open,
}

/// Reads the lines `test NAME ... RESULT`; a test whose line has no result has not ended.
fn ends(output: &str) -> BTreeMap<&str, End> {
    let end = |line: &str| match line {
        "" => Some(End::Open),
        "FAILED" => Some(End::Failed),
        line if line.starts_with("ignored") => Some(End::Ignored),
        line => (line == "ok" || line.starts_with("ok <")).then_some(End::Passed),
    };
    let lines = output.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
    lines.filter_map(|(name, rest)| Some((name, end(rest.trim_end())?))).collect()
}

/// Returns what a failed test printed, below `---- NAME stdout ----`.
fn printed<'o>(output: &'o str, name: &str) -> &'o str {
    let head = format!("---- {name} stdout ----\n");
    let text = output.find(&head).map_or("", |at| &output[at + head.len()..]);
    let end = ["\n---- ", "\nfailures:\n"].iter().filter_map(|end| text.find(end)).min();
    &text[..end.unwrap_or(text.len())]
}

fn escaped(text: &str) -> String {
    // XML has no other control characters, not even escaped.
    let allowed = text.chars().filter(|letter| !letter.is_control() || "\n\t".contains(*letter));
    let one = |letter| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    allowed.map(one).collect()
}

/// Returns the JUnit file of a suite; `passed` is whether it passed, or why it did not run.
pub(super) fn junit(suite: &str, seconds: f64, passed: &Result<bool, String>, output: &str) -> String {
    let mut cases: Vec<(&str, End, &str)> = ends(output)
        .into_iter()
        .map(|(name, end)| match end {
            End::Failed => (name, end, printed(output, name)),
            _ => (name, end, ""),
        })
        .collect();
    // What is no test, such as a linter, is one.
    let has_failed = cases.iter().any(|(_, end, _)| matches!(end, End::Failed | End::Open));
    let from = output.rmatch_indices('\n').nth(LINES).map_or(0, |(at, _)| at + 1);
    match passed {
        Ok(true) if cases.is_empty() => cases.push((suite, End::Passed, "")),
        Ok(false) if !has_failed => cases.push((suite, End::Failed, &output[from..])),
        Err(why) => cases.push((suite, End::Ignored, why)),
        Ok(_) => {}
    }
    let count = |wanted| cases.iter().filter(|(_, end, _)| *end == wanted).count();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{suite}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" \
         skipped=\"{}\" time=\"{seconds:.1}\">\n",
        cases.len(),
        count(End::Failed),
        count(End::Open),
        count(End::Ignored)
    );
    for (name, end, detail) in cases {
        let detail = escaped(detail);
        let inner = match end {
            End::Passed => String::new(),
            End::Failed => format!("<failure>{detail}</failure>"),
            End::Ignored => format!("<skipped message=\"{detail}\"/>"),
            End::Open => "<error message=\"the test did not end\"/>".to_owned(),
        };
        let _ = writeln!(text, "  <testcase classname=\"{suite}\" name=\"{}\">{inner}</testcase>", escaped(name));
    }
    text + "</testsuite>\n"
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/tests/results.rs"]
mod tests;
