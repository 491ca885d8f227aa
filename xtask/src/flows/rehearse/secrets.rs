//! The secrets of a rehearsal's sources: their values are those of a local run, and the emulators store them under the names
//! in the settings.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use connect::Secret;
use serde_json::json;

use crate::edge::aws::Aws;
use crate::edge::signed::{SECRETS_MANAGER, SSM, Signed};
use crate::failure::Failure;
use crate::flows::configure::{self, Configured};
use crate::flows::local;
use crate::rehearsal::MODULE;
use crate::settings::{DAG, Ingestion, SourceSecret, Variables};

/// A secret, and its text: one JSON object of names and values.
pub type Stored = (SourceSecret, Secret);

/// Returns the sources with secrets; with a fault, only the default source is run.
fn configured(has_fault: bool) -> Result<(Configured, Vec<(Ingestion, SourceSecret)>)> {
    let configured = configure::module(Some(MODULE), &Variables::new())?;
    let is_run = |one: &Ingestion| one.enabled && (one.dag == DAG || !has_fault);
    let enabled = configured.settings().ingestions().into_iter().filter(is_run);
    let found = enabled.filter_map(|one| Some((one.clone(), one.secret?))).collect();
    Ok((configured, found))
}

/// Returns the names of all secrets that the sources need.
pub fn secret_names(has_fault: bool) -> Result<BTreeSet<String>> {
    let (configured, found) = configured(has_fault)?;
    let names = found.iter().flat_map(|(one, _)| configured.contracts[&one.source].secrets());
    Ok(names.map(str::to_owned).collect())
}

/// Returns the secrets of the sources, from the environment and `.env`. Fails if a value is missing.
pub fn secrets(has_fault: bool) -> Result<Vec<Stored>> {
    let (configured, found) = configured(has_fault)?;
    let mut all = Vec::new();
    for (one, secret) in found {
        let contract = &configured.contracts[&one.source];
        let values = local::secrets(contract)?;
        let missing: Vec<&str> = contract.secrets().into_iter().filter(|name| !values.contains_key(*name)).collect();
        let failure =
            Failure::new(format!("`{}` needs the secrets {}, which are not set", one.source, missing.join(", ")));
        ensure!(missing.is_empty(), failure.hint("set an environment variable of this name, also in `.env`"));
        all.push((secret, values));
    }
    stored(all)
}

/// Returns the text of each secret, with the values of all sources that name it.
fn stored(all: Vec<(SourceSecret, BTreeMap<String, Secret>)>) -> Result<Vec<Stored>> {
    let mut merged = BTreeMap::new();
    for (secret, values) in all {
        let resource = (secret.service.clone(), secret.resource.clone());
        merged.entry(resource).or_insert_with(|| (secret, BTreeMap::new())).1.extend(values);
    }
    let text = |(secret, values): (SourceSecret, BTreeMap<String, Secret>)| {
        let exposed: BTreeMap<&String, &str> = values.iter().map(|(name, value)| (name, value.expose())).collect();
        Ok((secret, serde_json::to_string(&exposed)?.into()))
    };
    merged.into_values().map(text).collect()
}

/// Stores the secrets in the emulators, as an administrator does in an account.
pub(super) fn store(aws: &Aws, secrets: &[Stored]) -> Result<()> {
    let signed = Signed::open(&aws.config)?;
    for (secret, text) in secrets {
        let (service, target, body) = match secret.service.as_str() {
            "ssm" => {
                let name = format!("/{}", secret.name());
                let body = json!({ "Name": name, "Value": text.expose(), "Type": "SecureString", "Overwrite": true });
                (SSM, "AmazonSSM.PutParameter", body)
            }
            // The emulator appends another suffix, and finds the secret by the beginning of its ARN.
            _ => {
                let body = json!({ "Name": secret.name(), "SecretString": text.expose() });
                (SECRETS_MANAGER, "secretsmanager.CreateSecret", body)
            }
        };
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        aws.wait(signed.post(service, "/", &headers, &body.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/rehearse/secrets.rs"]
mod tests;
