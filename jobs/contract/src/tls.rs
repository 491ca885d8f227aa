//! Whether a connection to PostgreSQL uses TLS, and what is verified: `sslmode` and `sslrootcert` of its URL.
//!
//! The driver knows neither `verify-ca`, `verify-full` nor `sslrootcert`, so both options are taken out of the URL before it
//! reads the rest. The modes mean what they mean to libpq (PostgreSQL manual, "SSL Support", table "SSL Mode Descriptions"):
//!
//! | `sslmode` | encrypted | certificate |
//! |---|---|---|
//! | `disable` | no | – |
//! | `require` | yes | not verified; with `sslrootcert` as `verify-ca` |
//! | `verify-ca` | yes | signed by a CA of `sslrootcert` |
//! | `verify-full` | yes | signed by a CA of `sslrootcert` (default: the system's), and issued for the host |
//!
//! Two things differ from libpq. Without `sslmode` a remote host needs `verify-full`, and a server on this machine gets no
//! TLS. `allow` and `prefer` are refused: they fall back to plaintext without a word.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// How a connection is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// Encrypted; the server shows any certificate.
    Encrypt,
    /// Encrypted; a CA of this PEM file signed the server's certificate, for whatever host.
    VerifyCa(PathBuf),
    /// Encrypted; the certificate is the host's, signed by a CA of this PEM file, or of the system where there is no file.
    VerifyFull(Option<PathBuf>),
}

/// The options of a URL that decide it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    sslmode: Option<String>,
    sslrootcert: Option<String>,
}

impl TlsOptions {
    /// Takes the options out of a URL; gives the URL without them.
    pub fn split(url: &str) -> (String, Self) {
        let mut options = Self::default();
        let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), options) };
        let rest: Vec<&str> = query
            .split('&')
            .filter(|option| {
                let (name, value) = option.split_once('=').unwrap_or((option, ""));
                let field = match name {
                    "sslmode" => &mut options.sslmode,
                    "sslrootcert" => &mut options.sslrootcert,
                    _ => return true,
                };
                *field = Some(percent_decode_str(value).decode_utf8_lossy().into_owned());
                false
            })
            .collect();
        let rest = rest.join("&");
        (if rest.is_empty() { place.to_owned() } else { format!("{place}?{rest}") }, options)
    }

    /// What they come to for these hosts: names, addresses, or folders of Unix sockets.
    ///
    /// # Errors
    /// In words, when an option has another value or two of them contradict each other. Values are not quoted: they may be
    /// a password in the wrong place.
    pub fn decide<'h>(&self, hosts: impl IntoIterator<Item = &'h str>) -> Result<Tls, String> {
        let file = match self.sslrootcert.as_deref() {
            Some("system") if matches!(self.sslmode.as_deref(), None | Some("verify-full")) => None,
            Some("system") => return Err("`sslrootcert=system` needs `sslmode=verify-full`".to_owned()),
            file => file.filter(|file| !file.is_empty()).map(PathBuf::from),
        };
        match (self.sslmode.as_deref(), file) {
            (Some("disable"), _) => Ok(Tls::Off),
            (Some("require"), None) => Ok(Tls::Encrypt),
            (Some("require" | "verify-ca"), Some(file)) => Ok(Tls::VerifyCa(file)),
            (Some("verify-ca"), None) => Err("`sslmode=verify-ca` needs `sslrootcert`, a PEM file of CAs".to_owned()),
            (Some("verify-full"), file) => Ok(Tls::VerifyFull(file)),
            (Some("allow" | "prefer"), _) => {
                Err("`sslmode=allow` and `prefer` fall back to plaintext; write `verify-full`, `require` or `disable`"
                    .to_owned())
            }
            (Some(_), _) => Err("`sslmode` must be `disable`, `require`, `verify-ca` or `verify-full`".to_owned()),
            (None, None) if self.sslrootcert.is_none() && hosts.into_iter().all(is_local) => Ok(Tls::Off),
            (None, file) => Ok(Tls::VerifyFull(file)),
        }
    }
}

/// Whether a host is this machine: a Unix socket's folder, a loopback address or `localhost` (RFC 6761, section 6.3).
fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.starts_with('/')
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(url: &str, hosts: &[&str]) -> Result<Tls, String> {
        TlsOptions::split(url).1.decide(hosts.iter().copied())
    }

    #[test]
    fn a_remote_host_needs_a_verified_certificate_unless_the_url_says_otherwise() {
        let full = |file: Option<&str>| Ok(Tls::VerifyFull(file.map(PathBuf::from)));
        let (remote, local) = (["db.example"].as_slice(), ["127.0.0.1"].as_slice());
        let cases: &[(&str, &[&str], Result<Tls, String>)] = &[
            ("", remote, full(None)),
            ("", &["10.0.0.5"], full(None)),
            ("", &["127.0.0.1.example"], full(None)),
            ("", &["localhost", "db.example"], full(None)),
            ("", local, Ok(Tls::Off)),
            ("", &["::1", "localhost", "/run/postgresql", "::ffff:127.0.0.1"], Ok(Tls::Off)),
            ("?sslrootcert=/etc/ca.pem", local, full(Some("/etc/ca.pem"))),
            ("?sslrootcert=system", local, full(None)),
            ("?sslmode=disable", remote, Ok(Tls::Off)),
            ("?sslmode=require", local, Ok(Tls::Encrypt)),
            ("?sslmode=require&sslrootcert=a%20b.pem", remote, Ok(Tls::VerifyCa("a b.pem".into()))),
            ("?sslmode=verify-ca&sslrootcert=a.pem", remote, Ok(Tls::VerifyCa("a.pem".into()))),
            ("?sslmode=verify-full", local, full(None)),
            ("?sslmode=verify-full&sslrootcert=a.pem", remote, full(Some("a.pem"))),
        ];
        for (query, hosts, expected) in cases {
            assert_eq!(&decided(&format!("postgres://h/d{query}"), hosts), expected, "{query} {hosts:?}");
        }
        for (query, expected) in [
            ("prefer", "fall back to plaintext"),
            ("hunter2", "must be `disable`"),
            ("", "must be `disable`"),
            ("verify-ca", "needs `sslrootcert`"),
            ("require&sslrootcert=system", "needs `sslmode=verify-full`"),
        ] {
            let error = decided(&format!("postgres://h/d?sslmode={query}"), local).expect_err(query);
            assert!(error.contains(expected) && !error.contains("hunter2"), "{query}: {error}");
        }
    }

    #[test]
    fn the_rest_of_the_url_is_the_drivers() {
        for (url, rest) in [
            ("postgres://u:p@h/d", "postgres://u:p@h/d"),
            ("postgres://u:p@h/d?sslmode=require", "postgres://u:p@h/d"),
            ("postgres://u:p@h/d?a=1&sslrootcert=x&b=2&sslmode=verify-full", "postgres://u:p@h/d?a=1&b=2"),
        ] {
            assert_eq!(TlsOptions::split(url).0, rest);
        }
    }
}
