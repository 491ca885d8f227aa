//! How names and numbers are written on the page.

use std::fmt::{self, Display, Formatter};

/// Text that cannot become markup, whatever is in it; good between tags and inside quoted attributes.
pub struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => to.write_str("&amp;")?,
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '"' => to.write_str("&quot;")?,
                '\'' => to.write_str("&#39;")?,
                // Control characters, line breaks and tabs aside, are errors in HTML even when escaped.
                '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' => to.write_str("\u{fffd}")?,
                other => write!(to, "{other}")?,
            }
        }
        Ok(())
    }
}

/// A name made of words without spaces, which may break after each where it has no room; good between tags.
pub struct Name<'a>(pub &'a str);

impl Display for Name<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let parts = self.0.split_inclusive(['_', '.', '/', '@']);
        for (index, part) in parts.enumerate() {
            write!(to, "{}{}", if index > 0 { "<wbr>" } else { "" }, Text(part))?;
        }
        Ok(())
    }
}

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2 rows`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Kilograms as whole tonnes, or with one digit below ten.
pub fn tonnes(kg: f64) -> String {
    match kg / 1000.0 {
        nothing if nothing <= 0.0 => "0".to_owned(),
        little if little < 0.05 => "<0.1".to_owned(),
        some if some < 9.95 => format!("{some:.1}"),
        much => count(much.round() as u64),
    }
}

/// Kilograms as tonnes with one digit, for columns of them.
pub fn tonnes_aligned(kg: f64) -> String {
    let tenths = (kg.max(0.0) / 100.0).round() as u64;
    format!("{}.{}", count(tenths / 10), tenths % 10)
}

/// A share in whole per cent. Only all is 100, and only nothing is 0: a rounded number must not hide the one that failed.
pub fn percent(part: u64, whole: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    if part >= whole {
        return 100;
    }
    ((part as f64 * 100.0 / whole as f64).round() as u64).clamp(1, 99)
}

/// The first letter large: `Very low Earth` from `very-low-earth`, `L1 point` from `L1-point`.
pub fn regime(name: &str) -> String {
    let spaced = name.replace('-', " ").replace("earth", "Earth");
    let mut letters = spaced.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What a landing type is called, its abbreviation behind it.
pub fn landing(kind: &str) -> String {
    match kind {
        "ASDS" => "Drone ship (ASDS)".to_owned(),
        "RTLS" => "Launch site (RTLS)".to_owned(),
        other => other.to_owned(),
    }
}

/// `2026-11-22 09:27 UTC` from `2026-11-22T09:27:11Z`; anything else stays as it is.
pub fn moment(when: &str) -> String {
    match (when.get(..10), when.get(10..11), when.get(11..16)) {
        (Some(day), Some("T"), Some(minute)) if when.ends_with('Z') => format!("{day} {minute} UTC"),
        _ => when.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let text = Text("<b a=\"1\" c='2'>&\u{0}\u{1b}\n").to_string();
        assert_eq!(text, "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\u{fffd}\u{fffd}\n");
    }

    #[test]
    fn names_break_between_their_words() {
        assert_eq!(Name("a_b.<c>").to_string(), "a_<wbr>b.<wbr>&lt;c&gt;");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 1.0, 165.0, 9_949.0, 9_951.0].map(tonnes), ["0", "<0.1", "0.2", "9.9", "10"]);
        assert_eq!(
            [tonnes(1_234_567.0), tonnes_aligned(1_234_567.0), tonnes_aligned(49.0)],
            ["1,235", "1,234.6", "0.0"]
        );
        assert_eq!([1, 2000].map(|number| counted(number, "row", "rows")), ["1 row", "2,000 rows"]);
    }

    #[test]
    fn only_all_is_a_hundred_per_cent() {
        assert_eq!(
            [(0, 0), (0, 9), (1, 900), (2, 3), (899, 900), (9, 9)].map(|(a, b)| percent(a, b)),
            [0, 0, 1, 67, 99, 100]
        );
    }

    #[test]
    fn names_and_moments() {
        assert_eq!(["very-low-earth", "L1-point", ""].map(regime), ["Very low Earth", "L1 point", ""]);
        assert_eq!(["2026-11-22T09:27:11Z", "yesterday"].map(moment), ["2026-11-22 09:27 UTC", "yesterday"]);
    }
}
