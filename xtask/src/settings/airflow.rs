//! Managed Airflow: version, size, and who may look at it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, made_of, quoted};

/// The newest version that MWAA's API is known to list (Amazon MWAA API Reference, CreateEnvironment, `AirflowVersion`), and the
/// only one of Airflow 3. Images of 3.2.1 and 3.3.1 exist (github.com/aws/amazon-mwaa-docker-images).
const LISTED: [u32; 3] = [3, 0, 6];
/// Classes (Amazon MWAA API Reference, CreateEnvironment, `EnvironmentClass`).
const CLASSES: [&str; 6] = ["mw1.micro", "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"];

/// Managed Airflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Airflow {
    /// The environment's name.
    pub environment: String,
    /// Airflow's version, in quotes: 3.0.6 or later.
    #[schemars(regex(pattern = r"^([3-9]|[1-9][0-9]+)\.[0-9]+\.[0-9]+$"))]
    pub version: String,
    /// The size of scheduler, workers and web server; what an hour costs.
    pub class: String,
    /// Workers that are always there.
    #[schemars(range(min = 1))]
    pub min_workers: u32,
    /// Workers at most; each beyond the first costs by the hour while it runs.
    #[schemars(range(min = 1))]
    pub max_workers: u32,
    /// 1 with mw1.micro, else 2 to 5.
    #[schemars(range(min = 1, max = 5))]
    pub schedulers: u32,
    /// Who can reach Airflow's pages; everybody has to sign in.
    pub webserver: Webserver,
    /// Python packages of the DAGs, from the root.
    pub requirements: String,
    /// What each of Airflow's logs tells.
    pub log_levels: LogLevels,
    /// When AWS may restart it, in UTC: a day, an hour, and 00 or 30 minutes.
    #[schemars(regex(pattern = r"^(MON|TUE|WED|THU|FRI|SAT|SUN):([01][0-9]|2[0-3]):(00|30)$"))]
    pub maintenance: String,
}

/// Who can reach Airflow's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Webserver {
    /// From inside the VPC.
    Private,
    /// From everywhere.
    Public,
    /// From everywhere, and by the workers without leaving the VPC; from Airflow 3.2 on.
    PublicAndPrivate,
}

/// The access as it stands in the file.
pub(super) fn name_of(webserver: Webserver) -> &'static str {
    match webserver {
        Webserver::Private => "private",
        Webserver::Public => "public",
        Webserver::PublicAndPrivate => "public_and_private",
    }
}

/// What each of Airflow's logs tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLevels {
    /// Reading the DAGs.
    pub dag_processing: LogLevel,
    /// Deciding what runs.
    pub scheduler: LogLevel,
    /// The tasks themselves.
    pub task: LogLevel,
    /// The pages.
    pub webserver: LogLevel,
    /// Running tasks.
    pub worker: LogLevel,
}

/// The least that is told. MWAA has more levels (API Reference, ModuleLoggingConfigurationInput); ours are these, as a log
/// that keeps silent is missed when it is needed, and DEBUG shows what should not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Everything that a person would ask for.
    Info,
    /// What may be wrong.
    Warning,
}

impl Airflow {
    pub(super) fn check(&self, found: &mut Findings) {
        // `^[a-zA-Z][0-9a-zA-Z\-_]*$`, at most 80 (Amazon MWAA API Reference, CreateEnvironment, `Name`).
        let name = &self.environment;
        let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && made_of(name, 80, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let fix = "write up to 80 letters, digits, - and _, a letter first";
        found.must(legal, "airflow.environment", quoted(name), fix);
        self.check_version(found);
        let fix = format!("MWAA has {}", CLASSES.join(", "));
        found.must(CLASSES.contains(&self.class.as_str()), "airflow.class", quoted(&self.class), fix);
        self.check_numbers(found);
        // Amazon MWAA API Reference, CreateEnvironment, `WebserverAccessMode`.
        let is_before = numbers(&self.version).is_some_and(|version| version < [3, 2, 0]);
        if self.webserver == Webserver::PublicAndPrivate && is_before {
            let fix = format!("is for Airflow 3.2 and later, not {}; write private or public", self.version);
            found.add("airflow.webserver", name_of(self.webserver), fix);
        }
        let path = &self.requirements;
        let legal = path.ends_with(".txt") && !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        let fix = "write a path below the repository's root that ends with .txt";
        found.must(legal, "airflow.requirements", quoted(path), fix);
        let fix = "write a day and half an hour in UTC, such as SUN:03:30";
        found.must(window(&self.maintenance), "airflow.maintenance", quoted(&self.maintenance), fix);
    }

    fn check_version(&self, found: &mut Findings) {
        let listed = LISTED.map(|part| part.to_string()).join(".");
        let version = numbers(&self.version);
        if version.is_none_or(|version| version < LISTED) {
            let fix =
                format!("write {listed}, the first of Airflow 3 on MWAA, or later: the DAGs import `airflow.sdk`");
            found.add("airflow.version", quoted(&self.version), fix);
        } else if version.is_some_and(|version| version > LISTED) {
            let words = format!(
                "is newer than {listed}, the newest version that MWAA's API is known to list and that the DAGs are tested \
                 with: MWAA may refuse it, and {} has to pin the Amazon provider that Airflow's constraints of this version name",
                self.requirements
            );
            found.warn("airflow.version", quoted(&self.version), words);
        }
    }

    fn check_numbers(&self, found: &mut Findings) {
        let (min, max) = (self.min_workers, self.max_workers);
        found.must(min >= 1, "airflow.min_workers", min, "MWAA takes 1 or more");
        found.must(
            max >= min,
            "airflow.max_workers",
            max,
            format!("is below min_workers ({min}); write {min} or more"),
        );
        let micro = self.class == "mw1.micro";
        // Amazon MWAA API Reference, CreateEnvironment, `Schedulers`.
        let (legal, fix) = if micro {
            (self.schedulers == 1, "mw1.micro has 1")
        } else {
            ((2..=5).contains(&self.schedulers), "write 2 to 5; only mw1.micro has 1")
        };
        found.must(legal, "airflow.schedulers", self.schedulers, fix);
        // Amazon MWAA User Guide, "Amazon MWAA environment class": micro does not scale.
        if micro && max > 1 {
            found.add("airflow.max_workers", max, "mw1.micro has one worker; write 1, or a larger class");
        }
    }
}

/// The three numbers of a version, written without leading zeros.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let number = |part: &str| part.parse::<u32>().ok().filter(|number| number.to_string() == part);
    version.split('.').map(number).collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// `(MON|…|SUN):([01]\d|2[0-3]):(00|30)` (Amazon MWAA API Reference, CreateEnvironment, `WeeklyMaintenanceWindowStart`).
fn window(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [day, hour, minute] = parts[..] else { return false };
    let two_digits = hour.len() == 2 && hour.bytes().all(|byte| byte.is_ascii_digit());
    ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"].contains(&day)
        && two_digits
        && hour.parse::<u32>().is_ok_and(|hour| hour < 24)
        && ["00", "30"].contains(&minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_versions_are_those_of_mwaa() {
        assert!(["MON:00:00", "SUN:23:30"].iter().all(|text| window(text)));
        assert!(["", "Sun:03:30", "SUN:3:30", "SUN:24:00", "SUN:03:15", "SUN:+3:30", "SUN"].iter().all(|t| !window(t)));
        assert_eq!(numbers("3.10.6"), Some([3, 10, 6]));
        assert!(
            ["", "3", "3.0", "3.0.6.1", "3.0.x", "3.0.+6", "3.0.06", "v3.0.6"].iter().all(|t| numbers(t).is_none())
        );
    }
}
