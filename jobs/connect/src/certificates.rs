//! Files with trusted certificates, in PEM.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::failure::Failure;

/// Reads the certificates that the setting `name` trusts.
/// Fails if the file cannot be read, or contains an invalid certificate or none.
pub(crate) fn roots(file: &Path, name: &str) -> Result<RootCertStore, Failure> {
    let unreadable = || {
        Failure::refused(format!("cannot use the certificates in `{}` ({name})", file.display()))
            .hint(format!("`{name}` must be a PEM file with the CA's certificate"))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable().because(error))? {
        let certificate = certificate.map_err(|error| unreadable().because(error))?;
        roots.add(certificate).map_err(|error| unreadable().because(error))?;
    }
    if roots.is_empty() { Err(unreadable().because("it does not contain a certificate")) } else { Ok(roots) }
}

/// Returns the content of AWS_CA_BUNDLE, which replaces the system's certificates for calls to AWS (AWS SDKs and Tools
/// Reference Guide, "Environment variables list"). The Rust SDK and object_store ignore this variable.
/// Fails like [`roots`]; the SDK would panic.
#[cfg(feature = "aws")]
pub fn bundle() -> Result<Option<Vec<u8>>, Failure> {
    const NAME: &str = "AWS_CA_BUNDLE";
    let Some(file) = std::env::var_os(NAME).filter(|file| !file.is_empty()) else { return Ok(None) };
    let file = Path::new(&file);
    roots(file, NAME)?;
    let read = std::fs::read(file);
    read.map(Some).map_err(|error| Failure::refused(format!("cannot read `{}`", file.display())).because(error))
}
