//! An HTTP server with a script: each path has a queue of answers, of which the last one stays, and every request is
//! written down. Like the real API it gives a length with small bodies and sends large ones in chunks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::Value;

#[derive(Debug)]
pub struct Server {
    http: Arc<Http>,
    book: Arc<Mutex<Book>>,
    thread: Option<JoinHandle<()>>,
}

struct Http(tiny_http::Server);

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.server_addr())
    }
}

#[derive(Debug, Default)]
struct Book {
    script: BTreeMap<String, VecDeque<Answer>>,
    requests: Vec<Asked>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub at: Instant,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: Arc::new(body.into()) }
    }

    pub fn json(value: &Value) -> Self {
        Self::new(200, value.to_string()).header("Content-Type", "application/json; charset=utf-8")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn response(&self) -> tiny_http::Response<std::io::Cursor<Vec<u8>>> {
        let mut response = tiny_http::Response::from_data(self.body.to_vec()).with_status_code(self.status);
        for (name, value) in &self.headers {
            response.add_header(tiny_http::Header::from_bytes(name.as_str(), value.as_str()).expect("a header"));
        }
        response
    }
}

impl Server {
    pub fn start() -> Self {
        let http = Arc::new(Http(tiny_http::Server::http("127.0.0.1:0").expect("a free port")));
        let book = Arc::new(Mutex::new(Book::default()));
        let (answering, writing) = (Arc::clone(&http), Arc::clone(&book));
        let thread = thread::spawn(move || {
            for mut request in answering.0.incoming_requests() {
                let mut body = String::new();
                // A client that goes away in the middle has sent what it has sent.
                let _ = request.as_reader().read_to_string(&mut body);
                let answer = open(&writing).answer(&request, body);
                // A client that has gone away is a thing that tests do.
                let _ = request.respond(answer.response());
            }
        });
        Self { http, book, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http.0.server_addr())
    }

    /// From now on a path has these answers, one after the other; the last one stays.
    pub fn answers(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        open(&self.book).script.insert(path.to_owned(), answers.into_iter().collect());
    }

    /// What was asked at a path, in order.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        open(&self.book).requests.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Every request, in order.
    pub fn all(&self) -> Vec<Asked> {
        open(&self.book).requests.clone()
    }

    /// What was asked last at a path.
    #[track_caller]
    pub fn last(&self, path: &str) -> Asked {
        self.asked(path).pop().expect("a request")
    }
}

impl Book {
    fn answer(&mut self, request: &tiny_http::Request, body: String) -> Answer {
        let headers = request.headers().iter().map(|header| (header.field.to_string(), header.value.to_string()));
        let path = request.url().to_owned();
        self.requests.push(Asked { path: path.clone(), at: Instant::now(), body, headers: headers.collect() });
        match self.script.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.pop_front().expect("two or more"),
            Some(queue) => queue.front().cloned().expect("a script with an answer"),
            None => Answer::new(404, "Not Found"),
        }
    }
}

fn open(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.http.0.unblock();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
