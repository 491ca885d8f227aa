//! Names, region and account: what the whole deployment shares, and the names that come from it.

use serde::Serialize;

use super::Settings;
use super::check::{Findings, made_of, quoted};

/// The buckets' names. They are unique in the world, which only AWS can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Buckets {
    /// The lake.
    pub lake: String,
    /// DAGs and requirements, for MWAA.
    pub airflow: String,
    /// Who asked the other two for what.
    pub access_logs: String,
}

/// The names of the IAM roles that the warehouse knows as users, `"IAMR:<name>"`. The region is in them because IAM has no
/// regions: the same project in two of them has two sets.
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
    /// The names of the roles that the warehouse knows. Nothing has to exist for them to be known.
    pub fn roles(&self) -> Roles {
        let name = |what: &str| format!("{}-{what}-{}", self.project, self.region);
        Roles { ingestion: name("ingestion"), dbt: name("dbt"), airflow: name("airflow") }
    }

    /// The buckets' names.
    pub fn buckets(&self) -> Buckets {
        let end = self.bucket_suffix.as_deref().map(|suffix| format!("-{suffix}")).unwrap_or_default();
        let name = |what: &str| format!("{}-{what}{end}", self.project);
        Buckets { lake: name("dlake"), airflow: name("airflow"), access_logs: name("access-logs") }
    }

    pub(super) fn check_project(&self, found: &mut Findings) {
        found.must(
            project(&self.project),
            "project",
            quoted(&self.project),
            "write 2 to 20 of a-z 0-9 and single hyphens, a letter first: it begins the buckets' names",
        );
        let prefix = &self.stack_prefix;
        found.must(
            prefix.starts_with(|c: char| c.is_ascii_alphabetic()) && made_of(prefix, 40, |c| c.is_ascii_alphanumeric()),
            "stack_prefix",
            quoted(prefix),
            "write up to 40 letters and digits, a letter first, such as DataPlatform",
        );
        found.must(
            region(&self.region),
            "region",
            quoted(&self.region),
            "an AWS region looks like eu-west-1 or us-east-2",
        );
        // AWS IAM User Guide, "IAM and AWS STS quotas": a role's name has at most 64 characters. What is illegal is told above.
        if project(&self.project) && region(&self.region) {
            let roles = self.roles();
            let longest = [roles.ingestion, roles.dbt, roles.airflow].into_iter().max_by_key(String::len);
            if let Some(name) = longest.filter(|name| name.len() > 64) {
                let fix = format!("the role `{name}` would be {} characters long; IAM takes 64", name.len());
                found.add("region", quoted(&self.region), fix);
            }
        }
        if let Some(account) = &self.account {
            found.must(
                account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
                "account",
                quoted(account),
                "an account is 12 digits, in quotes: a number would lose its leading zeros",
            );
        }
        // Without a suffix only the project can be to blame, and an illegal project is told above.
        if let Some(suffix) = self.bucket_suffix.as_ref().filter(|_| project(&self.project)) {
            let buckets = self.buckets();
            let names = [buckets.access_logs, buckets.airflow, buckets.lake];
            let problem = names.into_iter().find_map(|name| bucket_problem(&name).map(|why| format!("`{name}` {why}")));
            if let Some(problem) = problem {
                found.add("bucket_suffix", quoted(suffix), format!("the bucket {problem}"));
            }
        }
    }
}

fn project(name: &str) -> bool {
    (2..=20).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
        && bucket_problem(&format!("{name}-dlake")).is_none()
}

/// `eu-west-1`, `us-gov-east-1`, `ap-southeast-2`: the shape only; which regions there are changes every year.
fn region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, names)) = parts.split_last() else { return false };
    (2..=3).contains(&names.len())
        && names[0].len() == 2
        && names.iter().all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why S3 would not take a bucket of that name (Amazon S3 User Guide, "General purpose bucket naming rules").
pub(super) fn bucket_problem(name: &str) -> Option<String> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=63).contains(&name.len()) {
        return Some(format!("would be {} characters long; S3 takes 3 to 63", name.len()));
    }
    if !name.chars().all(|c| edge(c) || c == '-' || c == '.') {
        return Some("has other characters than a-z 0-9 . and -; S3 takes no others".to_owned());
    }
    if !name.starts_with(edge) || !name.ends_with(edge) {
        return Some("must begin and end with a letter or a digit".to_owned());
    }
    if name.contains("..") {
        return Some("has two dots side by side".to_owned());
    }
    // Ours: S3 takes single dots, but its TLS certificate covers no name with a dot in it ("Virtual hosting of buckets").
    if name.contains('.') {
        return Some("has a dot, which S3's TLS certificate does not cover; write hyphens".to_owned());
    }
    let starts = ["xn--", "sthree-", "amzn-s3-demo-"].into_iter().find(|start| name.starts_with(start));
    if let Some(start) = starts {
        return Some(format!("begins with `{start}`, which AWS keeps for itself"));
    }
    let ends = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].into_iter().find(|end| name.ends_with(end));
    ends.map(|end| format!("ends with `{end}`, which AWS keeps for itself"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_are_those_that_s3_takes() {
        for good in ["dpstack-dlake", "abc", "a1-b2", &"a".repeat(63)] {
            assert_eq!(bucket_problem(good), None, "{good}");
        }
        for (bad, why) in [
            ("ab", "3 to 63"),
            (&"a".repeat(64), "3 to 63"),
            ("Upper-case", "other characters"),
            ("under_score", "other characters"),
            ("-begins", "begin and end"),
            ("ends-", "begin and end"),
            ("two..dots", "two dots"),
            ("192.168.5.4", "dot"),
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
    fn regions_have_a_shape() {
        assert!(["eu-west-1", "us-gov-east-1", "ap-southeast-2", "mx-central-1"].iter().all(|name| region(name)));
        assert!(
            ["", "eu-west", "eu_west_1", "europe-west-1", "eu-west-1a", "EU-WEST-1", "-"].iter().all(|n| !region(n))
        );
    }
}
