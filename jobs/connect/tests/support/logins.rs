//! Every way to log in to AWS that both programs support, as a table: what is in the user's files and environment, and
//! the credentials that sign the requests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::aws::Aws;

/// A way to log in.
#[derive(Debug)]
pub struct Login {
    pub name: &'static str,
    /// Variables of the program.
    pub environment: Vec<(&'static str, String)>,
    /// The access key with which requests are signed; their session token is `<key>-token`.
    pub key: &'static str,
    /// The request that returns the credentials: its host or URL, its action or path, and the access key that signs it.
    pub source: Option<(&'static str, &'static str, &'static str)>,
}

/// Writes the files of a user into a home folder; returns the logins.
pub fn logins(home: &Path, aws: &Aws) -> Vec<Login> {
    let path = |name: &str| home.join(name).display().to_string();
    fs::create_dir_all(home.join(".aws/sso/cache")).expect("a folder");
    // The name of the session's cached token is the SHA-1 of `work` (AWS SDKs and Tools Reference Guide, "SSO token provider").
    let token = r#"{"accessToken": "portal-token", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-3",
                    "startUrl": "https://example.awsapps.com/start"}"#;
    let cached = ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json";
    fs::write(home.join(cached), token).expect("a token");
    fs::write(home.join("web-token"), "a.web.token").expect("a token");
    let keys =
        r#"{"Version": 1, "AccessKeyId": "PROCESSKEY", "SecretAccessKey": "x", "SessionToken": "PROCESSKEY-token"}"#;
    fs::write(home.join("keys.sh"), format!("#!/bin/sh\necho '{keys}'\n")).expect("a script");
    fs::set_permissions(home.join("keys.sh"), fs::Permissions::from_mode(0o755)).expect("a program");
    let role = "role_arn = arn:aws:iam::123456789012:role/reader";
    let (process, web) = (path("keys.sh"), path("web-token"));
    let config = format!(
        "[sso-session work]\nsso_region = eu-west-3\nsso_start_url = https://example.awsapps.com/start\n\
         [profile sso]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Reader\n\
         [profile process]\ncredential_process = {process}\n\
         [profile base]\naws_access_key_id = BASEKEY\naws_secret_access_key = x\n\
         [profile role]\n{role}\nsource_profile = base\n\
         [profile container-role]\n{role}\ncredential_source = EcsContainer\n\
         [profile web]\n{role}\nweb_identity_token_file = {web}\n"
    );
    fs::write(home.join(".aws/config"), config).expect("a configuration");
    let (profile, host) = (|name: &str| ("AWS_PROFILE", name.to_owned()), "sts.eu-west-1.amazonaws.com:443");
    let full = || ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/keys", aws.proxy));
    let sso = ("portal.sso.eu-west-3.amazonaws.com:443", "/federation/credentials", "");
    let web_identity = Some((host, "AssumeRoleWithWebIdentity", ""));
    let login = |name, environment, key, source| Login { name, environment, key, source };
    vec![
        login("IAM Identity Center", vec![profile("sso")], "SSOKEY", Some(sso)),
        login("credential_process", vec![profile("process")], "PROCESSKEY", None),
        login("role of a profile", vec![profile("role")], "ROLEKEY", Some((host, "AssumeRole", "BASEKEY"))),
        login(
            "role of a container",
            vec![profile("container-role"), full()],
            "ROLEKEY",
            Some((host, "AssumeRole", "CONTAINERKEY")),
        ),
        login("container", vec![full()], "CONTAINERKEY", Some(("", "/keys", ""))),
        login(
            "container, relative address",
            // The address is fixed, and reachable from here only through a proxy.
            vec![("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys".to_owned()), ("HTTP_PROXY", aws.proxy.clone())],
            "CONTAINERKEY",
            Some(("", "http://169.254.170.2/keys", "")),
        ),
        login("web identity of a profile", vec![profile("web")], "WEBKEY", web_identity),
        login(
            "web identity",
            vec![
                ("AWS_WEB_IDENTITY_TOKEN_FILE", web.clone()),
                ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader".to_owned()),
            ],
            "WEBKEY",
            web_identity,
        ),
    ]
}

impl Login {
    /// Returns the variables of a program that logs in like this: a home folder, the region and the way to AWS.
    pub fn variables(&self, home: &Path, aws: &Aws) -> Vec<(&'static str, String)> {
        let place = [("HOME", home.display().to_string()), ("AWS_REGION", "eu-west-1".to_owned())];
        place.into_iter().chain(aws.environment()).chain(self.environment.iter().cloned()).collect()
    }

    /// Checks that the credentials came from their source, and that they signed the requests to these services, at least
    /// one for each.
    #[track_caller]
    pub fn check(&self, aws: &Aws, services: &[&str]) {
        let calls = aws.calls();
        let is_source = |call: &super::aws::Call| {
            self.source.is_some_and(|(host, what, key)| {
                call.tunnel == host
                    && (call.action == what || call.path.split('?').next() == Some(what))
                    && call.key == key
            })
        };
        assert_eq!(calls.iter().any(is_source), self.source.is_some(), "{}: {calls:#?}", self.name);
        for service in services {
            let mut found = calls.iter().filter(|call| call.service == *service && !is_source(call)).peekable();
            assert!(found.peek().is_some(), "{}: no call to {service}: {calls:#?}", self.name);
            for call in found {
                let signed = (call.key.as_str(), call.token.as_str(), call.region.as_str());
                assert_eq!(signed, (self.key, format!("{}-token", self.key).as_str(), "eu-west-1"), "{}", self.name);
                assert!(call.tunnel.ends_with(".eu-west-1.amazonaws.com:443"), "{}: {call:?}", self.name);
            }
        }
    }
}
