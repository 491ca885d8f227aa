//! The marts on this machine: dbt in an environment of its own, as the role `transformer`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use contract::Exit;

use crate::dbt::{Finding, Results};
use crate::edge::postgres::Login;
use crate::edge::python::Packages;
use crate::edge::{files, python, shell};
use crate::failure::Failure;
use crate::pipeline::{Dbt, Invocation};
use crate::ui;

/// Failing rows that are shown of one test.
const SHOWN: usize = 5;

/// A dbt project, and where its run leaves what it leaves.
#[derive(Debug)]
pub struct Marts {
    /// The project's folder.
    pub project: PathBuf,
    /// Where `target/`, `logs/` and the output go.
    pub dir: PathBuf,
    /// The warehouse as `transformer`.
    pub login: Login,
}

/// dbt's environment, made once for all platforms of this repository.
pub fn environment() -> Result<PathBuf> {
    let root = files::root();
    python::environment(&root.join("target/python/dbt"), Packages::Locked(&root.join("dbt/requirements.lock")))
}

impl Marts {
    /// Builds and tests everything.
    ///
    /// # Errors
    /// With the model, the test and up to five rows of each failure; temporary when dbt itself could not work.
    pub fn build(&self, full_refresh: bool) -> Result<Results> {
        let all: &[&str] = if full_refresh { &["build", "--full-refresh"] } else { &["build"] };
        let target = self.dir.join("target");
        files::remove(&target.join("run_results.json"))?;
        let output = self.dbt(all)?;
        let read = |name: &str| files::read(&target.join(name));
        let (Some(run), Some(manifest)) = (read("run_results.json")?, read("manifest.json")?) else {
            return Err(self.broken(&output).into());
        };
        // dbt writes the results only when it got as far as running; an older run's would lie.
        if output.code == Some(2) {
            return Err(self.broken(&output).into());
        }
        let results = Results::parse(&run, &manifest).context("cannot understand dbt's results")?;
        if results.failures.is_empty() && output.code == Some(0) {
            return Ok(results);
        }
        if results.failures.is_empty() {
            return Err(self.broken(&output).into());
        }
        let told: Vec<String> = results.failures.iter().map(|failure| self.told(failure)).collect();
        let failure = Failure::new(format!("dbt: {}\n{}", results.line(), told.join("\n")));
        Err(failure.hint(format!("dbt's own words: {}", self.output().display())).into())
    }

    /// Writes dbt's documentation, and gives the folder to serve.
    pub fn docs(&self) -> Result<PathBuf> {
        let output = self.dbt(&["docs", "generate", "--no-compile"])?;
        if output.code == Some(0) { Ok(self.dir.join("target")) } else { Err(self.broken(&output).into()) }
    }

    fn output(&self) -> PathBuf {
        self.dir.join("output.txt")
    }

    fn dbt(&self, arguments: &[&str]) -> Result<shell::Output> {
        let programs = environment()?.join("bin");
        let step =
            Dbt { host: "127.0.0.1".to_owned(), port: self.login.port(), password: self.login.password().to_owned() };
        let output = shell::captured(&step.step(arguments, &self.dir), &programs, &self.project)?;
        files::write(&self.output(), &output.text)?;
        Ok(output)
    }

    /// dbt's exit code 2 is for what is no model's or test's fault.
    fn broken(&self, output: &shell::Output) -> Failure {
        let lines: Vec<&str> = output.text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(12)..].join("\n");
        let exit = if output.code == Some(2) { Exit::TempFail } else { Exit::Failed };
        Failure::new(format!("dbt could not do its work:\n{last}")).exit(exit)
    }

    fn told(&self, failure: &Finding) -> String {
        let head = match &failure.test {
            Some(test) => format!("model `{}`: test `{test}` failed: {}", failure.of, failure.message),
            None => format!("model `{}` could not be built: {}", failure.of, failure.message),
        };
        let Some(query) = &failure.rows else { return head };
        let asked = self.login.query(&format!("SELECT * FROM (\n{query}\n) AS failing LIMIT {SHOWN}"));
        match asked {
            Ok(rows) => format!("{head}\n{}", ui::table(&rows)),
            Err(error) => format!("{head}\n(its rows cannot be shown: {error})"),
        }
    }
}

/// Checks without Redshift what can be checked: dbt-redshift parses and compiles every model offline, incremental ones
/// both ways, with and without the environment of the job in the cloud (`job`), which leaves the unit tests out;
/// sqlfluff's Redshift dialect parses the compiled SQL and what a load sent (`load_sql`, a file a statement), and lints
/// the project. Returns the first failure's words, if any.
pub fn check_redshift(dir: &Path, load_sql: &Path, job: &BTreeMap<String, String>) -> Result<Option<String>> {
    let root = files::root();
    let lock = root.join("dbt/requirements-lint.lock");
    let (dbt, lint) =
        (environment()?, python::environment(&root.join("target/python/sqlfluff"), Packages::Locked(&lock))?);
    let project = root.join("dbt");
    for incremental in [true, false] {
        let place = dir.join(format!("incremental-{incremental}"));
        files::remove(&place)?;
        let mut compile = Dbt::compile_for_redshift(incremental, &place);
        if incremental {
            compile.environment.extend(job.clone());
        }
        let compiled = shell::captured(&compile, &dbt.join("bin"), &project)?;
        if compiled.code != Some(0) {
            return Ok(Some(compiled.text));
        }
        if let Some(words) = unparsed(&lint, &place.join("target/compiled/dpworld"))? {
            return Ok(Some(words));
        }
    }
    if let Some(words) = unparsed(&lint, load_sql)? {
        return Ok(Some(words));
    }
    for (of, environment, expected) in [("the project", BTreeMap::new(), true), ("the job", job.clone(), false)] {
        let mut list = Dbt::unit_tests_for_redshift(&dir.join("unit-tests"));
        list.environment.extend(environment);
        let listed = shell::captured(&list, &dbt.join("bin"), &project)?;
        if listed.code != Some(0) || listed.text.contains("unit_test:") != expected {
            let wanted = if expected { "some" } else { "none" };
            return Ok(Some(format!("unit tests of {of} on Redshift: expected {wanted}, dbt lists:\n{}", listed.text)));
        }
    }
    let linted =
        shell::captured(&sqlfluff(&["lint", "--disable-progress-bar"], Path::new(".")), &lint.join("bin"), &project)?;
    Ok((linted.code != Some(0)).then_some(linted.text))
}

/// What sqlfluff's Redshift dialect cannot parse of a folder's SQL, in its words; a folder without any is an error.
fn unparsed(lint: &Path, dir: &Path) -> Result<Option<String>> {
    files::find(dir, "").with_context(|| format!("there is no SQL in `{}`", dir.display()))?;
    let parse = sqlfluff(&["parse", "--dialect", "redshift", "--templater", "raw"], dir);
    let parsed = shell::captured(&parse, &lint.join("bin"), dir)?;
    Ok((parsed.code != Some(0)).then_some(parsed.text))
}

fn sqlfluff(arguments: &[&str], on: &Path) -> Invocation {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).chain([on.display().to_string()]).collect();
    Invocation { name: "sqlfluff".to_owned(), program: "sqlfluff".to_owned(), arguments, environment: BTreeMap::new() }
}

/// Whether a source has marts: only the contract's own project knows its tables.
pub fn has_marts(source: &str, project: &Path) -> bool {
    source == "spacex" && project.join("dbt_project.yml").exists()
}
