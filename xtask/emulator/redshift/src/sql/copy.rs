//! COPY of Parquet files that a manifest lists. Other sources and formats are refused.

use super::gate::{Outcome, refusal};
use super::reader::Reader;
use super::{Copy, Kind, Translated};
use crate::rules::{Refusal, sql};

/// Parameters of columnar COPY that the emulator lacks.
const DOCUMENTED: [&str; 7] = [
    "ACCEPTINVCHARS",
    "FILLRECORD",
    "CREDENTIALS",
    "ACCESS_KEY_ID",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "EXPLICIT_IDS",
];

pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("COPY")?;
    let table = reader.name()?;
    let columns =
        if reader.at("FROM") { Vec::new() } else { reader.parenthesized(|reader| Ok(reader.ident()?.to_string()))? };
    reader.expect("FROM")?;
    let manifest = reader.string()?;
    let (mut role, mut parquet, mut lists) = (None, false, false);
    while !reader.at_end() {
        if reader.take("IAM_ROLE") && role.is_none() {
            role = Some(if reader.take("DEFAULT") { "default".to_owned() } else { reader.string()? });
        } else if !parquet && (reader.take("FORMAT") || reader.at("PARQUET")) {
            reader.take("AS");
            format(reader)?;
            parquet = true;
        } else if reader.take("MANIFEST") {
            lists = true;
        } else if reader.take("STATUPDATE") {
            reader.take_one_of(&["ON", "OFF", "TRUE", "FALSE"]);
        } else {
            return Err(option(reader));
        }
    }
    let absent = |what: &str| refusal(&sql::NOT_EMULATED, format!("COPY without {what} is not emulated"));
    let role = role.ok_or_else(|| absent("IAM_ROLE"))?;
    if !parquet {
        return Err(absent("FORMAT AS PARQUET"));
    }
    if !lists {
        return Err(absent("MANIFEST"));
    }
    let copy = Copy { table: table.to_string(), columns, manifest, role };
    Ok(Translated { kind: Kind::Copy(copy), postgres: Vec::new(), tag: None })
}

fn format(reader: &mut Reader<'_>) -> Outcome {
    if reader.take("PARQUET") {
        return Ok(());
    }
    Err(refusal(&sql::NOT_EMULATED, format!("COPY of the format {} is not emulated", reader.word())))
}

/// The refusal of a parameter.
fn option(reader: &Reader<'_>) -> Refusal {
    let word = reader.word();
    if word.is_empty() {
        return reader.unexpected();
    }
    if DOCUMENTED.contains(&word.as_str()) {
        return refusal(&sql::NOT_EMULATED, format!("the parameter {word} of COPY is not emulated"));
    }
    refusal(&sql::COPY_COLUMNAR_OPTION, format!("{word} argument is not supported for PARQUET based COPY"))
}
