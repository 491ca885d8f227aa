//! Refuses a load after which a table would not have exactly the rows of its manifest, each with its own key.

use anyhow::Result;

use crate::edge::warehouse::Warehouse;
use crate::failure::Failure;
use crate::load::{Audit, Changes, Plan};

/// Fails if a table would not have exactly the rows of its manifest, usually because a key occurs twice in the run.
pub(super) async fn refuse_wrong<W: Warehouse>(
    plan: &Plan<'_>,
    audit: &Audit,
    changes: &Changes,
    warehouse: &W,
) -> Result<()> {
    let Some(problem) = plan.wrong_counts(audit, changes) else { return Ok(()) };
    let search = plan.find_repeated_keys();
    let found = warehouse.query(&search.purpose, &search.sql).await?;
    let named = found.iter().filter_map(|row| {
        let [table, key] = row.as_slice() else { return None };
        Some(format!("the key `{key}` occurs twice in table `{}`", table.trim()))
    });
    let keys: Vec<String> = named.collect();
    if keys.is_empty() {
        let hint =
            "two rows in the files share a key, or the warehouse has not loaded exactly the files of the manifest";
        return Err(Failure::refused(problem).hint(hint).into());
    }
    let hint = "nothing was loaded; correct the source, or choose a different `key` in the contract";
    Err(Failure::refused(keys.join("; ")).hint(hint).into())
}
