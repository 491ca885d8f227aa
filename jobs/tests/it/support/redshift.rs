//! Emulates, in PostgreSQL, the parts of Redshift that the loader's statements need: type and function names, COPY from
//! a manifest, the limits of MERGE, and snapshot isolation.

use std::sync::Mutex;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, TimeDelta};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::database::{Database, Role, Session};

/// The rows of a query, with every value as text.
pub type Rows = Vec<Vec<Option<String>>>;

/// Why a transaction failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The index of the failed statement.
    pub statement: usize,
    pub message: String,
}

impl Failed {
    pub fn conflict() -> Self {
        let message = "ERROR: 1023 DETAIL: Serializable isolation violation on table - 1, transactions forming the \
                       cycle are: 1, 2 (pid:3)";
        Self { statement: 0, message: message.to_owned() }
    }

    pub fn conflict_without_number() -> Self {
        let message = "ERROR: could not complete because of conflict with concurrent transaction";
        Self { statement: 0, message: message.to_owned() }
    }
}

/// A warehouse that runs statements.
pub struct Cluster {
    url: String,
    /// The database user of the sessions, if it is not the user in the URL.
    user: Option<String>,
    /// Idle sessions.
    rest: Mutex<Vec<Session>>,
    files: Runtime,
    /// Whether a transaction's snapshot is taken before its LOCK is granted, or after. Redshift's documentation does
    /// not specify this, so the loader must support both.
    snapshot_first: bool,
    /// The endpoint of `s3://` URLs.
    s3: Option<String>,
}

const REDSHIFT: &str = "
CREATE DOMAIN super AS jsonb;
CREATE FUNCTION json_parse(text) RETURNS jsonb IMMUTABLE LANGUAGE sql AS 'SELECT $1::jsonb';
CREATE FUNCTION json_serialize(jsonb) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
CREATE FUNCTION getdate() RETURNS timestamp STABLE LANGUAGE sql AS $$ SELECT now() AT TIME ZONE 'UTC' $$;
CREATE VIEW svv_columns AS SELECT table_schema::text, table_name::text, column_name::text, ordinal_position::int,
    CASE WHEN domain_name = 'super' THEN 'super' ELSE data_type::text END AS data_type,
    character_maximum_length::int, is_nullable::text, column_default::text FROM information_schema.columns;
CREATE TABLE sys_load_error_detail (query_id bigint, start_time timestamp, file_name text, column_name text,
    error_message text);
CREATE TABLE svv_roles (role_name text PRIMARY KEY);
CREATE VIEW svv_user_grants AS SELECT member.rolname::text AS user_name, granted.rolname::text AS role_name
    FROM pg_auth_members JOIN pg_roles AS member ON member.oid = pg_auth_members.member
    JOIN pg_roles AS granted ON granted.oid = pg_auth_members.roleid;
-- These two only superusers see, unless they are granted.
CREATE VIEW svv_table_info AS SELECT table_catalog::text AS database, table_schema::text AS schema,
    table_name::text AS table FROM information_schema.tables;
CREATE VIEW svv_mv_info AS SELECT table_catalog::text AS database_name, table_schema::text AS schema_name,
    table_name::text AS name FROM information_schema.tables;
GRANT SELECT ON svv_columns, sys_load_error_detail, svv_roles, svv_user_grants TO PUBLIC;
";

/// Adapts a warehouse that was prepared for PostgreSQL.
const PREPARED: &str = "
ALTER TABLE etl.runs DROP CONSTRAINT runs_pkey, DROP CONSTRAINT runs_source_run_id_key;
ALTER TABLE etl.heads DROP CONSTRAINT heads_pkey;
CREATE TABLE etl.attempts (token varchar(64), expires_at timestamp);
ALTER TABLE etl.attempts OWNER TO loader;
";

impl Cluster {
    /// Creates a warehouse with sessions of `loader`, or of a role without the loader's grants.
    pub fn on(database: &Database, role: Role, snapshot_first: bool) -> Self {
        let admin = database.session(Role::Postgres);
        if admin.texts("SELECT 1 FROM pg_type WHERE typname = 'super'").is_empty() {
            admin.run(REDSHIFT);
            if !admin.texts("SELECT 1 FROM pg_namespace WHERE nspname = 'etl'").is_empty() {
                admin.run(PREPARED);
            }
        }
        let files = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        Self { url: database.url(role), user: None, rest: Mutex::default(), files, snapshot_first, s3: None }
    }

    /// Uses the sessions of this user. As in Redshift, the user is created automatically and has no permissions.
    pub fn becoming(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }

    fn session(&self) -> Session {
        let session = Session::open(&self.url).expect("a session");
        if let Some(user) = &self.user {
            if session.texts(&format!("SELECT 1 FROM pg_user WHERE usename = '{user}'")).is_empty() {
                session.run(&format!("CREATE USER \"{user}\""));
            }
            session.run(&format!("SET SESSION AUTHORIZATION \"{user}\""));
        }
        session
    }

    /// Reads objects from this S3 server, which does not check signatures.
    pub fn reading_s3_at(self, endpoint: &str) -> Self {
        // TLS is not used here, but a client cannot be created without it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { s3: Some(endpoint.to_owned()), ..self }
    }

    /// Runs statements in one transaction; the session is lost after the statement `lost`.
    pub fn run(&self, sqls: &[String], lost: Option<usize>) -> Result<Rows, Failed> {
        let rested = self.rest.lock().expect("no test panics in here").pop();
        let session = rested.unwrap_or_else(|| self.session());
        let result = self.transaction(&session, sqls, lost);
        if lost.is_none() {
            self.rest.lock().expect("no test panics in here").push(session);
        }
        result
    }

    fn transaction(&self, session: &Session, sqls: &[String], lost: Option<usize>) -> Result<Rows, Failed> {
        let at = |statement: usize| move |message: String| Failed { statement, message };
        session.query("BEGIN ISOLATION LEVEL REPEATABLE READ").map_err(at(0))?;
        if self.snapshot_first {
            session.query("SELECT 1").map_err(at(0))?;
        }
        let mut rows = Rows::new();
        for (number, sql) in sqls.iter().enumerate() {
            if lost == Some(number) {
                return Err(at(number)("ERROR: Query cancelled: the session was lost".to_owned()));
            }
            let done = if sql.starts_with("COPY ") {
                self.copy(session, sql).map(|()| Rows::new())
            } else {
                limits(sql).and_then(|()| session.query(&in_postgres(sql)))
            };
            match done {
                Ok(found) => rows = found,
                Err(message) => {
                    session.query("ROLLBACK").map_err(at(number))?;
                    return Err(at(number)(format!("ERROR: {message}")));
                }
            }
        }
        if lost == Some(sqls.len()) {
            return Err(at(sqls.len() - 1)("ERROR: Query cancelled: the session was lost".to_owned()));
        }
        session.query("COMMIT").map_err(at(sqls.len() - 1))?;
        Ok(rows)
    }

    /// COPY … FORMAT AS PARQUET MANIFEST: loads exactly the listed files, which must exist and have the stated length, with
    /// columns by position.
    fn copy(&self, session: &Session, sql: &str) -> Result<(), String> {
        let (into, rest) = sql.split_once("\nFROM '").ok_or("no FROM")?;
        let (manifest, rest) = rest.split_once("'\n").ok_or("no manifest")?;
        if !rest.starts_with("IAM_ROLE ") || !rest.ends_with("\nFORMAT AS PARQUET\nMANIFEST\nSTATUPDATE OFF") {
            return Err(format!("options of COPY: {rest}"));
        }
        let manifest: Value = serde_json::from_slice(&self.object(manifest)?).map_err(|error| error.to_string())?;
        for entry in manifest["entries"].as_array().ok_or("no entries")? {
            if entry["mandatory"] != true {
                return Err("a file that is not mandatory could be missing without a word".to_owned());
            }
            let bytes = self.object(entry["url"].as_str().ok_or("no url")?)?;
            if entry["meta"]["content_length"].as_u64() != Some(bytes.len() as u64) {
                return Err("15003: the length of the file differs from the manifest".to_owned());
            }
            let file = SerializedFileReader::new(bytes).map_err(|error| error.to_string())?;
            let rows: Result<Vec<Row>, _> = file.get_row_iter(None).and_then(Iterator::collect);
            let csv: String = rows.map_err(|error| error.to_string())?.iter().map(csv).collect();
            session.copy_in(&format!("{into} FROM STDIN (FORMAT csv)"), csv.into_bytes())?;
        }
        Ok(())
    }

    fn object(&self, url: &str) -> Result<Bytes, String> {
        let missing = || format!("`{url}` is not there");
        if let Some(path) = url.strip_prefix("file://") {
            return std::fs::read(path).map(Bytes::from).map_err(|_| missing());
        }
        let (server, path) = (self.s3.as_ref().ok_or_else(missing)?, url.strip_prefix("s3://").ok_or_else(missing)?);
        self.files.block_on(async {
            let response = reqwest::get(format!("{server}/{path}")).await.map_err(|error| error.to_string())?;
            let response = response.error_for_status().map_err(|_| missing())?;
            response.bytes().await.map_err(|error| error.to_string())
        })
    }
}

/// Translates statements about users, roles and grants to PostgreSQL. PostgreSQL roles exist for the whole server, so
/// the roles that this database created are recorded.
fn in_postgres(sql: &str) -> String {
    if let Some(role) = sql.strip_prefix("CREATE ROLE ") {
        return format!("INSERT INTO svv_roles VALUES ('{role}')");
    }
    if sql.starts_with("CREATE USER ") || sql.starts_with("GRANT ") || sql.starts_with("ALTER DEFAULT PRIVILEGES ") {
        return sql.replace(" PASSWORD DISABLE", "").replace(" ROLE ", " ");
    }
    // JSON is staged as bytes.
    let sql = if sql.starts_with("CREATE TABLE staging_") { &sql.replace("varbyte(16777216)", "text") } else { sql };
    let stored = sql.starts_with("CREATE TABLE IF NOT EXISTS ");
    sql.split_once("\nSORTKEY ").filter(|_| stored).map_or(sql, |(table, _)| table).to_owned()
}

/// Checks the limits of MERGE in Redshift: a table as source, both branches, no conditions, and no alias for the
/// target.
fn limits(sql: &str) -> Result<(), String> {
    let Some(merge) = sql.strip_prefix("MERGE INTO ") else { return Ok(()) };
    let (target, rest) = merge.split_once(" USING ").ok_or("MERGE without USING")?;
    let (source, rest) = rest.split_once(" ON ").ok_or("MERGE without ON")?;
    let plain = !target.contains(' ') && !source.contains('(') && !source.contains(' ');
    let whole = rest.matches("WHEN MATCHED THEN UPDATE").count() == 1
        && rest.matches("WHEN NOT MATCHED THEN INSERT").count() == 1;
    if plain && whole { Ok(()) } else { Err(format!("MERGE does not take this: {sql}")) }
}

fn csv(row: &Row) -> String {
    let text = |(_, field): (&String, &Field)| match field {
        Field::Null => String::new(),
        Field::Str(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Field::Long(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        Field::Bool(value) => value.to_string(),
        Field::Date(days) => (NaiveDate::default() + TimeDelta::days((*days).into())).to_string(),
        Field::TimestampMicros(micros) => {
            let instant = DateTime::from_timestamp_micros(*micros).expect("an instant");
            instant.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
        }
        other => panic!("our own files have no {other}"),
    };
    row.get_column_iter().map(text).collect::<Vec<_>>().join(",") + "\n"
}
