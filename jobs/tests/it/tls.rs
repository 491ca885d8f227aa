//! TLS connections to a PostgreSQL server that accepts no other connections. The `contract` tests cover the rule for
//! remote hosts.

use crate::support::database::Role;
use crate::support::secure::Secure;
use crate::support::zoo::Zoo;

/// The error from `copy` once it is connected: the server has no ledger.
const ENTERED: &str = "cannot read the ledger";

#[test]
fn the_servers_certificate_is_verified_as_the_url_specifies() {
    let (zoo, server) = (Zoo::stocked(), Secure::start());
    zoo.transformation("r1").run().done();
    let (ca, other, marked) = (server.path("ca.pem"), server.path("other.pem"), server.path("marked.pem"));
    let text = std::fs::read_to_string(&ca).expect("the CA");
    std::fs::write(&marked, format!("\u{feff}{text}")).expect("the CA with a byte order mark");
    let refused = |host: &str, options: &str, messages: &[&str]| {
        zoo.copy_to(&server.url(host, options), "r1").run().refused(messages);
    };
    for (host, options) in [
        ("localhost", format!("?sslmode=verify-full&sslrootcert={ca}")),
        ("localhost", format!("?sslrootcert={ca}")),
        ("localhost", format!("?sslrootcert={marked}")),
        ("localhost", format!("?sslmode=verify-full&sslrootcert={ca}&channel_binding=require")),
        ("127.0.0.1", format!("?sslmode=verify-ca&sslrootcert={ca}")),
        ("127.0.0.1", format!("?sslmode=require&sslrootcert={ca}")),
        ("127.0.0.1", "?sslmode=require".to_owned()),
    ] {
        refused(host, &options, &[ENTERED]);
    }
    for (host, options) in [
        ("127.0.0.1", format!("?sslmode=verify-full&sslrootcert={ca}")),
        ("localhost", format!("?sslmode=verify-full&sslrootcert={other}")),
        ("localhost", format!("?sslmode=verify-ca&sslrootcert={other}")),
        ("localhost", "?sslmode=verify-full".to_owned()),
    ] {
        refused(host, &options, &["cannot connect", "certificate", "sslrootcert=FILE"]);
    }
    // Without TLS, the server refuses the connection.
    for options in ["?sslmode=disable", ""] {
        refused("localhost", options, &["no pg_hba.conf entry", "the server accepts only TLS"]);
    }
    let missing = server.path("missing.pem");
    refused("localhost", &format!("?sslrootcert={missing}"), &["cannot use the certificates in", "missing.pem"]);
    let empty = zoo.contract().display().to_string();
    refused("localhost", &format!("?sslrootcert={empty}"), &["cannot use the certificates in", "zoo.yaml"]);
}

#[test]
fn nothing_is_sent_to_a_server_without_tls_if_the_url_requires_it() {
    let zoo = Zoo::stocked();
    zoo.transformation("r1").run().done();
    let url = zoo.database().url(Role::Loader);
    zoo.copy_to(&format!("{url}?sslmode=require"), "r1")
        .run()
        .refused(&["server does not support TLS", "sslmode=disable"]);
    zoo.copy_to(&format!("{url}?sslmode=prefer"), "r1")
        .run()
        .refused(&["fall back to plaintext", "sslmode=verify-full"]);
    zoo.copy_to(&format!("{url}?sslmode=disable"), "r1").run().done();
}
