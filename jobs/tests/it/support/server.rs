//! An HTTP server with scripted or computed responses: each path has a queue, whose last response is repeated, and every
//! request is recorded. Like the real API, it sends small bodies with a length and large ones in chunks.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::Value;

pub struct Server {
    http: Arc<Http>,
    book: Arc<Mutex<Book>>,
    thread: Option<JoinHandle<()>>,
}

struct Http(tiny_http::Server);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.url())
    }
}

/// Returns the response to a request, unless it is scripted.
type Answer = Box<dyn FnMut(&Request) -> Option<Response> + Send>;

#[derive(Default)]
struct Book {
    script: BTreeMap<String, VecDeque<Response>>,
    answer: Option<Answer>,
    requests: Vec<Request>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub at: Instant,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Returns a parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&format!("http://host{}", self.path)).expect("a URL");
        url.query_pairs().find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }
}

/// A scripted response.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Arc<Vec<u8>>,
    /// Whether the connection is closed before the end of the body.
    is_cut: bool,
}

impl Response {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: Arc::new(body.into()), is_cut: false }
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The connection is closed in the middle of the body.
    pub fn cut(self) -> Self {
        Self { is_cut: true, ..self }
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
                // If the client disconnects early, the part that it sent is recorded.
                let _ = request.as_reader().read_to_string(&mut body);
                let response = open(&writing).response(&request, body);
                // Tests may disconnect before the response.
                let _ = if response.is_cut {
                    let body = &response.body;
                    let head = format!("HTTP/1.1 {} OK\r\nContent-Length: {}\r\n\r\n", response.status, body.len());
                    let mut to = request.into_writer();
                    to.write_all(head.as_bytes()).and_then(|()| to.write_all(&body[..body.len() / 2]))
                } else {
                    request.respond(response.response())
                };
            }
        });
        Self { http, book, thread: Some(thread) }
    }

    /// Starts a server whose responses are computed.
    pub fn serving(mut with: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        let server = Self::start();
        server.answer(move |request| Some(with(request)));
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.http.0.server_addr())
    }

    /// Sets the responses for a path; the last one is repeated.
    pub fn respond(&self, path: &str, responses: impl IntoIterator<Item = Response>) {
        open(&self.book).script.insert(path.to_owned(), responses.into_iter().collect());
    }

    /// Computes the responses to requests that are not scripted.
    pub fn answer(&self, with: impl FnMut(&Request) -> Option<Response> + Send + 'static) {
        open(&self.book).answer = Some(Box::new(with));
    }

    /// Returns the requests for a path, in order.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        open(&self.book).requests.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Returns all requests, in order.
    pub fn all(&self) -> Vec<Request> {
        open(&self.book).requests.clone()
    }

    /// Returns the last request for a path.
    #[track_caller]
    pub fn last(&self, path: &str) -> Request {
        self.requests(path).pop().expect("a request")
    }
}

impl Book {
    fn response(&mut self, request: &tiny_http::Request, body: String) -> Response {
        let headers = request.headers().iter().map(|header| (header.field.to_string(), header.value.to_string()));
        let path = request.url().to_owned();
        let request = Request { path: path.clone(), at: Instant::now(), body, headers: headers.collect() };
        self.requests.push(request.clone());
        match self.script.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.pop_front().expect("two or more"),
            Some(queue) => queue.front().cloned().expect("a response"),
            None => {
                let answer = self.answer.as_mut().and_then(|answer| answer(&request));
                answer.unwrap_or_else(|| Response::new(404, "Not Found"))
            }
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
