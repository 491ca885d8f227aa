//! Names that a stack would make which are there already: told before anything is made, with the way on.
//!
//! CloudFormation could take up what an earlier stack left, but only where a template writes the name itself, and ours come by
//! parameter (AWS CloudFormation User Guide, "Import AWS resources into a CloudFormation stack automatically"). And the key that
//! its objects are encrypted with went out of every template's sight.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use super::Request;
use crate::edge::aws::Aws;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::stack::{Deployed, STORAGE, State, WAREHOUSE, Wiring};

/// Looks at every name that a new stack would take.
///
/// # Errors
/// When one is taken: by somebody else, or by what an earlier deployment left.
pub(super) fn refuse(
    aws: &Aws,
    request: &Request,
    wiring: &Wiring,
    deployed: &BTreeMap<String, Deployed>,
    account: &str,
) -> Result<()> {
    let (settings, wants) =
        (&request.settings, |stack: &str| request.wants(stack) && wiring.stacks.contains_key(stack));
    // What a stack has is its own. One that was never made has nothing, and new names come with other settings.
    let own = |stack: &str| -> BTreeSet<&String> {
        let there = deployed.get(stack).filter(|there| there.state() != State::Stillborn);
        there.into_iter().flat_map(|there| there.parameters.values()).collect()
    };
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    if wants(STORAGE) {
        let (buckets, own) = (Buckets::new(&aws.config, aws.is_emulated()), own(STORAGE));
        let names = settings.buckets();
        for name in [names.lake, names.airflow, names.access_logs].into_iter().filter(|name| !own.contains(name)) {
            match aws.wait(buckets.owner(&name, account))? {
                Owner::Nobody => {}
                Owner::Us => ours.push(format!("the bucket `{name}`")),
                Owner::Others => others.push(name),
            }
        }
    }
    let namespace = &settings.warehouse.namespace;
    if wants(WAREHOUSE) && !own(WAREHOUSE).contains(namespace) && !aws.is_unanswered("Redshift Serverless") {
        let there = aws.wait(Serverless::new(&aws.config).namespace(namespace))?;
        ours.extend(there.map(|_| format!("the namespace `{namespace}`")));
    }
    let words = format!(
        "taken by another account, or in another region: bucket `{}`; names are unique in the world",
        others.join("`, `")
    );
    let hint = "set BUCKET_SUFFIX (or `bucket_suffix` in the settings) to something of your own; nothing was made";
    ensure!(others.is_empty(), Failure::new(words).hint(hint));
    let words = format!("there already, outside of a stack, as an earlier deployment left it: {}", ours.join(", "));
    let hint = "`cargo xtask destroy --delete-data` removes it with all that it holds; to keep it, deploy beside it under other \
                names: BUCKET_SUFFIX, and `warehouse.namespace` in the settings";
    ensure!(ours.is_empty(), Failure::new(words).hint(hint));
    Ok(())
}
