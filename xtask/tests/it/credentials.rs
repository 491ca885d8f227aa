//! The credentials and the proxy of a call, with stubs of STS and of a proxy on this machine. The tests check the
//! requests, not the responses of AWS.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tiny_http::{Response, Server};

use crate::support::aws::{Aws, Call};
use crate::support::logins::logins;

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>\
                      <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// A stub of STS and of the IAM Identity Center portal; records the path and access key of each request.
fn stub() -> (String, Arc<Mutex<Vec<String>>>) {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let (url, asked) = (format!("http://{}", server.server_addr()), Arc::<Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let header = |name: &'static str| {
                let found = request.headers().iter().find(|header| header.field.equiv(name));
                found.map(|header| header.value.as_str().to_owned()).unwrap_or_default()
            };
            let signed = header("Authorization");
            let key = signed.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
            let path = request.url().split('?').next().unwrap_or_default().to_owned();
            let token = header("x-amz-sso_bearer_token");
            kept.lock().expect("no panic").push(format!("{path} {key}{token}"));
            let text = if path == "/federation/credentials" {
                r#"{"roleCredentials": {"accessKeyId": "AKIAOFTHEPORTAL", "secretAccessKey": "x", "sessionToken": "t",
                    "expiration": 4102444800000}}"#
            } else {
                CALLER
            };
            let _ = request.respond(Response::from_string(text));
        }
    });
    (url, asked)
}

/// Returns the program with a separate home folder, this `.aws/config` and this `.env`.
fn doctor(home: &Path, config: &str, dot_env: &str, environment: &[(&str, &str)]) -> Output {
    fs::create_dir_all(home.join(".aws")).expect("created");
    fs::write(home.join(".aws/config"), config).expect("written");
    fs::write(home.join("env"), dot_env).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("AWS_EC2_METADATA_DISABLED", "true");
    command.args(["doctor", "--json", "--env", "dev", "--dot-env"]).arg(home.join("env"));
    command.envs(environment.iter().copied()).output().expect("xtask starts")
}

const KEYS: &str = "AWS_ACCESS_KEY_ID=AKIAOFDOTENV\nAWS_SECRET_ACCESS_KEY=x\n";

#[test]
fn every_kind_of_profile_signs_from_every_place_that_may_name_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let script = home.join("keys.sh");
    let json = r#"{"Version": 1, "AccessKeyId": "AKIAOFTHEPROGRAM", "SecretAccessKey": "x"}"#;
    fs::write(&script, format!("#!/bin/sh\necho '{json}'\n")).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
    // The name of the session's cached token is the SHA-1 of `work` (AWS SDKs and Tools Reference Guide, "SSO token provider").
    fs::create_dir_all(home.join(".aws/sso/cache")).expect("created");
    let token = r#"{"accessToken": "portal-token", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-1",
                    "startUrl": "https://example.awsapps.com/start"}"#;
    fs::write(home.join(".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json"), token).expect("written");
    let config = format!(
        "[profile program]\ncredential_process = {}\n[profile static]\naws_access_key_id = AKIAOFTHEPROFILE\n\
         aws_secret_access_key = x\n[profile sso]\nsso_session = work\nsso_account_id = 123456789012\n\
         sso_role_name = Reader\nregion = eu-west-1\n[sso-session work]\nsso_region = eu-west-1\n\
         sso_start_url = https://example.awsapps.com/start\n",
        script.display()
    );
    let (url, asked) = stub();
    let endpoint = ("AWS_ENDPOINT_URL", url.as_str());
    let profile = |name| ("AWS_PROFILE", name);
    for (dot_env, environment, wanted) in [
        ("", vec![profile("program")], "AKIAOFTHEPROGRAM"),
        ("AWS_PROFILE=program\n", vec![], "AKIAOFTHEPROGRAM"),
        (KEYS, vec![], "AKIAOFDOTENV"),
        (KEYS, vec![profile("static")], "AKIAOFTHEPROFILE"),
        (KEYS, vec![profile("sso")], "AKIAOFTHEPORTAL"),
        (
            KEYS,
            vec![profile("static"), ("AWS_ACCESS_KEY_ID", "AKIAOFTHESHELL"), ("AWS_SECRET_ACCESS_KEY", "x")],
            "AKIAOFTHESHELL",
        ),
    ] {
        asked.lock().expect("no panic").clear();
        let output = doctor(home, &config, dot_env, &[&[endpoint], &environment[..]].concat());
        let found = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(found.contains("user/ann"), "{environment:?}: {found}");
        let calls = asked.lock().expect("no panic").clone();
        assert_eq!(calls.last().map(String::as_str), Some(format!("/ {wanted}").as_str()), "{environment:?}");
        let portal = calls.iter().any(|call| call == "/federation/credentials portal-token");
        assert_eq!(portal, wanted == "AKIAOFTHEPORTAL", "{calls:?}");
    }
}

/// Starts a server that closes every connection, and returns the first line of each request.
fn closing() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (port, lines) = (listener.local_addr().expect("its address").port(), Arc::<Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut reader, mut first) = (BufReader::new(&stream), Vec::new());
            let _ = reader.read_until(b'\n', &mut first);
            kept.lock().expect("no panic").push(String::from_utf8_lossy(&first).trim().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (port, lines)
}

#[test]
fn calls_use_the_proxy_of_the_environment_unless_no_proxy_excludes_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    // STS uses the SDK, S3 uses object_store.
    for arguments in [&["doctor", "--json"][..], &["upload-sample"]] {
        for excluded in ["", "localhost", "other.example"] {
            let ((proxy, through), (server, direct)) = (closing(), closing());
            let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
            command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder.path());
            command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
            command.env("AWS_ENDPOINT_URL", format!("https://localhost:{server}"));
            command.env("HTTPS_PROXY", format!("http://127.0.0.1:{proxy}")).env("NO_PROXY", excluded);
            let output = command.args(arguments).args(["--env", "dev", "--dot-env", "/dev/null"]).output();
            let stderr = String::from_utf8_lossy(&output.expect("xtask starts").stderr).into_owned();
            let (through, direct) =
                (through.lock().expect("no panic").clone(), direct.lock().expect("no panic").clone());
            let wanted = format!("CONNECT localhost:{server} HTTP/1.1");
            if excluded == "localhost" {
                assert!(through.is_empty() && !direct.is_empty(), "{arguments:?}: {through:?} {stderr}");
            } else {
                assert!(direct.is_empty() && !through.is_empty(), "{arguments:?}: {through:?} {direct:?} {stderr}");
                assert!(through.iter().all(|line| *line == wanted), "{through:?}");
            }
        }
    }
}

#[test]
fn a_call_to_sts_is_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.server_addr());
    std::thread::spawn(move || {
        for (index, request) in server.incoming_requests().enumerate() {
            let (status, text) = if index == 0 { (503, "") } else { (200, CALLER) };
            let _ = request.respond(Response::from_string(text).with_status_code(status));
        }
    });
    let output = doctor(folder.path(), "", KEYS, &[("AWS_ENDPOINT_URL", &url)]);
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(found.contains("user/ann"), "{found}");
}

/// Runs the program with only these variables.
fn run(arguments: &[&str], variables: &[(&str, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables.iter().map(|(name, value)| (name, value)));
    command.args(arguments).args(["--env", "dev", "--dot-env", "/dev/null"]).output().expect("xtask starts")
}

/// A request of the SDK, and one of object_store.
const BOTH: [&[&str]; 2] = [&["doctor", "--json"], &["upload-sample"]];

#[test]
fn every_login_signs_for_sts_and_s3() {
    let (home, aws) = (tempfile::tempdir().expect("a folder"), Aws::start(|_| None));
    for login in logins(home.path(), &aws) {
        for arguments in BOTH {
            run(arguments, &login.variables(home.path(), &aws));
        }
        login.check(&aws, &["sts", "s3"]);
    }
}

#[test]
fn certificates_are_those_of_the_system_or_of_the_variables() {
    let (home, aws) = (tempfile::tempdir().expect("a folder"), Aws::start(|_| None));
    fs::write(home.path().join("none.pem"), "no certificate").expect("written");
    let (ca, none) = (aws.ca().display().to_string(), home.path().join("none.pem").display().to_string());
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name, "x".to_owned()));
    let to = |variables: &[(&'static str, String)]| {
        let place = [("HOME", home.path().display().to_string()), ("HTTPS_PROXY", aws.proxy.clone())];
        let outputs = BOTH.map(|arguments| run(arguments, &[&place[..], &keys[..], variables].concat()));
        let reached: BTreeSet<String> = aws.calls().into_iter().map(|call| call.service).collect();
        (reached, outputs.map(|output| format!("{output:?}")))
    };
    // The second one also searches for the bucket's stack.
    let all = BTreeSet::from(["cloudformation", "s3", "sts"].map(str::to_owned));
    for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let (reached, outputs) = to(&[(name, ca.clone())]);
        assert_eq!(reached, all, "{name}: {outputs:?}");
    }
    let (reached, outputs) = to(&[]);
    assert_eq!(reached, BTreeSet::new(), "the system does not trust it: {outputs:?}");
    let (reached, outputs) = to(&[("AWS_CA_BUNDLE", none.clone()), ("SSL_CERT_FILE", ca)]);
    assert_eq!(reached, BTreeSet::new(), "AWS_CA_BUNDLE replaces the others: {outputs:?}");
    for output in outputs {
        assert!(output.contains("cannot use the certificates in `") && output.contains("AWS_CA_BUNDLE"), "{output}");
    }
}

const JOB: &str = "0b1d2c3e-0000-4000-8000-000000000000";
const SUBMITTED: u64 = 1_790_000_000_000;

/// A deployment: its stacks, a job and a workgroup.
fn deployment(call: &Call) -> Option<(u16, &'static str, String)> {
    let json = |value: Value| Some((200, "application/x-amz-json-1.1", value.to_string()));
    let name = call.body.split('&').find_map(|pair| pair.strip_prefix("StackName=")).unwrap_or_default();
    let digest = format!("sha256:{}", "0".repeat(64));
    match (call.service.as_str(), call.action.as_str(), call.path.as_str()) {
        ("cloudformation", action, _) => {
            let result = match action {
                "DescribeStacks" => format!(
                    "<Stacks><member><StackName>{name}</StackName><StackId>{name}</StackId><CreationTime>2026-01-01T00:00:00Z\
                     </CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Parameters><member><ParameterKey>\
                     IngestionImageDigest</ParameterKey><ParameterValue>{digest}</ParameterValue></member></Parameters><Tags>\
                     <member><Key>module</Key><Value>dev</Value></member></Tags></member></Stacks>"
                ),
                "GetTemplate" => "<TemplateBody>{}</TemplateBody>".to_owned(),
                _ => String::new(),
            };
            Some((
                200,
                "text/xml",
                format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"),
            ))
        }
        ("batch", _, "/v1/describejobs") => json(json!({"jobs": [{
            "jobId": JOB, "jobName": "one", "jobQueue": "q", "jobDefinition": "d", "status": "SUCCEEDED", "startedAt": SUBMITTED + 9,
            "createdAt": SUBMITTED, "stoppedAt": SUBMITTED + 99, "container": {"logStreamName": "stream", "exitCode": 0},
        }]})),
        ("logs", ..) => json(json!({"events": []})),
        ("redshift-serverless", "GetNamespace", _) => json(json!({"namespace": {"status": "AVAILABLE"}})),
        ("redshift-serverless", "GetWorkgroup", _) => {
            json(json!({"workgroup": {"workgroupArn": "arn", "status": "AVAILABLE"}}))
        }
        _ => None,
    }
}

#[test]
fn the_proxy_receives_the_calls_of_every_client_and_logs_are_read_from_the_jobs_submission() {
    let (home, aws) = (tempfile::tempdir().expect("a folder"), Aws::start(deployment));
    let login = logins(home.path(), &aws).into_iter().find(|login| login.key == "SSOKEY").expect("IAM Identity Center");
    let variables = login.variables(home.path(), &aws);
    let outputs = [run(&["status", "--json"], &variables), run(&["logs", JOB], &variables)];
    let calls = aws.calls();
    let hosts: BTreeSet<&str> = calls.iter().map(|call| call.tunnel.trim_end_matches(":443")).collect();
    let expected = [
        "api.ecr.eu-west-1.amazonaws.com",
        "batch.eu-west-1.amazonaws.com",
        "cloudformation.eu-west-1.amazonaws.com",
        "dpstack-airflow.s3.eu-west-1.amazonaws.com",
        "dpstack-dlake.s3.eu-west-1.amazonaws.com",
        "api.airflow.eu-west-1.amazonaws.com",
        "logs.eu-west-1.amazonaws.com",
        "portal.sso.eu-west-3.amazonaws.com",
        "redshift-data.eu-west-1.amazonaws.com",
        "redshift-serverless.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
    ];
    assert!(BTreeSet::from(expected).is_subset(&hosts), "{hosts:#?}\n{outputs:?}");
    let signed = calls.iter().filter(|call| !call.key.is_empty());
    assert!(
        signed.clone().all(|call| (call.key.as_str(), call.token.as_str()) == ("SSOKEY", "SSOKEY-token")),
        "{calls:#?}"
    );
    let logs = calls.iter().find(|call| call.service == "logs").expect("logs are read");
    let body: Value = serde_json::from_str(&logs.body).expect("JSON");
    assert_eq!(body["startTime"].as_u64(), Some(SUBMITTED - 60_000), "{body}");
}
