//! What images contain.

use std::process::{Command, Stdio};

/// Whether a layer or the configuration of an image contains one of these texts.
#[track_caller]
pub(crate) fn image_contains(image: &str, texts: &[&str]) -> bool {
    let mut save = Command::new("docker");
    let mut save = save.args(["image", "save", image]).stdout(Stdio::piped()).spawn().expect("docker starts");
    let mut grep = Command::new("grep");
    // It reads to the end, so that `docker` does not fail.
    grep.args(["--text", "--fixed-strings", "--count"]).args(texts.iter().flat_map(|text| ["--regexp", text]));
    let found = grep.stdin(save.stdout.take().expect("its output")).stdout(Stdio::null()).status();
    assert!(save.wait().expect("it ends").success(), "cannot read {image}");
    match found.expect("grep starts").code() {
        Some(0) => true,
        Some(1) => false,
        code => panic!("grep ended with {code:?}"),
    }
}
