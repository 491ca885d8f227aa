//! `docs/permissions.md`: what each role calls, who calls it, and the statement that allows it. Written from `calls.yaml`
//! and the templates: `UPDATE=1 cargo test -p xtask --features cloud page`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::calls::{for_each_call, statements};
use super::decide::{Call, applies, deployed};
use crate::stack::permissions::{ROLES, Role};

const PAGE: &str = include_str!("../../../../../docs/permissions.md");
const HEAD: &str = "# Permissions\n\n\
    What each role calls, and the statement of its policies that allows it. A test fails if a call is not allowed, or if no call needs an\n\
    action or a resource of a statement. A rehearsal fails if it makes another call. Generated; see\n\
    `xtask/tests/unit/stack/controls/page.rs`.\n\n\
    ARNs omit `arn:aws`, the account and the region, and have the names of `prod`. *CloudFormation* calls an action for the resource types\n\
    that are listed, with the permissions of the role that deploys.\n";

/// The files that call AWS. The method of an SDK has the name of the action.
const CODE: [(&str, &str); 12] = [
    ("dags/dpworld/batch/jobs.py", include_str!("../../../../../dags/dpworld/batch/jobs.py")),
    ("dags/dpworld/health/queries.py", include_str!("../../../../../dags/dpworld/health/queries.py")),
    ("jobs/connect/src/data_api.rs", include_str!("../../../../../jobs/connect/src/data_api.rs")),
    ("xtask/src/edge/batch.rs", include_str!("../../../../src/edge/batch.rs")),
    ("xtask/src/edge/buckets.rs", include_str!("../../../../src/edge/buckets.rs")),
    ("xtask/src/edge/cloudformation.rs", include_str!("../../../../src/edge/cloudformation.rs")),
    ("xtask/src/edge/cloudformation/drift.rs", include_str!("../../../../src/edge/cloudformation/drift.rs")),
    ("xtask/src/edge/cloudformation/events.rs", include_str!("../../../../src/edge/cloudformation/events.rs")),
    ("xtask/src/edge/ecr.rs", include_str!("../../../../src/edge/ecr.rs")),
    ("xtask/src/edge/mwaa.rs", include_str!("../../../../src/edge/mwaa.rs")),
    ("xtask/src/edge/serverless.rs", include_str!("../../../../src/edge/serverless.rs")),
    ("xtask/src/edge/batch/jobs.rs", include_str!("../../../../src/edge/batch/jobs.rs")),
];
const HANDLERS: &str = include_str!("../../../../emulator/iam/handlers.json");

/// The permissions of each handler, by resource type.
type Handlers = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Calls whose methods have other names: action, and who calls it.
const OTHERS: &[(&str, &str)] = &[
    ("batch:ListJobs", "`dags/dpworld/batch/jobs.py`"),
    ("batch:TagResource", "AWS Batch: jobs have tags"),
    ("cloudformation:BatchDescribeTypeConfigurations", "CloudFormation: drift detection"),
    ("cloudformation:DetectStackResourceDrift", "CloudFormation: drift detection"),
    ("cloudformation:TagResource", "CloudFormation: change sets have tags"),
    ("ecr:BatchCheckLayerAvailability", "a push to the registry"),
    ("ecr:CompleteLayerUpload", "a push to the registry"),
    ("ecr:GetDownloadUrlForLayer", "a push to the registry"),
    ("ecr:InitiateLayerUpload", "a push to the registry"),
    ("ecr:PutImage", "a push to the registry"),
    ("ecr:UploadLayerPart", "a push to the registry"),
    ("kms:CreateGrant", "the Data API"),
    ("kms:Decrypt", "the service that stores the data"),
    ("kms:DescribeKey", "the Data API"),
    ("kms:GenerateDataKey", "the service that stores the data"),
    ("kms:GenerateDataKeyWithoutPlaintext", "Amazon MWAA: the grant on its key"),
    ("kms:ReEncryptFrom", "Amazon MWAA: the grant on its key"),
    ("kms:ReEncryptTo", "Amazon MWAA: the grant on its key"),
    ("lambda:InvokeFunction", "CloudFormation: the custom resource"),
    ("redshift-serverless:GetCredentials", "the Data API, dbt-redshift"),
    ("s3:AbortMultipartUpload", "object_store"),
    ("s3:DeleteObject", "object_store"),
    ("s3:GetObject", "object_store, COPY"),
    ("s3:ListBucket", "object_store, COPY; S3 itself, for the status of an object that is missing"),
    ("s3:PutObject", "object_store, boto3"),
    ("secretsmanager:GetSecretValue", "the Data API"),
    ("sns:Publish", "`dags/dpworld/notify.py`"),
];

/// `ListChangeSets` as `list_change_sets`.
fn snake(name: &str) -> String {
    let words = name.char_indices().flat_map(|(at, c)| {
        let gap = if at > 0 && c.is_ascii_uppercase() { "_" } else { "" };
        gap.chars().chain([c.to_ascii_lowercase()])
    });
    words.collect()
}

/// Who makes a call, in words.
fn callers(handlers: &Handlers, action: &str, source: &str, deploys: bool) -> String {
    if !source.is_empty() {
        return source.to_owned();
    }
    let method = format!("{}(", snake(action.split(':').nth(1).unwrap_or_default()));
    // The roles of the stacks do not run `xtask`.
    let files = CODE.iter().filter(|(file, _)| deploys || !file.starts_with("xtask"));
    let files = files.filter(|(_, text)| text.contains(&method)).map(|(file, _)| format!("`{file}`"));
    let mut found: Vec<String> = files.collect();
    if deploys {
        let lists = |handlers: &BTreeMap<String, Vec<String>>| {
            handlers.values().flatten().any(|listed| listed.eq_ignore_ascii_case(action))
        };
        let types = handlers.iter().filter(|(_, handlers)| lists(handlers));
        let types: Vec<&str> = types.map(|(kind, _)| kind.trim_start_matches("AWS::")).collect();
        if !types.is_empty() {
            found.push(format!("CloudFormation: {}", types.join(", ")));
        }
    }
    if found.is_empty() {
        found.extend(OTHERS.iter().filter(|(other, _)| *other == action).map(|(_, who)| (*who).to_owned()));
    }
    found.join("; ")
}

/// Shortens an ARN as in `calls.yaml`.
fn short(resource: &str) -> String {
    let text = resource.replace(":eu-west-1:123456789012", "").replace("::123456789012", "");
    text.trim_start_matches("arn:aws:").to_owned()
}

fn allowing(role: &Value, call: &Call<'_>) -> String {
    let applying = statements(role).into_iter().filter(|(_, statement)| applies(statement, call));
    applying.map(|(name, _)| name).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE=1 writes the page")]
fn the_page_of_permissions_is_current() {
    let deployed = deployed();
    let handlers: Handlers = serde_json::from_str(HANDLERS).expect("JSON");
    let mut page = HEAD.to_owned();
    for Role { name, place, .. } in ROLES {
        // By action and caller: the resources, and the statements.
        let mut rows = BTreeMap::<(String, String), (BTreeSet<String>, BTreeSet<String>)>::new();
        for_each_call(|role, call, source| {
            if role.name == name {
                let who = callers(&handlers, call.action, source, place.starts_with("ci."));
                assert!(!who.is_empty(), "who calls {} as {name}?", call.action);
                let (resources, statements) = rows.entry((call.action.to_owned(), who)).or_default();
                resources.insert(short(call.resource));
                statements.insert(allowing(&deployed[place], call));
            }
        });
        page +=
            &format!("\n## {name}: `{place}`\n\n| action | resources | statements | called by |\n|---|---|---|---|\n");
        for ((action, who), (resources, statements)) in rows {
            let listed = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join("<br>");
            page += &format!("| {action} | {} | {} | {who} |\n", listed(resources), listed(statements));
        }
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/permissions.md");
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(file, &page).expect("written");
    }
    assert!(page == PAGE || std::env::var("UPDATE").is_ok(), "docs/permissions.md is not current: UPDATE=1 writes it");
}
