//! A copy of the repository, for tests that change a source file or write below `target`.

use std::fs;
use std::path::{Path, PathBuf};

/// Updates the copy. Unchanged files keep their modification time, so cargo compiles only changed ones.
pub(crate) fn copy_repository(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root");
    let (mut open, mut files) = (vec![PathBuf::new()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(from.join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().expect("a kind");
            if [".git", ".env", "target"].iter().any(|left_out| path == Path::new(left_out)) {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    for path in &files {
        let (text, place) = (fs::read(from.join(path)).expect("a file"), to.join(path));
        if fs::read(&place).ok().as_ref() != Some(&text) {
            fs::create_dir_all(place.parent().expect("a folder")).expect("created");
            fs::copy(from.join(path), &place).expect("copied");
        }
    }
    // Files that have been deleted since.
    let mut open = vec![to.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            let name = path.strip_prefix(to).expect("below the copy").to_owned();
            if entry.file_type().expect("a kind").is_dir() {
                if name != Path::new("target") {
                    open.push(path);
                }
            } else if !files.contains(&name) {
                fs::remove_file(path).expect("removed");
            }
        }
    }
}
