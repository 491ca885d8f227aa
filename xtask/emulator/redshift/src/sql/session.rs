//! Statements about the session and about existing objects: transactions, parameters, LOCK, TRUNCATE, VACUUM, ANALYZE, COMMENT,
//! EXPLAIN and DROP.

use sqlparser::tokenizer::Token;

use super::gate::{Outcome, refusal};
use super::names::literal;
use super::reader::Reader;
use super::{Kind, Translated};
use crate::rules::sql;

/// Parameters that PostgreSQL has with the same meaning.
const SAME: [&str; 8] = [
    "search_path",
    "statement_timeout",
    "timezone",
    "datestyle",
    "client_encoding",
    "extra_float_digits",
    "application_name",
    "client_min_messages",
];

/// Parameters of Redshift that change nothing here; the session keeps their values.
const OWN: [&str; 6] = [
    "query_group",
    "enable_result_cache_for_session",
    "analyze_threshold_percent",
    "describe_field_name_in_uppercase",
    "error_on_nondeterministic_update",
    "wlm_query_slot_count",
];

pub(super) fn transaction(reader: &mut Reader<'_>) -> Outcome<Translated> {
    if reader.take_all(&["START", "TRANSACTION"]) || reader.take("BEGIN") {
        reader.take_one_of(&["WORK", "TRANSACTION"]);
        if reader.take_all(&["ISOLATION", "LEVEL"]) {
            let level = reader.take("SERIALIZABLE")
                || reader.take_all(&["READ", "UNCOMMITTED"])
                || reader.take_all(&["READ", "COMMITTED"])
                || reader.take_all(&["REPEATABLE", "READ"]);
            if !level {
                return Err(reader.unexpected());
            }
        }
        let _ = reader.take_all(&["READ", "WRITE"]) || reader.take_all(&["READ", "ONLY"]);
        return Ok(Translated { kind: Kind::Begin, ..Translated::plain("BEGIN") });
    }
    let kind = match reader.take_one_of(&["COMMIT", "END", "ROLLBACK", "ABORT"]) {
        Some("COMMIT" | "END") => Kind::Commit,
        Some(_) => Kind::Rollback,
        None => return Err(reader.unexpected()),
    };
    reader.take_one_of(&["WORK", "TRANSACTION"]);
    let text = if kind == Kind::Commit { "COMMIT" } else { "ROLLBACK" };
    Ok(Translated { kind, ..Translated::plain(text) })
}

/// SET, RESET and SHOW of one parameter, and SET SESSION AUTHORIZATION.
pub(super) fn parameter(reader: &mut Reader<'_>) -> Outcome<Translated> {
    if reader.take_all(&["SET", "SESSION", "AUTHORIZATION"]) {
        return Ok(Translated::plain(format!("SET SESSION AUTHORIZATION {}", reader.any_word()?)));
    }
    let verb = reader.take_one_of(&["SET", "RESET", "SHOW"]).ok_or_else(|| reader.unexpected())?;
    let scope = if verb == "SET" { reader.take_one_of(&["SESSION", "LOCAL"]) } else { None };
    let name = reader.any_word()?.value.to_ascii_lowercase();
    let own = OWN.contains(&name.as_str());
    if !own && !SAME.contains(&name.as_str()) {
        return Err(refusal(
            &sql::UNKNOWN_PARAMETER,
            format!("the parameter {verb} {name} is not known to the emulator"),
        ));
    }
    let name = if own { format!("redshift.{name}") } else { name };
    if verb != "SET" {
        return Ok(Translated::plain(format!("{verb} {name}")));
    }
    if !reader.take("TO") {
        reader.expect_symbol(&Token::Eq)?;
    }
    let values = reader.list(value)?;
    let scope = scope.map(|scope| format!("{scope} ")).unwrap_or_default();
    Ok(Translated::plain(format!("SET {scope}{name} TO {}", values.join(", "))))
}

fn value(reader: &mut Reader<'_>) -> Outcome<String> {
    if let Ok(number) = reader.number() {
        return Ok(number.to_string());
    }
    if let Ok(text) = reader.string() {
        return Ok(literal(&text));
    }
    Ok(reader.any_word()?.to_string())
}

/// LOCK [TABLE] name, …: always exclusive.
pub(super) fn lock(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("LOCK")?;
    reader.take("TABLE");
    let names = reader.list(|reader| Ok(reader.name()?.to_string()))?;
    Ok(Translated::plain(format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", names.join(", "))))
}

/// TRUNCATE [TABLE] name. The engine commits afterwards.
pub(super) fn truncate(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("TRUNCATE")?;
    reader.take("TABLE");
    let name = reader.name()?;
    Ok(Translated::plain(format!("TRUNCATE TABLE {name}")))
}

/// VACUUM and ANALYZE.
pub(super) fn maintenance(reader: &mut Reader<'_>) -> Outcome<Translated> {
    if reader.take("VACUUM") {
        reader.gate.outside_transactions(&sql::TRANSACTION_VACUUM, "VACUUM")?;
        let _ = reader.take_one_of(&["FULL", "REINDEX", "RECLUSTER"]).is_some()
            || reader.take_all(&["SORT", "ONLY"])
            || reader.take_all(&["DELETE", "ONLY"]);
        let name = if reader.at_end() { String::new() } else { format!(" {}", reader.name()?) };
        if reader.take("TO") {
            reader.number()?;
            reader.expect("PERCENT")?;
        }
        reader.take("BOOST");
        return Ok(Translated::plain(format!("VACUUM{name}")));
    }
    reader.take_one_of(&["ANALYZE", "ANALYSE"]);
    reader.take("VERBOSE");
    if reader.at("COMPRESSION") {
        return Err(refusal(&sql::NOT_EMULATED, "ANALYZE COMPRESSION is not emulated"));
    }
    let mut text = "ANALYZE".to_owned();
    if !reader.at_end() {
        text.push_str(&format!(" {}", reader.name()?));
        if reader.at_symbol(&Token::LParen) {
            let columns = reader.parenthesized(|reader| Ok(reader.ident()?.to_string()))?;
            text.push_str(&format!(" ({})", columns.join(", ")));
        }
        let _ = reader.take_all(&["PREDICATE", "COLUMNS"]) || reader.take_all(&["ALL", "COLUMNS"]);
    }
    Ok(Translated::plain(text))
}

/// COMMENT ON TABLE, VIEW, COLUMN or DATABASE … IS text
pub(super) fn comment(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("COMMENT")?;
    reader.expect("ON")?;
    let objects = ["TABLE", "VIEW", "COLUMN", "DATABASE"];
    let object = reader.take_one_of(&objects).ok_or_else(|| reader.unexpected())?;
    let mut name = reader.name()?.to_string();
    // A column may have four parts.
    if object == "COLUMN" && reader.take_symbol(&Token::Period) {
        name = format!("{name}.{}", reader.any_word()?);
    }
    reader.expect("IS")?;
    let text = if reader.take("NULL") { "NULL".to_owned() } else { literal(&reader.string()?) };
    Ok(Translated::plain(format!("COMMENT ON {object} {name} IS {text}")))
}

/// EXPLAIN [VERBOSE] statement
pub(super) fn explain(reader: &mut Reader<'_>, one: fn(&mut Reader<'_>) -> Outcome<Translated>) -> Outcome<Translated> {
    reader.expect("EXPLAIN")?;
    reader.take("VERBOSE");
    if !["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "CREATE"].contains(&reader.word().as_str()) {
        return Err(reader.unexpected());
    }
    let explained = one(reader)?;
    let text = explained.postgres.into_iter().next().unwrap_or_default();
    Ok(Translated::plain(format!("EXPLAIN {text}")))
}

/// DROP TABLE, VIEW, SCHEMA or USER [IF EXISTS] name, … [CASCADE or RESTRICT]
pub(super) fn drop(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("DROP")?;
    let kinds = ["TABLE", "VIEW", "SCHEMA", "USER"];
    let kind = reader.take_one_of(&kinds).ok_or_else(|| reader.unexpected())?;
    let absent = if reader.take_all(&["IF", "EXISTS"]) { " IF EXISTS" } else { "" };
    let names = reader.list(|reader| {
        if kind == "USER" { Ok(reader.any_word()?.to_string()) } else { Ok(reader.name()?.to_string()) }
    })?;
    let end = if kind == "USER" { None } else { reader.take_one_of(&["CASCADE", "RESTRICT"]) };
    let end = end.map(|word| format!(" {word}")).unwrap_or_default();
    Ok(Translated::plain(format!("DROP {kind}{absent} {}{end}", names.join(", "))))
}
