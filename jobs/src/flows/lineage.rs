//! What is told of a run: its events go to a collector, if there is one, and all of them into one file of the lake.
//!
//! Nothing here fails a job: what could not be told is a warning.

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

/// How long a job that is over goes on for its lineage. It is less than what a container has between SIGTERM and
/// SIGKILL.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lineage of one start of a job.
#[derive(Debug)]
pub struct Lineage {
    story: RunEvents,
    lake: Lake,
    key: String,
    collector: Option<Collector>,
    start: Value,
    /// The first event on its way, so that the job does not wait for it.
    sending: Mutex<Option<JoinHandle<Result<()>>>>,
}

impl Lineage {
    /// Tells that the run has begun; at its end all events are written to `key`.
    pub fn begin(story: RunEvents, lake: Lake, key: String, collector: Option<Collector>) -> Self {
        let start = story.event(State::Start, &clock::rfc3339(clock::now()));
        let sending = collector.clone().map(|collector| {
            let start = start.clone();
            tokio::spawn(async move { collector.send(&start).await })
        });
        Self { story, lake, key, collector, start, sending: Mutex::new(sending) }
    }

    /// Tells how it ended.
    pub async fn end(&self, state: State<'_>) {
        let end = self.story.event(state, &clock::rfc3339(clock::now()));
        let told = async { tokio::join!(self.keep(&end), self.send(&end)) };
        let results = match tokio::time::timeout(PATIENCE, told).await {
            Ok((kept, sent)) => [kept, sent],
            Err(_) => [Err(Failure::temporary("the lineage was not told in time").into()), Ok(())],
        };
        for error in results.into_iter().filter_map(Result::err) {
            tracing::warn!("{error:#}; the run itself is not affected");
        }
    }

    async fn keep(&self, end: &Value) -> Result<()> {
        self.lake.put_new(&self.key, format!("{}\n{end}\n", self.start).into_bytes()).await
    }

    async fn send(&self, end: &Value) -> Result<()> {
        let Some(collector) = &self.collector else { return Ok(()) };
        let sending = self.sending.lock().ok().and_then(|mut sending| sending.take());
        let begun = match sending {
            Some(sending) => sending.await?,
            None => Ok(()),
        };
        // An end is worth something even without its beginning.
        collector.send(end).await.and(begun)
    }
}
