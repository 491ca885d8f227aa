//! A proxy between a program and an AWS emulator that records every request and injects faults. It shows which requests
//! were sent and in which order, but not that AWS accepts them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One request, without the bucket name in its path.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) key: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The status of the server's response.
    pub(crate) status: Option<u16>,
}

impl Recorded {
    /// Returns, for example, `PUT dags/a.py`; a listing is `LIST`.
    pub(crate) fn line(&self) -> String {
        if self.key.is_empty() { "LIST".to_owned() } else { format!("{} {}", self.method, self.key) }
    }

    /// Returns the name of a call to any service: the query protocol's action, the JSON protocol's target, or else the
    /// method and path.
    pub(crate) fn call(&self) -> String {
        let form = String::from_utf8_lossy(&self.body);
        let action = form.strip_prefix("Action=").map(|rest| rest.split('&').next().unwrap_or_default());
        let target = || self.header("x-amz-target").and_then(|target| target.rsplit('.').next());
        let path = self.head.split([' ', '?']).nth(1).unwrap_or_default();
        action.or_else(target).map_or_else(|| format!("{} {path}", self.method), str::to_owned)
    }

    /// Returns whether it is read-only, by the name of the call.
    pub(crate) fn reads(&self) -> bool {
        const READS: [&str; 8] =
            ["Describe", "Get", "List", "BatchGet", "BatchCheck", "GET ", "HEAD ", "POST /v1/describe"];
        READS.iter().any(|start| self.call().starts_with(start))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The fault for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No fault: the request and its response are passed on.
    Pass,
    /// The request is lost, and the client waits.
    Lost,
    /// The response is lost, and the client waits.
    NoResponse,
    /// The request arrives; the client gets a 500.
    FailedAfter,
    /// The request arrives; the connection is closed without a response.
    ClosedAfter,
    /// The request is lost; the connection is closed.
    ClosedBefore,
    /// The request is lost; the client gets S3's 409, after which it should retry.
    Conflict,
    /// The request is lost; the client gets S3's 503.
    SlowDown,
}

/// Chooses the fault by the request and the number of requests before it.
type Judge = Box<dyn Fn(&Recorded, usize) -> Fate + Send + Sync>;
/// Edits a response of the server.
type Editor = Box<dyn Fn(&Recorded, String) -> String + Send + Sync>;

pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    log: Arc<Mutex<Vec<Recorded>>>,
}

impl Proxy {
    /// Starts a proxy in front of `upstream`, such as `http://127.0.0.1:4566`. It serves one request at a time, so that
    /// the order in the log is the order of execution.
    pub(crate) fn start(upstream: &str, judge: Judge) -> Self {
        Self::with(upstream, judge, None)
    }

    /// Starts a proxy that edits text responses.
    pub(crate) fn editing(upstream: &str, editor: Editor) -> Self {
        Self::with(upstream, Box::new(|_, _| Fate::Pass), Some(editor))
    }

    fn with(upstream: &str, judge: Judge, editor: Option<Editor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let (log, upstream) = (Arc::<Mutex<Vec<Recorded>>>::default(), upstream.replace("http://", ""));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            let serving = Arc::new(Mutex::new(Vec::new()));
            for client in listener.incoming().flatten() {
                // A connection without a response stays open.
                serving.lock().expect("no panic").extend(serve(client, &upstream, &kept, &judge, editor.as_ref()));
            }
        });
        Self { endpoint, log }
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.log.lock().expect("no panic").clone()
    }
}

/// Returns the client if it gets no response.
fn serve(
    mut client: TcpStream,
    upstream: &str,
    log: &Mutex<Vec<Recorded>>,
    judge: &Judge,
    editor: Option<&Editor>,
) -> Option<TcpStream> {
    let (head, mut body) = split(&mut client)?;
    let mut recorded = parse(&head);
    let length = recorded.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    let missing = length - body.len();
    Read::by_ref(&mut client).take(missing as u64).read_to_end(&mut body).ok()?;
    recorded.body.clone_from(&body);
    let index = log.lock().expect("no panic").len();
    let fate = judge(&recorded, index);
    log.lock().expect("no panic").push(recorded.clone());
    match fate {
        Fate::Lost => return Some(client),
        Fate::ClosedBefore => return None,
        Fate::Conflict => {
            client.write_all(&error("409 Conflict", "ConditionalRequestConflict")).ok()?;
            return None;
        }
        Fate::SlowDown => {
            client.write_all(&error("503 Slow Down", "SlowDown")).ok()?;
            return None;
        }
        _ => {}
    }
    let answer = forward(upstream, &head, &body)?;
    let answer = match (editor, String::from_utf8(answer)) {
        (Some(editor), Ok(text)) => edited(&text, |body| editor(&recorded, body)).into_bytes(),
        (_, Ok(text)) => text.into_bytes(),
        (_, Err(binary)) => binary.into_bytes(),
    };
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|code| code.parse().ok());
    log.lock().expect("no panic")[index].status = status;
    let answer = match fate {
        Fate::NoResponse => return Some(client),
        Fate::ClosedAfter => return None,
        Fate::FailedAfter => error("500 Internal Server Error", "InternalError"),
        _ => answer,
    };
    client.write_all(&answer).ok()?;
    let _ = client.shutdown(Shutdown::Write);
    None
}

fn error(status: &str, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

/// Returns the head as text, and the first part of the body.
fn split(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 65_536]);
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes).ok()?, body));
        }
    }
}

fn parse(head: &str) -> Recorded {
    let mut parts = head.split(' ');
    let (method, target) = (parts.next().expect("a method"), parts.next().expect("a path"));
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    let owned = str::to_owned;
    Recorded { method: owned(method), key: owned(key), head: owned(head), body: vec![], status: None }
}

/// Returns a response with another body, which may have a different length.
fn edited(answer: &str, editor: impl Fn(String) -> String) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let body = editor(body.to_owned());
    let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
    format!("{}\r\nContent-Length: {}\r\n\r\n{body}", lines.collect::<Vec<_>>().join("\r\n"), body.len())
}

/// Sends one request on a separate connection, so that the response ends with the connection.
fn forward(upstream: &str, head: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).ok()?;
    let closing = |head: &str| {
        let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
        lines.collect::<Vec<_>>().join("\r\n").replacen("\r\n", "\r\nConnection: close\r\n", 1)
    };
    server.write_all(closing(head).as_bytes()).ok()?;
    server.write_all(body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let rest = answer.split_off(end);
    Some([closing(&String::from_utf8_lossy(&answer)).into_bytes(), rest].concat())
}
