//! What JSON_PARSE is documented or expected to take, found out in one pass without a tree, without recursion and, for
//! all but large objects, without allocation.

mod names;

use self::names::Names;
use super::{Flaw, INTEGER_DIGITS, LEVELS, Rule, TEXT_BYTES, double, nul};

/// What one pass over sound JSON has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json {
    /// Whether there is white space between its tokens.
    pub spaced: bool,
    /// How deep arrays and objects lie in each other; 0 for a scalar.
    pub depth: usize,
}

/// Reads JSON text, of any length.
///
/// Beyond the grammar (RFC 8259): no attribute twice in one object, which `json_parse_dedup_attributes` turns into an
/// error by default ("SUPER configurations"); strings and names of at most [`TEXT_BYTES`] bytes as they will be stored,
/// escapes undone; at most [`LEVELS`] levels; no U+0000, no half surrogate pair, no integer of more than
/// [`INTEGER_DIGITS`] digits and no other number outside of DOUBLE PRECISION, of which no page says what becomes of them.
///
/// # Errors
/// The first flaw.
pub fn json(text: &str) -> Result<Json, Flaw> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, spaced: false, names: Names::default() };
    let depth = reader.document()?;
    Ok(Json { spaced: reader.spaced, depth })
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    spaced: bool,
    names: Names,
}

/// Which of the open containers are objects, the outermost first.
struct Open {
    objects: [u64; LEVELS.div_ceil(64)],
    depth: usize,
    deepest: usize,
}

impl Open {
    fn push(&mut self, object: bool) -> Result<(), Flaw> {
        if self.depth == LEVELS {
            return Err(Flaw::new(Rule::JsonDepth, format!("JSON of more than {LEVELS} levels")));
        }
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        self.objects[word] = if object { self.objects[word] | bit } else { self.objects[word] & !bit };
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        Ok(())
    }

    fn in_object(&self) -> Option<bool> {
        let last = self.depth.checked_sub(1)?;
        Some(self.objects[last / 64] & (1 << (last % 64)) != 0)
    }
}

impl Reader<'_> {
    fn document(&mut self) -> Result<usize, Flaw> {
        let mut open = Open { objects: [0; LEVELS.div_ceil(64)], depth: 0, deepest: 0 };
        loop {
            // A value begins here; whatever ends with it is closed below.
            let mut closed = match self.token() {
                Some(b'{') => {
                    self.at += 1;
                    open.push(true)?;
                    self.names.enter();
                    let empty = self.token() == Some(b'}');
                    if !empty {
                        self.name()?;
                    }
                    empty
                }
                Some(b'[') => {
                    self.at += 1;
                    open.push(false)?;
                    self.token() == Some(b']')
                }
                Some(b'"') => self.string().map(|_| true)?,
                Some(b'-' | b'0'..=b'9') => self.number().map(|()| true)?,
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                _ => return Err(self.not_json("expected a value")),
            };
            while closed {
                let Some(object) = open.in_object() else {
                    return if self.token().is_none() {
                        Ok(open.deepest)
                    } else {
                        Err(self.not_json("more than one value"))
                    };
                };
                closed = match (self.token(), object) {
                    (Some(b','), object) => {
                        self.at += 1;
                        if object {
                            self.name()?;
                        }
                        false
                    }
                    (Some(b'}'), true) => {
                        self.at += 1;
                        open.depth -= 1;
                        let twice = self.names.leave(self.text);
                        twice.map_or(Ok(true), |name| {
                            let name: String = name.chars().take(40).collect();
                            Err(Flaw::new(Rule::Json, format!("`{name}` is written twice in one object")))
                        })?
                    }
                    (Some(b']'), false) => {
                        self.at += 1;
                        open.depth -= 1;
                        true
                    }
                    (_, true) => return Err(self.not_json("expected `,` or `}`")),
                    (_, false) => return Err(self.not_json("expected `,` or `]`")),
                };
            }
        }
    }

    fn not_json(&self, problem: &str) -> Flaw {
        Flaw::new(Rule::Json, format!("no JSON at byte {}: {problem}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
            self.spaced = true;
        }
        self.peek()
    }

    fn word(&mut self, word: &str) -> Result<bool, Flaw> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.not_json("expected a value"));
        }
        self.at += word.len();
        Ok(true)
    }

    /// An attribute's name and its colon.
    fn name(&mut self) -> Result<(), Flaw> {
        if self.token() != Some(b'"') {
            return Err(self.not_json("expected a name"));
        }
        let start = self.at + 1;
        let escaped = self.string()?;
        self.names.add(start..self.at - 1, escaped);
        if self.token() != Some(b':') {
            return Err(self.not_json("expected `:`"));
        }
        self.at += 1;
        Ok(())
    }

    /// A string, from its opening quote; whether it has escapes.
    fn string(&mut self) -> Result<bool, Flaw> {
        self.at += 1;
        let start = self.at;
        // How many bytes fewer it will be when the escapes are undone.
        let mut saved = 0;
        loop {
            let rest = &self.bytes[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => saved += self.escape()?,
                Some(_) => return Err(self.not_json("a control character in a string")),
                None => return Err(self.not_json("a string without an end")),
            }
        }
        let bytes = self.at - start - saved;
        self.at += 1;
        if bytes > TEXT_BYTES {
            let problem = format!("a string of {bytes} bytes inside JSON, at most {TEXT_BYTES} fit");
            return Err(Flaw::new(Rule::JsonString, problem));
        }
        Ok(saved > 0)
    }

    /// Passes an escape and tells how many bytes shorter its character is.
    fn escape(&mut self) -> Result<usize, Flaw> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(1)
            }
            Some(b'u') => {
                let start = self.at;
                let first = self.unit()?;
                let half = || Flaw::new(Rule::Json, "a hex escape of half a surrogate pair");
                let character = match first {
                    0 => return Err(nul()),
                    0xd800..=0xdbff if self.bytes[self.at..].starts_with(b"\\u") => {
                        let units = [first, self.unit()?];
                        char::decode_utf16(units).next().and_then(Result::ok).ok_or_else(half)?
                    }
                    unit => char::from_u32(u32::from(unit)).ok_or_else(half)?,
                };
                Ok(self.at - start - character.len_utf8())
            }
            _ => Err(self.not_json("an escape that JSON has not")),
        }
    }

    /// The four digits of `\uXXXX`.
    fn unit(&mut self) -> Result<u16, Flaw> {
        let digits = self.text.get(self.at + 2..self.at + 6).filter(|text| text.bytes().all(|d| d.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.not_json("an escape without four hexadecimal digits"))?;
        self.at += 6;
        Ok(unit)
    }

    fn digits(&mut self) -> Result<usize, Flaw> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.not_json("expected a digit")) } else { Ok(count) }
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            return Err(self.not_json("a number with a leading zero"));
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            integer = false;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let number = &self.text[start..self.at];
        if integer && digits > INTEGER_DIGITS {
            let problem = format!("number out of range: an integer of {digits} digits, at most {INTEGER_DIGITS} fit");
            return Err(Flaw::new(Rule::Json, problem));
        }
        // Without an exponent only a very long number can leave the range of DOUBLE PRECISION.
        if exponent || number.len() > 300 {
            let value = number.parse().unwrap_or(f64::NAN);
            let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
            let vanished = value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
            if vanished || double(value).is_err() {
                let brief: String = number.chars().take(24).collect();
                let problem = format!("number out of range: {brief} is beyond DOUBLE PRECISION");
                return Err(Flaw::new(Rule::Json, problem));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Option<Rule> {
        json(text).err().map(|flaw| flaw.rule)
    }

    #[test]
    fn the_grammar_is_that_of_serde_json() {
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\":", "\"a\"", "1", "-0.5e3", "01", ".5", "1.", "true", "nul", " ", "\\",
        ];
        let mut taken = 0;
        for index in 0..pieces.len().pow(4) {
            let text: String = (0..4).map(|place| pieces[index / pieces.len().pow(place) % pieces.len()]).collect();
            let sound = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            let found = json(&text);
            let problem = found.as_ref().err().map_or("", |flaw| &flaw.problem);
            if !problem.contains("out of range") {
                assert_eq!(found.is_ok() || problem.contains("written twice"), sound, "{text}: {found:?}");
            }
            taken += usize::from(sound);
        }
        assert!(taken > 100, "{taken}");
    }

    #[test]
    fn every_rule_has_its_edge() {
        let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(json(&arrays(LEVELS)), Ok(Json { spaced: false, depth: LEVELS }));
        assert_eq!(rule(&arrays(LEVELS + 1)), Some(Rule::JsonDepth));
        let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes));
        assert_eq!([rule(&string(TEXT_BYTES)), rule(&string(TEXT_BYTES + 1))], [None, Some(Rule::JsonString)]);
        for (bad, expected) in [
            (r#""\u0000""#, Rule::Nul),
            (r#""\ud800""#, Rule::Json),
            (r#""\ud800\u0041""#, Rule::Json),
            (r#""\udc00""#, Rule::Json),
            (r#""\x""#, Rule::Json),
            (r#""\u00g0""#, Rule::Json),
            (r#""\u00"#, Rule::Json),
            ("\"\n\"", Rule::Json),
            ("", Rule::Json),
            ("1e400", Rule::Json),
            ("1e-400", Rule::Json),
            ("123456789012345678901234567890123456789", Rule::Json),
        ] {
            assert_eq!(rule(bad), Some(expected), "{bad}");
        }
        for good in [r#""\ud83d\ude00\u00e4\n""#, "0e999", "-12345678901234567890123456789012345678", "1e308", " 1 "] {
            assert_eq!(rule(good), None, "{good}");
        }
        assert_eq!(rule(&format!("0.{}1", "0".repeat(400))), Some(Rule::Json));
    }
}
