//! Waits before a request, so that no period has more requests than the contract allows.

use std::collections::VecDeque;
use std::time::Duration;

use contract::RateLimit;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

#[derive(Debug)]
pub(super) struct Limiter {
    limit: RateLimit,
    /// When the last requests were sent, at most as many as the limit allows.
    sent: Mutex<VecDeque<Instant>>,
}

impl Limiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, sent: Mutex::default() }
    }

    /// Waits until a request may be sent; the others wait in line.
    pub(super) async fn wait(&self) {
        let mut sent = self.sent.lock().await;
        if sent.len() >= self.limit.requests as usize
            && let Some(first) = sent.pop_front()
        {
            sleep_until(first + Duration::from_secs(self.limit.seconds.into())).await;
        }
        sent.push_back(Instant::now());
    }
}
