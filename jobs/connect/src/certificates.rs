//! Files with trusted certificates, in PEM.

use std::error::Error;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::failure::Failure;

/// Reads the certificates that the setting `name` trusts. Also returns the file without a byte order mark: a PEM reader
/// would ignore the certificate after it.
/// Fails if the file cannot be read, or contains an invalid certificate or none.
pub(crate) fn roots(file: &Path, name: &str) -> Result<(RootCertStore, Vec<u8>), Failure> {
    let unusable = |error: Box<dyn Error + Send + Sync>| {
        Failure::refused(format!("cannot use the certificates in `{}` ({name})", file.display()))
            .hint(format!("`{name}` must be a PEM file with the CA's certificate"))
            .because(error)
    };
    let bytes = std::fs::read(file).map_err(|error| unusable(error.into()))?;
    let pem = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    Ok((parse(pem).map_err(unusable)?, pem.to_vec()))
}

fn parse(pem: &[u8]) -> Result<RootCertStore, Box<dyn Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err("it does not contain a certificate".into()) } else { Ok(roots) }
}

/// Returns the content of AWS_CA_BUNDLE, which replaces the system's certificates for calls to AWS (AWS SDKs and Tools
/// Reference Guide, "Environment variables list"). The Rust SDK and object_store ignore this variable.
/// Fails like [`roots`]; the SDK would panic.
#[cfg(feature = "aws")]
pub fn bundle() -> Result<Option<Vec<u8>>, Failure> {
    const NAME: &str = "AWS_CA_BUNDLE";
    let Some(file) = std::env::var_os(NAME).filter(|file| !file.is_empty()) else { return Ok(None) };
    Ok(Some(roots(Path::new(&file), NAME)?.1))
}

#[cfg(test)]
#[path = "../tests/unit/certificates.rs"]
mod tests;
