//! Verifies that a run's files match its manifest, and the result of transforming its stored responses again.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Collected, Status, Transformation};
use crate::failure::Failure;
use crate::receipt::{self, Object, Receipt};

impl Transformation {
    /// Compares the manifest, the stored files and the newly transformed files; fails at the first difference.
    pub(super) async fn compare(&self, name: &str, kept: &Receipt, made: &Receipt) -> Result<Collected> {
        let (before, now, place) = (objects(kept), objects(made), |object: &Object| self.lake.location(&object.key));
        for (part, one) in &before {
            let difference = match now.get(part) {
                Some(again) if (one.bytes, &one.sha256) == (again.bytes, &again.sha256) => {
                    self.check_stored(name, &part.0, one).await?;
                    continue;
                }
                Some(Object { bytes, sha256, .. }) => format!(
                    "`{}` now has {bytes} bytes with SHA-256 {sha256}, but the manifest records {} bytes with {}",
                    place(one),
                    one.bytes,
                    one.sha256
                ),
                None => format!("`{}` is no longer written", place(one)),
            };
            return Err(differs(name, &part.0, &difference, kept, made));
        }
        if let Some((table, _)) = now.keys().find(|part| !before.contains_key(*part)) {
            return Err(differs(name, table, "a file that the manifest does not list is now written", kept, made));
        }
        let same = kept.fingerprint == made.fingerprint;
        let status = if same { Status::Identical } else { Status::IdenticalUnderAnotherContract };
        // The stored manifest has the keys of the stored files.
        Ok(Collected { status, tables: kept.tables.clone() })
    }

    /// Fails if the stored file does not match the manifest.
    async fn check_stored(&self, name: &str, table: &str, object: &Object) -> Result<()> {
        let lake = &self.lake;
        let problem = match object.size_problem(lake.size(&object.key).await?) {
            None => object.hash_problem(&lake.sha256(object).await?),
            problem => problem,
        };
        let Some(problem) = problem else { return Ok(()) };
        let place = lake.location(&object.key);
        let message = format!("collection `{name}`, {table}: `{place}` does not match its manifest: {problem}");
        let hint = "run `transformation` again with a new run ID, with --from-raw and without --verify";
        Err(Failure::refused(message).hint(hint).into())
    }
}

/// Returns a manifest's objects by table (or `quarantine`) and by position within it.
fn objects(receipt: &Receipt) -> BTreeMap<(String, usize), &Object> {
    let files = receipt.tables.iter().flat_map(|table| {
        let name = format!("table `{}`", table.table);
        table.files.iter().enumerate().map(move |(place, file)| ((name.clone(), place), &file.object))
    });
    files.chain(receipt.quarantine.iter().map(|object| (("quarantine".to_owned(), 0), object))).collect()
}

fn differs(name: &str, table: &str, difference: &str, kept: &Receipt, made: &Receipt) -> anyhow::Error {
    let message = format!("collection `{name}`, {table}: {difference}");
    Failure::refused(message).because(cause(kept, made)).into()
}

/// Returns the likely cause of a difference: the contract or the code.
fn cause(kept: &Receipt, made: &Receipt) -> String {
    let now = receipt::made_by();
    let then = kept.made_by.as_deref().unwrap_or("an older version");
    let contract = format!("the contract fingerprint ({} then, {} now)", kept.fingerprint, made.fingerprint);
    let code = format!("the code version ({then} then, {now} now)");
    match (kept.fingerprint == made.fingerprint, then == now) {
        (false, true) => format!("{contract} differs, which is the likely cause; the code version is the same"),
        (true, false) => format!("{code} differs, which is the likely cause; the contract fingerprint is the same"),
        (false, false) => format!("{contract} and {code} differ; both are likely causes"),
        (true, true) => "neither the contract fingerprint nor the code version differs: the code was changed without \
                         a new version, or the manifest was altered"
            .to_owned(),
    }
}
