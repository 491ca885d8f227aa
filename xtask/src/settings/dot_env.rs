//! The grammar of `.env`: `NAME=value` lines, and nothing in a value is replaced. `.env.example` states it for its readers.
//!
//! No maintained crate reads the format without substitution: dotenvy replaces `$NAME` and `\n`, and has no switch for it.
//! A password is data, so it must arrive as it was written, or be refused with its line.

use std::collections::BTreeMap;

use super::overrides::{Origin, Variable, Variables};
use super::problem::Problem;

/// The variables of a file that messages call `file`.
///
/// # Errors
/// With every line that is not `NAME=value` and every name that is set twice, never with a value: it may be a secret.
pub fn dot_env(file: &str, text: &str) -> Result<Variables, Vec<Problem>> {
    let (mut variables, mut problems) = (Variables::new(), Vec::new());
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut more = || lines.next().map(|(_, line)| line);
        let (name, value) = match assignment(line, &mut more) {
            Ok(assignment) => assignment,
            Err(fix) => {
                problems.push(Problem::of(file, Some(number), fix));
                continue;
            }
        };
        match first.get(name) {
            Some(earlier) => {
                let fix = format!("`{name}` is set on line {earlier} already; remove one of the two lines");
                problems.push(Problem::of(file, Some(number), fix));
            }
            None => {
                first.insert(name, number);
                variables.insert(
                    name.to_owned(),
                    Variable { value, origin: Origin::DotEnv { file: file.to_owned(), line: number } },
                );
            }
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

const FORM: &str = "is not `NAME=value`; start a comment with #";

/// Name and value of a line without surrounding space; `more` gives the next line of a quoted value.
fn assignment<'t>(
    line: &'t str,
    more: &mut impl FnMut() -> Option<&'t str>,
) -> Result<(&'t str, String), &'static str> {
    let (name, value) = line.split_once('=').ok_or(FORM)?;
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).unwrap_or(name).trim();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if !is_name {
        return Err(FORM);
    }
    let value = value.trim_start();
    let value = match value.chars().next().filter(|first| ['\'', '"'].contains(first)) {
        Some(quote) => quoted(&value[1..], quote, more)?,
        None => unquoted(value)?.to_owned(),
    };
    Ok((name, value))
}

/// Everything up to the next such quote, line ends included.
fn quoted<'t>(start: &'t str, quote: char, more: &mut impl FnMut() -> Option<&'t str>) -> Result<String, &'static str> {
    let (mut value, mut line) = (String::new(), start);
    loop {
        if let Some((end, rest)) = line.split_once(quote) {
            value.push_str(end);
            let is_comment = rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('#');
            return if rest.trim().is_empty() || is_comment {
                Ok(value)
            } else {
                Err("has text after the closing quote; \
                     a value that contains one kind of quote is written in the other kind, and a comment follows a space")
            };
        }
        value.push_str(line);
        value.push('\n');
        line = more().ok_or("opens a quote that is never closed; close it, or quote the value with the other kind")?;
    }
}

/// A word, which a comment may follow.
fn unquoted(value: &str) -> Result<&str, &'static str> {
    let (word, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    if word.starts_with('#') {
        return Ok("");
    }
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(word)
    } else {
        Err("has a value with spaces; quote it, and start a comment with #")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, Origin)> {
        let found = dot_env(".env", text).expect("good lines");
        found.into_iter().map(|(name, variable)| (name, variable.value, variable.origin)).collect()
    }

    fn values(text: &str) -> Vec<String> {
        read(text).into_iter().map(|(_, value, _)| value).collect()
    }

    fn refused(text: &str) -> Vec<(Option<usize>, String)> {
        let problems = dot_env("prod.env", text).expect_err("bad lines");
        assert!(problems.iter().all(|problem| problem.file == "prod.env" && !problem.to_string().contains("secret")));
        problems.into_iter().map(|problem| (problem.line, problem.fix)).collect()
    }

    #[test]
    fn quotes_comments_and_export_are_read_with_their_lines() {
        let text = "# a comment\n\nA=1\nexport B='two words'\nC=\"three\nlines\"\nD=4 # four\nE=\n F = 6\nG= # seven\n";
        let wanted = [
            ("A", "1", 3),
            ("B", "two words", 4),
            ("C", "three\nlines", 5),
            ("D", "4", 7),
            ("E", "", 8),
            ("F", "6", 9),
            ("G", "", 10),
        ];
        let wanted = wanted.map(|(name, value, line)| {
            (name.to_owned(), value.to_owned(), Origin::DotEnv { file: ".env".to_owned(), line })
        });
        assert_eq!(read(text), wanted);
        assert_eq!(values("A=\"x\" # y\nB='x' #y\nC=a#b\nD=\"a # b\"\nexport=7\n"), ["x", "x", "a#b", "a # b", "7"]);
    }

    #[test]
    fn nothing_in_a_value_is_replaced() {
        let values = values(
            "HOME_OF=x\nA=corr$ect-horse\nB=\"corr$ect horse\"\nC=r${HOME_OF}r\nD='r${HOME_OF} $1'\nE=a\\nb\\$c\n\
             F=\"a\\nb\\tc\\\\\"\nG=a'b\"c\nH=$HOME_OF\nI=\"it's\"\n",
        );
        let wanted = [
            "corr$ect-horse",
            "corr$ect horse",
            "r${HOME_OF}r",
            "r${HOME_OF} $1",
            "a\\nb\\$c",
            "a\\nb\\tc\\\\",
            "a'b\"c",
            "$HOME_OF",
            "x",
            "it's",
        ];
        assert_eq!(values, wanted);
    }

    #[test]
    fn line_ends_of_other_systems_are_line_ends() {
        assert_eq!(values("A=1\r\nB='2' # two\r\nC=\"3\r\n4\"\r\n"), ["1", "2", "3\n4"]);
    }

    #[test]
    fn bad_lines_are_reported_together_without_their_text() {
        let problems = refused("A=1\nthe secret word\nB=2\nC=a secret c\n1D=secret\nE=\"x\" secret\nF='a'secret\n");
        let lines: Vec<_> = problems.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [Some(2), Some(4), Some(5), Some(6), Some(7)], "{problems:?}");
        let problems = refused("A=1\nB='secret\nC=3\n");
        assert_eq!(problems.len(), 1);
        assert!(problems[0].0 == Some(2) && problems[0].1.contains("never closed"), "{problems:?}");
    }

    #[test]
    fn a_name_that_is_set_twice_is_refused_with_both_lines() {
        for text in ["A=secret\nB=1\nA=secret\n", "A=\nB=1\nexport A=secret\n", "A='secret'\nB=1\nA=\n"] {
            let problems = refused(text);
            let fix = "`A` is set on line 1 already; remove one of the two lines".to_owned();
            assert_eq!(problems, [(Some(3), fix)], "{text}");
        }
    }
}
