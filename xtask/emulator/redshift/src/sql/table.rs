//! CREATE TABLE and CREATE TABLE AS.
//!
//! Primary keys and unique constraints stay in the translation: the engine removes them, because Redshift does not enforce
//! them (rule `no-key-enforcement`). Foreign keys are left out, because PostgreSQL would need the other table's key.

use sqlparser::tokenizer::Token;

use super::attributes::{Attributes, backup, encoding, lists_names};
use super::data_types::{self, Place};
use super::gate::{Outcome, refusal};
use super::names::literal;
use super::reader::Reader;
use super::walk::{self, Origin};
use super::{Kind, Translated, names};
use crate::rules::sql;

const MOST_COLUMNS: usize = 1_600;

/// Clauses at the end of PostgreSQL's CREATE TABLE that Redshift lacks.
const UNSUPPORTED: [&str; 6] = ["INHERITS", "PARTITION", "TABLESPACE", "WITH", "USING", "ON"];

/// The columns and constraints in parentheses.
#[derive(Default)]
struct Definition {
    lines: Vec<String>,
    columns: usize,
    supers: Vec<String>,
}

pub(super) fn create(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    let gate = reader.gate;
    if reader.at("UNLOGGED") || reader.at("GLOBAL") {
        return Err(refusal(&sql::UNSUPPORTED_TABLE, format!("syntax error at or near \"{}\"", reader.word())));
    }
    let local = reader.take("LOCAL");
    let temporary = reader.take("TEMPORARY") || reader.take("TEMP");
    if local && !temporary {
        return Err(reader.unexpected());
    }
    reader.expect("TABLE")?;
    let once = reader.take_all(&["IF", "NOT", "EXISTS"]);
    let name = reader.name()?;
    let (mut attributes, mut definition, mut names) = (Attributes::default(), None, Vec::new());
    if lists_names(reader) {
        names = reader.parenthesized(|reader| Ok(reader.ident()?.to_string()))?;
    } else if reader.at_symbol(&Token::LParen) {
        definition = Some(columns(reader, &mut attributes)?);
    }
    backup(reader)?;
    attributes.read(reader)?;
    backup(reader)?;
    let mut parts = vec!["CREATE"];
    parts.extend(temporary.then_some("TEMPORARY"));
    parts.push("TABLE");
    parts.extend(once.then_some("IF NOT EXISTS"));
    let head = format!("{} {name}", parts.join(" "));
    let statement = if let Some(definition) = definition {
        if UNSUPPORTED.contains(&reader.word().as_str()) {
            return Err(refusal(&sql::UNSUPPORTED_TABLE, format!("syntax error at or near \"{}\"", reader.word())));
        }
        super_keys(reader, &attributes, &definition)?;
        gate.refuse_if(
            definition.columns > MOST_COLUMNS,
            &sql::COLUMN_LIMIT,
            format!("tables can have at most {MOST_COLUMNS} columns"),
        )?;
        format!("{head} (\n    {}\n)", definition.lines.join(",\n    "))
    } else {
        reader.expect("AS")?;
        let query = walk::query(reader, Origin::Table)?;
        let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        format!("{head}{names} AS {query}")
    };
    let mut postgres = vec![statement];
    // Temporary tables are not in the system views.
    if attributes.stated && !temporary {
        postgres.push(format!("SELECT redshift.layout({}, {})", literal(&name.to_string()), attributes.arguments()));
    }
    if postgres.len() > 1 {
        return Ok(Translated::tagged("CREATE TABLE", postgres));
    }
    Ok(Translated { kind: Kind::Plain, postgres, tag: None })
}

fn super_keys(reader: &Reader<'_>, attributes: &Attributes, definition: &Definition) -> Outcome {
    let mut keys = attributes.key.iter().chain(&attributes.sort);
    match keys.find(|key| definition.supers.contains(key)) {
        Some(key) => reader.gate.refuse(&sql::SUPER_KEY, format!("column \"{key}\" of type super cannot be a key")),
        None => Ok(()),
    }
}

fn columns(reader: &mut Reader<'_>, attributes: &mut Attributes) -> Outcome<Definition> {
    let mut definition = Definition::default();
    reader.parenthesized(|reader| element(reader, &mut definition, attributes))?;
    Ok(definition)
}

fn element(reader: &mut Reader<'_>, definition: &mut Definition, attributes: &mut Attributes) -> Outcome {
    if reader.take("CONSTRAINT") {
        reader.ident()?;
        return constraint(reader, definition);
    }
    if ["UNIQUE", "PRIMARY", "FOREIGN", "CHECK", "EXCLUDE"].contains(&reader.word().as_str()) {
        return constraint(reader, definition);
    }
    if reader.take("LIKE") {
        let other = reader.name()?;
        let defaults = ["INCLUDING", "EXCLUDING"].iter().find(|word| reader.take(word));
        if defaults.is_some() {
            reader.expect("DEFAULTS")?;
        }
        let defaults = defaults.map(|word| format!(" {word} DEFAULTS")).unwrap_or_default();
        definition.lines.push(format!("LIKE {other}{defaults}"));
        return Ok(());
    }
    column(reader, definition, attributes)
}

fn constraint(reader: &mut Reader<'_>, definition: &mut Definition) -> Outcome {
    if reader.at("CHECK") || reader.at("EXCLUDE") {
        let message = format!("{} constraints are not supported", reader.word());
        return Err(refusal(&sql::UNSUPPORTED_CONSTRAINT, message));
    }
    if reader.take_all(&["FOREIGN", "KEY"]) {
        reader.parenthesized(Reader::ident)?;
        return references(reader);
    }
    let kind = if reader.take("UNIQUE") {
        "UNIQUE"
    } else if reader.take_all(&["PRIMARY", "KEY"]) {
        "PRIMARY KEY"
    } else {
        return Err(reader.unexpected());
    };
    let columns = reader.parenthesized(|reader| Ok(reader.ident()?.to_string()))?;
    definition.lines.push(format!("{kind} ({})", columns.join(", ")));
    Ok(())
}

fn references(reader: &mut Reader<'_>) -> Outcome {
    reader.expect("REFERENCES")?;
    reader.name()?;
    if reader.at_symbol(&Token::LParen) {
        reader.parenthesized(Reader::ident)?;
    }
    Ok(())
}

fn column(reader: &mut Reader<'_>, definition: &mut Definition, attributes: &mut Attributes) -> Outcome {
    let name = reader.ident()?;
    names::check_column(reader.gate, &name)?;
    let kind = reader.parse(|parser| parser.parse_data_type())?;
    let kind = data_types::translate(reader.gate, &kind, Place::Column)?;
    if kind.to_string() == "super" {
        definition.supers.push(name.value.clone());
    }
    let mut line = format!("{name} {kind}");
    loop {
        if reader.take_all(&["NOT", "NULL"]) {
            line.push_str(" NOT NULL");
        } else if reader.take("NULL") {
        } else if reader.take("DEFAULT") {
            let default = reader.expression()?;
            line.push_str(&format!(" DEFAULT {}", walk::expression(reader, default)?));
        } else if reader.take("IDENTITY") || reader.take_all(&["GENERATED", "BY", "DEFAULT", "AS", "IDENTITY"]) {
            line.push_str(&identity(reader)?);
        } else if reader.take("ENCODE") {
            encoding(reader)?;
        } else if reader.take("DISTKEY") {
            attributes.key = Some(name.value.clone());
            attributes.stated = true;
        } else if reader.take("SORTKEY") {
            attributes.sort.push(name.value.clone());
            attributes.stated = true;
        } else if reader.take("COLLATE") {
            if reader.take_one_of(&["CASE_SENSITIVE", "CS"]).is_none() {
                return Err(refusal(&sql::NOT_EMULATED, "COLLATE CASE_INSENSITIVE is not emulated"));
            }
        } else if reader.take("UNIQUE") {
            line.push_str(" UNIQUE");
        } else if reader.take_all(&["PRIMARY", "KEY"]) {
            line.push_str(" PRIMARY KEY");
        } else if reader.at("REFERENCES") {
            references(reader)?;
        } else if reader.at("CHECK") {
            return Err(refusal(&sql::UNSUPPORTED_CONSTRAINT, "CHECK constraints are not supported"));
        } else {
            break;
        }
    }
    definition.columns += 1;
    definition.lines.push(line);
    Ok(())
}

fn identity(reader: &mut Reader<'_>) -> Outcome<String> {
    let numbers = reader.parenthesized(Reader::number)?;
    match numbers[..] {
        [seed, step] => {
            Ok(format!(" GENERATED BY DEFAULT AS IDENTITY (START WITH {seed} MINVALUE {seed} INCREMENT BY {step})"))
        }
        _ => Err(reader.unexpected()),
    }
}
