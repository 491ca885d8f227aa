//! Tests that the server serves no files outside its folder.

use super::*;

#[test]
fn only_files_inside_the_folder_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("index.html"), "x").expect("a file");
    assert!(inside(folder.path(), "/").is_some() && inside(folder.path(), "/index.html?x=1").is_some());
    for url in ["/../index.html", "/./../x", "/missing", "//etc/passwd"] {
        assert!(inside(folder.path(), url).is_none(), "{url}");
    }
}
