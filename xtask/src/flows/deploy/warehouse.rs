//! Sets up the parts of a warehouse that CloudFormation does not create: schemas, ledger, roles and grants, then the
//! usage limit. The limit is set last, so its presence means that the rest is done.

use anyhow::{Context, Result};

use crate::edge::aws::Aws;
use crate::edge::serverless::{Serverless, UsageLimit, UsageLimitBreachAction, UsageLimitPeriod};
use crate::failure::Failure;
use crate::flows::warehouse::Preparation;
use crate::plan::{StackAction, StackPlan, WarehouseStep};
use crate::settings::{Breach, Period, Settings};
use crate::warehouse::Users;

pub(in crate::flows) fn limit_of(settings: &Settings) -> UsageLimit {
    let limit = &settings.warehouse.usage_limit;
    let period = match limit.period {
        Period::Daily => UsageLimitPeriod::Daily,
        Period::Weekly => UsageLimitPeriod::Weekly,
        Period::Monthly => UsageLimitPeriod::Monthly,
    };
    let action = match limit.action {
        Breach::Log => UsageLimitBreachAction::Log,
        Breach::EmitMetric => UsageLimitBreachAction::EmitMetric,
        Breach::Deactivate => UsageLimitBreachAction::Deactivate,
    };
    UsageLimit::builder().amount(limit.rpu_hours.into()).period(period).breach_action(action).build()
}

pub(in crate::flows) fn shown(limit: &UsageLimit) -> String {
    let period = limit.period().map_or("", |period| period.as_str());
    let action = limit.breach_action().map_or("", |action| action.as_str());
    format!("{} RPU-hours {period}, then {action}", limit.amount.unwrap_or_default())
}

/// Plans the step from the stack's own plan.
pub(super) async fn step(
    aws: &Aws,
    serverless: &Serverless,
    settings: &Settings,
    stack: Option<&StackPlan>,
) -> Result<WarehouseStep> {
    let limit = shown(&limit_of(settings));
    if aws.is_unsupported("Redshift Serverless") {
        return Ok(WarehouseStep { limit: (None, limit), unanswered: true, prepares: false });
    }
    let found = match stack.map(|stack| stack.action) {
        Some(StackAction::Keep | StackAction::Update) => limits(serverless, settings).await?.map(|(_, limits)| limits),
        _ => None,
    };
    let found = found.unwrap_or_default();
    let found = (!found.is_empty()).then(|| found.iter().map(shown).collect::<Vec<_>>().join("; "));
    let kept = stack.is_none_or(|stack| stack.action == StackAction::Keep);
    let prepares = !kept || found.as_ref() != Some(&limit);
    Ok(WarehouseStep { limit: (found, limit), unanswered: false, prepares })
}

/// Returns the workgroup's ARN and usage limits, if the workgroup exists.
async fn limits(serverless: &Serverless, settings: &Settings) -> Result<Option<(String, Vec<UsageLimit>)>> {
    let Some(workgroup) = serverless.workgroup(&settings.warehouse.workgroup).await? else { return Ok(None) };
    let arn = workgroup.workgroup_arn.unwrap_or_default();
    let limits = serverless.limits(&arn).await?;
    Ok(Some((arn, limits)))
}

/// Waits for the deletion of an earlier warehouse with the same names.
pub(super) fn wait_until_deleted(aws: &Aws, settings: &Settings, report: &mut (dyn FnMut(&str) + Send)) -> Result<()> {
    if aws.is_unsupported("Redshift Serverless") {
        return Ok(());
    }
    let names = (settings.warehouse.workgroup.as_str(), settings.warehouse.namespace.as_str());
    aws.wait(Serverless::new(&aws.config).wait_until_deleted(names, report))
}

pub(super) fn apply(aws: &Aws, settings: &Settings, step: &WarehouseStep, report: &mut dyn FnMut(&str)) -> Result<()> {
    let serverless = Serverless::new(&aws.config);
    let names = &settings.warehouse;
    let missing = || Failure::new(format!("the workgroup `{}` does not exist", names.workgroup));
    let (workgroup, current) = aws.wait(limits(&serverless, settings))?.with_context(missing)?;
    if step.prepares {
        report("preparing schemas, ledger, roles and grants");
        let roles = settings.roles();
        let users = Users::of_roles(&roles.ingestion, &roles.dbt, &[roles.airflow], &[])?;
        let namespace = aws.wait(serverless.namespace(&names.namespace))?;
        let secret = namespace.and_then(|namespace| namespace.admin_password_secret_arn);
        let place = (names.workgroup.as_str(), names.database.as_str());
        let sources: Vec<String> = settings.sources.keys().cloned().collect();
        Preparation::redshift(aws, place, secret.as_deref(), &users, &sources)?.apply()?;
    }
    report("setting the usage limit");
    aws.wait(serverless.set_limit(&workgroup, &current, &limit_of(settings)))
}
