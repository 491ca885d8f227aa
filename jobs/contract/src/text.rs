//! The byte order mark at the start of a text.

/// The text without the byte order mark that some editors and servers write before UTF-8. A reader of JSON may ignore it
/// (RFC 8259, section 8.1), a reader of YAML must (YAML 1.2.2, section 5.2).
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
