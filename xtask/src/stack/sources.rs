//! Parameters whose values do not come from other stacks: settings, image digests and object versions.

use std::collections::BTreeMap;

use super::template::Template;
use crate::digest::sha256;
use crate::settings::{
    Breach, Deletion, Endpoint, Ingestion, Level, LogExport, LogLevel, Method, Platform, Settings, Webserver,
};

/// Parameters that hold an image digest, with the image; a plan shows `image:<name>` for an unknown digest.
pub const IMAGES: [(&str, &str); 2] = [("IngestionImageDigest", "ingestion-image"), ("DbtImageDigest", "dbt-image")];

/// Parameters that hold the version of an object in the Airflow bucket, with the object key.
pub const OBJECTS: [(&str, &str); 1] = [("RequirementsVersion", "requirements.txt")];

pub const REGISTRY: &str = "registry";
pub const STORAGE: &str = "storage";
pub const WAREHOUSE: &str = "warehouse";
/// The template of the stacks of sources with secrets, and the start of their names.
pub const SOURCE: &str = "source";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// The value as CloudFormation accepts it; a list is comma-separated.
    pub value: String,
}

/// Returns every parameter whose value comes from the settings.
pub fn settings(of: &Settings) -> BTreeMap<&'static str, Setting> {
    let mut table = BTreeMap::new();
    let mut row = |name, key, value: String| drop(table.insert(name, Setting { key, value }));
    let days = |days: Option<u32>| days.unwrap_or(0).to_string();
    let buckets = of.buckets();
    row("ProjectName", "project", of.project.clone());
    row("LakeBucketName", "project, bucket_suffix", buckets.lake);
    row("AirflowBucketName", "project, bucket_suffix", buckets.airflow);
    row("AccessLogBucketName", "project, bucket_suffix", buckets.access_logs);
    let roles = of.roles();
    row("IngestionRoleName", "project, region", roles.ingestion);
    row("DbtRoleName", "project, region", roles.dbt);
    row("AirflowRoleName", "project, region", roles.airflow);
    let with_boundary = of.auth.method == Method::Oidc;
    let boundary = if with_boundary { format!("{}-stacks-boundary", of.project) } else { String::new() };
    row("BoundaryName", "project, auth.method", boundary);
    let removes = of.protection.deletion_policy == Deletion::Delete;
    row("RemoveData", "protection.deletion_policy", removes.to_string());
    let target = if of.protection.level == Level::Production { "prod" } else { "dev" };
    row("DbtTarget", "protection.level", target.to_owned());

    let zones: Vec<String> = of.network.zones.iter().map(|letter| format!("{}{letter}", of.region)).collect();
    row("VpcCidr", "network.cidr", of.network.cidr.clone());
    row("Zones", "region, network.zones", zones.join(","));
    row("PublicCidrs", "network.public_subnets", of.network.public_subnets.join(","));
    row("PrivateCidrs", "network.private_subnets", of.network.private_subnets.join(","));
    row("NatGateways", "network.nat_gateways", of.network.nat_gateways.to_string());
    row("FlowLogDays", "network.flow_log_days", of.network.flow_log_days.to_string());
    for (endpoint, name) in [
        (Endpoint::Batch, "BatchEndpoint"),
        (Endpoint::EcrApi, "EcrApiEndpoint"),
        (Endpoint::EcrDkr, "EcrDkrEndpoint"),
        (Endpoint::Kms, "KmsEndpoint"),
        (Endpoint::Logs, "LogsEndpoint"),
        (Endpoint::Monitoring, "MonitoringEndpoint"),
        (Endpoint::RedshiftData, "RedshiftDataEndpoint"),
        (Endpoint::RedshiftServerless, "RedshiftServerlessEndpoint"),
        (Endpoint::Secretsmanager, "SecretsmanagerEndpoint"),
        (Endpoint::Sqs, "SqsEndpoint"),
        (Endpoint::Sts, "StsEndpoint"),
    ] {
        row(name, "network.endpoints", of.network.endpoints.contains(&endpoint).to_string());
    }

    row("RawInfrequentAccessDays", "storage.raw.infrequent_access_days", days(of.storage.raw.infrequent_access_days));
    row("RawExpireDays", "storage.raw.expire_days", days(of.storage.raw.expire_days));
    let (processed, stage) = (&of.storage.processed, &of.storage.stage);
    let infrequent = days(processed.infrequent_access_days);
    row("ProcessedInfrequentAccessDays", "storage.processed.infrequent_access_days", infrequent);
    row("ProcessedExpireDays", "storage.processed.expire_days", days(processed.expire_days));
    row("StageInfrequentAccessDays", "storage.stage.infrequent_access_days", days(stage.infrequent_access_days));
    row("StageExpireDays", "storage.stage.expire_days", days(stage.expire_days));
    row("NoncurrentDays", "storage.noncurrent_days", of.storage.noncurrent_days.to_string());
    row("IncompleteUploadDays", "storage.incomplete_upload_days", of.storage.incomplete_upload_days.to_string());
    row("AccessLogDays", "storage.access_log_days", of.storage.access_log_days.to_string());

    row("IngestionRepositoryName", "registry.ingestion", of.registry.ingestion.clone());
    row("DbtRepositoryName", "registry.dbt", of.registry.dbt.clone());
    row("KeepImages", "registry.keep_images", of.registry.keep_images.to_string());

    row("NamespaceName", "warehouse.namespace", of.warehouse.namespace.clone());
    row("WorkgroupName", "warehouse.workgroup", of.warehouse.workgroup.clone());
    row("DatabaseName", "warehouse.database", of.warehouse.database.clone());
    row("BaseRpu", "warehouse.base_rpu", of.warehouse.base_rpu.to_string());
    row("MaxRpu", "warehouse.max_rpu", of.warehouse.max_rpu.to_string());
    row("UsageLimitRpuHours", "warehouse.usage_limit.rpu_hours", of.warehouse.usage_limit.rpu_hours.to_string());
    let alarms = of.warehouse.usage_limit.action != Breach::Log;
    row("UsageLimitAlarm", "warehouse.usage_limit.action", alarms.to_string());
    let exports = |log| of.warehouse.log_exports.contains(&log).to_string();
    row("ConnectionLog", "warehouse.log_exports", exports(LogExport::Connectionlog));
    row("UserLog", "warehouse.log_exports", exports(LogExport::Userlog));
    row("UserActivityLog", "warehouse.log_exports", exports(LogExport::Useractivitylog));

    row("ComputeEnvironmentName", "batch.compute_environment", of.batch.compute_environment.clone());
    row("QueueName", "batch.queue", of.batch.queue.clone());
    row("MaxVcpu", "batch.max_vcpu", of.batch.max_vcpu.to_string());
    let processor = if of.batch.platform == Platform::Arm64 { "ARM64" } else { "X86_64" };
    row("CpuArchitecture", "batch.platform", processor.to_owned());
    let (ingestion, dbt) = (&of.batch.ingestion, &of.batch.dbt);
    row("IngestionJobName", "batch.ingestion.name", ingestion.name.clone());
    row("IngestionVcpu", "batch.ingestion.vcpu", ingestion.vcpu.to_string());
    row("IngestionMemoryMib", "batch.ingestion.memory_mib", ingestion.memory_mib.to_string());
    row("IngestionTimeoutSeconds", "batch.ingestion.timeout_seconds", ingestion.timeout_seconds.to_string());
    row("IngestionAttempts", "batch.ingestion.attempts", ingestion.attempts.to_string());
    row("DbtJobName", "batch.dbt.name", dbt.name.clone());
    row("DbtVcpu", "batch.dbt.vcpu", dbt.vcpu.to_string());
    row("DbtMemoryMib", "batch.dbt.memory_mib", dbt.memory_mib.to_string());
    row("DbtTimeoutSeconds", "batch.dbt.timeout_seconds", dbt.timeout_seconds.to_string());
    row("DbtAttempts", "batch.dbt.attempts", dbt.attempts.to_string());
    let ages: Vec<String> =
        of.ingestions().iter().map(|of| format!("\"{}\":{}", of.source, of.max_load_age_hours)).collect();
    row("MaxLoadAgeHours", "dags.max_load_age_hours, sources", format!("{{{}}}", ages.join(",")));

    row("AirflowEnvironmentName", "airflow.environment", of.airflow.environment.clone());
    row("AirflowVersion", "airflow.version", of.airflow.version.clone());
    row("AirflowClass", "airflow.class", of.airflow.class.clone());
    row("MinWorkers", "airflow.min_workers", of.airflow.min_workers.to_string());
    row("MaxWorkers", "airflow.max_workers", of.airflow.max_workers.to_string());
    row("Schedulers", "airflow.schedulers", of.airflow.schedulers.to_string());
    let access = match of.airflow.webserver {
        Webserver::Private => "PRIVATE_ONLY",
        Webserver::Public => "PUBLIC_ONLY",
        Webserver::PublicAndPrivate => "PUBLIC_AND_PRIVATE",
    };
    row("WebserverAccess", "airflow.webserver", access.to_owned());
    row("MaintenanceWindow", "airflow.maintenance", of.airflow.maintenance.clone());
    let levels = &of.airflow.log_levels;
    let level = |level| if level == LogLevel::Info { "INFO" } else { "WARNING" }.to_owned();
    row("DagProcessingLogLevel", "airflow.log_levels.dag_processing", level(levels.dag_processing));
    row("SchedulerLogLevel", "airflow.log_levels.scheduler", level(levels.scheduler));
    row("TaskLogLevel", "airflow.log_levels.task", level(levels.task));
    row("WebserverLogLevel", "airflow.log_levels.webserver", level(levels.webserver));
    row("WorkerLogLevel", "airflow.log_levels.worker", level(levels.worker));

    let is_scheduled = of.ingestions().iter().any(|one| one.enabled && one.schedule.is_some());
    row("Scheduled", "dags.schedule, sources", is_scheduled.to_string());
    row("AlarmEmail", "monitoring.email", of.monitoring.email.clone().unwrap_or_default());
    let webhook = of.monitoring.webhook.clone().unwrap_or_default();
    let digest = if webhook.is_empty() { String::new() } else { sha256(webhook.as_bytes()) };
    row("AlarmWebhook", "monitoring.webhook", webhook);
    row("AlarmWebhookDigest", "monitoring.webhook", digest);
    let slack = of.monitoring.slack.as_ref();
    row("SlackWorkspace", "monitoring.slack", slack.map(|one| one.workspace.clone()).unwrap_or_default());
    row("SlackChannel", "monitoring.slack", slack.map(|one| one.channel.clone()).unwrap_or_default());
    row("BudgetUsd", "monitoring.budget_usd", of.monitoring.budget_usd.to_string());
    row("LogDays", "monitoring.log_days", of.monitoring.log_days.to_string());
    // For the stack in `infra/github`, which only OIDC deployments have.
    if let (Some(subject), Some(environment)) = (of.auth.subject(), &of.auth.environment) {
        row("StackPrefix", "stack_prefix", of.stack_prefix.clone());
        row("GithubSubject", "auth.repository, auth.owner_id, auth.repository_id", subject);
        row("GithubEnvironment", "auth.environment", environment.clone());
    }
    table
}

/// Replaces the template [`SOURCE`] by one for each enabled source with secrets, with its own parameters.
pub fn per_source(templates: Vec<Template>, of: &Settings) -> Vec<Template> {
    let sources: Vec<_> = of.ingestions().into_iter().filter(|one| one.enabled).collect();
    let stacks = |template: &Template| -> Vec<Template> {
        let one = |one: &Ingestion| {
            let secret = one.secret.as_ref()?;
            let key = of.secret_key(&one.source).unwrap_or_default();
            let rows = [
                ("SourceJobName", one.job.name.clone()),
                ("SecretService", secret.service.clone()),
                ("SecretResource", secret.resource.clone()),
                ("SecretAction", secret.action().to_owned()),
                ("SecretKeyArn", key),
            ];
            let own = rows.map(|(name, value)| (name, Setting { key: "sources", value })).into();
            Some(Template { name: stack_of(&one.source), own, ..template.clone() })
        };
        sources.iter().filter_map(one).collect()
    };
    templates.into_iter().flat_map(|one| if one.name == SOURCE { stacks(&one) } else { vec![one] }).collect()
}

/// Returns the name of a source's stack, without the prefix. A stack's name has only letters, digits and hyphens (AWS
/// CloudFormation API Reference, CreateChangeSet).
pub fn stack_of(source: &str) -> String {
    format!("{SOURCE}-{}", source.replace('_', "-"))
}

/// Returns whether a stack, by its name without the prefix, is that of a source.
pub fn is_of_source(stack: &str) -> bool {
    stack.strip_prefix(SOURCE).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
#[path = "../../tests/unit/stack/sources.rs"]
mod tests;
