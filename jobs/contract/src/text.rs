//! How a text that someone else wrote starts.

/// The text without the byte order mark that some editors and servers write before UTF-8. A reader may ignore it before
/// JSON (RFC 8259, section 8.1) and has to before YAML (YAML 1.2.2, section 5.2).
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
