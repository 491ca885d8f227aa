//! The results of a dbt run: `target/run_results.json`, combined with `target/manifest.json`, which identifies the node
//! that each test belongs to.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// dbt's counts, and the models and tests that did not pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Results {
    /// Models that were built, and tests that passed.
    pub pass: u64,
    /// Tests with warnings.
    pub warn: u64,
    /// Models and tests that failed.
    pub error: u64,
    /// Models and tests skipped because an upstream one failed.
    pub skip: u64,
    /// All of these.
    pub total: u64,
    /// What warned.
    pub warnings: Vec<Finding>,
    /// What failed.
    pub failures: Vec<Finding>,
}

/// A model or test that did not pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The model, snapshot or source table.
    pub of: String,
    /// The test; `None` if the model itself failed.
    pub test: Option<String>,
    /// dbt's message.
    pub message: String,
    /// The query that returns the failing rows.
    #[serde(skip)]
    pub rows: Option<String>,
}

impl Finding {
    /// Formats the failure in one line.
    pub fn line(&self) -> String {
        match &self.test {
            Some(test) => format!("test `{test}` on `{}` failed: {}", self.of, self.message),
            None => format!("`{}` could not be built: {}", self.of, self.message),
        }
    }
}

#[derive(Deserialize)]
struct RunResults {
    results: Vec<RunResult>,
}

#[derive(Deserialize)]
struct RunResult {
    unique_id: String,
    status: String,
    message: Option<String>,
    failures: Option<u64>,
    compiled_code: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    nodes: BTreeMap<String, Node>,
    #[serde(default)]
    unit_tests: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    attached_node: Option<String>,
    model: Option<String>,
    test_metadata: Option<IgnoredAny>,
    #[serde(default)]
    depends_on: Value,
}

impl Results {
    /// Fails if the format differs from that of dbt 1.11 and 1.12.
    pub fn parse(run_results: &str, manifest: &str) -> serde_json::Result<Self> {
        let run: RunResults = serde_json::from_str(run_results)?;
        let manifest: Manifest = serde_json::from_str(manifest)?;
        let mut results = Self::default();
        // Nothing is done for an exposure.
        for result in run.results.into_iter().filter(|result| result.status != "no-op") {
            results.total += 1;
            match result.status.as_str() {
                "success" | "pass" => results.pass += 1,
                "warn" => {
                    results.warn += 1;
                    results.warnings.push(manifest.finding(result));
                }
                "skipped" => results.skip += 1,
                _ => {
                    results.error += 1;
                    results.failures.push(manifest.finding(result));
                }
            }
        }
        Ok(results)
    }

    /// Formats the counts in one line, as dbt prints them.
    pub fn line(&self) -> String {
        format!("PASS={} WARN={} ERROR={} SKIP={} TOTAL={}", self.pass, self.warn, self.error, self.skip, self.total)
    }
}

impl Manifest {
    fn finding(&self, result: RunResult) -> Finding {
        let kind = result.unique_id.split('.').next().unwrap_or_default();
        let node = self.nodes.get(&result.unique_id).or_else(|| self.unit_tests.get(&result.unique_id));
        let own = node.map_or(result.unique_id.clone(), |node| node.name.clone());
        let message = result.message.unwrap_or_default().trim().to_owned();
        let is_test = matches!(kind, "test" | "unit_test");
        let of = match node {
            Some(node) if is_test => {
                // A generic test on a source has no attached node; its own table is the last dependency.
                let mut nodes = node.depends_on["nodes"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let on = if node.test_metadata.is_some() { nodes.next_back() } else { nodes.next() };
                let of = node.model.as_deref().or(node.attached_node.as_deref()).or(on);
                // The part after the project name: `model.dpworld.fct_launches`, `source.dpworld.spacex.launches`.
                of.map_or(own.clone(), |of| of.splitn(3, '.').last().unwrap_or(of).to_owned())
            }
            _ => own.clone(),
        };
        let rows = result.compiled_code.filter(|_| kind == "test" && result.failures.is_some_and(|count| count > 0));
        Finding { of, test: is_test.then_some(own), message, rows }
    }
}

#[cfg(test)]
#[path = "../tests/unit/dbt.rs"]
mod tests;
