//! Names, region and account, and the names of buckets and roles.

use serde::Serialize;

use super::Settings;
use super::check::{Findings, is_name, letter, lower};

/// The names of the buckets, which are unique in all of AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Buckets {
    /// The lake.
    pub lake: String,
    /// DAGs and requirements, for MWAA.
    pub airflow: String,
    /// Access logs of the other two.
    pub access_logs: String,
}

/// The names of the IAM roles that are users of the warehouse, `"IAMR:<name>"`. They contain the region because IAM is
/// global: the same project in two regions has two sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roles {
    /// `transformation` and `copy`: the loader.
    pub ingestion: String,
    /// dbt: the transformer.
    pub dbt: String,
    /// Airflow: a reader.
    pub airflow: String,
}

impl Settings {
    /// The names of the roles that are users of the warehouse.
    pub fn roles(&self) -> Roles {
        let name = |what: &str| format!("{}-{what}-{}", self.project, self.region);
        Roles { ingestion: name("ingestion"), dbt: name("dbt"), airflow: name("airflow") }
    }

    /// The names of the buckets.
    pub fn buckets(&self) -> Buckets {
        let end = self.bucket_suffix.as_deref().map(|suffix| format!("-{suffix}")).unwrap_or_default();
        let name = |what: &str| format!("{}-{what}{end}", self.project);
        Buckets { lake: name("dlake"), airflow: name("airflow"), access_logs: name("access-logs") }
    }

    pub(super) fn check_project(&self, found: &mut Findings) {
        let (project, region) = (is_project(&self.project), is_region(&self.region));
        let fix = "write 2 to 20 of a-z 0-9 and single hyphens, a letter first: bucket names start with it";
        found.must(project, "project", &self.project, fix);
        let prefix = is_name(&self.stack_prefix, 40, letter, |c| c.is_ascii_alphanumeric());
        let fix = "write up to 40 letters and digits, a letter first, such as DataPlatform";
        found.must(prefix, "stack_prefix", &self.stack_prefix, fix);
        found.must(region, "region", &self.region, "is not an AWS region such as eu-west-1 or us-east-2");
        // AWS IAM User Guide, "IAM and AWS STS quotas": the name of a role has at most 64 characters.
        let roles = self.roles();
        let longest = [roles.ingestion, roles.dbt, roles.airflow].into_iter().max_by_key(String::len);
        if let Some(name) = longest.filter(|name| project && region && name.len() > 64) {
            let fix = format!("the role `{name}` would have {} characters; IAM allows 64", name.len());
            found.add("region", &self.region, fix);
        }
        if let Some(account) = &self.account {
            let legal = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let fix = "write 12 digits, in quotes: a number would lose its leading zeros";
            found.must(legal, "account", account, fix);
        }
        // An invalid project is reported above.
        if let Some(suffix) = self.bucket_suffix.as_ref().filter(|_| project) {
            let Buckets { lake, airflow, access_logs } = self.buckets();
            let problem = [access_logs, airflow, lake]
                .into_iter()
                .find_map(|name| Some(format!("the bucket `{name}` {}", bucket_problem(&name)?)));
            if let Some(problem) = problem {
                found.add("bucket_suffix", suffix, problem);
            }
        }
    }
}

fn is_project(name: &str) -> bool {
    name.len() >= 2
        && is_name(name, 20, lower, |c| lower(c) || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
        && bucket_problem(&format!("{name}-dlake")).is_none()
}

/// `eu-west-1`, `us-gov-east-1`, `ap-southeast-2`: only the form; AWS adds regions every year.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, names)) = parts.split_last() else { return false };
    (2..=3).contains(&names.len())
        && names[0].len() == 2
        && names.iter().all(|name| !name.is_empty() && name.chars().all(lower))
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why S3 refuses a bucket of that name (Amazon S3 User Guide, "General purpose bucket naming rules").
fn bucket_problem(name: &str) -> Option<String> {
    let edge = |c: char| lower(c) || c.is_ascii_digit();
    if !(3..=63).contains(&name.len()) {
        return Some(format!("would have {} characters; S3 allows 3 to 63", name.len()));
    }
    // Ours: S3 allows dots, but its TLS certificate does not match names with dots ("Virtual hosting of buckets").
    if !name.chars().all(|c| edge(c) || c == '-') {
        return Some("has other characters than a-z 0-9 and -".to_owned());
    }
    if !name.starts_with(edge) || !name.ends_with(edge) {
        return Some("must start and end with a letter or a digit".to_owned());
    }
    let starts = ["xn--", "sthree-", "amzn-s3-demo-"].into_iter().find(|start| name.starts_with(start));
    if let Some(start) = starts {
        return Some(format!("starts with `{start}`, which AWS reserves"));
    }
    let ends = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3"].into_iter().find(|end| name.ends_with(end));
    ends.map(|end| format!("ends with `{end}`, which AWS reserves"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_are_those_of_s3() {
        for good in ["dpstack-dlake", "abc", "a1-b2", &"a".repeat(63)] {
            assert_eq!(bucket_problem(good), None, "{good}");
        }
        for (bad, why) in [
            ("ab", "3 to 63"),
            (&"a".repeat(64), "3 to 63"),
            ("Upper-case", "other characters"),
            ("under_score", "other characters"),
            ("192.168.5.4", "other characters"),
            ("-starts", "start and end"),
            ("ends-", "start and end"),
            ("xn--a", "xn--"),
            ("sthree-a", "sthree-"),
            ("amzn-s3-demo-a", "amzn-s3-demo-"),
            ("a-s3alias", "-s3alias"),
            ("a--ol-s3", "--ol-s3"),
            ("a--x-s3", "--x-s3"),
            ("a--table-s3", "--table-s3"),
        ] {
            assert!(bucket_problem(bad).is_some_and(|words| words.contains(why)), "{bad}");
        }
    }

    #[test]
    fn regions_have_a_form() {
        assert!(["eu-west-1", "us-gov-east-1", "ap-southeast-2", "mx-central-1"].iter().all(|name| is_region(name)));
        let bad = ["", "eu-west", "eu_west_1", "europe-west-1", "eu-west-1a", "EU-WEST-1", "-"];
        assert!(bad.iter().all(|name| !is_region(name)));
    }
}
