//! The machine's engine behind a wire that can be cut. To whoever is at its other end that is an engine which was killed:
//! the connection breaks, and no new one is answered until it is back. What the engine itself makes of its end is Docker's.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

const SOCKET: &str = "/var/run/docker.sock";

pub(super) struct Engine {
    /// `tcp://127.0.0.1:port`
    pub(super) address: String,
    wires: Arc<Mutex<Wires>>,
}

#[derive(Default)]
struct Wires {
    dead: bool,
    open: Vec<(TcpStream, UnixStream)>,
}

impl Engine {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let wires = Arc::new(Mutex::new(Wires::default()));
        let shared = wires.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut wires = shared.lock().expect("nobody panics here");
                // One that is dead hangs up.
                if wires.dead {
                    continue;
                }
                let engine = UnixStream::connect(SOCKET).expect("the engine");
                let client = client.expect("a client");
                pass(client.try_clone().expect("a stream"), engine.try_clone().expect("a stream"));
                wires.open.push((client, engine));
            }
        });
        Self { address, wires }
    }

    pub(super) fn kill(&self) {
        let mut wires = self.wires.lock().expect("nobody panics here");
        wires.dead = true;
        for (client, engine) in wires.open.drain(..) {
            // Some have ended already.
            let _ = client.shutdown(Shutdown::Both);
            let _ = engine.shutdown(Shutdown::Both);
        }
    }

    pub(super) fn start_again(&self) {
        self.wires.lock().expect("nobody panics here").dead = false;
    }
}

/// Both ways until either side hangs up.
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
