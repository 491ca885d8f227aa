//! What the emulator refused: a list, and optionally a line of JSON on standard error for each refusal.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// A statement that was refused, or killed by its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The id of the rule; empty for an error of PostgreSQL that no rule explains.
    pub rule: String,
    /// The message that the client got.
    pub message: String,
    /// The statement as the client sent it; empty for a refused connection.
    pub statement: String,
    /// The database user.
    pub user: String,
}

/// The events so far; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    events: Arc<Mutex<Vec<Event>>>,
    printed: bool,
}

impl Journal {
    /// A journal that is also printed.
    pub fn printed() -> Self {
        Self { printed: true, ..Self::default() }
    }

    /// Adds an event.
    pub fn record(&self, event: Event) {
        if self.printed
            && let Ok(line) = serde_json::to_string(&event)
        {
            eprintln!("{line}");
        }
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// All events, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
