//! What the tests stand on: a database, a lake, a source and the programs, each fresh and each real.

pub mod data_api;
pub mod database;
pub mod lake;
pub mod program;
pub mod random;
pub mod redshift;
pub mod rogue;
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
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
