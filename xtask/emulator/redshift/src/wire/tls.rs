//! A private CA and a certificate of the endpoint for every start. redshift_connector loads the system's certificates besides
//! its bundle (redshift_connector 2.1, `core.py`), so `SSL_CERT_FILE` makes it trust this CA.

use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// An acceptor for an endpoint with these names, and the CA's certificate as PEM.
pub fn acceptor(names: Vec<String>) -> Result<(TlsAcceptor, String)> {
    let (mut ca, ca_key) = (CertificateParams::default(), KeyPair::generate()?);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // A certificate with the name of its issuer would look self-signed to OpenSSL.
    ca.distinguished_name.push(DnType::CommonName, "Redshift emulator");
    let pem = ca.self_signed(&ca_key)?.pem();
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(names)?.signed_by(&key, &Issuer::new(ca, ca_key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("no version of TLS")?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .context("the certificate of the endpoint is not usable")?;
    Ok((TlsAcceptor::from(Arc::new(config)), pem))
}
