//! Names that a stack would take which are there already: what an earlier deployment left is taken up again, with the keys that
//! encrypt it; what is somebody else's is told before anything is made.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::DeployRequest;
use crate::edge::aws::Aws;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::stack::{Dependencies, Deployed, Existing, STORAGE, State, WAREHOUSE};

/// What of the names that a new stack would take is there, and ours, each with its key.
///
/// # Errors
/// When a bucket's name is taken by somebody else, or would come to a stack that is there.
pub(super) fn find(
    aws: &Aws,
    request: &DeployRequest,
    dependencies: &Dependencies,
    deployed: &BTreeMap<String, Deployed>,
    account: &str,
) -> Result<Existing> {
    let (settings, wants) =
        (&request.settings, |stack: &str| request.wants(stack) && dependencies.stacks.contains_key(stack));
    // What a stack has is its own: by a parameter, or by a template that has imported what is there and no more yet. Of one
    // that CloudFormation is at work on nobody can tell; it is planned again when that has ended. One that was never made has
    // nothing, and new names come with other settings.
    let owns = |stack: &str, name: &String| {
        deployed.get(stack).is_some_and(|there| match there.state() {
            State::ReviewInProgress => false,
            State::Busy => true,
            _ => {
                there.parameters.values().any(|value| value == name) || there.template.contains(&format!("\"{name}\""))
            }
        })
    };
    let is_new = |stack: &str| deployed.get(stack).is_none_or(|there| there.state() == State::ReviewInProgress);
    let (mut found, mut late, mut others) = (Existing::new(), Vec::new(), Vec::new());
    if wants(STORAGE) {
        let (buckets, names) = (Buckets::new(&aws.config, aws.is_emulated()), settings.buckets());
        for name in [names.lake, names.airflow, names.access_logs].into_iter().filter(|name| !owns(STORAGE, name)) {
            match aws.wait(buckets.owner(&name, account))? {
                Owner::Nobody => {}
                Owner::Us if is_new(STORAGE) => {
                    let key = aws.wait(buckets.key(&name))?;
                    found.insert(name, key);
                }
                Owner::Us => late.push(name),
                Owner::Others => others.push(name),
            }
        }
    }
    let namespace = &settings.warehouse.namespace;
    if wants(WAREHOUSE) && !owns(WAREHOUSE, namespace) && !aws.is_unanswered("Redshift Serverless") {
        let there = aws.wait(Serverless::new(&aws.config).namespace(namespace))?;
        match there {
            Some(there) if is_new(WAREHOUSE) => _ = found.insert(namespace.clone(), there.key),
            Some(_) => late.push(namespace.clone()),
            None => {}
        }
    }
    let words = format!(
        "taken by another account, or in another region: bucket `{}`; names are unique in the world",
        others.join("`, `")
    );
    let hint = "set BUCKET_SUFFIX (or `bucket_suffix` in the settings) to something of your own; nothing was made";
    ensure!(others.is_empty(), Failure::new(words).hint(hint));
    let words = format!(
        "there already, outside of a stack, and the stack that would make it has others: `{}`",
        late.join("`, `")
    );
    let hint = "choose other names in the settings, or remove what is there";
    ensure!(late.is_empty(), Failure::new(words).hint(hint));
    Ok(found)
}
