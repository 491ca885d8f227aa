//! ALTER TABLE, ALTER SCHEMA, ALTER MATERIALIZED VIEW and ALTER DEFAULT PRIVILEGES.

use sqlparser::ast::ObjectName;
use sqlparser::tokenizer::Token;

use super::attributes::encoding;
use super::data_types::{self, Place};
use super::gate::{Outcome, refusal};
use super::names::literal;
use super::reader::Reader;
use super::statement::unknown;
use super::{Translated, access, names, view, walk};
use crate::rules::sql;

/// The action that only Redshift's storage has: PostgreSQL has nothing to execute.
const NOTHING: &str = "";

pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    match reader.word_after(1).as_str() {
        "TABLE" => table(reader),
        "SCHEMA" => access::alter_schema(reader),
        "MATERIALIZED" => view::alter_materialized(reader),
        "DEFAULT" => access::default_privileges(reader),
        _ => Err(unknown(reader, 2)),
    }
}

fn table(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("ALTER")?;
    reader.expect("TABLE")?;
    let name = reader.name()?;
    let action = action(reader, &name)?;
    if reader.at_symbol(&Token::Comma) {
        reader.gate.refuse(&sql::ADD_COLUMN, "ALTER TABLE with several actions is not supported")?;
        return Err(refusal(&sql::ADD_COLUMN, "ALTER TABLE with several actions is not supported"));
    }
    if action.is_empty() {
        return Ok(Translated::tagged("ALTER TABLE", vec![format!("SELECT {}::regclass", literal(&name.to_string()))]));
    }
    Ok(Translated::plain(action))
}

fn action(reader: &mut Reader<'_>, name: &ObjectName) -> Outcome<String> {
    let prefix = format!("ALTER TABLE {name}");
    if reader.take_all(&["RENAME", "TO"]) {
        return Ok(format!("{prefix} RENAME TO {}", reader.ident()?));
    }
    if reader.take_all(&["RENAME", "COLUMN"]) {
        let old = reader.ident()?;
        reader.expect("TO")?;
        let new = reader.ident()?;
        names::check_column(reader.gate, &new)?;
        return Ok(format!("{prefix} RENAME COLUMN {old} TO {new}"));
    }
    if reader.take_all(&["OWNER", "TO"]) {
        return Ok(format!("{prefix} OWNER TO {}", reader.any_word()?));
    }
    if reader.take("APPEND") {
        reader.gate.outside_transactions(&sql::TRANSACTION_APPEND, "ALTER TABLE APPEND")?;
        return Err(refusal(&sql::NOT_EMULATED, "ALTER TABLE APPEND is not emulated"));
    }
    if reader.take("ADD") {
        return add(reader, &prefix);
    }
    if reader.take_all(&["DROP", "CONSTRAINT"]) {
        reader.ident()?;
        reader.take_one_of(&["CASCADE", "RESTRICT"]);
        return Ok(NOTHING.to_owned());
    }
    if reader.take("DROP") {
        reader.take("COLUMN");
        let column = reader.ident()?;
        let rest = reader.take_one_of(&["CASCADE", "RESTRICT"]).map(|word| format!(" {word}")).unwrap_or_default();
        return Ok(format!("{prefix} DROP COLUMN {column}{rest}"));
    }
    reader.expect("ALTER")?;
    alter(reader, &prefix)
}

fn add(reader: &mut Reader<'_>, prefix: &str) -> Outcome<String> {
    if ["CONSTRAINT", "UNIQUE", "PRIMARY", "FOREIGN"].contains(&reader.word().as_str()) {
        return keys(reader);
    }
    if reader.at("CHECK") {
        return Err(refusal(&sql::UNSUPPORTED_CONSTRAINT, "CHECK constraints are not supported"));
    }
    reader.take("COLUMN");
    if reader.at_all(&["IF", "NOT"]) {
        return Err(refusal(&sql::ADD_COLUMN, "syntax error at or near \"NOT\""));
    }
    let name = reader.ident()?;
    names::check_column(reader.gate, &name)?;
    let kind = reader.parse(|parser| parser.parse_data_type())?;
    let kind = data_types::translate(reader.gate, &kind, Place::Column)?;
    let mut line = format!("{prefix} ADD COLUMN {name} {kind}");
    loop {
        if reader.take("DEFAULT") {
            let default = reader.expression()?;
            line.push_str(&format!(" DEFAULT {}", walk::expression(reader, default)?));
        } else if reader.take("ENCODE") {
            encoding(reader)?;
        } else if reader.take_all(&["NOT", "NULL"]) {
            line.push_str(" NOT NULL");
        } else if !reader.take("NULL") {
            return Ok(line);
        }
    }
}

/// Keys are information for the planner only.
fn keys(reader: &mut Reader<'_>) -> Outcome<String> {
    if reader.take("CONSTRAINT") {
        reader.ident()?;
    }
    let foreign = reader.take_all(&["FOREIGN", "KEY"]);
    if !foreign && !reader.take("UNIQUE") && !reader.take_all(&["PRIMARY", "KEY"]) {
        return Err(refusal(&sql::UNSUPPORTED_CONSTRAINT, format!("{} constraints are not supported", reader.word())));
    }
    reader.parenthesized(Reader::ident)?;
    if foreign {
        reader.expect("REFERENCES")?;
        reader.name()?;
        if reader.at_symbol(&Token::LParen) {
            reader.parenthesized(Reader::ident)?;
        }
    }
    Ok(NOTHING.to_owned())
}

/// What follows ALTER TABLE … ALTER.
fn alter(reader: &mut Reader<'_>, prefix: &str) -> Outcome<String> {
    let gate = reader.gate;
    if reader.take("DISTKEY") {
        reader.ident()?;
        return Ok(NOTHING.to_owned());
    }
    if reader.take("DISTSTYLE") {
        if reader.take("KEY") {
            reader.expect("DISTKEY")?;
            reader.ident()?;
        } else if reader.take_one_of(&["ALL", "EVEN", "AUTO"]).is_none() {
            return Err(reader.unexpected());
        }
        return Ok(NOTHING.to_owned());
    }
    if reader.take_all(&["ENCODE", "AUTO"]) {
        return Ok(NOTHING.to_owned());
    }
    if reader.take("SORTKEY") || reader.take_all(&["COMPOUND", "SORTKEY"]) {
        if reader.take_one_of(&["AUTO", "NONE"]).is_none() {
            reader.parenthesized(Reader::ident)?;
        }
        return Ok(NOTHING.to_owned());
    }
    reader.expect("COLUMN")?;
    let column = reader.ident()?;
    if reader.take("ENCODE") {
        gate.outside_transactions(&sql::TRANSACTION_ALTER_COLUMN, "ALTER TABLE ALTER COLUMN")?;
        encoding(reader)?;
        return Ok(NOTHING.to_owned());
    }
    if !reader.at("TYPE") {
        let message = format!("ALTER COLUMN {} is not supported", reader.word());
        return Err(refusal(&sql::ALTER_COLUMN_TYPE, message));
    }
    reader.expect("TYPE")?;
    gate.outside_transactions(&sql::TRANSACTION_ALTER_COLUMN, "ALTER TABLE ALTER COLUMN")?;
    let kind = reader.parse(|parser| parser.parse_data_type())?;
    let kind = data_types::translate(gate, &kind, Place::Column)?;
    let message = format!("cannot alter the type of column \"{}\" to {kind}", column.value);
    gate.refuse_if(!data_types::is_text(&kind), &sql::ALTER_COLUMN_TYPE, message)?;
    Ok(format!("{prefix} ALTER COLUMN {column} TYPE {kind}"))
}
