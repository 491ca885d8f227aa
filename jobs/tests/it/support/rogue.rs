//! A server that closes connections early, stalls, and sends inconsistent responses: raw bytes on a socket.
//!
//! It shows how a client handles such bytes, not that a real server would send them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A server on 127.0.0.1. Its thread ends with the test process.
#[derive(Debug)]
pub struct Rogue {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Rogue {
    /// Sends the first bytes to the first request, and so on; all further requests get the last bytes. Then the
    /// connection is closed.
    pub fn sending<const N: usize>(responses: [Vec<u8>; N]) -> Self {
        Self::start(move |mut stream, request| stream.write_all(&responses[request.min(N - 1)]))
    }

    /// Sends the start of a body immediately, and then one space every 50 ms, forever.
    pub fn dribbling(start: Vec<u8>) -> Self {
        Self::start(move |mut stream, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")?;
            stream.write_all(&start)?;
            loop {
                thread::sleep(Duration::from_millis(50));
                stream.write_all(b" ")?;
            }
        })
    }

    /// Accepts connections and never sends a response.
    pub fn silent() -> Self {
        Self::start(|stream, _| {
            thread::sleep(Duration::from_secs(3600));
            drop(stream);
            Ok(())
        })
    }

    fn start(response: impl Fn(TcpStream, usize) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (requests, response) = (Arc::new(AtomicUsize::new(0)), Arc::new(response));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (count, response) = (Arc::clone(&count), Arc::clone(&response));
                // Sending fails when the client disconnects, which tests do.
                thread::spawn(move || {
                    read_head(&stream).and_then(|()| response(stream, count.fetch_add(1, Ordering::SeqCst)))
                });
            }
        });
        Self { address, requests }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the number of requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads a request to the end of its head: closing a socket with unread bytes resets the connection.
fn read_head(stream: &TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    Ok(())
}
