//! The credentials and the proxy of a call, with stubs of STS and of a proxy on this machine. The tests check the
//! requests, not the responses of AWS.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use tiny_http::{Response, Server};

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
