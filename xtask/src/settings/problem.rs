//! What is wrong with settings, as a person reads it.

use std::fmt;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as `infra/settings/dev.yaml`, `.env`, or the environment.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The key, with dots between, empty for the file as a whole.
    pub key: String,
    /// The value as it stands, as far as it helps and is no secret.
    pub value: Option<String>,
    /// What holds, and what to write instead.
    pub fix: String,
}

impl Problem {
    /// A problem of a file as a whole, or of one of its lines.
    pub fn of(file: &str, line: Option<usize>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, key: String::new(), value: None, fix: fix.into() }
    }
}

/// Why settings were refused: every problem, in the files' order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// What was asked for, such as "settings `dev`".
    pub of: String,
    /// At least one.
    pub list: Vec<Problem>,
}

/// `file:line: key = value` above, what to do below; both short enough for a terminal, and the first for a click.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match (self.key.as_str(), &self.value) {
            ("", _) => {}
            (key, Some(value)) if !value.is_empty() => write!(f, ": {key} = {value}")?,
            (key, _) => write!(f, ": {key}")?,
        }
        wrapped(&self.fix).iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// A text in lines that fit a terminal of 80 columns, indented by four.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line =
            lines.last_mut().filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= 76);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        write!(f, "{}: {count} problem{}", self.of, if count == 1 { "" } else { "s" })?;
        self.list.iter().try_for_each(|problem| write!(f, "\n\n{problem}"))
    }
}

impl std::error::Error for Problems {}
