//! A minimal HTTP client: one request per connection.

use std::io::{Read, Write};
use std::net::TcpStream;

/// Sends one request; returns the head and body of the response.
pub(crate) fn ask(
    endpoint: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> (String, Vec<u8>) {
    let mut server = TcpStream::connect(endpoint.replace("http://", "")).expect("a server");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\n{lines}Connection: close\r\nContent-Length: {length}\r\n\r\n");
    server.write_all(head.as_bytes()).and_then(|()| server.write_all(body)).expect("sent");
    let mut response = Vec::new();
    server.read_to_end(&mut response).expect("a response");
    let end = response.windows(4).position(|part| part == b"\r\n\r\n").expect("a head") + 4;
    let rest = response.split_off(end);
    (String::from_utf8(response).expect("text"), rest)
}
