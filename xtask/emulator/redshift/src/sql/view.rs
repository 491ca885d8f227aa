//! Views, late-binding views and materialized views. The last two are functions of `catalog/` in PostgreSQL.

use sqlparser::tokenizer::Token;

use super::Translated;
use super::attributes::{Attributes, backup};
use super::gate::Outcome;
use super::names::literal;
use super::reader::Reader;
use super::walk::{self, Origin};
use crate::rules::sql;

/// CREATE [OR REPLACE] VIEW name [(columns)] AS query [WITH NO SCHEMA BINDING]
pub(super) fn create(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    let replaces = reader.take_all(&["OR", "REPLACE"]);
    reader.expect("VIEW")?;
    let name = reader.name()?;
    let columns = if reader.at_symbol(&Token::LParen) {
        reader.parenthesized(|reader| Ok(reader.ident()?.to_string()))?
    } else {
        Vec::new()
    };
    reader.expect("AS")?;
    let walked = walk::query_with_facts(reader, Origin::View)?;
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
    if !reader.take("WITH") {
        let replaces = if replaces { "OR REPLACE " } else { "" };
        return Ok(Translated::plain(format!("CREATE {replaces}VIEW {name}{columns} AS {}", walked.text)));
    }
    ["NO", "SCHEMA", "BINDING"].into_iter().try_for_each(|word| reader.expect(word))?;
    if let Some(table) = walked.facts.unqualified.first() {
        let message = format!("relation \"{table}\" must be qualified with a schema in a view with no schema binding");
        reader.gate.refuse(&sql::LATE_BINDING_SCHEMA, message)?;
    }
    let query =
        if columns.is_empty() { walked.text } else { format!("SELECT * FROM ({}) AS bound{columns}", walked.text) };
    let (name, query) = (literal(&name.to_string()), literal(&query));
    let call = format!("SELECT redshift.late_binding_view({name}, {query}, {replaces})");
    Ok(Translated::tagged("CREATE VIEW", vec![call]))
}

/// CREATE MATERIALIZED VIEW name [BACKUP] [attributes] [AUTO REFRESH] AS query
pub(super) fn create_materialized(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let gate = reader.gate;
    reader.expect("CREATE")?;
    reader.expect("MATERIALIZED")?;
    reader.expect("VIEW")?;
    let name = reader.name()?;
    backup(reader)?;
    let mut attributes = Attributes::default();
    if reader.at("ENCODE") || reader.at_all(&["DISTSTYLE", "AUTO"]) {
        let message = format!("{} is not supported for materialized views", reader.word());
        gate.refuse(&sql::MATERIALIZED_VIEW_OPTION, message)?;
    }
    attributes.read(reader)?;
    let refreshes = reader.take_all(&["AUTO", "REFRESH"]) && yes_or_no(reader)?;
    reader.expect("AS")?;
    let walked = walk::query_with_facts(reader, Origin::MaterializedView)?;
    let facts = &walked.facts;
    let refused = facts.leader_function.as_ref().map(|name| format!("the function {name}"));
    let refused = refused.or_else(|| facts.system_tables.first().map(|table| format!("the system table {table}")));
    let refused = refused.or_else(|| facts.ordered.then(|| "ORDER BY, LIMIT or OFFSET".to_owned()));
    if let Some(what) = refused {
        let message = format!("materialized views cannot contain {what}");
        gate.refuse(&sql::MATERIALIZED_VIEW_QUERY, message)?;
    }
    if let Some(name) = facts.mutable_function.as_ref().filter(|_| refreshes) {
        let message = format!("AUTO REFRESH is not supported for a query with the mutable function {name}");
        gate.refuse(&sql::MATERIALIZED_VIEW_MUTABLE, message)?;
    }
    let call = format!(
        "SELECT redshift.materialized_view({}, {}, {}, {}, {refreshes})",
        literal(&name.to_string()),
        literal(reader.text),
        literal(&walked.text),
        attributes.arguments(),
    );
    Ok(Translated::tagged("CREATE MATERIALIZED VIEW", vec![call]))
}

fn yes_or_no(reader: &mut Reader<'_>) -> Outcome<bool> {
    match reader.take_one_of(&["YES", "NO"]) {
        Some(word) => Ok(word == "YES"),
        None => Err(reader.unexpected()),
    }
}

/// ALTER MATERIALIZED VIEW name AUTO REFRESH YES or NO
pub(super) fn alter_materialized(reader: &mut Reader<'_>) -> Outcome<Translated> {
    ["ALTER", "MATERIALIZED", "VIEW"].into_iter().try_for_each(|word| reader.expect(word))?;
    let name = reader.name()?;
    reader.expect("AUTO")?;
    reader.expect("REFRESH")?;
    let refreshes = yes_or_no(reader)?;
    let call = format!("SELECT redshift.auto_refresh({}, {refreshes})", literal(&name.to_string()));
    Ok(Translated::tagged("ALTER MATERIALIZED VIEW", vec![call]))
}

/// REFRESH MATERIALIZED VIEW name
pub(super) fn refresh(reader: &mut Reader<'_>) -> Outcome<Translated> {
    ["REFRESH", "MATERIALIZED", "VIEW"].into_iter().try_for_each(|word| reader.expect(word))?;
    let name = reader.name()?;
    let call = format!("SELECT redshift.refresh_materialized_view({})", literal(&name.to_string()));
    Ok(Translated::tagged("REFRESH", vec![call]))
}

/// DROP MATERIALIZED VIEW [IF EXISTS] name [CASCADE or RESTRICT]
pub(super) fn drop_materialized(reader: &mut Reader<'_>) -> Outcome<Translated> {
    ["DROP", "MATERIALIZED", "VIEW"].into_iter().try_for_each(|word| reader.expect(word))?;
    let absent = reader.take_all(&["IF", "EXISTS"]);
    let name = reader.name()?;
    let cascades = reader.take_one_of(&["CASCADE", "RESTRICT"]) == Some("CASCADE");
    let name = literal(&name.to_string());
    let call = format!("SELECT redshift.drop_materialized_view({name}, {absent}, {cascades})");
    Ok(Translated::tagged("DROP MATERIALIZED VIEW", vec![call]))
}
