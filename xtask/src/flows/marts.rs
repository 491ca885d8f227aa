//! The marts on this machine: dbt in a Python environment, using the `transformer` role.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use contract::Exit;

use crate::edge::postgres::Login;
use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::failure::Failure;
use crate::pipeline::{self, Invocation};
use crate::ui;
use contract::dbt::{Finding, Results};

const SHOWN: usize = 5;

#[derive(Debug)]
pub struct Marts {
    pub project: PathBuf,
    /// The folder that contains `target/`, `logs/` and dbt's output.
    pub dir: PathBuf,
    pub login: Login,
}

/// Returns the Python environment with dbt, which all local platforms in this repository share.
pub fn environment() -> Result<PathBuf> {
    let root = files::root();
    python::environment(None, &root.join("target/python/dbt"), Packages::Locked(&root.join("dbt/requirements.txt")))
}

impl Marts {
    /// Builds and tests the selected models. The error lists failures with up to five rows; temporary if dbt itself failed.
    pub fn build(&self, full_refresh: bool, selection: &[String]) -> Result<Results> {
        let refresh: &[&str] = if full_refresh { &["--full-refresh"] } else { &[] };
        let all = [&["build"], refresh, &selection.iter().map(String::as_str).collect::<Vec<_>>()].concat();
        let target = self.dir.join("target");
        // Another version of dbt may have written folders with the names of files, and files with those of folders.
        for old in ["run_results.json", "compiled", "run"] {
            files::remove(&target.join(old))?;
        }
        let output = self.dbt(&all)?;
        let read = |name: &str| files::read(&target.join(name));
        let (Some(run), Some(manifest)) = (read("run_results.json")?, read("manifest.json")?) else {
            return Err(self.broken(&output).into());
        };
        let results = Results::parse(&run, &manifest).context("cannot parse dbt's results")?;
        match (results.failures.is_empty(), output.code) {
            (true, Some(0)) => return Ok(results),
            (true, _) | (_, Some(2)) => return Err(self.broken(&output).into()),
            _ => {}
        }
        let failures: Vec<String> = results.failures.iter().map(|failure| self.describe(failure)).collect();
        let failure = Failure::new(format!("dbt: {}\n{}", results.line(), failures.join("\n")));
        Err(failure.hint(format!("see dbt's output in {}", self.output().display())).into())
    }

    pub fn docs(&self) -> Result<PathBuf> {
        let output = self.dbt(&["docs", "generate", "--no-compile"])?;
        if output.code == Some(0) { Ok(self.dir.join("target")) } else { Err(self.broken(&output).into()) }
    }

    fn output(&self) -> PathBuf {
        self.dir.join("output.txt")
    }

    fn dbt(&self, arguments: &[&str]) -> Result<shell::Output> {
        let programs = environment()?.join("bin");
        let Login { port, password, .. } = &self.login;
        let step = pipeline::dbt("127.0.0.1", *port, password.expose(), arguments, &self.dir);
        let output = shell::captured(&step, &programs, &self.project)?;
        files::write(&self.output(), &output.text)?;
        Ok(output)
    }

    /// Creates the error for a failure of dbt itself. dbt exits with 2 for errors other than a failed model or test.
    fn broken(&self, output: &shell::Output) -> Failure {
        let lines: Vec<&str> = output.text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(12)..].join("\n");
        let exit = if output.code == Some(2) { Exit::TempFail } else { Exit::Failed };
        Failure::new(format!("dbt failed:\n{last}")).exit(exit)
    }

    fn describe(&self, failure: &Finding) -> String {
        let line = failure.line();
        let Some(query) = &failure.rows else { return line };
        match self.login.query(&format!("SELECT * FROM (\n{query}\n) AS failing LIMIT {SHOWN}")) {
            Ok(rows) => format!("{line}\n{}", ui::table(&rows)),
            Err(error) => format!("{line}\n(cannot query the failing rows: {error})"),
        }
    }
}

/// Checks the SQL without Redshift; returns the problems. dbt-redshift compiles every model offline with the cloud job's
/// environment (`job`), which excludes the unit tests. dbt-bouncer checks the manifest for the conventions in
/// `dbt-bouncer.yml`; sqlfluff lints the project, and parses compiled models and a load's statements (`load_sql`, one file
/// each) as Redshift's SQL.
pub fn check_redshift(dir: &Path, load_sql: &Path, job: &BTreeMap<String, String>) -> Result<Option<String>> {
    let root = files::root();
    let lock = root.join("dbt/requirements-lint.txt");
    let (dbt, project) = (environment()?.join("bin"), root.join("dbt"));
    let lint = python::environment(None, &root.join("target/python/dbt-lint"), Packages::Locked(&lock))?.join("bin");
    let compile = || -> Result<Option<String>> {
        let folder = dir.join("compiled");
        files::remove(&folder)?;
        let mut compile = pipeline::dbt_for_redshift(&["compile", "--no-populate-cache", "--no-introspect"], &folder);
        compile.environment.extend(job.clone());
        let compiled = shell::captured(&compile, &dbt, &project)?;
        if compiled.code != Some(0) {
            return Ok(Some(compiled.text));
        }
        let mut linted = Invocation::new("dbt-bouncer", &["run"], &[]);
        linted.environment.insert("DBT_PROJECT_DIR".to_owned(), folder.display().to_string());
        let linted = shell::captured(&linted, &lint, &project)?;
        if linted.code != Some(0) {
            return Ok(Some(linted.text));
        }
        parse_error(&lint, &folder.join("target/compiled/dpworld"))
    };
    let list = |of: &str, environment: BTreeMap<String, String>, expected: bool| -> Result<Option<String>> {
        let list = ["--quiet", "list", "--resource-type", "unit_test"];
        let mut list = pipeline::dbt_for_redshift(&list, &dir.join(format!("unit-tests-{expected}")));
        list.environment.extend(environment);
        let listed = shell::captured(&list, &dbt, &project)?;
        let expected_text = if expected { "some" } else { "none" };
        let wrong = listed.code != Some(0) || listed.text.contains("unit_test:") != expected;
        Ok(wrong.then(|| {
            let text = listed.text;
            format!("unit tests for {of} on Redshift: expected {expected_text}, but dbt listed:\n{text}")
        }))
    };
    let style = || -> Result<Option<String>> {
        let linted = Invocation::new("sqlfluff", &["lint", "--disable-progress-bar", "."], &[]);
        let linted = shell::captured(&linted, &lint, &project)?;
        Ok((linted.code != Some(0)).then_some(linted.text))
    };
    // Each check is one single-threaded process of several seconds.
    let checks: [&(dyn Fn() -> Result<Option<String>> + Sync); 5] = [
        &compile,
        &|| parse_error(&lint, load_sql),
        &|| list("the project", BTreeMap::new(), true),
        &|| list("the job", job.clone(), false),
        &style,
    ];
    let results: Vec<Result<Option<String>>> = std::thread::scope(|scope| {
        let running: Vec<_> = checks.into_iter().map(|check| scope.spawn(check)).collect();
        let joined = running.into_iter().map(|check| check.join());
        joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let problems = results.into_iter().filter_map(Result::transpose).collect::<Result<Vec<_>>>()?;
    Ok((!problems.is_empty()).then(|| problems.join("\n")))
}

/// Parses the project with dbt 2 (`dbt/requirements-2.txt`). dbt 2 writes into the project, so it gets a copy, without
/// `packages.yml`, for which it would download the packages.
pub fn check_dbt_2() -> Result<()> {
    let root = files::root();
    let lock = root.join("dbt/requirements-2.txt");
    let programs = python::environment(None, &root.join("target/python/dbt-2"), Packages::Locked(&lock))?.join("bin");
    let dir = root.join("target/dbt-2");
    files::remove(&dir)?;
    for (path, _, text) in files::below(&root, &["dbt"], |path| path != "dbt/packages.yml")? {
        files::write(&dir.join(path), &String::from_utf8(text)?)?;
    }
    let parsed = shell::captured(&pipeline::dbt_for_redshift(&["parse"], &dir), &programs, &dir.join("dbt"))?;
    let text = parsed.text.trim();
    // A program that did nothing also exits with 0.
    let manifest = files::read(&dir.join("target/manifest.json"))?.is_some_and(|text| text.contains("fct_launches"));
    ensure!(parsed.code == Some(0) && manifest, Failure::new(format!("dbt 2 cannot parse the project:\n{text}")));
    println!("{text}");
    Ok(())
}

/// Returns sqlfluff's output if its Redshift dialect cannot parse a file in a folder; an empty folder is an error.
fn parse_error(lint: &Path, dir: &Path) -> Result<Option<String>> {
    files::find(dir, "").with_context(|| format!("`{}` contains no SQL files", dir.display()))?;
    let arguments = ["parse", "--dialect", "redshift", "--templater", "raw"];
    let parse = Invocation::new("sqlfluff", &arguments, &[dir.to_owned()]);
    let parsed = shell::captured(&parse, lint, dir)?;
    Ok((parsed.code != Some(0)).then_some(parsed.text))
}
