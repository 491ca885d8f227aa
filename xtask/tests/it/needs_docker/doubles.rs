//! A proxy that stalls in the middle of a push to a real registry, and a fixed response: ECR rejects a tag that another
//! client has pushed in the meantime, which no emulator does. The tests check our handling of that response, not that
//! ECR sends it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::json;
use tiny_http::{Method, Request, Response, Server};

/// Forwards everything, but stalls after a number of bytes to the registry until it is released.
pub(super) struct Stalling {
    pub(super) host: String,
    state: Arc<State>,
}

struct State {
    upstream: String,
    room: AtomicUsize,
    open: AtomicBool,
    stalled: (Mutex<bool>, Condvar),
}

impl Stalling {
    pub(super) fn before(upstream: &str, room: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            room: AtomicUsize::new(room),
            open: AtomicBool::new(false),
            stalled: (Mutex::new(false), Condvar::new()),
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, state) = (client.expect("a client"), shared.clone());
                let server = TcpStream::connect(&state.upstream).expect("the registry");
                let (from, to) = (server.try_clone().expect("a stream"), client.try_clone().expect("a stream"));
                std::thread::spawn(move || pass(from, to, |_| {}));
                std::thread::spawn(move || pass(client, server, |bytes| state.count(bytes)));
            }
        });
        Self { host, state }
    }

    /// Waits until a push has stalled.
    pub(super) fn wait(&self) {
        let (stalled, changed) = &self.state.stalled;
        let stalled = stalled.lock().expect("not poisoned");
        let limit = Duration::from_secs(300);
        let waited = changed.wait_timeout_while(stalled, limit, |stalled| !*stalled).expect("not poisoned");
        assert!(*waited.0, "no push has sent enough bytes");
    }

    pub(super) fn release(&self) {
        self.state.open.store(true, Ordering::SeqCst);
    }
}

impl State {
    fn count(&self, bytes: usize) {
        let room = self.room.load(Ordering::SeqCst);
        self.room.store(room.saturating_sub(bytes), Ordering::SeqCst);
        if room > bytes {
            return;
        }
        let (stalled, changed) = &self.stalled;
        *stalled.lock().expect("not poisoned") = true;
        changed.notify_all();
        while !self.open.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, count: impl Fn(usize)) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count(read);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // The other side may be closed already.
    let _ = to.shutdown(Shutdown::Write);
}

/// ECR and its registry at one address. The first request does not find the tag; it exists when the push is rejected.
pub(super) fn taken(digest: &str, configuration: &str) -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let host = server.server_addr().to_string();
    let (own, digest, configuration) = (host.clone(), digest.to_owned(), configuration.to_owned());
    std::thread::spawn(move || {
        let mut asked = false;
        for request in server.incoming_requests() {
            respond(request, &own, &digest, &configuration, &mut asked);
        }
    });
    host
}

fn respond(request: Request, own: &str, digest: &str, configuration: &str, asked: &mut bool) {
    let target = request.headers().iter().find(|header| header.field.equiv("X-Amz-Target"));
    let operation = target.map(|header| header.value.as_str().rsplit('.').next().unwrap_or_default().to_owned());
    let manifest = json!({ "schemaVersion": 2, "config": { "digest": configuration } }).to_string();
    let (status, body) = match (operation.as_deref(), request.method()) {
        (Some("DescribeImages"), _) if !std::mem::replace(asked, true) => {
            (400, json!({ "__type": "ImageNotFoundException", "message": "not found" }))
        }
        (Some("DescribeImages"), _) => {
            (200, json!({ "imageDetails": [{ "imageDigest": digest, "registryId": "000000000000" }] }))
        }
        (Some("BatchGetImage"), _) => (200, json!({ "images": [{ "imageManifest": manifest }] })),
        (Some("GetAuthorizationToken"), _) => {
            let data = json!({ "authorizationToken": "QVdTOnRva2Vu", "proxyEndpoint": format!("https://{own}") });
            (200, json!({ "authorizationData": [data] }))
        }
        (None, Method::Put) => {
            let message = "The image tag already exists in the repository and cannot be overwritten because the repository \
                         is immutable.";
            (400, json!({ "errors": [{ "code": "TAG_INVALID", "message": message }] }))
        }
        // Every layer exists.
        _ => (200, json!({})),
    };
    let head = |name: &str, value: &str| tiny_http::Header::from_bytes(name, value).expect("a header");
    let response = Response::from_string(body.to_string()).with_status_code(status);
    let response = response.with_header(head("Content-Type", "application/x-amz-json-1.1"));
    let version = head("Docker-Distribution-Api-Version", "registry/2.0");
    // The client may have disconnected.
    let _ = request.respond(response.with_header(version));
}
