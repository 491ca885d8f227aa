//! What the tests stand on: a database, a lake, a source and the programs, each fresh and each real.

pub mod data_api;
pub mod database;
pub mod lake;
pub mod program;
pub mod proxy;
pub mod random;
pub mod redshift;
pub mod rogue;
pub mod secure;
pub mod server;
pub mod zoo;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The recorded answers of the real API; they lie beside the project, not in it, so they may be absent.
pub fn recorded() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spacex");
    dir.exists().then(|| dir.canonicalize().expect("a folder that is there"))
}

/// The sample that the project ships.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/spacex").canonicalize().expect("the sample is part of the crate")
}

/// A folder as a URL.
pub fn file_url(dir: &Path) -> String {
    url::Url::from_file_path(dir).expect("an absolute path").into()
}

/// Waits until something has come true; for a minute, as a busy machine may need most of one to start eight programs.
#[track_caller]
pub fn wait_until(what: &str, holds: impl FnMut() -> bool) {
    wait_or_tell(what, holds, String::new);
}

/// Waits until something has come true; when it does not, `tell` says what is there instead.
#[track_caller]
pub fn wait_or_tell(what: &str, mut holds: impl FnMut() -> bool, tell: impl FnOnce() -> String) {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > Duration::from_secs(60) {
            panic!("waited in vain until {what}\n{}", tell());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
