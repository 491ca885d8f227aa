//! Finds which fixed names of new stacks are already in use. Resources retained from an earlier deployment are
//! imported with their keys; names taken by other accounts are reported before anything is created.

use anyhow::{Result, ensure};

use super::Current;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::serverless::{Serverless, is_deleting};
use crate::failure::Failure;
use crate::stack::{Existing, STORAGE, State, WAREHOUSE};

/// Returns this account's existing resources whose names a new stack uses, each with its KMS key. Fails if another
/// account owns a bucket name, or if an existing stack would need to import a resource.
pub(super) fn find(current: &Current) -> Result<Existing> {
    let Current { request, aws, account, deployed, .. } = current;
    let settings = &request.settings;
    let wants = |stack: &str| current.wants(stack) && current.dependencies.stacks.contains_key(stack);
    // A stack owns a name that is the value of one of its parameters, or that is in its import-only template. A busy
    // stack is planned again later, and a stack that was never created owns nothing.
    let owns = |stack: &str, name: &String| {
        deployed.get(stack).is_some_and(|stack| match stack.state() {
            State::ReviewInProgress => false,
            State::Busy => true,
            _ => {
                stack.parameters.values().any(|value| value == name) || stack.template.contains(&format!("\"{name}\""))
            }
        })
    };
    let is_new = |stack: &str| deployed.get(stack).is_none_or(|stack| stack.state() == State::ReviewInProgress);
    let (mut found, mut late, mut others) = (Existing::new(), Vec::new(), Vec::new());
    if wants(STORAGE) {
        let (buckets, names) = (Buckets::new(&aws.config, aws.is_emulated()), settings.buckets());
        for name in [names.lake, names.airflow, names.access_logs].into_iter().filter(|name| !owns(STORAGE, name)) {
            match aws.wait(buckets.owner(&name, account))? {
                Owner::None => {}
                Owner::Caller if is_new(STORAGE) => {
                    let key = aws.wait(buckets.key(&name))?;
                    found.insert(name, key);
                }
                Owner::Caller => late.push(name),
                Owner::Other => others.push(name),
            }
        }
    }
    let namespace = &settings.warehouse.namespace;
    if wants(WAREHOUSE) && !owns(WAREHOUSE, namespace) && !aws.is_unsupported("Redshift Serverless") {
        let current = aws.wait(Serverless::new(&aws.config).namespace(namespace))?;
        match current {
            // The task of the stack waits until it no longer exists.
            Some(current) if is_deleting(&current) => {}
            Some(current) if is_new(WAREHOUSE) => {
                // If AWS owns the key, the ID is `AWS_OWNED_KMS_KEY` (API Reference, Namespace).
                let key = current.kms_key_id.filter(|key| key.starts_with("arn:"));
                found.insert(namespace.clone(), key);
            }
            Some(_) => late.push(namespace.clone()),
            None => {}
        }
    }
    let message = format!(
        "these bucket names are in use by another account, or in another region: `{}`; they must be globally unique",
        others.join("`, `")
    );
    let hint = "set BUCKET_SUFFIX (or `bucket_suffix` in the settings) to a unique value; nothing was created";
    ensure!(others.is_empty(), Failure::new(message).hint(hint));
    let message = format!(
        "these resources exist but do not belong to a stack, and an existing stack cannot import them: `{}`",
        late.join("`, `")
    );
    let hint = "choose different names in the settings, or delete these resources";
    ensure!(late.is_empty(), Failure::new(message).hint(hint));
    Ok(found)
}
