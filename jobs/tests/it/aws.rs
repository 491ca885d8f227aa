//! One program uses both AWS services, S3 and the Data API, with the same credentials, region, endpoint and proxy. A
//! server with scripted responses replaces both services, so these tests check the requests, but not that AWS would
//! accept them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::aws::Aws;
use crate::support::logins::logins;
use crate::support::program::{Program, copy, transformation};
use crate::support::server::{Response, Server};
use crate::support::zoo::Zoo;

const LAKE: &str = "s3://lake";
const WAREHOUSE: &str = "redshift://workgroup/zoo";

/// An S3 service without objects, and a Data API whose queries return no rows.
fn aws() -> Server {
    let server = Server::start();
    let ended = json!({"Id": "s-1", "Status": "FINISHED", "Records": [], "TotalNumRows": 0});
    server.respond("/", [Response::json(&ended)]);
    server
}

fn program(program: Program, zoo: &Zoo) -> Program {
    let contract = zoo.contract();
    let program = program.option("--run-id", "r1").option("--lake-url", LAKE).env("WAREHOUSE_URL", WAREHOUSE);
    program.option("--contract", contract.to_str().expect("a plain path")).option("--collections", "animals")
}

/// Runs a transformation that reads the ledger and the lake; checks that both requests are signed with this key.
#[track_caller]
fn signed_by(key: &str, amend: impl FnOnce(Program, &Server) -> Program) {
    let (zoo, server) = (Zoo::empty(), aws());
    let transformation_from =
        program(transformation(), &zoo).option("--source-url", &server.url()).option("--retries", "0");
    let transformation_from =
        transformation_from.env("AWS_ENDPOINT_URL", &server.url()).env("AWS_EC2_METADATA_DISABLED", "true");
    let ended = amend(transformation_from, &server).run();
    let asked = server.all();
    for (service, path) in [("redshift-data", "/"), ("s3", "/lake/")] {
        let requests = asked.iter().filter(|asked| asked.path == path || path != "/" && asked.path.starts_with(path));
        let signatures: Vec<&str> = requests.filter_map(|asked| asked.header("Authorization")).collect();
        let signed = |signature: &&str| {
            signature.contains(&format!("Credential={key}/")) && signature.contains(&format!("/eu-west-3/{service}/"))
        };
        assert!(
            !signatures.is_empty() && signatures.iter().all(signed),
            "{signatures:?}\n{asked:#?}\n{}",
            ended.stderr
        );
    }
}

#[test]
fn a_profiles_credential_process_signs_for_both_services_and_runs_once_for_each() {
    let home = tempfile::tempdir().expect("a folder");
    let path = |name: &str| home.path().join(name).display().to_string();
    let keys = json!({"Version": 1, "AccessKeyId": "PROCESSKEY", "SecretAccessKey": "very-secret"});
    let script = format!("#!/bin/sh\necho once >> '{}'\necho '{keys}'\n", path("count"));
    fs::write(path("keys"), script).expect("a script");
    fs::set_permissions(path("keys"), fs::Permissions::from_mode(0o700)).expect("a program");
    let profile = format!("[profile worker]\nregion = eu-west-3\ncredential_process = {}\n", path("keys"));
    fs::write(path("config"), profile).expect("a profile");
    signed_by("PROCESSKEY", |program, _| program.env("AWS_CONFIG_FILE", &path("config")).env("AWS_PROFILE", "worker"));
    let times = fs::read_to_string(path("count")).expect("a count").lines().count();
    assert!((1..=2).contains(&times), "{times} times");
}

#[test]
fn every_login_signs_for_both_services_and_the_proxy_receives_every_call() {
    let (home, zoo, source, aws) =
        (tempfile::tempdir().expect("a folder"), Zoo::empty(), Server::start(), Aws::start(|_| None));
    for login in logins(home.path(), &aws) {
        let start = program(transformation(), &zoo).option("--source-url", &source.url()).option("--retries", "0");
        let variables = login.variables(home.path(), &aws);
        variables.iter().fold(start, |start, (name, value)| start.env(name, value)).run();
        login.check(&aws, &["redshift-data", "s3"]);
    }
}

#[test]
fn both_services_are_in_the_domain_of_the_regions_partition() {
    let (zoo, source, aws) = (Zoo::empty(), Server::start(), Aws::start(|_| None));
    for (region, domain) in [("eu-west-3", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")] {
        let start = program(transformation(), &zoo).option("--source-url", &source.url()).option("--retries", "0");
        let start = start.env("AWS_REGION", region).env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "x");
        aws.environment().iter().fold(start, |start, (name, value)| start.env(name, value)).run();
        let hosts: BTreeSet<String> = aws.calls().into_iter().map(|call| call.tunnel).collect();
        let expected = ["redshift-data", "s3"].map(|service| format!("{service}.{region}.{domain}:443"));
        assert_eq!(hosts, BTreeSet::from(expected));
    }
}

#[test]
fn a_bucket_without_region_or_endpoint_is_refused() {
    let (zoo, home) = (Zoo::empty(), tempfile::tempdir().expect("a folder"));
    let start = program(copy(), &zoo).env("AWS_EC2_METADATA_DISABLED", "true");
    let start = start.env("AWS_CONFIG_FILE", home.path().join("none").to_str().expect("a plain path"));
    start.run().refused(&["cannot access the bucket in `s3://lake`: no region is set", "AWS_REGION"]);
}
