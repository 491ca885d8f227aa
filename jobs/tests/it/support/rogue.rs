//! A server that breaks off, stalls and contradicts itself: bytes on a plain socket, whatever HTTP may say about them.
//!
//! It proves what a client does with such bytes, not that a real server would send them.

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
    heard: Arc<AtomicUsize>,
}

impl Rogue {
    /// The first request gets the first bytes, and so on; the last bytes stay. After them the connection is closed.
    pub fn sending<const N: usize>(answers: [Vec<u8>; N]) -> Self {
        Self::start(move |mut stream, request| stream.write_all(&answers[request.min(N - 1)]))
    }

    /// Begins an answer like this at once and goes on with one space every 50 ms, for ever.
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

    /// Takes connections and never says a word.
    pub fn silent() -> Self {
        Self::start(|stream, _| {
            thread::sleep(Duration::from_secs(3600));
            drop(stream);
            Ok(())
        })
    }

    fn start(answer: impl Fn(TcpStream, usize) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (heard, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
        let count = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (count, answer) = (Arc::clone(&count), Arc::clone(&answer));
                // A client that goes away ends the answer, which is what tests do.
                thread::spawn(move || {
                    hear(&stream).and_then(|()| answer(stream, count.fetch_add(1, Ordering::SeqCst)))
                });
            }
        });
        Self { address, heard }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests there were.
    pub fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Reads a request to the end of its head: a socket closed with bytes unread would be reset, not closed.
fn hear(stream: &TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    Ok(())
}
