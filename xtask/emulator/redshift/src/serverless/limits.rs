//! Usage limits of a workgroup.

use serde_json::{Value, json};

use crate::api::{ApiError, Parameters};
use crate::data_api::not_one_of;

/// The limits that were created.
#[derive(Debug, Default)]
pub(super) struct Limits {
    list: Vec<Limit>,
    created: usize,
}

#[derive(Debug)]
struct Limit {
    id: String,
    resource: String,
    kind: String,
    amount: i64,
    period: String,
    action: String,
}

const KINDS: [&str; 2] = ["serverless-compute", "cross-region-datasharing"];
const PERIODS: [&str; 3] = ["daily", "weekly", "monthly"];
const ACTIONS: [&str; 3] = ["log", "emit-metric", "deactivate"];

impl Limits {
    /// Processes a request; `workgroup` is the ARN of the only resource.
    pub(super) fn handle(
        &mut self,
        operation: &str,
        workgroup: &str,
        mut parameters: Parameters,
    ) -> Result<Value, ApiError> {
        match operation {
            "ListUsageLimits" => {
                let resource = parameters.text("resourceArn")?;
                let kind = parameters.text("usageType")?;
                parameters.integer("maxResults")?;
                parameters.finish()?;
                let fits = |limit: &&Limit| {
                    resource.as_ref().is_none_or(|arn| *arn == limit.resource)
                        && kind.as_ref().is_none_or(|kind| *kind == limit.kind)
                };
                let found: Vec<Value> = self.list.iter().filter(fits).map(Limit::body).collect();
                Ok(json!({ "usageLimits": found }))
            }
            "CreateUsageLimit" => self.create(workgroup, parameters),
            "UpdateUsageLimit" => {
                let id = parameters.required("usageLimitId")?;
                let amount = amount(&mut parameters)?;
                let action = one_of(&mut parameters, "breachAction", &ACTIONS)?;
                parameters.finish()?;
                let limit = self.find(&id)?;
                let limit = &mut self.list[limit];
                limit.amount = amount.unwrap_or(limit.amount);
                limit.action = action.unwrap_or_else(|| limit.action.clone());
                Ok(json!({ "usageLimit": limit.body() }))
            }
            _ => {
                let id = parameters.required("usageLimitId")?;
                parameters.finish()?;
                let limit = self.find(&id)?;
                Ok(json!({ "usageLimit": self.list.remove(limit).body() }))
            }
        }
    }

    fn create(&mut self, workgroup: &str, mut parameters: Parameters) -> Result<Value, ApiError> {
        let resource = parameters.required("resourceArn")?;
        let kind = one_of(&mut parameters, "usageType", &KINDS)?;
        let kind = kind.ok_or_else(|| ApiError::validation("Value at 'usageType' must not be null"))?;
        let amount = amount(&mut parameters)?;
        let amount = amount.ok_or_else(|| ApiError::validation("Value at 'amount' must not be null"))?;
        let period = one_of(&mut parameters, "period", &PERIODS)?.unwrap_or_else(|| "monthly".to_owned());
        let action = one_of(&mut parameters, "breachAction", &ACTIONS)?.unwrap_or_else(|| "log".to_owned());
        parameters.finish()?;
        if resource != workgroup {
            return Err(ApiError::not_found(format!("Resource {resource} does not exist."), &resource));
        }
        if self.list.iter().any(|limit| limit.kind == kind && limit.period == period) {
            let message = "A usage limit with this usage type and period exists already.";
            return Err(ApiError::bad_request("ConflictException", message));
        }
        self.created += 1;
        let id = format!("00000000-0000-4000-9000-{:012x}", self.created);
        let limit = Limit { id, resource, kind, amount, period, action };
        let body = json!({ "usageLimit": limit.body() });
        self.list.push(limit);
        Ok(body)
    }

    fn find(&self, id: &str) -> Result<usize, ApiError> {
        let found = self.list.iter().position(|limit| limit.id == id);
        found.ok_or_else(|| ApiError::not_found(format!("Usage limit {id} does not exist."), id))
    }
}

impl Limit {
    fn body(&self) -> Value {
        json!({
            "usageLimitId": self.id,
            "usageLimitArn": format!("arn:aws:redshift-serverless:eu-west-1:000000000000:usagelimit/{}", self.id),
            "resourceArn": self.resource,
            "usageType": self.kind,
            "amount": self.amount,
            "period": self.period,
            "breachAction": self.action,
        })
    }
}

fn amount(parameters: &mut Parameters) -> Result<Option<i64>, ApiError> {
    match parameters.integer("amount")? {
        Some(amount) if amount < 1 => Err(ApiError::validation("The amount must be a positive number.")),
        amount => Ok(amount),
    }
}

fn one_of(parameters: &mut Parameters, name: &str, values: &[&str]) -> Result<Option<String>, ApiError> {
    match parameters.text(name)? {
        Some(value) if !values.contains(&value.as_str()) => Err(not_one_of(name, &value, &values.join(", "))),
        value => Ok(value),
    }
}
