//! A statement of the Data API: its parts, their states, and how they are described.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::request::{Mode, Run};
use crate::engine::{Cancel, Failed, Outcome, User};
use crate::journal::Event;

/// The state of a statement or of a part of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Submitted,
    Picked,
    Started,
    Finished,
    Failed,
    Aborted,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Picked => "PICKED",
            Self::Started => "STARTED",
            Self::Finished => "FINISHED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
        }
    }

    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Aborted)
    }
}

/// One SQL statement.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) sql: String,
    pub(super) status: Status,
    pub(super) query: i64,
    pub(super) outcome: Option<Outcome>,
    pub(super) failed: Option<Failed>,
    started: Option<Instant>,
    nanoseconds: u128,
}

impl Part {
    fn new(sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            status: Status::Submitted,
            query: 0,
            outcome: None,
            failed: None,
            started: None,
            nanoseconds: 0,
        }
    }

    fn finish(&mut self, result: Result<Outcome, Failed>) {
        self.nanoseconds = self.started.map_or(0, |started| started.elapsed().as_nanos());
        match result {
            Ok(outcome) => (self.status, self.outcome) = (Status::Finished, Some(outcome)),
            Err(failed) => (self.status, self.failed) = (Status::Failed, Some(failed)),
        }
    }

    fn has_result_set(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.columns.is_some())
    }

    /// What statements and sub-statements have in common.
    fn described(&self, id: String) -> Value {
        let size = |outcome: &Outcome| outcome.rows.iter().flatten().flatten().map(String::len).sum::<usize>();
        let mut body = json!({
            "Id": id,
            "Status": self.status.name(),
            "QueryString": self.sql,
            "Duration": u64::try_from(self.nanoseconds).unwrap_or(u64::MAX),
            "RedshiftQueryId": self.query,
            "HasResultSet": self.has_result_set(),
            "ResultRows": self.outcome.as_ref().map_or(-1, |outcome| i64::try_from(outcome.affected).unwrap_or(-1)),
            "ResultSize": self.outcome.as_ref().map_or(-1, |outcome| i64::try_from(size(outcome)).unwrap_or(-1)),
        });
        if let Some(failed) = &self.failed {
            body["Error"] = json!(failed.to_string());
        }
        body
    }
}

/// A request to run statements, and its outcome.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) run: Run,
    /// The ARN of the identity that sent it.
    pub(super) owner: String,
    pub(super) user: User,
    pub(super) status: Status,
    pub(super) parts: Vec<Part>,
    pub(super) process: i32,
    pub(super) cancelled: bool,
    pub(super) cancel: Option<Cancel>,
    created: f64,
    updated: f64,
}

impl Statement {
    pub(super) fn new(run: Run, owner: &str, user: User) -> Self {
        let now = now();
        Self {
            parts: run.sqls.iter().map(|sql| Part::new(sql)).collect(),
            run,
            owner: owner.to_owned(),
            user,
            status: Status::Submitted,
            process: 0,
            cancelled: false,
            cancel: None,
            created: now,
            updated: now,
        }
    }

    /// Starts the part with this index, with the id of its query.
    pub(super) fn start(&mut self, at: usize, query: i64) {
        if let Some(part) = self.parts.get_mut(at) {
            (part.status, part.query, part.started) = (Status::Started, query, Some(Instant::now()));
        }
    }

    /// Finishes the part with this index.
    pub(super) fn finish(&mut self, at: usize, result: Result<Outcome, Failed>) {
        if let Some(part) = self.parts.get_mut(at) {
            part.finish(result);
        }
    }

    /// The failed parts.
    pub(super) fn failures(&self) -> Vec<Event> {
        let event = |part: &Part| {
            let failed = part.failed.as_ref()?;
            Some(Event {
                rule: failed.rule.clone().unwrap_or_default(),
                message: failed.to_string(),
                statement: part.sql.clone(),
                user: self.user.name().to_owned(),
            })
        };
        self.parts.iter().filter_map(event).collect()
    }

    pub(super) fn becomes(&mut self, status: Status) {
        (self.status, self.updated) = (status, now());
    }

    /// The response of ExecuteStatement and BatchExecuteStatement.
    pub(super) fn submitted(&self, id: &str) -> Value {
        let mut body = json!({
            "Id": id,
            "CreatedAt": self.created,
            "Database": self.run.database,
            "DbUser": self.user.name(),
            "WorkgroupName": self.run.workgroup,
            "Status": self.status.name(),
        });
        if self.status.is_final() {
            body["HasResultSet"] = json!(self.parts.iter().any(Part::has_result_set));
        }
        body
    }

    /// The response of DescribeStatement.
    pub(super) fn described(&self, id: &str, part: Option<usize>, shuffled: bool) -> Option<Value> {
        let mut body = match (part, self.parts.as_slice()) {
            (Some(number), parts) => parts.get(number.checked_sub(1)?)?.described(format!("{id}:{number}")),
            (None, [part]) if self.run.mode == Mode::Single => part.described(id.to_owned()),
            (None, parts) => self.batch(id, parts, shuffled),
        };
        if part.is_none() {
            body["Status"] = json!(self.status.name());
        }
        body["CreatedAt"] = json!(self.created);
        body["UpdatedAt"] = json!(self.updated);
        body["Database"] = json!(self.run.database);
        body["WorkgroupName"] = json!(self.run.workgroup);
        body["DbUser"] = json!(self.user.name());
        body["RedshiftPid"] = json!(self.process);
        body["ResultFormat"] = json!("JSON");
        if let Some(secret) = &self.run.secret {
            body["SecretArn"] = json!(secret);
        }
        Some(body)
    }

    fn batch(&self, id: &str, parts: &[Part], shuffled: bool) -> Value {
        let mut list: Vec<Value> =
            parts.iter().zip(1..).map(|(part, number)| part.described(format!("{id}:{number}"))).collect();
        if shuffled {
            // Any order but that of the request.
            list.reverse();
        }
        let mut body = json!({
            "Id": id,
            "SubStatements": list,
            "HasResultSet": parts.iter().any(Part::has_result_set),
            "Duration": u64::try_from(parts.iter().map(|part| part.nanoseconds).sum::<u128>()).unwrap_or(u64::MAX),
            "ExecutionMode": if self.run.mode == Mode::AutoCommit { "AUTO_COMMIT" } else { "TRANSACTION" },
            "RedshiftQueryId": 0,
            "ResultRows": -1,
            "ResultSize": -1,
        });
        let failed = parts.iter().zip(1..).find_map(|(part, number)| Some((number, part.failed.as_ref()?)));
        if let Some((number, failed)) = failed {
            body["Error"] = json!(format!("Query #{number} failed with {failed}"));
        }
        body
    }
}

/// Seconds since 1970, as JSON 1.1 writes a time.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
