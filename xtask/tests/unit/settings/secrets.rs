//! Tests texts that look like secrets, and texts that do not.

use super::kind;

#[test]
fn secrets_are_recognised_and_settings_are_not() {
    for (text, what) in [
        (concat!("AKIA", "IOSFODNN7EXAMPLE"), "an AWS access key ID"),
        (concat!("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"), "an AWS secret access key"),
        (concat!("-----BEGIN ", "PRIVATE KEY-----"), "a private key"),
        ("ghp_x", "a GitHub token"),
        ("https://me:word@host/simple", "a URL with a password"),
    ] {
        assert_eq!(kind(text), Some(what));
    }
    for text in ["dpstack", "https://pypi.org/simple", "python@sha256:0123456789abcdef", "me@host.tld", ""] {
        assert_eq!(kind(text), None, "{text}");
    }
}
