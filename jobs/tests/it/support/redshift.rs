//! PostgreSQL that has learnt as much Redshift as the loader's statements need: types and functions by other names,
//! COPY from a manifest, MERGE's limits, snapshot isolation.

use std::sync::Mutex;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, TimeDelta};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::database::{Database, Role, Session};

/// A query's rows, every value as text.
pub type Rows = Vec<Vec<Option<String>>>;

/// Why a transaction failed.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which of its statements, from 0.
    pub statement: usize,
    pub message: String,
}

impl Failed {
    pub fn conflict() -> Self {
        let message = "ERROR: 1023 DETAIL: Serializable isolation violation on table - 1, transactions forming the \
                       cycle are: 1, 2 (pid:3)";
        Self { statement: 0, message: message.to_owned() }
    }

    pub fn conflict_in_words() -> Self {
        let message = "ERROR: could not complete because of conflict with concurrent transaction";
        Self { statement: 0, message: message.to_owned() }
    }
}

/// A warehouse to run statements in.
pub struct Cluster {
    url: String,
    /// The database user that a session becomes, where the URL is another's.
    user: Option<String>,
    /// Sessions at rest.
    rest: Mutex<Vec<Session>>,
    files: Runtime,
    /// When a transaction's snapshot is taken: before its LOCK is granted, or after. Redshift's documentation does
    /// not say, so both must do.
    snapshot_first: bool,
    /// Where `s3://` is.
    s3: Option<String>,
}

const REDSHIFT: &str = "
CREATE DOMAIN super AS jsonb;
CREATE FUNCTION json_parse(text) RETURNS jsonb IMMUTABLE LANGUAGE sql AS 'SELECT $1::jsonb';
CREATE FUNCTION json_serialize(jsonb) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1::text';
CREATE FUNCTION getdate() RETURNS timestamp STABLE LANGUAGE sql AS $$ SELECT now() AT TIME ZONE 'UTC' $$;
CREATE VIEW svv_columns AS SELECT table_schema::text, table_name::text, column_name::text,
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

/// What a warehouse that was prepared as PostgreSQL has too much or too little of.
const PREPARED: &str = "
ALTER TABLE etl.runs DROP CONSTRAINT runs_pkey, DROP CONSTRAINT runs_source_run_id_key;
ALTER TABLE etl.heads DROP CONSTRAINT heads_pkey;
CREATE TABLE etl.attempts (token varchar(64), expires_at timestamp);
ALTER TABLE etl.attempts OWNER TO loader;
";

impl Cluster {
    /// Entered as `loader`, or as a role that was granted nothing of the loader's.
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

    /// Entered as a user of any name, who is made on the way in, as Redshift does it, and may do nothing.
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

    /// With a bucket's objects from this S3 server, which looks at no signature.
    pub fn reading_s3_at(self, endpoint: &str) -> Self {
        // TLS is not used here, but a client cannot be made without it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { s3: Some(endpoint.to_owned()), ..self }
    }

    /// Runs statements as one transaction; after the statement `lost` the session is gone.
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
        session.answer("BEGIN ISOLATION LEVEL REPEATABLE READ").map_err(at(0))?;
        if self.snapshot_first {
            session.answer("SELECT 1").map_err(at(0))?;
        }
        let mut rows = Rows::new();
        for (number, sql) in sqls.iter().enumerate() {
            if lost == Some(number) {
                return Err(at(number)("ERROR: Query cancelled: the session was lost".to_owned()));
            }
            let done = if sql.starts_with("COPY ") {
                self.copy(session, sql).map(|()| Rows::new())
            } else {
                limits(sql).and_then(|()| session.answer(&in_postgres(sql)))
            };
            match done {
                Ok(found) => rows = found,
                Err(message) => {
                    session.answer("ROLLBACK").map_err(at(number))?;
                    return Err(at(number)(format!("ERROR: {message}")));
                }
            }
        }
        if lost == Some(sqls.len()) {
            return Err(at(sqls.len() - 1)("ERROR: Query cancelled: the session was lost".to_owned()));
        }
        session.answer("COMMIT").map_err(at(sqls.len() - 1))?;
        Ok(rows)
    }

    /// COPY … FORMAT AS PARQUET MANIFEST: exactly the listed files, each there and of the stated length, columns by
    /// position.
    fn copy(&self, session: &Session, sql: &str) -> Result<(), String> {
        let (into, rest) = sql.split_once("\nFROM '").ok_or("no FROM")?;
        let (manifest, rest) = rest.split_once("'\n").ok_or("no manifest")?;
        if !rest.starts_with("IAM_ROLE ") || !rest.ends_with("\nFORMAT AS PARQUET\nMANIFEST") {
            return Err(format!("options of COPY: {rest}"));
        }
        let manifest: Value = serde_json::from_slice(&self.object(manifest)?).map_err(|error| error.to_string())?;
        for entry in manifest["entries"].as_array().ok_or("no entries")? {
            if entry["mandatory"] != true {
                return Err("a file that is not mandatory could be missing without a word".to_owned());
            }
            let bytes = self.object(entry["url"].as_str().ok_or("no url")?)?;
            if entry["meta"]["content_length"].as_u64() != Some(bytes.len() as u64) {
                return Err("15003: the file has another length than the manifest says".to_owned());
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
            let answer = reqwest::get(format!("{server}/{path}")).await.map_err(|error| error.to_string())?;
            let answer = answer.error_for_status().map_err(|_| missing())?;
            answer.bytes().await.map_err(|error| error.to_string())
        })
    }
}

/// Users, roles and grants in PostgreSQL's words. Its roles belong to the whole server and are there; so those
/// that this database received are recorded.
fn in_postgres(sql: &str) -> String {
    if let Some(role) = sql.strip_prefix("CREATE ROLE ") {
        return format!("INSERT INTO svv_roles VALUES ('{role}')");
    }
    if sql.starts_with("CREATE USER ") || sql.starts_with("GRANT ") || sql.starts_with("ALTER DEFAULT PRIVILEGES ") {
        return sql.replace(" PASSWORD DISABLE", "").replace(" ROLE ", " ");
    }
    sql.to_owned()
}

/// MERGE as Redshift takes it: a table as its source, both branches, no conditions, no alias on the target.
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
