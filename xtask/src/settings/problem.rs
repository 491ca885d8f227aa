//! A problem of the settings, and its message.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: String,
    /// The line, from 1, if known.
    pub line: Option<usize>,
    /// The key, with dots between its parts; empty for a problem of the whole file.
    pub key: String,
    /// The value, if it helps and is not a secret.
    pub value: Option<String>,
    pub fix: String,
}

impl Problem {
    pub fn of(file: &str, line: Option<usize>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, key: String::new(), value: None, fix: fix.into() }
    }
}

/// Why settings were refused: every problem, by file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    pub of: String,
    pub list: Vec<Problem>,
}

/// `file:line: key = value`, and the fix on the next lines, wrapped at 80 columns.
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
        let mut lines: Vec<String> = Vec::new();
        for word in self.fix.split(' ') {
            match lines.last_mut() {
                Some(line) if line.chars().count() + word.chars().count() < 76 => *line += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
        lines.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.list.len();
        write!(f, "{}: {count} problem{}", self.of, if count == 1 { "" } else { "s" })?;
        self.list.iter().try_for_each(|problem| write!(f, "\n\n{problem}"))
    }
}

impl std::error::Error for Problems {}
