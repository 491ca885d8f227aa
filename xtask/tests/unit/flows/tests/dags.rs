//! Tests the pytest command line.

use std::path::Path;

use super::{ALL, MWAA, NEWEST, OF_VERSION, pytest};
use crate::edge::files;

#[test]
fn without_docker_only_the_tests_that_run_containers_are_omitted() {
    let arguments =
        |docker| pytest(&ALL, docker, Path::new("/tools/bin/python"), Path::new("/r.xml")).arguments.join(" ");
    assert_eq!(arguments(false), arguments(true).replace(" --junitxml", " -m not needs_docker --junitxml"));
    assert_eq!(pytest(&ALL, true, Path::new("/t"), Path::new("/r.xml")).environment["TEST_TOOLS_PYTHON"], "/t");
}

#[test]
fn the_files_of_the_legs_exist() {
    let mut named = OF_VERSION.iter().chain(&[MWAA, NEWEST]);
    assert!(named.all(|file| files::root().join(file).is_file()));
}
