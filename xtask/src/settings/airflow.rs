//! Amazon MWAA: version, size and access.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// The only version of Airflow 3 that MWAA's API documents (Amazon MWAA API Reference, CreateEnvironment,
/// `AirflowVersion`). Images for 3.2.1 and 3.3.1 exist (github.com/aws/amazon-mwaa-docker-images).
const DOCUMENTED: [u32; 3] = [3, 0, 6];
/// Environment classes (Amazon MWAA API Reference, CreateEnvironment, `EnvironmentClass`).
const CLASSES: [&str; 6] = ["mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"];

/// Amazon MWAA, managed Airflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Airflow {
    /// Environment name.
    pub environment: String,
    /// Airflow version, in quotes: 3.0.6 or later.
    #[schemars(regex(pattern = r"^([3-9]|[1-9][0-9]+)\.[0-9]+\.[0-9]+$"))]
    pub version: String,
    /// Environment class: the size of the scheduler, workers and web server. It determines the hourly cost.
    pub class: String,
    /// Minimum number of workers.
    #[schemars(range(min = 1))]
    pub min_workers: u32,
    /// Maximum number of workers; each worker after the first is billed per hour while it is running.
    #[schemars(range(min = 1))]
    pub max_workers: u32,
    /// Number of schedulers: 1 with mw1.micro, otherwise 2 to 5.
    #[schemars(range(min = 1, max = 5))]
    pub schedulers: u32,
    /// Network access to the Airflow UI; a sign-in is always required.
    pub webserver: Webserver,
    /// Requirements file for the DAGs' Python packages, relative to the repository.
    pub requirements: String,
    /// Airflow log levels.
    pub log_levels: LogLevels,
    /// Start of the weekly maintenance window in UTC: a day, an hour, and 00 or 30 minutes.
    #[schemars(regex(pattern = r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01][0-9]|2[0-3]):(00|30)$"))]
    pub maintenance: String,
}

/// Network access to the Airflow UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Webserver {
    /// Only from inside the VPC.
    Private,
    /// From the internet.
    Public,
    /// From the internet, and from the workers inside the VPC; requires Airflow 3.2.
    PublicAndPrivate,
}

/// Airflow log levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLevels {
    /// Log level for DAG processing.
    pub dag_processing: LogLevel,
    /// Log level for the scheduler.
    pub scheduler: LogLevel,
    /// Log level for the tasks.
    pub task: LogLevel,
    /// Log level for the web server.
    pub webserver: LogLevel,
    /// Log level for the workers.
    pub worker: LogLevel,
}

/// The lowest level that is logged. MWAA has more levels (API Reference, ModuleLoggingConfigurationInput); higher ones are
/// left out because they hide warnings, and DEBUG because it can log secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Normal operation.
    Info,
    /// Possible problems.
    Warning,
}

impl Airflow {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        // The patterns and limits are those of CreateEnvironment (Amazon MWAA API Reference), unless noted.
        let fix = "use up to 80 letters, digits, - and _, starting with a letter";
        found.pattern("airflow.environment", r"^[A-Za-z][A-Za-z0-9_-]{0,79}$", fix);
        self.check_version(found);
        let fix = format!("must be one of {}", CLASSES.join(", "));
        found.must(CLASSES.contains(&self.class.as_str()), "airflow.class", fix);
        self.check_numbers(found);
        let is_before = numbers(&self.version).is_some_and(|version| version < [3, 2, 0]);
        let fix = format!("requires Airflow 3.2, but the version is {}; use private or public", self.version);
        found.must(self.webserver != Webserver::PublicAndPrivate || !is_before, "airflow.webserver", fix);
        let path = &self.requirements;
        let legal = path.ends_with(".txt") && !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        found.must(legal, "airflow.requirements", "use a path relative to the repository that ends with .txt");
        let window = r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01][0-9]|2[0-3]):(00|30)$";
        let fix = "use a day and a full or half hour in UTC, such as SUN:03:30";
        found.pattern("airflow.maintenance", window, fix);
    }

    fn check_version(&self, found: &mut Findings<'_>) {
        let documented = DOCUMENTED.map(|part| part.to_string()).join(".");
        match numbers(&self.version) {
            Some(version) if version > DOCUMENTED => {
                let message = format!(
                    "is newer than {documented}, the newest version in MWAA's documentation and the one that the DAGs \
                     are tested with. MWAA may reject it, and {} must pin the Amazon provider version from this \
                     version's constraints",
                    self.requirements
                );
                found.warn("airflow.version", message);
            }
            Some(DOCUMENTED) => {}
            _ => {
                let why = "the first Airflow 3 version on MWAA, or later: the DAGs import `airflow.sdk`";
                found.add("airflow.version", format!("use {documented}, {why}"));
            }
        }
    }

    fn check_numbers(&self, found: &mut Findings<'_>) {
        let (min, max) = (self.min_workers, self.max_workers);
        found.range("airflow.min_workers", 1.., "must be 1 or more");
        found.must(max >= min, "airflow.max_workers", format!("is less than min_workers; it must be {min} or more"));
        if self.class != "mw1.micro" {
            found.range("airflow.schedulers", 2..=5, "must be 2 to 5; only mw1.micro has 1");
            return;
        }
        found.range("airflow.schedulers", 1..=1, "use 1 for mw1.micro");
        // Amazon MWAA User Guide, "Amazon MWAA environment class": micro does not scale.
        found.must(max <= 1, "airflow.max_workers", "mw1.micro has one worker; use 1, or choose a larger class");
    }
}

/// Parses the three numbers of a version; leading zeros are invalid.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let number = |part: &str| part.parse::<u32>().ok().filter(|number| number.to_string() == part);
    version.split('.').map(number).collect::<Option<Vec<_>>>()?.try_into().ok()
}
