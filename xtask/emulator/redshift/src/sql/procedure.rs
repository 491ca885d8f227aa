//! Stored procedures without arguments whose body is a sequence of statements that change data.
//!
//! Each statement of the body is checked when the procedure is created, as one in a transaction: a procedure that is called in a
//! transaction runs in it. Not accepted: arguments, variables, control flow, COMMIT and queries.
//!
//! Source: Amazon Redshift Database Developer Guide, "CREATE PROCEDURE", "CALL" and "Managing transactions".

use sqlparser::ast::ObjectName;
use sqlparser::tokenizer::Token;

use super::gate::{Outcome, refusal};
use super::reader::Reader;
use super::{Context, Kind, Transaction, Translated, statement};
use crate::rules::sql;

/// CREATE [OR REPLACE] PROCEDURE name() AS $$ BEGIN statement; … END; $$ LANGUAGE plpgsql
pub(super) fn create(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    let replace = if reader.take_all(&["OR", "REPLACE"]) { "OR REPLACE " } else { "" };
    let name = named(reader)?;
    reader.expect("AS")?;
    let body = reader.string()?;
    reader.expect("LANGUAGE")?;
    reader.expect("plpgsql")?;
    let inner = body.trim().strip_suffix(';').unwrap_or(body.trim()).trim_end();
    // The same length in bytes.
    let lower = inner.to_ascii_lowercase();
    if !lower.starts_with("begin") || !lower.ends_with("end") {
        return Err(refusal(&sql::NOT_EMULATED, "the body of the procedure is not BEGIN … END"));
    }
    let context = Context { transaction: Transaction::Batch, disabled: reader.gate.disabled };
    let mut statements = String::new();
    for translated in statement::all(&inner[5..inner.len() - 3], context)? {
        let changes = ["INSERT", "UPDATE", "DELETE", "MERGE"];
        let all_change = translated.postgres.iter().all(|sql| changes.iter().any(|change| sql.starts_with(change)));
        if translated.kind != Kind::Plain || !all_change {
            let message = format!("a procedure with the statement {}", translated.postgres.join("; "));
            return Err(refusal(&sql::NOT_EMULATED, message));
        }
        for sql in translated.postgres {
            statements += &format!("{sql};\n");
        }
    }
    let sql = format!("CREATE {replace}PROCEDURE {name}() LANGUAGE plpgsql AS $body$\nBEGIN\n{statements}END\n$body$");
    Ok(Translated::plain(sql))
}

/// CALL name()
pub(super) fn call(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CALL")?;
    let name = reader.name()?;
    no_arguments(reader)?;
    Ok(Translated::plain(format!("CALL {name}()")))
}

/// DROP PROCEDURE name()
pub(super) fn drop(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("DROP")?;
    let name = named(reader)?;
    Ok(Translated::plain(format!("DROP PROCEDURE {name}()")))
}

fn named(reader: &mut Reader<'_>) -> Outcome<ObjectName> {
    reader.expect("PROCEDURE")?;
    let name = reader.name()?;
    no_arguments(reader)?;
    Ok(name)
}

fn no_arguments(reader: &mut Reader<'_>) -> Outcome {
    reader.expect_symbol(&Token::LParen)?;
    reader.expect_symbol(&Token::RParen)
}
