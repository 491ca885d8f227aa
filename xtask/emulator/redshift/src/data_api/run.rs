//! Executes the statements of a request in a session of its user.

use std::sync::{Arc, Mutex};

use super::fault::Fault;
use super::request::Mode;
use super::result;
use super::statement::{Statement, Status};
use super::{Shared, lock};
use crate::engine::{ConflictMessage, Failed, Outcome, Session, User};

/// Runs in the background.
pub(super) fn spawn(shared: Arc<Shared>, statement: Arc<Mutex<Statement>>, fault: Fault) {
    tokio::spawn(async move {
        Work { shared: &shared, statement: &statement }.run(fault).await;
        let mut book = lock(&shared.book);
        book.running -= 1;
        drop(book);
        shared.idle.notify_all();
    });
}

/// One request.
struct Work<'a> {
    shared: &'a Shared,
    statement: &'a Mutex<Statement>,
}

/// Why a batch ends before its last statement.
enum Stop {
    /// The statement with this index failed.
    Failed(usize, Failed),
    /// CancelStatement.
    Cancelled,
}

impl Work<'_> {
    async fn run(&self, fault: Fault) {
        self.change(|statement| statement.becomes(Status::Picked));
        let injected = self.injected(fault);
        let result = match injected {
            Some(failed) => {
                self.started(0, self.shared.engine.next_query());
                Err(Stop::Failed(0, failed))
            }
            None => self.statements(fault).await,
        };
        let failures = self.change(|statement| {
            let cancelled = statement.cancelled && result.is_err();
            if let (Err(Stop::Failed(at, failed)), false) = (result, cancelled) {
                statement.finish(at, Err(failed));
            }
            for part in statement.parts.iter_mut().filter(|part| !part.status.is_final()) {
                part.status = Status::Aborted;
            }
            let failed = statement.parts.iter().any(|part| part.status == Status::Failed);
            statement.becomes(match (cancelled, failed) {
                (true, _) => Status::Aborted,
                (false, true) => Status::Failed,
                (false, false) => Status::Finished,
            });
            statement.failures()
        });
        failures.into_iter().for_each(|event| self.shared.journal.record(event));
    }

    /// The failure of a fault that does not reach the warehouse.
    fn injected(&self, fault: Fault) -> Option<Failed> {
        let refused = lock(&self.shared.book).refused;
        let first = self.sqls().into_iter().next().unwrap_or_default();
        match fault {
            _ if refused.is_some_and(|start| first.starts_with(start)) => Some(Failed::new("refused on demand")),
            Fault::Conflict => Some(ConflictMessage::Number.failure()),
            Fault::ConflictInWords => Some(ConflictMessage::Sentence.failure()),
            Fault::SlowDown => Some(Failed::new(
                "S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown,Rid 4VJ2,CanRetry 1",
            )),
            _ => None,
        }
    }

    async fn statements(&self, fault: Fault) -> Result<(), Stop> {
        let (user, mode) = self.change(|statement| (statement.user.clone(), statement.run.mode));
        let mut session = self.session(&user).await.map_err(|failed| Stop::Failed(0, failed))?;
        self.change(|statement| {
            statement.becomes(Status::Started);
            statement.process = session.process();
            statement.cancel = Some(session.cancel());
        });
        let lost = match fault {
            Fault::LoseSession(after) => Some(after),
            _ => None,
        };
        let result = match mode {
            Mode::Transaction => self.transaction(&mut session, lost).await,
            Mode::Single | Mode::AutoCommit => self.each(&mut session, lost).await,
        };
        // A statement that is cancelled now must not hit the next user of the session.
        let cancelled = self.change(|statement| {
            statement.cancel = None;
            statement.cancelled
        });
        if lost.is_none() && !cancelled && session.reset().await.is_ok() {
            lock(&self.shared.sessions).entry(user).or_default().push(session);
        }
        result
    }

    async fn session(&self, user: &User) -> Result<Session, Failed> {
        let idle = lock(&self.shared.sessions).get_mut(user).and_then(Vec::pop);
        match idle {
            Some(session) => Ok(session),
            None => self.shared.engine.session(user).await,
        }
    }

    /// All statements in one transaction.
    async fn transaction(&self, session: &mut Session, lost: Option<usize>) -> Result<(), Stop> {
        session.begin().await.map_err(|failed| Stop::Failed(0, failed))?;
        let sqls = self.sqls();
        for (at, sql) in sqls.iter().enumerate() {
            self.continues(at, lost)?;
            let query = self.started(at, self.shared.engine.next_query());
            let result = self.checked(session.batched(sql, query).await);
            if let Err(failed) = result {
                session.rollback().await.map_err(|failed| Stop::Failed(at, failed))?;
                return Err(Stop::Failed(at, failed));
            }
            self.change(|statement| statement.finish(at, result));
        }
        let last = sqls.len().saturating_sub(1);
        if lost == Some(sqls.len()) {
            return Err(Stop::Failed(last, session_lost()));
        }
        session.commit().await.map_err(|failed| Stop::Failed(last, failed))
    }

    /// Each statement in a transaction of its own; a failure does not affect the others.
    async fn each(&self, session: &mut Session, lost: Option<usize>) -> Result<(), Stop> {
        for (at, sql) in self.sqls().iter().enumerate() {
            self.continues(at, lost)?;
            let query = self.started(at, self.shared.engine.next_query());
            let result = self.checked(session.autocommit(sql, query).await);
            if self.change(|statement| statement.cancelled) && result.is_err() {
                return Err(Stop::Cancelled);
            }
            self.change(|statement| statement.finish(at, result));
        }
        Ok(())
    }

    fn continues(&self, at: usize, lost: Option<usize>) -> Result<(), Stop> {
        if lost == Some(at) {
            return Err(Stop::Failed(at, session_lost()));
        }
        if self.change(|statement| statement.cancelled) { Err(Stop::Cancelled) } else { Ok(()) }
    }

    fn started(&self, at: usize, query: i64) -> i64 {
        self.change(|statement| statement.start(at, query));
        query
    }

    fn checked(&self, result: Result<Outcome, Failed>) -> Result<Outcome, Failed> {
        let outcome = result?;
        result::check(&outcome, self.shared.engine.disabled())?;
        Ok(outcome)
    }

    fn sqls(&self) -> Vec<String> {
        self.change(|statement| statement.run.sqls.clone())
    }

    /// Changes the statement, and wakes the tasks that wait.
    fn change<T>(&self, work: impl FnOnce(&mut Statement) -> T) -> T {
        let result = work(&mut lock(self.statement));
        self.shared.changes.send_modify(|number| *number += 1);
        result
    }
}

fn session_lost() -> Failed {
    Failed::new("Query cancelled: the session was lost")
}
