//! `cargo xtask build-images` without a Docker engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn build_images(arguments: &[&str], docker: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("build-images").args(arguments).env("DOCKER_HOST", docker);
    command.env_remove("SETTINGS_MODULE").output().expect("xtask starts")
}

fn refused(arguments: &[&str], docker: &str) -> String {
    let output = build_images(arguments, docker);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

const NOWHERE: &str = "unix:///nonexistent/docker.sock";

#[test]
fn every_file_that_the_compiler_reads_is_in_the_key() {
    let output = build_images(&["--dry-run", "--json", "--image", "ingestion-image"], NOWHERE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plans: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let inputs = plans[0]["inputs"]["files"].as_object().expect("files");

    // rustc lists the files that it read beside each crate. These crates were compiled before this test.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the root");
    let crates = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("deps");
    let mut read = BTreeSet::new();
    for file in std::fs::read_dir(crates).expect("deps").map(|file| file.expect("a file").path()) {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".d") && ["jobs-", "connect-", "contract-"].iter().any(|start| name.starts_with(start)) {
            let rules = std::fs::read_to_string(&file).expect("the dependencies");
            let sources = rules.lines().filter_map(|line| root.join(line.strip_suffix(':')?).canonicalize().ok());
            let sources = sources.filter_map(|path| Some(path.strip_prefix(&root).ok()?.display().to_string()));
            // Tests and fuzz targets are not part of the programs; Clippy also lists its configuration.
            let other = |path: &str| {
                path.contains("/tests/")
                    || path.starts_with("jobs/fuzz/")
                    || path.ends_with("Cargo.toml")
                    || path == "clippy.toml"
            };
            read.extend(sources.filter(|path| !other(path)));
        }
    }
    assert!(read.len() > 50, "{read:?}");
    let forgotten: Vec<_> = read.iter().filter(|path| !inputs.contains_key(*path)).collect();
    assert!(forgotten.is_empty(), "compiled, but not in the key: {forgotten:?}");
}

#[test]
fn the_packages_are_those_that_cargo_tree_shows_for_the_target() {
    let output = build_images(&["--dry-run", "--json", "--image", "ingestion-image"], NOWHERE);
    let plans: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let target = plans[0]["inputs"]["arguments"]["TARGET"].as_str().expect("a target");
    let mut tree = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    tree.args(["tree", "--locked", "--package", "jobs", "--no-default-features", "--features", "aws"]);
    tree.args(["--edges", "normal", "--prefix", "none", "--target", target]);
    let tree = tree.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo").stdout;
    let tree = String::from_utf8(tree).expect("UTF-8");
    let linked: BTreeSet<String> = tree.lines().map(|line| line.split(' ').take(2).collect()).collect();
    let packages = plans[0]["packages"].as_array().expect("packages").iter();
    let packages: BTreeSet<String> = packages.map(|name| name.as_str().expect("text").replace('@', "v")).collect();
    assert!(linked.len() > 100 && linked == packages, "{:?}", linked.symmetric_difference(&packages));
}

#[test]
fn a_missing_or_old_engine_and_an_unknown_image_have_one_error_each() {
    assert!(refused(&["--image", "nope"], NOWHERE).contains("unknown image"));
    let silent = refused(&["--image", "dbt-image"], NOWHERE);
    assert!(
        silent.contains("cannot connect to the Docker engine at unix:///nonexistent") && silent.contains("hint: "),
        "{silent}"
    );

    let server = tiny_http::Server::http("127.0.0.1:0").expect("a port");
    let address = format!("tcp://{}", server.server_addr());
    let thread = std::thread::spawn(move || {
        let request = server.recv().expect("a request");
        let body = r#"{"Version":"19.03","ApiVersion":"1.40","MinAPIVersion":"1.12"}"#;
        let header = "Content-Type: application/json".parse::<tiny_http::Header>().expect("a header");
        request.respond(tiny_http::Response::from_string(body).with_header(header)).expect("a response");
    });
    let old = refused(&["--image", "dbt-image"], &address);
    thread.join().expect("the engine responded");
    assert!(old.contains("supports only API 1.40") && old.contains("update Docker to 20.10 or newer"), "{old}");
}
