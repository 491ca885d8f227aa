//! Table attributes: distribution style, distribution key, sort keys and encodings. PostgreSQL has none of them; the emulator
//! records them for the system views.

use sqlparser::tokenizer::Token;

use super::gate::Outcome;
use super::names::literal;
use super::reader::Reader;
use crate::rules::sql;

/// The encodings of columns.
const ENCODINGS: [&str; 14] = [
    "RAW",
    "AZ64",
    "BYTEDICT",
    "DELTA",
    "DELTA32K",
    "LZO",
    "MOSTLY8",
    "MOSTLY16",
    "MOSTLY32",
    "RUNLENGTH",
    "TEXT255",
    "TEXT32K",
    "ZSTD",
    "AUTO",
];

/// How a table is distributed and sorted.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// AUTO, EVEN, KEY or ALL, where it is stated.
    pub style: Option<&'static str>,
    pub key: Option<String>,
    pub sort: Vec<String>,
    /// Whether any attribute was stated.
    pub stated: bool,
}

impl Attributes {
    /// Reads attributes in any order.
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Outcome {
        while self.read_one(reader)? {
            self.stated = true;
        }
        self.check(reader)
    }

    fn read_one(&mut self, reader: &mut Reader<'_>) -> Outcome<bool> {
        if self.style.is_none() && reader.take("DISTSTYLE") {
            self.style = reader.take_one_of(&["AUTO", "EVEN", "KEY", "ALL"]);
            return if self.style.is_some() { Ok(true) } else { Err(reader.unexpected()) };
        }
        if self.key.is_none() && reader.take("DISTKEY") {
            self.key = reader.parenthesized(|reader| Ok(reader.ident()?.value))?.pop();
            return Ok(true);
        }
        if self.sort.is_empty() && reader.take_all(&["SORTKEY", "AUTO"]) {
            return Ok(true);
        }
        let sorts = reader.take_all(&["COMPOUND", "SORTKEY"])
            || reader.take_all(&["INTERLEAVED", "SORTKEY"])
            || reader.take("SORTKEY");
        if self.sort.is_empty() && sorts {
            self.sort = reader.parenthesized(|reader| Ok(reader.ident()?.value))?;
            return Ok(true);
        }
        Ok(reader.take_all(&["ENCODE", "AUTO"]))
    }

    /// DISTSTYLE KEY and DISTKEY belong together.
    pub fn check(&self, reader: &Reader<'_>) -> Outcome {
        let (keyed, stated) = (self.style == Some("KEY"), self.style.is_some());
        let wrong = self.key.is_some() && stated && !keyed || self.key.is_none() && keyed;
        reader.gate.refuse_if(wrong, &sql::DISTRIBUTION_KEY, "DISTKEY column must be specified with DISTSTYLE KEY only")
    }

    /// The arguments of the functions of `catalog/` that record attributes.
    pub fn arguments(&self) -> String {
        let text = |value: Option<&str>| value.map_or("NULL".to_owned(), literal);
        let sort: Vec<String> = self.sort.iter().map(|column| literal(column)).collect();
        format!("{}, {}, ARRAY[{}]::text[]", text(self.style), text(self.key.as_deref()), sort.join(", "))
    }
}

/// BACKUP YES or NO, which has no effect here.
pub(super) fn backup(reader: &mut Reader<'_>) -> Outcome {
    if reader.take("BACKUP") && reader.take_one_of(&["YES", "NO"]).is_none() {
        return Err(reader.unexpected());
    }
    Ok(())
}

/// The name of an encoding, after ENCODE.
pub(super) fn encoding(reader: &mut Reader<'_>) -> Outcome {
    match reader.take_one_of(&ENCODINGS) {
        Some(_) => Ok(()),
        None => Err(reader.unexpected()),
    }
}

/// Whether a definition of columns follows, rather than the list of names of CREATE TABLE AS.
pub(super) fn lists_names(reader: &Reader<'_>) -> bool {
    reader.at_symbol(&Token::LParen)
        && (reader.symbol_after(2, &Token::Comma) || reader.symbol_after(2, &Token::RParen))
}
