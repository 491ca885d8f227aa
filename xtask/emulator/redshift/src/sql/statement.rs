//! Statements of a text, and what each word at their start means.

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::gate::{Gate, Outcome, refusal};
use super::reader::{DIALECT, Reader};
use super::{
    Context, Kind, Transaction, Translated, access, alter, copy, merge, procedure, query, session, table, view, write,
};
use crate::rules::{Refusal, Rule, sql};

/// The largest text of a statement: 16 MB.
const MOST_BYTES: usize = 16 << 20;

/// Objects of PostgreSQL that Redshift lacks.
const UNSUPPORTED: [&str; 16] = [
    "INDEX",
    "UNIQUE",
    "SEQUENCE",
    "TRIGGER",
    "DOMAIN",
    "TYPE",
    "RULE",
    "EXTENSION",
    "TABLESPACE",
    "SERVER",
    "FOREIGN",
    "AGGREGATE",
    "OPERATOR",
    "COLLATION",
    "CONVERSION",
    "EVENT",
];

/// All statements of a text. Comments alone are no statement.
pub(super) fn all(text: &str, context: Context<'_>) -> Outcome<Vec<Translated>> {
    let mut gate = Gate::new(context);
    let message = format!("the statement has {} bytes; the maximum is {MOST_BYTES}", text.len());
    gate.refuse_if(text.len() > MOST_BYTES, &sql::STATEMENT_BYTES, message)?;
    let tokens = Tokenizer::new(&*DIALECT, text).tokenize_with_location();
    let tokens = match tokens {
        Ok(tokens) => tokens,
        Err(error) => {
            return passed(gate, text, refusal(&sql::SYNTAX, format!("syntax error: {error}"))).map(|one| vec![one]);
        }
    };
    let mut translated = Vec::new();
    for part in tokens.split(|token| token.token == Token::SemiColon) {
        let Some(sent) = sent(text, part) else { continue };
        let mut reader = Reader::new(gate, sent, part.to_vec());
        let one = match one(&mut reader) {
            Ok(one) => one,
            Err(refused) => passed(gate, sent, refused)?,
        };
        gate.transaction = match (&one.kind, gate.transaction) {
            (Kind::Begin, Transaction::Autocommit) => Transaction::Block,
            (Kind::Commit | Kind::Rollback, Transaction::Block) => Transaction::Autocommit,
            (_, unchanged) => unchanged,
        };
        translated.push(one);
    }
    Ok(translated)
}

/// A statement whose rule is switched off goes to PostgreSQL as it was sent.
fn passed(gate: Gate<'_>, sent: &str, refused: Refusal) -> Outcome<Translated> {
    if gate.disabled.0.contains(refused.rule) { Ok(Translated::plain(sent)) } else { Err(refused) }
}

/// The text of the tokens without surrounding blanks and comments; `None` if there is nothing else.
fn sent<'t>(text: &'t str, tokens: &[TokenWithSpan]) -> Option<&'t str> {
    let mut words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    let first = words.next()?;
    let last = words.next_back().unwrap_or(first);
    text.get(offset(text, first.span.start)..offset(text, last.span.end))
}

/// The index of the byte at a location, whose line and column start at 1 and count characters.
fn offset(text: &str, location: Location) -> usize {
    let line = usize::try_from(location.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let column = usize::try_from(location.column.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(column).map_or(rest.len(), |(index, _)| index)
}

fn one(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let translated = match reader.word().as_str() {
        "SELECT" | "WITH" | "VALUES" => query::statement(reader)?,
        "" if reader.at_symbol(&Token::LParen) => query::statement(reader)?,
        "INSERT" | "UPDATE" | "DELETE" => write::statement(reader)?,
        "MERGE" => merge::statement(reader)?,
        "CREATE" => create(reader)?,
        "ALTER" => alter::statement(reader)?,
        "DROP" => drop(reader)?,
        "GRANT" | "REVOKE" => access::statement(reader)?,
        "COPY" => copy::statement(reader)?,
        "CALL" => procedure::call(reader)?,
        "REFRESH" => view::refresh(reader)?,
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" => session::transaction(reader)?,
        "SET" | "RESET" | "SHOW" => session::parameter(reader)?,
        "LOCK" => session::lock(reader)?,
        "TRUNCATE" => session::truncate(reader)?,
        "VACUUM" | "ANALYZE" | "ANALYSE" => session::maintenance(reader)?,
        "COMMENT" => session::comment(reader)?,
        "EXPLAIN" => session::explain(reader, one)?,
        _ => return Err(unknown(reader, 1)),
    };
    reader.end()?;
    Ok(translated)
}

fn create(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let replaces = reader.at_all(&["CREATE", "OR", "REPLACE"]);
    let object = reader.word_after(if replaces { 3 } else { 1 });
    match object.as_str() {
        "TABLE" | "TEMPORARY" | "TEMP" | "LOCAL" | "UNLOGGED" | "GLOBAL" => table::create(reader),
        "VIEW" => view::create(reader),
        "MATERIALIZED" => view::create_materialized(reader),
        "PROCEDURE" => procedure::create(reader),
        "SCHEMA" => access::create_schema(reader),
        "USER" => access::create_user(reader),
        "ROLE" => access::create_role(reader),
        other => {
            refuse_object(reader, other)?;
            Err(unknown(reader, if replaces { 4 } else { 2 }))
        }
    }
}

fn drop(reader: &mut Reader<'_>) -> Outcome<Translated> {
    match reader.word_after(1).as_str() {
        "TABLE" | "VIEW" | "SCHEMA" | "USER" => session::drop(reader),
        "ROLE" => access::drop_role(reader),
        "PROCEDURE" => procedure::drop(reader),
        "MATERIALIZED" => view::drop_materialized(reader),
        other => {
            refuse_object(reader, other)?;
            Err(unknown(reader, 2))
        }
    }
}

/// Refuses what Redshift lacks or a transaction forbids, naming the rule.
fn refuse_object(reader: &Reader<'_>, object: &str) -> Outcome {
    let verb = reader.word();
    let rule: Option<&Rule> = match object {
        "DATABASE" => Some(&sql::TRANSACTION_DATABASE),
        "EXTERNAL" if reader.word_after(2) == "TABLE" => Some(&sql::TRANSACTION_EXTERNAL_TABLE),
        _ => None,
    };
    if let Some(rule) = rule {
        reader.gate.outside_transactions(rule, &format!("{verb} {object}"))?;
    }
    if UNSUPPORTED.contains(&object) {
        return Err(refusal(&sql::UNSUPPORTED_OBJECT, format!("{verb} {object} is not supported")));
    }
    Ok(())
}

/// The refusal of a statement, named by its first words.
pub(super) fn unknown(reader: &Reader<'_>, words: usize) -> Refusal {
    let name: Vec<String> = (0..words).map(|ahead| reader.word_after(ahead)).filter(|word| !word.is_empty()).collect();
    refusal(&sql::UNKNOWN_STATEMENT, format!("the statement {} is not known to the emulator", name.join(" ")))
}
