//! Names that a stack would make which are there already: what stayed when an earlier stack went is taken up again, what is
//! somebody else's is told before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use super::Request;
use crate::edge::aws::Aws;
use crate::edge::buckets::{Buckets, Owner};
use crate::edge::serverless::Serverless;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::stack::{Deployed, STORAGE, State, WAREHOUSE, Wiring};

/// The names that are taken by resources of this account, which are in no stack of ours.
///
/// # Errors
/// When a bucket's name is taken by somebody else.
pub(super) fn names(
    aws: &Aws,
    request: &Request,
    wiring: &Wiring,
    deployed: &BTreeMap<String, Deployed>,
    account: &str,
) -> Result<BTreeSet<String>> {
    let (settings, wants) =
        (&request.settings, |stack: &str| request.wants(stack) && wiring.stacks.contains_key(stack));
    // What a stack has is its own. One that was never made has nothing, and new names come with other settings.
    let own = |stack: &str| -> BTreeSet<&String> {
        let there = deployed.get(stack).filter(|there| there.state() != State::Stillborn);
        there.into_iter().flat_map(|there| there.parameters.values()).collect()
    };
    let mut found = BTreeSet::new();
    if wants(STORAGE) {
        let buckets = Buckets::new(&aws.config, aws.is_emulated());
        found.extend(aws.wait(existing_buckets(&buckets, settings, account, &own(STORAGE)))?);
    }
    let namespace = &settings.warehouse.namespace;
    if wants(WAREHOUSE) && !own(WAREHOUSE).contains(namespace) && !aws.is_unanswered("Redshift Serverless") {
        let there = aws.wait(Serverless::new(&aws.config).namespace(namespace))?;
        found.extend(there.map(|_| namespace.clone()));
    }
    Ok(found)
}

/// The buckets that are there already, outside of a stack, and ours. Those in `own` are the stack's.
///
/// # Errors
/// When one of the names is taken.
async fn existing_buckets(
    buckets: &Buckets,
    settings: &Settings,
    account: &str,
    own: &BTreeSet<&String>,
) -> Result<BTreeSet<String>> {
    let names = settings.buckets();
    let (mut ours, mut others) = (BTreeSet::new(), Vec::new());
    for name in [names.lake, names.airflow, names.access_logs].into_iter().filter(|name| !own.contains(name)) {
        match buckets.owner(&name, account).await? {
            Owner::Nobody => {}
            Owner::Us => _ = ours.insert(name),
            Owner::Others => others.push(name),
        }
    }
    let words = format!(
        "taken by another account, or in another region: bucket `{}`; names are unique in the world",
        others.join("`, `")
    );
    let hint = "set BUCKET_SUFFIX (or `bucket_suffix` in the settings) to something of your own; nothing was made";
    ensure!(others.is_empty(), Failure::new(words).hint(hint));
    Ok(ours)
}
