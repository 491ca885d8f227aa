//! A proxy in front of the machine's engine that can be cut off. Its client sees what it would see if the engine were
//! killed: connections break, and no new connection is accepted until the proxy is back. It does not test how Docker
//! itself recovers.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

const SOCKET: &str = "/var/run/docker.sock";

pub(super) struct Engine {
    /// `tcp://127.0.0.1:port`
    pub(super) address: String,
    connections: Arc<Mutex<Connections>>,
}

#[derive(Default)]
struct Connections {
    dead: bool,
    open: Vec<(TcpStream, UnixStream)>,
}

impl Engine {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(Mutex::new(Connections::default()));
        let shared = connections.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut connections = shared.lock().expect("not poisoned");
                if connections.dead {
                    continue;
                }
                let engine = UnixStream::connect(SOCKET).expect("the engine");
                let client = client.expect("a client");
                pass(client.try_clone().expect("a stream"), engine.try_clone().expect("a stream"));
                connections.open.push((client, engine));
            }
        });
        Self { address, connections }
    }

    pub(super) fn kill(&self) {
        let mut connections = self.connections.lock().expect("not poisoned");
        connections.dead = true;
        for (client, engine) in connections.open.drain(..) {
            // Some are closed already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = engine.shutdown(Shutdown::Both);
        }
    }

    pub(super) fn start_again(&self) {
        self.connections.lock().expect("not poisoned").dead = false;
    }
}

/// Copies in both directions until either side closes.
fn pass(client: TcpStream, engine: UnixStream) {
    let (mut from_client, mut to_client) = (client.try_clone().expect("a stream"), client);
    let (mut from_engine, mut to_engine) = (engine.try_clone().expect("a stream"), engine);
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_engine);
        let _ = to_engine.shutdown(Shutdown::Write);
    });
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_engine, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
}
