//! What the translation of SQL does not check yet.

use sqlparser::ast::{CopyLegacyOption, CopySource, CopyTarget, IamRoleKind, Statement};
use sqlparser::dialect::RedshiftSqlDialect;
use sqlparser::parser::Parser;

use super::error::Failed;
use crate::sql::{Copy, Kind, Translated};

/// COPY as a value, and statements about users, roles and grants for PostgreSQL.
pub(super) fn completed(translated: Translated) -> Result<Translated, Failed> {
    let [sql] = translated.postgres.as_slice() else { return Ok(translated) };
    if translated.kind != Kind::Plain {
        return Ok(translated);
    }
    let sql = sql.trim().trim_end_matches(';');
    let first = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
    let kind = match first.as_str() {
        "COPY" => Kind::Copy(copy(sql)?),
        "BEGIN" | "START" => Kind::Begin,
        "COMMIT" | "END" => Kind::Commit,
        "ROLLBACK" | "ABORT" => Kind::Rollback,
        "MERGE" => limits(sql).map(|()| Kind::Plain)?,
        _ => Kind::Plain,
    };
    Ok(Translated { kind, postgres: vec![in_postgres(sql)], ..translated.clone() })
}

fn copy(sql: &str) -> Result<Copy, Failed> {
    let refused = |message: String| Failed::new(message);
    let parsed = Parser::parse_sql(&RedshiftSqlDialect {}, sql).map_err(|error| refused(error.to_string()))?;
    let Some(Statement::Copy {
        source, to: false, target: CopyTarget::File { filename }, options, legacy_options, ..
    }) = parsed.into_iter().next()
    else {
        return Err(refused("this form of COPY is unknown".to_owned()));
    };
    let CopySource::Table { table_name, columns } = source else {
        return Err(refused("COPY loads a table".to_owned()));
    };
    if let Some(option) = options.first() {
        return Err(refused(format!("unknown option of COPY: {option}")));
    }
    let (mut role, mut parquet, mut manifest) = (None, false, false);
    for option in &legacy_options {
        match option {
            CopyLegacyOption::IamRole(IamRoleKind::Default) => role = Some("default".to_owned()),
            CopyLegacyOption::IamRole(IamRoleKind::Arn(arn)) => role = Some(arn.clone()),
            CopyLegacyOption::Parquet => parquet = true,
            CopyLegacyOption::Manifest { verbose: false } => manifest = true,
            CopyLegacyOption::StatUpdate(_) => {}
            other => return Err(refused(format!("COPY of Parquet does not accept {other}"))),
        }
    }
    match (role, parquet && manifest) {
        (Some(role), true) => {
            let columns = columns.iter().map(ToString::to_string).collect();
            Ok(Copy { table: table_name.to_string(), columns, manifest: filename, role })
        }
        _ => Err(refused("COPY needs IAM_ROLE, FORMAT AS PARQUET and MANIFEST".to_owned())),
    }
}

fn in_postgres(sql: &str) -> String {
    if let Some(role) = sql.strip_prefix("CREATE ROLE ") {
        return format!("SELECT redshift.create_role('{role}')");
    }
    if sql.starts_with("CREATE USER ") || sql.starts_with("GRANT ") || sql.starts_with("ALTER DEFAULT PRIVILEGES ") {
        return sql.replace(" PASSWORD DISABLE", "").replace(" ROLE ", " ");
    }
    sql.to_owned()
}

/// The limits of MERGE: a table as source, both branches, no conditions, no alias for the target.
fn limits(sql: &str) -> Result<(), Failed> {
    let wrong = || Failed::new(format!("MERGE does not accept this: {sql}"));
    let merge = sql.strip_prefix("MERGE INTO ").ok_or_else(wrong)?;
    let (target, rest) = merge.split_once(" USING ").ok_or_else(wrong)?;
    let (source, rest) = rest.split_once(" ON ").ok_or_else(wrong)?;
    let plain = !target.contains(' ') && !source.contains('(') && !source.contains(' ');
    let complete = rest.matches("WHEN MATCHED THEN UPDATE").count() == 1
        && rest.matches("WHEN NOT MATCHED THEN INSERT").count() == 1;
    if plain && complete { Ok(()) } else { Err(wrong()) }
}
