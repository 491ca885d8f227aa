//! COPY of Parquet files by a manifest.

use std::fs;
use std::path::Path;

use redshift_emulator::engine::{CopyRoles, Key};
use serde_json::{Value, json};

use super::Bench;
use super::parquet_file::{Values, texts, write};

const SCHEMA: &str = "message rows { required int64 id; optional binary name (UTF8); }";

/// A manifest of one file, and what is changed in it.
pub struct Load<'a> {
    pub schema: &'a str,
    pub columns: Vec<Values>,
    pub file: &'a str,
    /// Changes the manifest's entry.
    pub entry: fn(&mut Value),
    pub role: &'a str,
}

impl Default for Load<'_> {
    fn default() -> Self {
        let columns = vec![Values::Numbers(vec![1, 2]), texts(&["Ada", "Bo"])];
        Self { schema: SCHEMA, columns, file: "rows.parquet", entry: |_| (), role: "default" }
    }
}

impl Load<'_> {
    /// The statement that loads the file into a table.
    pub fn sql(&self, bench: &Bench, table: &str) -> String {
        let path = bench.folder.path().join(self.file);
        let bytes = write(&path, self.schema, &self.columns);
        let url = format!("file://{}", path.display());
        let mut entry = json!({ "url": url, "mandatory": true, "meta": { "content_length": bytes } });
        (self.entry)(&mut entry);
        let manifest = bench.folder.path().join("manifest.json");
        fs::write(&manifest, json!({ "entries": [entry] }).to_string()).expect("the manifest");
        let role = if self.role == "default" { self.role.to_owned() } else { format!("'{}'", self.role) };
        format!("COPY {table}\nFROM 'file://{}'\nIAM_ROLE {role}\nFORMAT AS PARQUET\nMANIFEST", manifest.display())
    }

    pub fn run(&self, bench: &Bench) -> Result<Value, String> {
        bench.run("CREATE TABLE loaded (id bigint, name varchar(5))")?;
        bench.run(&self.sql(bench, "loaded"))
    }
}

#[test]
fn columns_are_loaded_by_position_and_nulls_stay_nulls() {
    let bench = Bench::new();
    let columns = vec![Values::Numbers(vec![1, 2]), Values::Texts(vec![Some("a \"b\", c".to_owned()), None])];
    bench.run("CREATE TABLE loaded (name varchar(20), more date, id bigint)").expect("a table");
    let sql = Load { columns, ..Load::default() }.sql(&bench, "loaded (id, name)");
    let described = bench.run(&sql).expect("a COPY");
    assert_eq!((&described["ResultRows"], &described["HasResultSet"]), (&json!(2), &json!(false)));
    let rows = bench.rows("SELECT id, name, more FROM loaded ORDER BY id").expect("rows");
    let absent = json!({ "isNull": true });
    assert_eq!(rows[0], json!([{ "longValue": 1 }, { "stringValue": "a \"b\", c" }, absent]));
    assert_eq!(rows[1], json!([{ "longValue": 2 }, absent, absent]));
}

#[test]
fn a_failed_copy_loads_nothing_and_is_recorded_with_its_query() {
    let bench = Bench::new();
    let columns = vec![Values::Numbers(vec![1, 2]), texts(&["Ada", "Theodora"])];
    let load = Load { columns, ..Load::default() };
    bench.run("CREATE TABLE loaded (id bigint, name varchar(5))").expect("a table");
    let sent = bench.data("ExecuteStatement", &super::statement(&load.sql(&bench, "loaded"))).expect("a statement");
    let described = bench.data("DescribeStatement", &json!({ "Id": sent["Id"] })).expect("a description");
    assert_eq!(described["Status"], "FAILED");
    let query = described["RedshiftQueryId"].as_i64().expect("a number");
    let sql =
        format!("SELECT file_name, column_name, error_message FROM sys_load_error_detail WHERE query_id = {query}");
    let rows = bench.rows(&sql).expect("rows");
    let texts: Vec<&str> =
        rows[0].as_array().expect("a row").iter().map(|field| field["stringValue"].as_str().expect("text")).collect();
    assert!(texts[0].ends_with("rows.parquet") && texts[1] == "name", "{texts:?}");
    assert!(texts[2].contains("Table: 5, Data: 8"), "{texts:?}");
    assert_eq!(bench.rows("SELECT count(*) FROM loaded").expect("rows"), json!([[{ "longValue": 0 }]]));
}

#[test]
fn a_missing_manifest_or_file_has_the_error_of_s3() {
    let bench = Bench::new();
    bench.run("CREATE TABLE loaded (id bigint, name varchar(5))").expect("a table");
    let sql = Load::default().sql(&bench, "loaded");
    fs::remove_file(bench.folder.path().join("rows.parquet")).expect("the file");
    let error = bench.run(&sql).expect_err("no file");
    assert!(error.contains("The specified key does not exist.,Status 404,Error NoSuchKey"), "{error}");
    let error = bench.run(&sql.replace("manifest.json", "other.json")).expect_err("no manifest");
    assert!(error.contains("NoSuchKey") && error.contains("other.json"), "{error}");
    let error = bench.run(&sql.replace("file://", "s3://")).expect_err("no S3");
    assert!(error.contains("no endpoint of S3"), "{error}");
}

/// A server of the folder's files as objects of a bucket, for one access key.
fn bucket(folder: &Path, key: &'static str) -> String {
    let server = tiny_http::Server::http("127.0.0.1:0").expect("a free port");
    let (url, folder) = (format!("http://{}", server.server_addr()), folder.to_owned());
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let signed = |header: &tiny_http::Header| {
                header.field.equiv("Authorization") && header.value.as_str().contains(&format!("Credential={key}/"))
            };
            let allowed = request.headers().iter().any(signed);
            let name = request.url().rsplit('/').next().unwrap_or_default().to_owned();
            let response = match fs::read(folder.join(name)) {
                Ok(bytes) if allowed => {
                    let modified = tiny_http::Header::from_bytes("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
                    let response = tiny_http::Response::from_data(bytes).with_header(modified.expect("a header"));
                    response.with_header(tiny_http::Header::from_bytes("ETag", "\"1\"").expect("a header"))
                }
                _ => tiny_http::Response::from_data("<Error><Code>AccessDenied</Code></Error>").with_status_code(403),
            };
            let _ = request.respond(response);
        }
    });
    url
}

#[test]
fn objects_of_s3_are_read_with_the_key_of_the_role() {
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = bucket(folder.path(), "AKIDCOPY");
    let role = |name: &str, id: &str| {
        let key = Key { id: id.to_owned(), secret: "secret".to_owned() };
        (format!("arn:aws:iam::000000000000:role/{name}"), Some(key))
    };
    let bench = Bench::with(|settings| {
        let roles = [role("copy", "AKIDCOPY"), role("other", "AKIDOTHER")].into();
        settings.engine.copy_roles = CopyRoles { endpoint: Some(endpoint), default: None, roles };
    });
    bench.run("CREATE TABLE loaded (id bigint, name varchar(5))").expect("a table");
    let load = |role: &str| {
        let sql =
            Load { role: &format!("arn:aws:iam::000000000000:role/{role}"), ..Load::default() }.sql(&bench, "loaded");
        for file in ["rows.parquet", "manifest.json"] {
            fs::copy(bench.folder.path().join(file), folder.path().join(file)).expect("a file");
        }
        let manifest = folder.path().join("manifest.json");
        let text = fs::read_to_string(&manifest).expect("the manifest");
        let local = format!("file://{}/", bench.folder.path().display());
        fs::write(&manifest, text.replace(&local, "s3://lake/stage/")).expect("the manifest");
        bench.run(&sql.replace(&local, "s3://lake/stage/"))
    };
    assert_eq!(load("copy").expect("a COPY")["ResultRows"], 2);
    let error = load("other").expect_err("denied");
    assert!(error.contains("S3ServiceException:Access Denied,Status 403,Error AccessDenied"), "{error}");
}
