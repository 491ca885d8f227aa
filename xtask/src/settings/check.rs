//! Findings in well-formed settings, and rules that several sections share.

use std::ops::RangeBounds;

use regex_lite::Regex;
use serde_yaml::Value;

use super::document::{Problem, at, shown};

/// The retention periods of CloudWatch Logs, in days (Amazon CloudWatch Logs API Reference, PutRetentionPolicy).
const RETENTION: [u64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[derive(Debug)]
pub(super) struct Findings<'s> {
    document: &'s Value,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Problem>,
}

impl<'s> Findings<'s> {
    pub(super) fn of(document: &'s Value) -> Self {
        Self { document, problems: Vec::new(), warnings: Vec::new() }
    }

    fn value(&self, path: &str) -> Option<&'s Value> {
        at(self.document, &path.split('.').collect::<Vec<_>>())
    }

    pub(super) fn add(&mut self, path: &str, fix: impl Into<String>) {
        self.problems.push(Problem::at(path, self.value(path).map(shown), fix));
    }

    pub(super) fn warn(&mut self, path: &str, message: impl Into<String>) {
        self.warnings.push(Problem::at(path, self.value(path).map(shown), message));
    }

    /// Reports the value unless `holds` is true; returns `holds`.
    pub(super) fn must(&mut self, holds: bool, path: &str, fix: impl Into<String>) -> bool {
        if !holds {
            self.add(path, fix);
        }
        holds
    }

    /// Requires a number to be in the range; an optional key may be missing.
    pub(super) fn range(&mut self, path: &str, range: impl RangeBounds<u64>, fix: &str) {
        let holds = self.value(path).and_then(Value::as_u64).is_none_or(|number| range.contains(&number));
        self.must(holds, path, fix);
    }

    /// Requires a text to match the pattern; an optional key may be missing.
    pub(super) fn pattern(&mut self, path: &str, pattern: &str, fix: &str) -> bool {
        let matches = |text: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
        self.must(self.value(path).and_then(Value::as_str).is_none_or(matches), path, fix)
    }

    /// The same for a text that may contain a secret, which is not shown.
    pub(super) fn hidden(&mut self, path: &str, pattern: &str, fix: &str) {
        let before = self.problems.len();
        self.pattern(path, pattern, fix);
        self.problems.iter_mut().skip(before).for_each(|problem| problem.value = None);
    }

    pub(super) fn no_duplicates(&mut self, path: &str) {
        let list = self.value(path).and_then(Value::as_sequence).map(Vec::as_slice).unwrap_or_default();
        for (index, _) in list.iter().enumerate().filter(|(index, element)| list[..*index].contains(element)) {
            self.add(&format!("{path}.{index}"), "is listed twice; remove one");
        }
    }

    pub(super) fn retention(&mut self, path: &str) {
        let days = self.value(path).and_then(Value::as_u64).unwrap_or_default();
        if !RETENTION.contains(&days) {
            let below = RETENTION.iter().rev().find(|period| **period < days);
            let above = RETENTION.iter().find(|period| **period > days);
            let near: Vec<String> = [below, above].into_iter().flatten().map(ToString::to_string).collect();
            self.add(path, format!("is not a CloudWatch Logs retention period; use {}", near.join(" or ")));
        }
    }
}
