//! The Redshift Data API: statements run when they are sent and continue without polling, client tokens are remembered, a batch is
//! one transaction except in AUTO_COMMIT mode, and results have pages.
//!
//! It does not verify latencies, sessions (`SessionId`), parameters of statements, events, results in CSV, the number of active
//! statements, or the texts of errors that no page states.

mod fault;
mod operations;
mod request;
mod result;
mod run;
mod statement;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::engine::{Engine, Session, User};
use crate::journal::Journal;

pub use fault::{Fault, Plan};
use request::Run;
pub(crate) use request::not_one_of;
use statement::Statement;

/// What the API serves.
#[derive(Clone, Debug)]
pub struct DataApiSettings {
    /// The names of workgroups that exist; an empty list accepts all.
    pub workgroups: Vec<String>,
    /// The names of databases that exist; an empty list accepts all.
    pub databases: Vec<String>,
    /// Secrets by their ARN, and the user of each.
    pub secrets: BTreeMap<String, User>,
    /// Rows per page of a result.
    pub page_rows: usize,
    /// Whether sub-statements are listed in a different order than in the request; it is undocumented.
    pub shuffled: bool,
}

impl Default for DataApiSettings {
    fn default() -> Self {
        let (workgroups, databases, secrets) = Default::default();
        // Few rows, so that results often have more than one page.
        Self { workgroups, databases, secrets, page_rows: 20, shuffled: false }
    }
}

/// The service. A copy shares its state.
#[derive(Clone)]
pub struct DataApi(Arc<Shared>);

struct Shared {
    engine: Engine,
    settings: DataApiSettings,
    journal: Journal,
    book: Mutex<Book>,
    /// Sends a number after each change of a statement.
    changes: watch::Sender<u64>,
    idle: Condvar,
    plan: Mutex<(usize, Plan)>,
    /// Idle sessions by user.
    sessions: Mutex<BTreeMap<User, Vec<Session>>>,
}

#[derive(Default)]
struct Book {
    statements: HashMap<String, Arc<Mutex<Statement>>>,
    tokens: HashMap<String, Token>,
    operations: Vec<String>,
    counts: BTreeMap<String, u64>,
    begun: Vec<String>,
    refused: Option<&'static str>,
    running: usize,
}

/// A client token's first request.
struct Token {
    id: String,
    run: Run,
    since: Instant,
}

impl fmt::Debug for DataApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataApi")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DataApi {
    /// The API of a warehouse.
    pub fn new(engine: Engine, settings: DataApiSettings, journal: Journal) -> Self {
        let plan: Plan = Box::new(|_, _| Fault::None);
        Self(Arc::new(Shared {
            engine,
            settings,
            journal,
            book: Mutex::default(),
            changes: watch::Sender::new(0),
            idle: Condvar::new(),
            plan: Mutex::new((0, plan)),
            sessions: Mutex::default(),
        }))
    }

    /// Sets the faults for the next requests, which are counted from 0 again.
    pub fn meets(&self, plan: impl FnMut(usize, &str) -> Fault + Send + 'static) {
        *lock(&self.0.plan) = (0, Box::new(plan));
    }

    /// The names of the operations since the last call.
    pub fn operations(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0.book).operations)
    }

    /// The number of requests of each operation.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        lock(&self.0.book).counts.clone()
    }

    /// From now on, statements that start like this fail.
    pub fn refuses(&self, start: &'static str) {
        lock(&self.0.book).refused = Some(start);
    }

    /// All started statements, in order.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.0.book).begun.clone()
    }

    /// Forgets all client tokens, as the service does after eight hours.
    pub fn forget_tokens(&self) {
        lock(&self.0.book).tokens.clear();
    }

    /// Waits until all started statements have finished. It blocks the thread.
    pub fn until_idle(&self) {
        let book = lock(&self.0.book);
        drop(self.0.idle.wait_while(book, |book| book.running > 0).unwrap_or_else(PoisonError::into_inner));
    }
}
