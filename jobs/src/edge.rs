//! The only place that touches files, clock, network and processes.
//!
//! Architecture invariant: no edge file imports another; what two of them need is made above and handed to both.

pub mod clock;
pub mod lake;
pub mod openlineage;
pub mod scratch;
pub mod source;
pub mod warehouse;

/// Chooses the one TLS provider of the program, before anything speaks HTTPS.
pub fn choose_tls() {
    // A second call finds it chosen, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
