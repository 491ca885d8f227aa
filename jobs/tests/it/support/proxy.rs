//! A proxy between a program and an S3 server that injects faults into writes. All other responses are those of the real
//! server; it does not show what Amazon's own servers do after such a fault.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A fault for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The object is stored, but the response is 500.
    FailedAfter,
    /// The object is stored, but the connection is reset.
    ResetAfter,
    /// The object is not stored, and the connection is reset.
    ResetBefore,
    /// The object is not stored, and the response is 409. A multipart upload no longer exists: the Amazon S3 API
    /// Reference, CompleteMultipartUpload, requires a new one.
    Conflict,
    /// The object is not stored, and the response is 409, for every write of that kind to that key.
    ConflictAlways,
    /// The object is not stored, and the response is 503.
    SlowDown,
    /// The object is stored, but the response arrives after the client has closed the connection.
    Late,
}

impl Fault {
    pub fn is_conflict(self) -> bool {
        matches!(self, Self::Conflict | Self::ConflictAlways)
    }
}

/// A write: a PUT, or a POST of a multipart upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub method: String,
    /// The key, with `*` for the run and the attempt.
    pub key: String,
    /// Whether it creates an object only if its key is free.
    pub conditional: bool,
}

/// Chooses the fault for the last of these writes.
type Judge = Box<dyn Fn(&[Written]) -> Option<Fault> + Send + Sync>;

pub struct Proxy {
    pub endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    log: Mutex<Vec<Written>>,
    judge: Judge,
    /// The number of faults that have happened, before the client notices.
    injected: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy in front of `upstream`, such as `http://127.0.0.1:4566`.
    pub fn start(upstream: &str) -> Self {
        Self::judging(upstream, Box::new(|_| None))
    }

    /// Injects a fault at the last of these writes, which were sent by a run without faults.
    pub fn injecting(fault: Fault, writes: &[Written], upstream: &str) -> Self {
        let at = writes.last().expect("a write").clone();
        let nth = count(writes, &at);
        let judge = move |log: &[Written]| {
            let now = count(log, &at);
            let is_hit = now == nth || now > nth && fault == Fault::ConflictAlways;
            (log.last() == Some(&at) && is_hit).then_some(fault)
        };
        Self::judging(upstream, Box::new(judge))
    }

    /// Injects a fault the first time that each object is written, if there is one.
    pub fn always(fault: Option<Fault>, upstream: &str) -> Self {
        let judge = move |log: &[Written]| fault.filter(|_| log.last().is_some_and(|last| count(log, last) == 1));
        Self::judging(upstream, Box::new(judge))
    }

    pub fn judging(upstream: &str, judge: Judge) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let (log, injected, upstream) = (Mutex::default(), AtomicUsize::new(0), upstream.replace("http://", ""));
        let shared = Arc::new(Shared { upstream, log, judge, injected });
        let kept = Arc::clone(&shared);
        // The thread ends with the test process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&kept);
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { endpoint, shared }
    }

    /// Returns the writes so far, in order.
    pub fn writes(&self) -> Vec<Written> {
        self.shared.log.lock().expect("no panic").clone()
    }

    /// Returns the number of faults so far.
    pub fn injected(&self) -> usize {
        self.shared.injected.load(Ordering::SeqCst)
    }
}

fn count(writes: &[Written], of: &Written) -> usize {
    writes.iter().filter(|write| *write == of).count()
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut request = head(&mut client)?;
        let text = String::from_utf8_lossy(&request).into_owned();
        let fault = written(&text).and_then(|written| {
            let mut log = self.log.lock().expect("no panic");
            log.push(written);
            (self.judge)(&log)
        });
        // The last byte stays in the socket: closing it with bytes unread resets the connection.
        let mut rest = vec![0; length(&text)];
        client.read_exact(&mut rest)?;
        request.append(&mut rest);
        let mut last = [0];
        client.peek(&mut last)?;
        request.extend(last);
        if !matches!(fault, Some(Fault::ResetAfter | Fault::ResetBefore)) {
            client.read_exact(&mut last)?;
        }
        let mut response = match fault {
            None | Some(Fault::FailedAfter | Fault::ResetAfter | Fault::Late) => forward(&self.upstream, &request)?,
            Some(Fault::Conflict) if text.starts_with("POST") && text.contains("uploadId=") => {
                let target = text.split(' ').nth(1).unwrap_or_default();
                forward(&self.upstream, format!("DELETE {target} HTTP/1.1\r\nHost: s3\r\n\r\n").as_bytes())?
            }
            Some(_) => Vec::new(),
        };
        self.injected.fetch_add(usize::from(fault.is_some()), Ordering::SeqCst);
        match fault {
            Some(Fault::ResetAfter | Fault::ResetBefore) => return Ok(()),
            Some(Fault::FailedAfter) => response = error("500 Internal Server Error", "InternalError"),
            Some(Fault::Conflict | Fault::ConflictAlways) => {
                response = error("409 Conflict", "ConditionalRequestConflict");
            }
            Some(Fault::SlowDown) => response = error("503 Slow Down", "SlowDown"),
            // Returns when the client closes the connection.
            Some(Fault::Late) => _ = client.read(&mut last)?,
            None => {}
        }
        client.write_all(&response)
    }
}

fn written(head: &str) -> Option<Written> {
    let mut parts = head.split(' ');
    let (method, target) = (parts.next()?, parts.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let writes = method == "PUT" || method == "POST" && query.starts_with("upload");
    let key = path.split('/').skip(2).map(general).collect::<Vec<_>>().join("/");
    assert!(
        !head.to_ascii_lowercase().contains("x-amz-copy-source"),
        "a copy on the server needs its own faults: {head}"
    );
    let conditional = head.to_ascii_lowercase().contains("\r\nif-none-match: *\r\n");
    writes.then(|| Written { method: method.to_owned(), key, conditional })
}

/// Returns a part of a key without the run and the attempt, such as `20260105T093000Z-0c4f2e`.
fn general(part: &str) -> String {
    match part.find("Z-") {
        _ if part.starts_with("run") => "run=*".to_owned(),
        Some(at) if at >= 15 => format!("{}*{}", &part[..at - 15], part.get(at + 8..).unwrap_or_default()),
        _ => part.to_owned(),
    }
}

/// Returns the head of a request without its last byte.
fn head(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r") {
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(head)
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().map_or(0, |(_, length)| length.trim().parse().expect("a number"))
}

fn error(status: &str, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

/// Sends one request on a separate connection, so that the response ends when the connection is closed.
fn forward(upstream: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream)?;
    server.write_all(&closing(request))?;
    let mut response = Vec::new();
    server.read_to_end(&mut response)?;
    Ok(closing(&response))
}

/// A message after which the connection is closed.
fn closing(message: &[u8]) -> Vec<u8> {
    let end = message.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&message[..end]);
    let lines = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = lines.chain(["Connection: close"]).collect::<Vec<_>>().join("\r\n");
    [head.as_bytes(), &message[end..]].concat()
}
