//! Users, roles, schemas and privileges.
//!
//! PostgreSQL has one kind of role for users, groups and roles, so the keywords ROLE and GROUP are left out. Privileges that
//! PostgreSQL lacks are refused.

use sqlparser::tokenizer::Token;

use super::Translated;
use super::gate::{Outcome, refusal};
use super::names::literal;
use super::reader::Reader;
use super::statement::unknown;
use crate::rules::sql;

/// CREATE USER name [WITH] PASSWORD DISABLE or 'text'
pub(super) fn create_user(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    reader.expect("USER")?;
    if reader.at_all(&["IF", "NOT"]) {
        return Err(reader.unexpected());
    }
    let name = reader.any_word()?;
    reader.take("WITH");
    reader.expect("PASSWORD")?;
    if reader.take("DISABLE") {
        return Ok(Translated::plain(format!("CREATE USER {name}")));
    }
    let password = reader.string()?;
    Ok(Translated::plain(format!("CREATE USER {name} PASSWORD {}", literal(&password))))
}

/// CREATE ROLE name
pub(super) fn create_role(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    reader.expect("ROLE")?;
    if reader.at_all(&["IF", "NOT"]) {
        return Err(reader.unexpected());
    }
    let name = reader.any_word()?;
    Ok(Translated::tagged("CREATE ROLE", vec![format!("SELECT redshift.create_role({})", literal(&name.value))]))
}

/// DROP ROLE name
pub(super) fn drop_role(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("DROP")?;
    reader.expect("ROLE")?;
    Ok(Translated::plain(format!("DROP ROLE {}", reader.any_word()?)))
}

/// CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION user] [QUOTA …]
pub(super) fn create_schema(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("CREATE")?;
    reader.expect("SCHEMA")?;
    let once = if reader.take_all(&["IF", "NOT", "EXISTS"]) { "IF NOT EXISTS " } else { "" };
    let name = reader.ident()?;
    let owner =
        if reader.take("AUTHORIZATION") { format!(" AUTHORIZATION {}", reader.any_word()?) } else { String::new() };
    if reader.take("QUOTA") && !reader.take("UNLIMITED") {
        reader.number()?;
        reader.take_one_of(&["MB", "GB", "TB"]);
    }
    Ok(Translated::plain(format!("CREATE SCHEMA {once}{name}{owner}")))
}

/// ALTER SCHEMA name OWNER TO user, or RENAME TO name
pub(super) fn alter_schema(reader: &mut Reader<'_>) -> Outcome<Translated> {
    reader.expect("ALTER")?;
    reader.expect("SCHEMA")?;
    let name = reader.ident()?;
    let action = if reader.take("RENAME") {
        reader.expect("TO")?;
        format!("RENAME TO {}", reader.ident()?)
    } else {
        reader.expect("OWNER")?;
        reader.expect("TO")?;
        format!("OWNER TO {}", reader.any_word()?)
    };
    Ok(Translated::plain(format!("ALTER SCHEMA {name} {action}")))
}

/// GRANT and REVOKE of privileges and of roles.
pub(super) fn statement(reader: &mut Reader<'_>) -> Outcome<Translated> {
    let verb = reader.word();
    reader.expect(&verb)?;
    let (grants, link) = (verb == "GRANT", if verb == "GRANT" { "TO" } else { "FROM" });
    if reader.take("ROLE") {
        let roles = reader.list(|reader| Ok(reader.any_word()?.to_string()))?;
        reader.expect(link)?;
        let to = reader.list(grantee)?;
        return Ok(Translated::plain(format!("{verb} {} {link} {}", roles.join(", "), to.join(", "))));
    }
    let option = !grants && reader.take_all(&["GRANT", "OPTION", "FOR"]);
    let privileges = reader.list(privilege)?;
    reader.expect("ON")?;
    let objects = objects(reader)?;
    reader.expect(link)?;
    let to = reader.list(grantee)?;
    let mut end = String::new();
    if grants && reader.take_all(&["WITH", "GRANT", "OPTION"]) {
        end.push_str(" WITH GRANT OPTION");
    }
    if !grants {
        end.extend(reader.take_one_of(&["CASCADE", "RESTRICT"]).map(|word| format!(" {word}")));
    }
    let option = if option { "GRANT OPTION FOR " } else { "" };
    let (privileges, to) = (privileges.join(", "), to.join(", "));
    Ok(Translated::plain(format!("{verb} {option}{privileges} ON {objects} {link} {to}{end}")))
}

fn privilege(reader: &mut Reader<'_>) -> Outcome<String> {
    if reader.take("ALL") {
        reader.take("PRIVILEGES");
        return Ok("ALL".to_owned());
    }
    let known = [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "REFERENCES",
        "TRUNCATE",
        "CREATE",
        "USAGE",
        "TEMPORARY",
        "TEMP",
        "EXECUTE",
    ];
    if let Some(word) = reader.take_one_of(&known) {
        return Ok(word.to_owned());
    }
    if reader.at("DROP") || reader.at("ALTER") {
        return Err(refusal(&sql::NOT_EMULATED, format!("the privilege {} is not emulated", reader.word())));
    }
    Err(reader.unexpected())
}

fn objects(reader: &mut Reader<'_>) -> Outcome<String> {
    if reader.take_all(&["ALL", "TABLES", "IN", "SCHEMA"]) {
        return Ok(format!("ALL TABLES IN SCHEMA {}", schemas(reader)?));
    }
    if reader.take("SCHEMA") {
        return Ok(format!("SCHEMA {}", schemas(reader)?));
    }
    if reader.take("DATABASE") {
        return Ok(format!("DATABASE {}", schemas(reader)?));
    }
    if ["FUNCTION", "PROCEDURE", "LANGUAGE", "EXTERNAL", "DATASHARE", "ALL"].contains(&reader.word().as_str()) {
        return Err(unknown(reader, 1));
    }
    reader.take("TABLE");
    let tables = reader.list(|reader| Ok(reader.name()?.to_string()))?;
    Ok(format!("TABLE {}", tables.join(", ")))
}

fn schemas(reader: &mut Reader<'_>) -> Outcome<String> {
    Ok(reader.list(|reader| Ok(reader.ident()?.to_string()))?.join(", "))
}

fn grantee(reader: &mut Reader<'_>) -> Outcome<String> {
    let _ = reader.take_one_of(&["ROLE", "GROUP"]);
    Ok(reader.any_word()?.to_string())
}

/// ALTER DEFAULT PRIVILEGES [FOR USER …] [IN SCHEMA …] GRANT or REVOKE … ON TABLES TO or FROM …
pub(super) fn default_privileges(reader: &mut Reader<'_>) -> Outcome<Translated> {
    ["ALTER", "DEFAULT", "PRIVILEGES"].into_iter().try_for_each(|word| reader.expect(word))?;
    let mut text = "ALTER DEFAULT PRIVILEGES".to_owned();
    if reader.take_all(&["FOR", "USER"]) {
        let users = reader.list(|reader| Ok(reader.any_word()?.to_string()))?;
        text.push_str(&format!(" FOR ROLE {}", users.join(", ")));
    }
    if reader.take_all(&["IN", "SCHEMA"]) {
        text.push_str(&format!(" IN SCHEMA {}", schemas(reader)?));
    }
    let verb = reader.take_one_of(&["GRANT", "REVOKE"]).ok_or_else(|| reader.unexpected())?;
    let privileges = reader.list(privilege)?;
    reader.expect("ON")?;
    reader.expect("TABLES")?;
    let link = if verb == "GRANT" { "TO" } else { "FROM" };
    reader.expect(link)?;
    let to = reader.list(grantee)?;
    let end = if verb == "GRANT" && reader.take_all(&["WITH", "GRANT", "OPTION"]) { " WITH GRANT OPTION" } else { "" };
    if reader.at_symbol(&Token::Comma) {
        return Err(reader.unexpected());
    }
    text.push_str(&format!(" {verb} {} ON TABLES {link} {}{end}", privileges.join(", "), to.join(", ")));
    Ok(Translated::plain(text))
}
