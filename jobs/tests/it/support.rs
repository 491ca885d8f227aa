//! The test environment: a database, a lake, a source and the programs. All are real, and new for each test.

#[path = "../../connect/tests/support/aws.rs"]
pub mod aws;
pub mod database;
pub mod lake;
#[path = "../../connect/tests/support/logins.rs"]
pub mod logins;
pub mod program;
pub mod proxy;
pub mod random;
pub mod rogue;
pub mod secure;
pub mod server;
pub mod workgroup;
pub mod zoo;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The recorded responses of the real API. They are outside the repository, so they may be missing.
pub fn recorded() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spacex");
    dir.exists().then(|| dir.canonicalize().expect("a folder that is there"))
}

/// The sample in the repository.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/spacex").canonicalize().expect("the sample is part of the crate")
}

/// Returns a folder as a URL.
pub fn file_url(dir: &Path) -> String {
    url::Url::from_file_path(dir).expect("an absolute path").into()
}

/// Waits until a condition is true, for up to a minute: a busy machine may need almost that long to start eight programs.
#[track_caller]
pub fn wait_until(what: &str, holds: impl FnMut() -> bool) {
    wait_or_describe(what, holds, String::new);
}

/// Waits until a condition is true; if it stays false, `describe` returns the current state for the error.
#[track_caller]
pub fn wait_or_describe(what: &str, mut holds: impl FnMut() -> bool, describe: impl FnOnce() -> String) {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > Duration::from_secs(180) {
            panic!("timed out while waiting until {what}\n{}", describe());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
