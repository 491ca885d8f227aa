//! Tests the stacks of sources with secrets, with the real templates.

use super::*;
use crate::settings::{Document, Source, Variables};
use crate::stack::permissions::{Names, calls, names, names_of};
use crate::stack::{self, Dependencies, connect};

const TEXTS: [(&str, &str); 6] = [
    ("compute", include_str!("../../../../infra/compute.yaml")),
    ("network", include_str!("../../../../infra/network.yaml")),
    ("registry", include_str!("../../../../infra/registry.yaml")),
    ("source", include_str!("../../../../infra/source.yaml")),
    ("storage", include_str!("../../../../infra/storage.yaml")),
    ("warehouse", include_str!("../../../../infra/warehouse.yaml")),
];

/// Returns the settings of `dev` with other sources, and the templates of their stacks.
fn with_sources(sources: &[(&str, Source)]) -> (Settings, Vec<Template>) {
    let own = Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    let mut settings = crate::settings::resolve("dev", own, None, &Variables::new()).expect("no problems").settings;
    // The settings may have other sources, too.
    settings.sources.retain(|name, _| name == "spacex");
    settings.sources.extend(sources.iter().map(|(name, source)| ((*name).to_owned(), source.clone())));
    let parse = |(name, text)| Template::parse(name, Document { file: name, text }).expect("a template");
    let templates = per_source(TEXTS.map(parse).into(), &settings);
    (settings, templates)
}

fn connected(sources: &[(&str, Source)]) -> Dependencies {
    let (settings, templates) = with_sources(sources);
    connect(&templates, &stack::settings(&settings)).expect("connected")
}

fn with(secret: &str) -> Source {
    Source { secret: Some(secret.to_owned()), ..Source::default() }
}

#[test]
fn only_enabled_sources_with_secrets_have_stacks() {
    assert!(!connected(&[("zoo", Source::default())]).stacks.keys().any(|name| name.starts_with(SOURCE)));
    let disabled = Source { enabled: Some(false), ..with("/dpstack/off") };
    let key = "arn:aws:kms:eu-west-1:123456789012:key/k";
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dpstack/shop-AbCdEf";
    let shop = Source { secret_key: Some(key.to_owned()), ..with(secret) };
    let found = connected(&[("my_shop", shop), ("zoo", with("/dpstack/zoo")), ("off", disabled)]);
    let names: Vec<&String> = found.stacks.keys().filter(|name| is_of_source(name)).collect();
    assert_eq!(names, ["source-my-shop", "source-zoo"]);
    assert_eq!(
        found.levels.last().map(Vec::as_slice),
        Some(["source-my-shop", "source-zoo"].map(str::to_owned).as_slice())
    );

    let of = |stack: &str, name: &str| found.stacks[stack][name].to_string();
    let own = |stack: &str| {
        ["SourceJobName", "SecretService", "SecretResource", "SecretAction", "SecretKeyArn"].map(|name| of(stack, name))
    };
    let resource = "secret:dpstack/shop-AbCdEf";
    let action = "secretsmanager:GetSecretValue";
    assert_eq!(own("source-my-shop"), ["ingestion-job-source-my_shop", "secretsmanager", resource, action, key]);
    assert_eq!(
        own("source-zoo"),
        ["ingestion-job-source-zoo", "ssm", "parameter/dpstack/zoo", "ssm:GetParameters", ""]
    );
    // The rest is that of the ingestion.
    for name in ["IngestionVcpu", "IngestionTimeoutSeconds", "LakeBucket", "IngestionImageDigest", "BoundaryName"] {
        assert_eq!(of("source-zoo", name), of("compute", name), "{name}");
    }
    assert_eq!(of("source-zoo", "IngestionRoleArn"), "output:compute.IngestionRoleArn");
}

#[test]
fn the_role_of_a_source_reads_its_secret_and_uses_its_key() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/k";
    let shop = Source { secret_key: Some(key.to_owned()), ..with("/dpstack/shop") };
    let (settings, templates) = with_sources(&[("shop", shop), ("zoo", with("/dpstack/zoo"))]);
    let all = names(&settings, "123456789012", "aws", Names::new());
    let secrets = |stack: &str| -> Vec<String> {
        let template = templates.iter().find(|template| template.name == stack).expect("a stack");
        let calls = calls(&names_of(template, &all)).expect("a table").into_iter();
        let own = calls.filter(|call| call.role.name == "pull-source" && !call.action.starts_with("ecr:"));
        let own = own.filter(|call| !call.action.starts_with("logs:"));
        own.map(|call| format!("{} {}", call.action, call.resource)).collect()
    };
    let parameter = |name| format!("ssm:GetParameters arn:aws:ssm:eu-west-1:123456789012:parameter/dpstack/{name}");
    assert_eq!(secrets("source-shop"), [parameter("shop"), format!("kms:Decrypt {key}")]);
    assert_eq!(secrets("source-zoo"), [parameter("zoo")]);
}

#[test]
fn a_name_that_only_begins_alike_is_not_the_stack_of_a_source() {
    assert!(is_of_source("source-x") && !is_of_source("source") && !is_of_source("sources-x"));
}

#[test]
fn dbt_gets_the_maximum_age_of_each_source() {
    let zoo = Source { max_load_age_hours: Some(26), ..Source::default() };
    let ages = connected(&[("zoo", zoo)]).stacks["compute"]["MaxLoadAgeHours"].to_string();
    assert_eq!(ages, r#"{"spacex":48,"zoo":26}"#);
    let default = with_sources(&[]).0.dags.max_load_age_hours;
    let project = include_str!("../../../../dbt/dbt_project.yml");
    assert!(project.contains(&format!("\n  max_load_age_hours: {default}\n")), "the default in {project}");
}
