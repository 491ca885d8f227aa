//! Tests files with certificates.

use super::*;

/// A CA that signs nothing; its key was not kept.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUYlzfXnPtk/RuOAGZlrSJ3cNvXJowCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMzAwOTM4MTRaGA8yMTI2MTEwNjA5
MzgxNFowEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABIcGMmddCz4pMlJjNbxWxFktSsFAM6m3SPgfwOOwPUdbqdbbbOsqnTDgVxpl
L1H0JjSc/L4A5jcdjNzW9uPO4aijUzBRMB0GA1UdDgQWBBQmKoqEuhblxspuMuQc
kE8lE+U9xjAfBgNVHSMEGDAWgBQmKoqEuhblxspuMuQckE8lE+U9xjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDjk+LSUaixtnOoTUG3fstDpIRM
0FYzpXxFcIoPNPV76wIgKR3pMjnkWf5GoRrtalGd9JPG3rsORe3YPRRwYUBs8+Q=
-----END CERTIFICATE-----
";

#[test]
fn every_certificate_in_a_file_is_trusted_with_or_without_a_byte_order_mark() {
    let file = std::env::temp_dir().join(format!("dpworld-certificates-{}.pem", std::process::id()));
    for (text, trusted) in [
        (CA.to_owned(), Some(1)),
        (format!("\u{feff}{CA}"), Some(1)),
        (format!("\u{feff}{CA}{CA}"), Some(2)),
        (format!("\u{feff}# Ours\n{CA}"), Some(1)),
        (CA.replace('\n', "\r\n"), Some(1)),
        (CA.replace("-----END CERTIFICATE-----", ""), None),
        ("\u{feff}".to_owned(), None),
        (String::new(), None),
    ] {
        std::fs::write(&file, &text).expect("a file");
        let found = roots(&file, "sslrootcert");
        assert_eq!(found.as_ref().ok().map(|(roots, _)| roots.len()), trusted, "{text}");
        if let Ok((_, pem)) = found {
            assert_eq!(pem, text.trim_start_matches('\u{feff}').as_bytes());
        }
    }
    std::fs::remove_file(&file).expect("the file");
}
