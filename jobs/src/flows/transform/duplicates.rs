//! Rejects a response that contains the same key twice.

use std::collections::BTreeMap;
use std::io;

use anyhow::{Context, Result};

use super::fetch::Target;
use super::records::Records;
use crate::edge::scratch::Scratch;
use crate::failure::Failure;
use crate::receipt::Object;
use crate::table::{Keys, Record, hash};

/// The keys of one response; if there are many, all but the last are in a temporary file.
pub(super) type DuplicateKeys = Keys<Scratch>;

/// Fails if a response contains a key twice; `again` rereads it if necessary.
pub(super) async fn refuse<'r>(
    keys: DuplicateKeys,
    to: &Target<'_>,
    raw: &Object,
    again: impl Fn() -> Records<'r>,
) -> Result<()> {
    let mut merge = keys.finish().map_err(no_scratch)?;
    loop {
        let work = tokio::task::spawn_blocking(move || merge.candidates().map(|candidates| (candidates, merge)));
        let (candidates, rest) =
            work.await.context("the search for duplicate keys was interrupted")?.map_err(no_scratch)?;
        if candidates.is_empty() {
            return Ok(());
        }
        name(&candidates, to, raw, again()).await?;
        merge = rest;
    }
}

/// Reads the response again and fails at the first key that occurs twice: equal hashes do not mean equal keys.
async fn name(candidates: &[u64], to: &Target<'_>, raw: &Object, mut records: Records<'_>) -> Result<()> {
    let (reader, mut seen, mut number) = (records.reader, BTreeMap::new(), 0_u64);
    let mut name = |record: Record<'_>, _: &str| {
        number += 1;
        let key = reader.key_of(&record).filter(|key| candidates.binary_search(&hash(key)).is_ok());
        if let Some(key) = key
            && let Some(first) = seen.insert(key.to_string(), number)
        {
            let message = format!("the key `{key}` occurs twice in one response, in records {first} and {number}");
            let hint = "nothing was loaded; correct the source, or choose a different `key` in the contract";
            return Err(Failure::refused(message).hint(hint).into());
        }
        Ok(())
    };
    let mut stored = to.lake.read(&raw.key, raw.bytes);
    while let Some(bytes) = stored.next().await? {
        records.push(bytes);
        while records.read(&mut name)? {}
    }
    records.end(&mut name)
}

pub(super) fn no_scratch(error: io::Error) -> Failure {
    let failure = Failure::refused("cannot write the response's keys to a temporary file").because(error);
    failure.hint("check that the TMPDIR folder (default /tmp) exists, has free space and is writable")
}
