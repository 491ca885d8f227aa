//! The proof that a run's files are what its stored bytes give: each one made again, and held against the receipt and
//! against the file itself.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{Collected, Status, Transformation};
use crate::failure::Failure;
use crate::receipt::{self, Object, Receipt};

impl Transformation {
    /// Compares what was made just now with what the receipt vouches for; the first difference is told.
    pub(super) async fn compare(&self, name: &str, kept: &Receipt, made: &Receipt) -> Result<Collected> {
        let (before, now, place) = (objects(kept), objects(made), |object: &Object| self.0.lake.location(&object.key));
        for (whose, one) in &before {
            let difference = match now.get(whose) {
                Some(again) if equal(one, again) => {
                    self.check_stored(name, &whose.0, one).await?;
                    continue;
                }
                Some(other) => format!(
                    "`{}` comes out as {} bytes with SHA-256 {}, its receipt says {} bytes with {}",
                    place(one),
                    other.bytes,
                    other.sha256,
                    one.bytes,
                    one.sha256
                ),
                None => format!("`{}` does not come out again", place(one)),
            };
            return Err(differs(name, &whose.0, &difference, kept, made));
        }
        if let Some((table, _)) = now.keys().find(|whose| !before.contains_key(*whose)) {
            return Err(differs(name, table, "a file comes out that the receipt does not name", kept, made));
        }
        let status = if kept.fingerprint == made.fingerprint {
            Status::Identical
        } else {
            Status::IdenticalUnderAnotherContract
        };
        // The receipt's own: its keys are those of the files that are there.
        Ok(Collected { status, tables: kept.tables.clone() })
    }

    /// Whether the file is still the one that the receipt vouches for.
    async fn check_stored(&self, name: &str, table: &str, object: &Object) -> Result<()> {
        let lake = &self.0.lake;
        let problem = match lake.size(&object.key).await? {
            None => "it is gone".to_owned(),
            Some(size) if size != object.bytes => format!("{size} bytes, not {}", object.bytes),
            Some(_) => {
                let sha256 = lake.sha256(object).await?;
                if sha256 == object.sha256 {
                    return Ok(());
                }
                format!("its SHA-256 is {sha256}, not {}", object.sha256)
            }
        };
        let place = lake.location(&object.key);
        let message = format!("collection `{name}`, {table}: `{place}` is not what its receipt vouches for: {problem}");
        Err(Failure::refused(message).hint("transform again under a new run id: --from-raw without --verify").into())
    }
}

/// Every object that was made from an answer, by what it belongs to and its place there.
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

fn equal(one: &Object, other: &Object) -> bool {
    (one.bytes, &one.sha256) == (other.bytes, &other.sha256)
}

/// Why the same bytes gave another file: what of the receipt's making is not the same any more.
fn cause(kept: &Receipt, made: &Receipt) -> String {
    let now = receipt::made_by();
    let then = kept.made_by.as_deref().unwrap_or("an older version");
    let contract = format!("the contract fingerprint ({} then, {} now)", kept.fingerprint, made.fingerprint);
    let code = format!("the code version ({then} then, {now} now)");
    match (kept.fingerprint == made.fingerprint, then == now) {
        (false, true) => format!("{contract} differs, which is the likely cause; the code version is the same"),
        (true, false) => format!("{code} differs, which is the likely cause; the contract fingerprint is the same"),
        (false, false) => format!("{contract} and {code} differ, which are the likely causes"),
        (true, true) => "neither the contract fingerprint nor the code version differs: the code was changed without \
                         counting its version up, or the receipt was altered"
            .to_owned(),
    }
}
