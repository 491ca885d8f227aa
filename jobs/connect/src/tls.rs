//! TLS connections to PostgreSQL, with the same rustls that HTTPS uses.

use std::sync::Arc;

use contract::Tls;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::certificates::roots;
use crate::failure::Failure;

/// The URL option that names a CA's file.
const SETTING: &str = "sslrootcert";

/// Returns the connector for a TLS mode, or `None` for connections without TLS.
pub fn connector(tls: &Tls) -> Result<Option<MakeRustlsConnect>, Failure> {
    let provider = Arc::new(ring::default_provider());
    let unusable = |error| Failure::refused("cannot set up TLS for the warehouse").because(error);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(unusable)?;
    let config = match tls {
        Tls::Off => return Ok(None),
        Tls::Encrypt => builder.dangerous().with_custom_certificate_verifier(AnyHost::new(None, provider)),
        Tls::VerifyCa(file) => {
            builder.dangerous().with_custom_certificate_verifier(AnyHost::new(Some(roots(file, SETTING)?.0), provider))
        }
        Tls::VerifyFull(Some(file)) => builder.with_root_certificates(roots(file, SETTING)?.0),
        Tls::VerifyFull(None) => builder.with_platform_verifier().map_err(unusable)?,
    };
    Ok(Some(MakeRustlsConnect::new(config.with_no_client_auth())))
}

/// The hint for a failed handshake.
pub const HINT: &str = "connections to a remote host require a verified certificate: set `sslrootcert=FILE` in the warehouse \
                         URL to its CA's PEM file, or use `sslmode=require` (not verified) or `sslmode=disable`";

/// Accepts certificates for any host: those signed by a root, or all of them. The server must always prove that it has
/// the certificate's private key.
#[derive(Debug)]
struct AnyHost {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl AnyHost {
    fn new(roots: Option<RootCertStore>, provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { roots, provider })
    }
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let (parsed, algorithms) =
                (ParsedCertificate::try_from(certificate)?, self.provider.signature_verification_algorithms.all);
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
