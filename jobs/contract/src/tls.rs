//! The TLS options in a PostgreSQL URL, `sslmode` and `sslrootcert`: whether to encrypt, and what to verify.
//!
//! The driver does not support `verify-ca`, `verify-full` and `sslrootcert`, so both options are removed from the URL before it
//! reads the rest. The modes are those of libpq (PostgreSQL manual, "SSL Support", table "SSL Mode Descriptions"):
//!
//! | `sslmode` | encrypted | certificate |
//! |---|---|---|
//! | `disable` | no | – |
//! | `require` | yes | not verified; with `sslrootcert`, same as `verify-ca` |
//! | `verify-ca` | yes | signed by a CA in `sslrootcert` |
//! | `verify-full` | yes | signed by a CA in `sslrootcert` (default: the system's), and issued for the host |
//!
//! Two differences from libpq: without `sslmode`, a remote host requires `verify-full` and a local one uses no TLS; and
//! `allow` and `prefer` are rejected, because they silently fall back to plaintext.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// How a connection is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// No TLS.
    Off,
    /// Encrypted; the certificate is not verified.
    Encrypt,
    /// Encrypted; the certificate is signed by a CA in this PEM file, for any host.
    VerifyCa(PathBuf),
    /// Encrypted; the certificate is for the host and signed by a CA in this PEM file, by default one of the system's.
    VerifyFull(Option<PathBuf>),
}

const PLAINTEXT: &str =
    "`sslmode=allow` and `prefer` fall back to plaintext; use `verify-full`, `require` or `disable`";

/// The TLS options of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    /// Whether an option is set twice.
    repeated: bool,
}

impl TlsOptions {
    /// Splits the TLS options from a URL; also returns the URL without them.
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
                let earlier = field.replace(percent_decode_str(value).decode_utf8_lossy().into_owned());
                options.repeated |= earlier.is_some();
                false
            })
            .collect();
        let rest = rest.join("&");
        (if rest.is_empty() { place.to_owned() } else { format!("{place}?{rest}") }, options)
    }

    /// Returns the TLS mode for connections to these hosts: names, addresses, or folders of Unix sockets.
    ///
    /// Fails if an option has an unknown value, or if two options contradict each other. The message does not show
    /// values, because one may be a misplaced password.
    pub fn decide<'h>(&self, hosts: impl IntoIterator<Item = &'h str>) -> Result<Tls, String> {
        if self.repeated {
            return Err("`sslmode` or `sslrootcert` is set twice; remove one of the two".to_owned());
        }
        let file = match self.sslrootcert.as_deref() {
            Some("") => return Err("`sslrootcert` is empty; set a PEM file, or remove the option".to_owned()),
            Some("system") if matches!(self.sslmode.as_deref(), None | Some("verify-full")) => None,
            Some("system") => return Err("`sslrootcert=system` requires `sslmode=verify-full`".to_owned()),
            file => file.map(PathBuf::from),
        };
        match (self.sslmode.as_deref(), file) {
            (Some("disable"), None) => Ok(Tls::Off),
            (Some("disable"), Some(_)) => {
                Err("`sslmode=disable` verifies no certificate; remove `sslrootcert`".to_owned())
            }
            (Some("require"), None) => Ok(Tls::Encrypt),
            (Some("require" | "verify-ca"), Some(file)) => Ok(Tls::VerifyCa(file)),
            (Some("verify-ca"), None) => {
                Err("`sslmode=verify-ca` requires `sslrootcert`, a PEM file with CA certificates".to_owned())
            }
            (Some("verify-full"), file) => Ok(Tls::VerifyFull(file)),
            (Some("allow" | "prefer"), _) => Err(PLAINTEXT.to_owned()),
            (Some(_), _) => Err("`sslmode` must be `disable`, `require`, `verify-ca` or `verify-full`".to_owned()),
            (None, None) if self.sslrootcert.is_none() && hosts.into_iter().all(is_local) => Ok(Tls::Off),
            (None, file) => Ok(Tls::VerifyFull(file)),
        }
    }
}

/// Returns whether a host is this machine: a Unix socket's folder, a loopback address or `localhost` (RFC 6761, 6.3).
fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.starts_with('/')
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
        || host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
}

/// Returns whether the host of a URL is this machine: a loopback address or `localhost`. A URL with a user is none.
pub fn is_on_loopback(url: &str) -> bool {
    let authority =
        url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '\\', '?', '#']).next().unwrap_or(""));
    let port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    let host = authority.rsplit_once(':').filter(|(_, rest)| port(rest)).map_or(authority, |(host, _)| host);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[path = "../tests/unit/tls.rs"]
mod tests;
