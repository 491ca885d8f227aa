//! A stub of a log stream in CloudWatch Logs, with random delivery determined by a seed.

use serde_json::{Value, json};

/// The events, each with the query that first returns it.
#[derive(Debug)]
pub(super) struct Stream {
    events: Vec<(u32, Value)>,
    queries: u32,
    state: u64,
    /// The next pages of a query.
    rest: Vec<Value>,
}

impl Stream {
    pub(super) fn new(name: &str, lines: u64, seed: u64) -> Self {
        let mut stream = Self {
            events: Vec::new(),
            queries: 0,
            state: 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed),
            rest: Vec::new(),
        };
        for number in 0..lines {
            let late = stream.below(3) as u32;
            let message = format!("<{name} says {number}>\n");
            let event = json!({ "eventId": format!("{number:056}"), "logStreamName": name, "message": message,
                "timestamp": 1_000_000 + number * 10 / 7, "ingestionTime": 1_000_050 + number });
            stream.events.push(((number / 10) as u32 + late, event));
        }
        stream
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    /// Returns the next page; a request without a token starts a query. Some pages are empty although more follow.
    pub(super) fn page(&mut self, body: &Value) -> Value {
        if body["nextToken"].is_null() {
            self.queries += 1;
            let from = body["startTime"].as_u64().unwrap_or(0);
            let visible = self
                .events
                .iter()
                .filter(|(query, event)| *query < self.queries && event["timestamp"].as_u64() >= Some(from));
            let mut list: Vec<Value> = visible.map(|(_, event)| event.clone()).collect();
            for index in 0..list.len() {
                if self.below(4) == 0 {
                    list.push(list[index].clone());
                }
            }
            for index in (1..list.len()).rev() {
                let other = self.below(index as u64 + 1) as usize;
                list.swap(index, other);
            }
            self.rest = list;
        }
        let count = if self.below(3) == 0 { 0 } else { self.rest.len().min(25) };
        let events: Vec<Value> = self.rest.drain(..count).collect();
        let token = if self.rest.is_empty() { Value::Null } else { format!("t{}", self.state).into() };
        json!({ "events": events, "nextToken": token, "searchedLogStreams": [] })
    }
}
