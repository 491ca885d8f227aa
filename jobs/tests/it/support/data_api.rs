//! An emulator of the Redshift Data API: its protocol over HTTP, with a real PostgreSQL that emulates parts of Redshift
//! (`support/redshift.rs`).
//!
//! This verifies how the driver uses the protocol: statements start when they are sent and continue without polling,
//! client tokens are remembered, a batch is one transaction of at most 40 statements and 100 KB, and results have
//! pages. Requests, responses and statements can be made to fail. It does not verify the latencies and limits of the
//! real service, IAM, error messages, or the behaviour of Redshift's SQL; `docs/redshift-conformance.md` lists what the
//! loader relies on.

use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::redshift::{Cluster, Failed, Rows};

/// The number of rows in one page.
const PAGE: usize = 20;

/// A fault for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// The request is lost.
    LoseRequest,
    /// The request is processed, but its response is lost.
    LoseResponse,
    /// The request is processed twice; the client gets the second response.
    Duplicate,
    /// The request is processed after a delay.
    Delay,
    /// The service returns a throttling error.
    Throttle,
    /// The statements of the request fail with a conflict (1023).
    Conflict,
    /// The same conflict without its error number, as Redshift users have reported.
    ConflictInWords,
    /// The session of a batch is lost after the statement with this index.
    LoseSession(usize),
}

/// Returns the fault for the request with this index and operation.
pub type Plan = Box<dyn FnMut(usize, &str) -> Fault + Send>;

/// A server that is stopped when this value is dropped, after its running statements have finished.
pub struct DataApi {
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    address: String,
    cluster: Cluster,
    /// An administrator's secret, and the warehouse with the sessions of that user.
    admin: Option<(String, Cluster)>,
    book: Mutex<Book>,
    changed: Condvar,
    plan: Mutex<(usize, Plan)>,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Book {
    statements: HashMap<String, Statement>,
    /// The statement for each client token.
    tokens: HashMap<String, String>,
    operations: Vec<String>,
    begun: Vec<String>,
    refused: Option<&'static str>,
    running: usize,
}

struct Statement {
    sqls: Vec<String>,
    /// Whether each one was a transaction and was run.
    each: bool,
    /// The failed statements: several only if each one is a transaction.
    ended: Option<Result<Rows, Vec<Failed>>>,
}

impl fmt::Debug for DataApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataApi")
    }
}

impl DataApi {
    pub fn before(cluster: Cluster) -> Self {
        Self::administered(cluster, None)
    }

    /// Also accepts the ARN of an administrator's secret.
    pub fn administered(cluster: Cluster, admin: Option<(String, Cluster)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let plan: Plan = Box::new(|_, _| Fault::None);
        let shared = Arc::new(Shared {
            address,
            cluster,
            admin,
            book: Mutex::default(),
            changed: Condvar::new(),
            plan: Mutex::new((0, plan)),
            stopped: AtomicBool::new(false),
        });
        let server = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for stream in listener.incoming() {
                if server.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let server = Arc::clone(&server);
                // Clients may disconnect at any time.
                thread::spawn(move || stream.map(|stream| server.serve(stream)));
            }
        });
        Self { shared, listener: Some(listener) }
    }

    pub fn url(&self) -> &str {
        &self.shared.address
    }

    /// Sets the faults for the next requests, which are counted from 0 again.
    pub fn meets(&self, plan: impl FnMut(usize, &str) -> Fault + Send + 'static) {
        *lock(&self.shared.plan) = (0, Box::new(plan));
    }

    /// Returns the names of the operations since the last call.
    pub fn operations(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.book).operations)
    }

    /// Makes all further statements with this prefix fail.
    pub fn refuses(&self, start: &'static str) {
        lock(&self.shared.book).refused = Some(start);
    }

    /// Returns all started statements, in order.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.shared.book).begun.clone()
    }

    /// Forgets all client tokens, as the service does after eight hours.
    pub fn forget_tokens(&self) {
        lock(&self.shared.book).tokens.clear();
    }

    /// Waits until all started statements have finished.
    pub fn until_idle(&self) {
        let book = lock(&self.shared.book);
        drop(self.shared.changed.wait_while(book, |book| book.running > 0).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for DataApi {
    fn drop(&mut self) {
        self.until_idle();
        self.shared.stopped.store(true, Ordering::SeqCst);
        // A connection wakes the listener.
        drop(TcpStream::connect(self.shared.address.trim_start_matches("http://")));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

type Reply = (u16, Value);

fn refused(code: &str, message: &str) -> Reply {
    (400, json!({ "__type": code, "message": message }))
}

impl Shared {
    fn serve(self: &Arc<Self>, mut stream: TcpStream) {
        while let Some((operation, body)) = request(&mut stream) {
            let fault = {
                let mut plan = lock(&self.plan);
                let number = plan.0;
                plan.0 += 1;
                (plan.1)(number, &operation)
            };
            lock(&self.book).operations.push(operation.clone());
            let (status, reply) = match fault {
                Fault::LoseRequest => break,
                Fault::Throttle => refused("ThrottlingException", "Rate exceeded"),
                fault => {
                    if fault == Fault::Delay {
                        sleep(Duration::from_millis(30));
                    }
                    if fault == Fault::Duplicate {
                        self.response(&operation, &body, fault);
                    }
                    self.response(&operation, &body, fault)
                }
            };
            if fault == Fault::LoseResponse {
                break;
            }
            let reply = reply.to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n",
                reply.len()
            );
            if stream.write_all((head + &reply).as_bytes()).is_err() {
                break;
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    }

    fn response(self: &Arc<Self>, operation: &str, body: &Value, fault: Fault) -> Reply {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "ExecuteStatement" => {
                let begun = self.begin(vec![text("Sql")], &text("ClientToken"), &text("SecretArn"), false, fault);
                self.begun(begun, body)
            }
            "BatchExecuteStatement" => {
                let sqls = body["Sqls"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let sqls: Vec<String> = sqls.map(str::to_owned).collect();
                if !(1..=40).contains(&sqls.len()) {
                    return refused("ValidationException", "Sqls: 1 to 40 statements");
                }
                let each = text("ExecutionMode") == "AUTO_COMMIT";
                let begun = self.begin(sqls, &text("ClientToken"), &text("SecretArn"), each, fault);
                self.begun(begun, body)
            }
            "DescribeStatement" => self.describe(&text("Id"), body["WaitTimeSeconds"].as_u64().unwrap_or(0)),
            "GetStatementResult" => self.page(&text("Id"), body["NextToken"].as_str()),
            other => refused("UnknownOperationException", other),
        }
    }

    /// Waits for a statement that has started; its status is part of the response.
    fn begun(&self, (status, mut reply): Reply, body: &Value) -> Reply {
        if let (200, Some(seconds)) = (status, body["WaitTimeSeconds"].as_u64()) {
            let (_, described) = self.describe(reply["Id"].as_str().unwrap_or_default(), seconds);
            reply["Status"] = described["Status"].clone();
        }
        (status, reply)
    }

    fn begin(self: &Arc<Self>, sqls: Vec<String>, token: &str, secret: &str, each: bool, fault: Fault) -> Reply {
        let known = self.admin.as_ref().is_some_and(|(arn, _)| arn == secret);
        if !secret.is_empty() && !known {
            return refused("ValidationException", "the secret does not exist");
        }
        if sqls.iter().map(String::len).sum::<usize>() > 100_000 {
            return refused("ValidationException", "a statement is at most 100 KB");
        }
        if token.is_empty() || token.len() > 64 {
            return refused("ValidationException", "ClientToken: 1 to 64 characters");
        }
        let runs = !matches!(fault, Fault::Conflict | Fault::ConflictInWords | Fault::LoseSession(_));
        let id = {
            let mut book = lock(&self.book);
            if let Some(id) = book.tokens.get(token) {
                return (200, json!({ "Id": id }));
            }
            let id = format!("s-{}", book.statements.len());
            book.tokens.insert(token.to_owned(), id.clone());
            book.statements.insert(id.clone(), Statement { sqls: sqls.clone(), each: each && runs, ended: None });
            book.begun.extend(sqls.iter().cloned());
            book.running += 1;
            id
        };
        let refused = lock(&self.book).refused.is_some_and(|start| sqls[0].starts_with(start));
        let (server, name) = (Arc::clone(self), id.clone());
        thread::spawn(move || {
            let ended = match fault {
                _ if refused => Err(vec![Failed { statement: 0, message: "ERROR: refused on demand".to_owned() }]),
                Fault::Conflict => Err(vec![Failed::conflict()]),
                Fault::ConflictInWords => Err(vec![Failed::conflict_without_number()]),
                Fault::LoseSession(after) => {
                    server.opened(known).run(&sqls, Some(after)).map_err(|failed| vec![failed])
                }
                _ if each => {
                    let one = |(statement, sql): (usize, &String)| {
                        let failed = server.opened(known).run(std::slice::from_ref(sql), None).err()?;
                        Some(Failed { statement, ..failed })
                    };
                    let failed: Vec<Failed> = sqls.iter().enumerate().filter_map(one).collect();
                    if failed.is_empty() { Ok(Rows::new()) } else { Err(failed) }
                }
                _ => server.opened(known).run(&sqls, None).map_err(|failed| vec![failed]),
            };
            let mut book = lock(&server.book);
            book.running -= 1;
            if let Some(statement) = book.statements.get_mut(&name) {
                statement.ended = Some(ended);
            }
            server.changed.notify_all();
        });
        (200, json!({ "Id": id }))
    }

    fn opened(&self, by_secret: bool) -> &Cluster {
        self.admin.as_ref().filter(|_| by_secret).map_or(&self.cluster, |(_, admin)| admin)
    }

    fn describe(&self, id: &str, seconds: u64) -> Reply {
        let until = Instant::now() + Duration::from_secs(seconds.min(30));
        let mut book = lock(&self.book);
        loop {
            let Some(statement) = book.statements.get(id) else {
                return refused("ResourceNotFoundException", "Query does not exist.");
            };
            let parts = |failed: &[Failed]| -> Value {
                let first = failed.first().map_or(usize::MAX, |failed| failed.statement);
                let part = |at: usize| match failed.iter().find(|failed| failed.statement == at) {
                    Some(failed) => {
                        json!({ "Id": format!("{id}:{}", at + 1), "Status": "FAILED", "Error": failed.message })
                    }
                    None if at > first && !statement.each => {
                        json!({ "Id": format!("{id}:{}", at + 1), "Status": "ABORTED" })
                    }
                    None => json!({ "Id": format!("{id}:{}", at + 1), "Status": "FINISHED" }),
                };
                // Not in the order of the request: no page states one.
                let several = statement.sqls.len() > 1;
                if several { (0..statement.sqls.len()).rev().map(part).collect() } else { json!([]) }
            };
            match &statement.ended {
                Some(Ok(_)) => return (200, json!({ "Id": id, "Status": "FINISHED", "SubStatements": parts(&[]) })),
                Some(Err(failed)) => {
                    let several = statement.sqls.len() > 1;
                    let error = if several { "Query failed. See sub-statements." } else { &failed[0].message };
                    let parts = parts(failed);
                    let response = json!({ "Id": id, "Status": "FAILED", "Error": error, "SubStatements": parts, "RedshiftQueryId": 7 });
                    return (200, response);
                }
                None if Instant::now() >= until => return (200, json!({ "Id": id, "Status": "STARTED" })),
                None => {
                    let wait = until.saturating_duration_since(Instant::now());
                    book = self.changed.wait_timeout(book, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Returns few rows per page, so that results often have more than one page.
    fn page(&self, id: &str, from: Option<&str>) -> Reply {
        let book = lock(&self.book);
        let Some(Some(Ok(rows))) = book.statements.get(id).map(|statement| &statement.ended) else {
            return refused("ResourceNotFoundException", "Query does not have result.");
        };
        let from: usize = from.and_then(|token| token.parse().ok()).unwrap_or(0);
        let field = |value: &Option<String>| match value {
            None => json!({ "isNull": true }),
            Some(text) => match text.parse::<i64>() {
                Ok(number) if !text.starts_with('+') => json!({ "longValue": number }),
                _ => json!({ "stringValue": text }),
            },
        };
        let records: Vec<Vec<Value>> =
            rows.iter().skip(from).take(PAGE).map(|row| row.iter().map(field).collect()).collect();
        let mut reply = json!({ "Records": records, "TotalNumRows": rows.len() });
        if from + PAGE < rows.len() {
            reply["NextToken"] = json!((from + PAGE).to_string());
        }
        (200, reply)
    }
}

/// Reads the operation and body of a request; returns `None` after the client has disconnected.
fn request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 16 << 10]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let header = |name: &str| {
                head.lines()
                    .filter_map(|line| line.split_once(':'))
                    .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned()))
            };
            let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let target = header("x-amz-target").unwrap_or_default();
                let operation = target.rsplit_once('.').map_or("", |(_, operation)| operation).to_owned();
                return Some((operation, serde_json::from_slice(&bytes[end + 4..end + 4 + length]).ok()?));
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}
