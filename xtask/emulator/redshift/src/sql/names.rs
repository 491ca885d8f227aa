//! Names: reserved words, and the length of identifiers, which are folded to lower case even in quotation marks.
//!
//! A reserved word is accepted after a dot and as a column label after AS, as dbt-redshift uses them (`tb.table`,
//! `attname as column`): the grammar of PostgreSQL 8.0, on which Redshift is based, allows every word there.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::gate::{Gate, Outcome};
use crate::rules::sql;

/// The list of the page r_pg_keywords, without START and CONNECT: according to its note they are not reserved, but cannot be
/// aliases of tables without AS, where `sqlparser` does not accept them either.
const RESERVED: &str = "
    AES128 AES256 ALL ALLOWOVERWRITE ANALYSE ANALYZE AND ANY ARRAY AS ASC AUTHORIZATION AZ64 BACKUP BETWEEN BINARY
    BLANKSASNULL BOTH BYTEDICT BZIP2 CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CREDENTIALS CROSS CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID DEFAULT DEFERRABLE DEFLATE DEFRAG DELTA DELTA32K DESC DISABLE
    DISTINCT DO ELSE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION END EXCEPT EXPLICIT FALSE FOR FOREIGN FREEZE FROM FULL
    GLOBALDICT256 GLOBALDICT64K GRANT GROUP GZIP HAVING IDENTITY IGNORE ILIKE IN INITIALLY INNER INTERSECT INTERVAL INTO IS
    ISNULL JOIN LANGUAGE LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP LUN LUNS LZO LZOP MINUS MOSTLY16 MOSTLY32 MOSTLY8
    NATURAL NEW NOT NOTNULL NULL NULLS OFF OFFLINE OFFSET OID OLD ON ONLY OPEN OR ORDER OUTER OVERLAPS PARALLEL PARTITION
    PERCENT PERMISSIONS PIVOT PLACING PRIMARY RAW READRATIO RECOVER REFERENCES REJECTLOG RESORT RESPECT RESTORE RIGHT SELECT
    SESSION_USER SIMILAR SNAPSHOT SOME SYSDATE SYSTEM TABLE TAG TDES TEXT255 TEXT32K THEN TIMESTAMP TO TOP TRAILING TRUE
    TRUNCATECOLUMNS UNION UNIQUE UNNEST UNPIVOT USER USING VERBOSE WALLET WHEN WHERE WITH WITHOUT
";

/// Words that PostgreSQL 15 reserves, but Redshift does not.
const RESERVED_BY_POSTGRES: [&str; 12] = [
    "asymmetric",
    "collation",
    "concurrently",
    "fetch",
    "lateral",
    "returning",
    "symmetric",
    "tablesample",
    "variadic",
    "window",
    "verbose",
    "current_catalog",
];

/// The names of PostgreSQL's system columns.
const SYSTEM_COLUMNS: [&str; 7] = ["oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Whether a word is reserved, in any case.
pub(super) fn reserved(word: &str) -> bool {
    RESERVED.split_ascii_whitespace().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// Refuses an unquoted reserved word.
pub(super) fn check_word(gate: Gate<'_>, ident: &Ident) -> Outcome {
    let message = || format!("syntax error at or near \"{}\"", ident.value);
    gate.refuse_if(ident.quote_style.is_none() && reserved(&ident.value), &sql::RESERVED_WORD, message())
}

/// Refuses the name of a new column that PostgreSQL's system columns have.
pub(super) fn check_column(gate: Gate<'_>, ident: &Ident) -> Outcome {
    let system = SYSTEM_COLUMNS.contains(&ident.value.to_ascii_lowercase().as_str());
    let message = format!("column name \"{}\" conflicts with a system column name", ident.value.to_ascii_lowercase());
    gate.refuse_if(system, &sql::SYSTEM_COLUMN, message)
}

/// Checks the length of an identifier and spells it for PostgreSQL.
pub(super) fn spell(gate: Gate<'_>, ident: &mut Ident) -> Outcome {
    let bytes = ident.value.len();
    gate.refuse_if(
        bytes > 127,
        &sql::IDENTIFIER_LENGTH,
        format!("identifier \"{}\" has {bytes} bytes; the maximum is 127", ident.value),
    )?;
    let long = "PostgreSQL cuts identifiers after 63 bytes, so longer ones are not emulated";
    gate.refuse_if(bytes > 63, &sql::NOT_EMULATED, format!("identifier \"{}\": {long}", ident.value))?;
    ident.value.make_ascii_lowercase();
    let needs_quotes = ident.quote_style.is_some() || RESERVED_BY_POSTGRES.contains(&ident.value.as_str());
    ident.quote_style = needs_quotes.then_some('"');
    Ok(())
}

/// The parts of a name, in lower case.
pub(super) fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.to_ascii_lowercase()).collect()
}

/// A text literal for PostgreSQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
