//! The story of each job, readable in one screen.

pub mod copy;
pub mod lineage;
pub mod transform;

use std::collections::BTreeSet;

use anyhow::Result;
use contract::Contract;

use crate::failure::Failure;

/// The collections to work on, in the contract's order; all when none is named.
///
/// # Errors
/// When a name is not in the contract.
pub fn chosen<'c>(contract: &'c Contract, wanted: &[String]) -> Result<Vec<&'c str>> {
    // An empty variable, as AWS Batch passes a parameter without a value, names nothing.
    let wanted: Vec<&str> = wanted.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let known: Vec<&str> = contract.collections.keys().map(String::as_str).collect();
    let unknown: BTreeSet<&str> = wanted.iter().copied().filter(|name| !known.contains(name)).collect();
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.into_iter().collect();
        let message = format!("source `{}` has no collection `{}`", contract.source, unknown.join("`, `"));
        return Err(Failure::refused(message).hint(format!("there are {}", known.join(", "))).into());
    }
    Ok(known.into_iter().filter(|name| wanted.is_empty() || wanted.contains(name)).collect())
}
