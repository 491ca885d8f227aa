//! The steps of each job.

pub mod copy;
pub mod forget;
pub(crate) mod lineage;
pub mod report;
pub mod transform;

use std::collections::BTreeSet;

use anyhow::Result;
use contract::Contract;

use crate::failure::Failure;

/// Returns the selected collections in the contract's order, or all collections if none are selected.
pub fn chosen<'c>(contract: &'c Contract, names: &[String]) -> Result<Vec<&'c str>> {
    // AWS Batch passes a parameter without a value as an empty variable, which counts as not set.
    let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let known: Vec<&str> = contract.collections.keys().map(String::as_str).collect();
    let unknown: BTreeSet<&str> = names.iter().copied().filter(|name| !known.contains(name)).collect();
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.into_iter().collect();
        let message = format!("source `{}` has no collection `{}`", contract.source, unknown.join("`, `"));
        return Err(Failure::refused(message).hint(format!("its collections are {}", known.join(", "))).into());
    }
    Ok(known.into_iter().filter(|name| names.is_empty() || names.contains(name)).collect())
}
