//! AWS behind a proxy: the only way out of this machine. Every connection to a host of AWS is a CONNECT to this proxy and
//! then TLS, with a certificate for that host from a CA of its own. The responses are just good enough to show which
//! credentials sign the next request; no signature is verified.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// A request that reached a host.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The host's name and port; empty for a request that is not in a tunnel.
    pub tunnel: String,
    pub method: String,
    /// The URL's path, with the query; the whole URL if it was sent to a proxy without a tunnel.
    pub path: String,
    /// Of the credentials that signed it, if any.
    pub key: String,
    pub region: String,
    pub service: String,
    /// The session token of the credentials, or the token for IAM Identity Center.
    pub token: String,
    /// The last part of `X-Amz-Target`, or the form's `Action`.
    pub action: String,
    pub body: String,
}

/// A response: its status, content type and body; `None` for the usual one.
pub type Responder = fn(&Call) -> Option<(u16, &'static str, String)>;

pub struct Aws {
    /// The URL of the proxy.
    pub proxy: String,
    folder: TempDir,
    calls: Arc<Mutex<Vec<Call>>>,
}

struct Authority(Issuer<'static, KeyPair>);

impl Aws {
    pub fn start(responder: Responder) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut ca, key) = (CertificateParams::default(), KeyPair::generate().expect("a key"));
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = ca.self_signed(&key).expect("a certificate").pem();
        std::fs::write(folder.path().join("ca.pem"), pem).expect("a file");
        let authority = Arc::new(Authority(Issuer::new(ca, key)));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let book = Arc::clone(&calls);
        // The threads end with the process of the tests.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (authority, book) = (Arc::clone(&authority), Arc::clone(&book));
                thread::spawn(move || serve(client, &authority, &book, responder));
            }
        });
        Self { proxy, folder, calls }
    }

    /// The certificate of the CA.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The variables with which a program reaches this AWS.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        let ca = self.ca().display().to_string();
        [("HTTPS_PROXY", self.proxy.clone()), ("AWS_CA_BUNDLE", ca), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())]
    }

    /// Returns the requests since the last call of this function.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().expect("no panic"))
    }
}

/// Serves one request of a connection, possibly in a tunnel.
fn serve(client: TcpStream, authority: &Authority, book: &Mutex<Vec<Call>>, responder: Responder) {
    let mut reader = BufReader::new(client.try_clone().expect("the same connection"));
    let Some(call) = read(&mut reader) else { return };
    let mut client = client;
    if call.method != "CONNECT" {
        return respond(&mut client, call, book, responder);
    }
    let host = call.path;
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let config = Arc::new(authority.certify(name));
    let tls = ServerConnection::new(config).expect("a TLS connection");
    if client.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").is_err() {
        return;
    }
    let mut reader = BufReader::new(StreamOwned::new(tls, client));
    // A client that does not trust the certificate closes the connection.
    let Some(mut call) = read(&mut reader) else { return };
    call.tunnel.clone_from(&host);
    respond(reader.get_mut(), call, book, responder);
}

impl Authority {
    fn certify(&self, host: &str) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new([host.to_owned()]).expect("a name");
        let certificate = certificate.signed_by(&key, &self.0).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        config.with_single_cert(vec![certificate.der().clone()], key).expect("a certificate")
    }
}

/// Reads a request; returns `None` if there is none.
fn read(stream: &mut impl BufRead) -> Option<Call> {
    let mut call = Call::default();
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut first = line.split(' ').map(str::to_owned);
    (call.method, call.path) = (first.next()?, first.next()?);
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-amz-security-token" | "x-amz-sso_bearer_token" => call.token = value.to_owned(),
            "x-amz-target" => call.action = value.rsplit('.').next()?.to_owned(),
            "authorization" => {
                let scope = value.split_once("Credential=").map_or("", |(_, rest)| rest);
                let mut parts = scope.split('/').map(str::to_owned);
                call.key = parts.next()?;
                (call.region, call.service) = (parts.nth(1).unwrap_or_default(), parts.next().unwrap_or_default());
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    call.body = String::from_utf8_lossy(&body).into_owned();
    if let Some((_, action)) = call.body.split_once("Action=") {
        call.action = action.split('&').next()?.to_owned();
    }
    Some(call)
}

fn respond(client: &mut (impl Read + Write), call: Call, book: &Mutex<Vec<Call>>, responder: Responder) {
    let (status, kind, body) = responder(&call).unwrap_or_else(|| usual(&call));
    let head = call.method == "HEAD";
    book.lock().expect("no panic").push(call);
    let (length, body) = (body.len(), if head { "" } else { body.as_str() });
    // The program may have been stopped.
    let _ = write!(
        client,
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nETag: \"1\"\r\nConnection: close\r\n\r\n{body}"
    );
    let _ = client.flush();
}

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";

/// Hands out different credentials in each way; there are no buckets' objects, and statements return no rows.
fn usual(call: &Call) -> (u16, &'static str, String) {
    let expires = "2099-01-01T00:00:00Z";
    let assumed = |action: &str, key: &str| {
        format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>x\
             </SecretAccessKey><SessionToken>{key}-token</SessionToken><Expiration>{expires}</Expiration></Credentials>\
             </{action}Result></{action}Response>"
        )
    };
    match (call.service.as_str(), call.action.as_str(), call.path.split('?').next().unwrap_or_default()) {
        ("", _, "/federation/credentials") => (
            200,
            JSON,
            r#"{"roleCredentials": {"accessKeyId": "SSOKEY", "secretAccessKey": "x", "sessionToken": "SSOKEY-token",
                "expiration": 4102444800000}}"#
                .to_owned(),
        ),
        ("", _, path) if path.ends_with("/keys") => {
            let keys = r#""AccessKeyId": "CONTAINERKEY", "SecretAccessKey": "x", "Token": "CONTAINERKEY-token""#;
            (200, JSON, format!(r#"{{{keys}, "Expiration": "{expires}"}}"#))
        }
        ("", "AssumeRoleWithWebIdentity", _) => (200, XML, assumed("AssumeRoleWithWebIdentity", "WEBKEY")),
        ("sts", "AssumeRole", _) => (200, XML, assumed("AssumeRole", "ROLEKEY")),
        ("sts", "GetCallerIdentity", _) => (
            200,
            XML,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>\
             <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .to_owned(),
        ),
        ("redshift-data", ..) => {
            let text = r#"{"Id": "s-1", "Status": "FINISHED", "Records": [], "TotalNumRows": 0}"#;
            (200, JSON, text.to_owned())
        }
        ("s3", ..) if call.method == "GET" && call.path.contains("list-type=2") => {
            (200, XML, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".to_owned())
        }
        ("s3", ..) if call.method == "PUT" => (200, XML, String::new()),
        ("s3", ..) => (404, XML, "<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>".to_owned()),
        _ => (403, JSON, r#"{"__type": "AccessDeniedException", "message": "Not here."}"#.to_owned()),
    }
}
