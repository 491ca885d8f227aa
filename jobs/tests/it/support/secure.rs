//! A separate PostgreSQL server that accepts only TLS connections. Its certificate is for `localhost` and is signed by
//! its own CA; its databases are those that `initdb` creates.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Uid, User, chown};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::database::{Database, Role};

const PASSWORD: &str = "very-secret";

/// A server that is stopped when this value is dropped.
#[derive(Debug)]
pub struct Secure {
    programs: PathBuf,
    home: TempDir,
    /// PostgreSQL refuses to run as root.
    user: Option<User>,
    port: u16,
}

impl Secure {
    /// Uses the same PostgreSQL programs as the server of the other tests.
    pub fn start() -> Self {
        let database = Database::unprepared();
        let programs = database.session(Role::Postgres).text("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
        let user = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).expect("the users"));
        let home = tempfile::Builder::new().prefix("dpworld-").tempdir_in("/var/tmp").expect("a folder");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        let server = Self { programs: programs.into(), home, user: user.filter(|_| Uid::effective().is_root()), port };
        server.certify();
        server.own(server.home.path());
        server.write("password", PASSWORD);
        let (data, password) = (server.path("data"), format!("--pwfile={}", server.path("password")));
        server.run("initdb", &["-D", &data, "-U", "postgres", "--auth=scram-sha-256", &password, "--no-sync"]);
        server.write("data/pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n");
        let (certificate, key, log) = (server.path("server.crt"), server.path("server.key"), server.path("log"));
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off \
             -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}"
        );
        drop(free);
        server.run("pg_ctl", &["start", "-w", "-D", &data, "-l", &log, "-o", &options]);
        server
    }

    fn certify(&self) {
        for name in ["ca", "other"] {
            let (mut ca, key) = (CertificateParams::default(), KeyPair::generate().expect("a key"));
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            self.write(&format!("{name}.pem"), &ca.self_signed(&key).expect("a certificate").pem());
            if name == "ca" {
                let own = KeyPair::generate().expect("a key");
                let certificate = CertificateParams::new(["localhost".to_owned()]).expect("a name");
                let certificate = certificate.signed_by(&own, &Issuer::new(ca, key)).expect("a certificate");
                self.write("server.crt", &certificate.pem());
                self.write("server.key", &own.serialize_pem());
            }
        }
    }

    /// Returns the server's URL with these options.
    pub fn url(&self, host: &str, options: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{host}:{}/postgres{options}", self.port)
    }

    /// Returns the path of one of the server's files: `ca.pem`, or `other.pem`, a CA that did not sign the certificate.
    pub fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.home.path().join(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        self.own(&path);
    }

    fn own(&self, path: &Path) {
        if let Some(user) = &self.user {
            chown(path, Some(user.uid), Some(user.gid)).expect("another owner");
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.home.path()).env_clear().env("LC_ALL", "C");
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let output = command.output().expect("PostgreSQL's programs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-w", "-m", "immediate", "-D", &self.path("data")]);
    }
}
