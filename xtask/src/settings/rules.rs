//! Checks all rules for well-formed settings; the rules for names, region and account are defined here.

use super::check::Findings;
use super::model::{Buckets, Settings};
use super::{production, sources};

/// Checks every rule; `own_account` is the account in the file, without variables.
pub(super) fn check(settings: &Settings, own_account: Option<&str>, found: &mut Findings<'_>) {
    names(settings, found);
    settings.auth.check(found);
    settings.network.check(&settings.warehouse, &settings.batch, &settings.airflow, found);
    settings.storage.check(found);
    settings.registry.check(found);
    settings.warehouse.check(&settings.region, found);
    settings.batch.check(found);
    settings.images.check(found);
    settings.airflow.check(found);
    settings.dags.check(found);
    sources::check(settings, found);
    settings.monitoring.check(&settings.region, found);
    production::check(settings, own_account, found);
}

fn names(settings: &Settings, found: &mut Findings<'_>) {
    let name = &settings.project;
    let fix = "must be 2 to 20 characters of a-z 0-9 and single hyphens, starting with a letter: bucket names start with \
               it";
    let fits = (2..=20).contains(&name.len()) && bucket_problem(&format!("{name}-dlake")).is_none();
    let project = found.pattern("project", "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", fix) && found.must(fits, "project", fix);
    let fix =
        "use up to 17 letters and digits, starting with a letter: CloudFormation shortens longer names in role names";
    found.pattern("stack_prefix", "^[A-Za-z][A-Za-z0-9]{0,16}$", fix);
    // Checks only the format: AWS adds regions every year.
    let fix = "is not an AWS region such as eu-west-1 or us-east-2";
    let region = found.pattern("region", "^[a-z]{2}(-[a-z]+){1,2}-[0-9]$", fix);
    // AWS IAM User Guide, "IAM and AWS STS quotas": a role name has at most 64 characters.
    let longest = settings.roles().ingestion;
    if project && region && longest.len() > 64 {
        let length = longest.len();
        found.add("region", format!("the role name `{longest}` would have {length} characters; IAM allows 64"));
    }
    found.pattern("account", "^[0-9]{12}$", "use 12 digits, in quotes: a number would lose its leading zeros");
    // An invalid project is reported above.
    if project {
        let Buckets { lake, airflow, access_logs } = settings.buckets();
        let problem = [access_logs, airflow, lake]
            .into_iter()
            .find_map(|name| Some(format!("the bucket name `{name}` {}", bucket_problem(&name)?)));
        if let Some(problem) = problem {
            found.add("bucket_suffix", problem);
        }
    }
}

/// Returns why S3 would reject a bucket name, if at all (Amazon S3 User Guide, "General purpose bucket naming rules").
fn bucket_problem(name: &str) -> Option<String> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=63).contains(&name.len()) {
        return Some(format!("would have {} characters; S3 allows 3 to 63", name.len()));
    }
    // Our rule: S3 allows dots, but its TLS certificate does not match names with dots ("Virtual hosting of buckets").
    if !name.chars().all(|c| edge(c) || c == '-') {
        return Some("has characters other than a-z 0-9 and -".to_owned());
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
#[path = "../../tests/unit/settings/rules.rs"]
mod tests;
