//! Sends the events of a run to a collector, if one is configured, and writes all of them to one file in the lake.
//!
//! Lineage never fails a job: an event that cannot be sent only causes a warning.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::edge::clock;
use crate::edge::lake::Lake;
use crate::edge::openlineage::Collector;
use crate::failure::Failure;
use crate::lineage::{RunEvents, State};

/// How long a finished job waits for its lineage: less than the time that a container has between SIGTERM and SIGKILL.
const PATIENCE: Duration = Duration::from_secs(5);

pub struct Lineage {
    events: RunEvents,
    lake: Lake,
    key: String,
    collector: Option<Collector>,
    start: Value,
    /// The first event is sent while the job runs.
    sending: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl Lineage {
    /// Reports that the run has started; when it ends, all events are written to `key`.
    pub fn start(events: RunEvents, lake: Lake, key: String, collector: Option<Collector>) -> Self {
        let start = events.event(State::Start, &clock::rfc3339(clock::now()));
        let sending = collector.clone().map(|collector| {
            let start = start.clone();
            tokio::spawn(async move { collector.send(&start).await })
        });
        Self { events, lake, key, collector, start, sending: Mutex::new(sending) }
    }

    pub async fn end(&self, state: State<'_>) {
        let end = self.events.event(state, &clock::rfc3339(clock::now()));
        let events = format!("{}\n{end}\n", self.start).into_bytes();
        let both = async { tokio::join!(self.lake.put_new(&self.key, events), self.send(&end)) };
        let results = match tokio::time::timeout(PATIENCE, both).await {
            Ok((kept, sent)) => [kept, sent],
            Err(_) => [Err(Failure::temporary("cannot report lineage: the time limit was exceeded").into()), Ok(())],
        };
        for error in results.into_iter().filter_map(Result::err) {
            tracing::warn!("{error:#}; the run itself is not affected");
        }
    }

    async fn send(&self, end: &Value) -> Result<()> {
        let Some(collector) = &self.collector else { return Ok(()) };
        let sending = self.sending.lock().ok().and_then(|mut sending| sending.take());
        let started = match sending {
            Some(sending) => sending.await?,
            None => Ok(()),
        };
        // The end is sent even if the start could not be.
        collector.send(end).await.and(started)
    }
}
