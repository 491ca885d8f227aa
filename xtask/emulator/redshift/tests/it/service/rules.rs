//! Every rule of the service with a violation of it: the violation has another result when the rule is switched off.

use std::rc::Rc;

use redshift_emulator::identity::{Identities, Identity};
use redshift_emulator::rules::service::SERVICE;
use redshift_emulator::{Settings, User};
use serde_json::{Value, json};

use super::copy::Load;
use super::database::Database;
use super::parquet_file::{Values, texts};
use super::{Bench, KEY, statement};

type Trip = fn(&Bench) -> Result<Value, String>;

/// The result of each violation: most are refused.
const TRIPS: &[(&str, Trip)] = &[
    ("batch-size", |bench| bench.batch(&["SELECT 1"; 41], &json!({}))),
    ("statement-size", |bench| {
        let text = "x".repeat(60_000);
        bench.run(&format!("SELECT len('{text}') + len('{text}')"))
    }),
    ("single-statement", |bench| bench.run("SELECT 1; SELECT 2")),
    ("client-token", |bench| {
        let mut sent = statement("SELECT 1");
        sent["ClientToken"] = json!("t");
        bench.data("ExecuteStatement", &sent)?;
        sent["Sql"] = json!("SELECT 2");
        bench.data("ExecuteStatement", &sent)
    }),
    ("wait-time", |bench| {
        let sent = bench.data("ExecuteStatement", &statement("SELECT 1"))?;
        bench.data("DescribeStatement", &json!({ "Id": sent["Id"], "WaitTimeSeconds": 31 }))
    }),
    ("result-row-size", |bench| bench.run("SELECT repeat('x', 32768), repeat('y', 32768)")),
    ("statement-owner", |bench| {
        let sent = bench.data("ExecuteStatement", &statement("SELECT 1"))?;
        match bench.data_as("AKIDOTHER", "DescribeStatement", &json!({ "Id": sent["Id"] })) {
            (200, body) => Ok(body),
            (_, body) => Err(body.to_string()),
        }
    }),
    ("iam-user-without-grants", |bench| {
        bench.run("CREATE TABLE mine (n int)")?;
        match bench.data_as("AKIDOTHER", "ExecuteStatement", &statement("SELECT * FROM mine")) {
            (200, body) if body["Status"] == "FINISHED" => Ok(body),
            (_, body) => Err(body.to_string()),
        }
    }),
    ("update-conflict", |bench| {
        bench.run("CREATE TABLE counted (n int)")?;
        bench.run("INSERT INTO counted VALUES (1)")?;
        bench.interleaved("UPDATE counted SET n = n + 1", "UPDATE counted SET n = n + 1")
    }),
    ("table-after-snapshot", |bench| bench.interleaved("CREATE TABLE late (n int)", "SELECT * FROM late")),
    ("truncate-commits", |bench| {
        bench.run("CREATE TABLE emptied (n int)")?;
        bench.run("CREATE TABLE filled (n int)")?;
        let _ =
            bench.batch(&["INSERT INTO filled VALUES (1)", "TRUNCATE emptied", "SELECT * FROM missing"], &json!({}));
        let rows = bench.rows("SELECT count(*) FROM filled")?;
        if rows == json!([[{ "longValue": 0 }]]) {
            Ok(rows)
        } else {
            Err("committed [rule truncate-commits]".to_owned())
        }
    }),
    ("no-key-enforcement", |bench| {
        bench.run("CREATE TABLE keyed (n int PRIMARY KEY, m int UNIQUE)")?;
        bench.run("INSERT INTO keyed VALUES (1, 1)")?;
        bench.run("INSERT INTO keyed VALUES (1, 1)")
    }),
    ("varchar-bytes", |bench| {
        bench.run("CREATE TABLE short (t varchar(3))")?;
        bench.run("INSERT INTO short VALUES ('äöü')")
    }),
    ("boolean-cast", |bench| {
        bench.run("CREATE TABLE flags (f boolean)")?;
        bench.run("SELECT CAST(f AS varchar) FROM flags")?;
        bench.run("INSERT INTO flags VALUES (true)")?;
        bench.run("SELECT f::varchar(5) FROM flags")
    }),
    ("super-size", |bench| {
        let list = "'[' || repeat('\"' || repeat('x', 60000) || '\",', 290) || '1]'";
        bench.run(&format!("SELECT get_array_length(JSON_PARSE({list}))"))
    }),
    ("super-string", |bench| bench.run("SELECT is_object(JSON_PARSE('{\"k\": [\"' || repeat('x', 65536) || '\"]}'))")),
    ("copy-role", |bench| Load { role: "arn:aws:iam::000000000000:role/other", ..Load::default() }.run(bench)),
    ("copy-manifest-mandatory", |bench| {
        let entry = |entry: &mut Value| _ = entry.as_object_mut().map(|entry| entry.remove("mandatory"));
        Load { entry, ..Load::default() }.run(bench)
    }),
    ("copy-content-length", |bench| {
        Load { entry: |entry| entry["meta"]["content_length"] = json!(1), ..Load::default() }.run(bench)
    }),
    ("copy-file-name", |bench| Load { file: "rows.parquet.snappy", ..Load::default() }.run(bench)),
    ("copy-column-count", |bench| {
        let schema = "message rows { required int64 id; }";
        let columns = vec![Values::Numbers(vec![1])];
        bench.run("CREATE TABLE loaded (id bigint, name varchar(5))")?;
        bench.run(&Load { schema, columns, ..Load::default() }.sql(bench, "loaded"))
    }),
    ("copy-column-type", |bench| {
        let schema = "message rows { required int64 id; required int64 name; }";
        let columns = vec![Values::Numbers(vec![1]), Values::Numbers(vec![2])];
        Load { schema, columns, ..Load::default() }.run(bench)
    }),
    ("copy-row-size", |bench| {
        let large = "x".repeat(60_000);
        let count = 72;
        let fields: String = (0..count).map(|number| format!("optional binary c{number} (UTF8); ")).collect();
        let columns: String = (0..count).map(|number| format!("c{number} varchar(60000), ")).collect();
        bench.run(&format!("CREATE TABLE wide ({columns}last int)"))?;
        let schema = format!("message rows {{ {fields} }}");
        let list: Vec<String> = (0..count).map(|number| format!("c{number}")).collect();
        let columns = (0..count).map(|_| texts(&[&large])).collect();
        bench.run(
            &Load { schema: &schema, columns, ..Load::default() }.sql(bench, &format!("wide ({})", list.join(", "))),
        )
    }),
];

/// Two access keys: of the administrator, and of a role without grants.
fn two_callers(settings: &mut Settings, role: &str) {
    let other = format!("arn:aws:iam::000000000000:role/{role}");
    settings.identities = Identities::Keys(
        [
            (KEY.to_owned(), Identity::becoming(User::Admin)),
            ("AKIDOTHER".to_owned(), Identity::of_arn(&other).expect("an ARN")),
        ]
        .into(),
    );
}

#[test]
fn every_rule_has_a_violation() {
    let tripped: Vec<&str> = TRIPS.iter().map(|(id, _)| *id).collect();
    let ids: Vec<&str> = SERVICE.iter().map(|rule| rule.id).collect();
    assert_eq!(tripped, ids);
}

#[test]
fn each_rule_decides_the_result_of_its_violation() {
    let mut wrong = Vec::new();
    // Creating a database takes longer than most violations.
    let database = Rc::new(Database::fresh());
    for (id, trip) in TRIPS {
        let result = |disabled: &[&str], suffix: &str| {
            database.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC");
            trip(&Bench::on(&database, |settings| {
                settings.engine.disabled.0.extend(disabled.iter().map(|id| (*id).to_owned()));
                // The users of PostgreSQL belong to the whole server.
                two_callers(settings, &format!("{id}-{suffix}-{}", std::process::id()));
            }))
        };
        let (enforced, disabled) = (result(&[], "on"), result(&[id], "off"));
        // Three rules are not refusals with a message of the emulator.
        let silent = ["statement-owner", "iam-user-without-grants", "no-key-enforcement"].contains(id);
        let named = enforced.as_ref().is_err_and(|message| message.contains(&format!("[rule {id}]")));
        if enforced.is_ok() == disabled.is_ok() || !silent && !named {
            wrong.push(format!("{id}: {enforced:?}, switched off: {disabled:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
