//! The same key twice in one answer is refused, and named.

use std::collections::BTreeMap;
use std::io;

use anyhow::{Context, Result};

use super::fetch::Target;
use super::records::Records;
use crate::edge::scratch::Scratch;
use crate::failure::Failure;
use crate::receipt::Object;
use crate::table::{Keys, Record, hash};

/// The keys of one answer; all but the last of many lie in a temporary file.
pub(super) struct Twins(Keys<Scratch>);

impl Twins {
    pub(super) fn new() -> Self {
        Self(Keys::new(Scratch::default()))
    }

    /// Adds a record's key.
    pub(super) fn add(&mut self, key: &str) -> Result<()> {
        // Now and then this writes half a megabyte, in less time than a window of the answer takes to parse.
        Ok(self.0.add(key).map_err(no_scratch)?)
    }

    /// Refuses an answer in which a key comes twice; `again` reads it once more if it has to.
    pub(super) async fn refuse<'r>(self, to: &Target<'_>, raw: &Object, again: impl Fn() -> Records<'r>) -> Result<()> {
        let mut merge = self.0.end().map_err(no_scratch)?;
        loop {
            let work = tokio::task::spawn_blocking(move || merge.suspects().map(|suspects| (suspects, merge)));
            let (suspects, rest) = work.await.context("looking for keys was interrupted")?.map_err(no_scratch)?;
            if suspects.is_empty() {
                return Ok(());
            }
            name(&suspects, to, raw, again()).await?;
            merge = rest;
        }
    }
}

/// Reads the answer once more and names the first key that really comes twice; equal hashes alone prove nothing.
async fn name(suspects: &[u64], to: &Target<'_>, raw: &Object, mut records: Records<'_>) -> Result<()> {
    let (reader, mut seen, mut number) = (records.reader, BTreeMap::new(), 0_u64);
    let mut name = |record: Record<'_>, _: &str| {
        number += 1;
        let key = reader.key_of(&record).filter(|key| suspects.binary_search(&hash(key)).is_ok());
        if let Some(key) = key
            && let Some(first) = seen.insert(key.to_string(), number)
        {
            let message = format!("the key `{key}` comes twice in one answer, in records {first} and {number}");
            return Err(Failure::refused(message).hint("the source contradicts itself; nothing was loaded").into());
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

fn no_scratch(error: io::Error) -> Failure {
    let failure = Failure::refused("cannot keep the keys of an answer in a temporary file").because(error);
    failure.hint("check that the folder of TMPDIR, else /tmp, exists, has room and may be written")
}
