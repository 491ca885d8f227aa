//! Finds duplicate keys in a response of any length with constant memory.
//!
//! Only hashes of the keys are kept. They are collected in a run; a full run is sorted and spilled, and at the end all
//! runs are merged, which brings equal hashes together:
//!
//! ```text
//! keys ──hash──> [7 2 5 2] ──sort──> spill: 2 2 5 7 | 1 3 7 9 | …  ──merge──> 2, 7: candidates
//! ```
//!
//! Different keys can have equal hashes, so the caller reads the response again and compares the keys.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::ops::Range;

use twox_hash::XxHash3_64;

/// The number of hashes in a run: half a megabyte. The same buffer is used to collect and later to merge them.
const RUN: usize = 64 << 10;
/// The number of hashes that are spilled or read back in one call.
const CALL: usize = 1024;
/// The size of a hash in bytes.
const HASH: usize = size_of::<u64>();

/// Collects the keys of one response.
#[derive(Debug)]
pub struct Keys<S> {
    collected: Vec<u64>,
    /// The number of hashes in a run.
    most: usize,
    /// Stores full runs until they are merged.
    spill: S,
    /// The number of hashes in the spill.
    spilled: u64,
}

/// All keys of a response in the order of their hashes.
#[derive(Debug)]
pub struct Merge<S> {
    spill: S,
    /// Each run has an equal part of this buffer for the hashes that were last read from it.
    buffer: Vec<u64>,
    runs: Vec<Run>,
    /// The smallest hash of each run that is not exhausted, and the index of the run.
    least: BinaryHeap<Reverse<(u64, usize)>>,
    last: Option<u64>,
    most: usize,
}

#[derive(Debug)]
struct Run {
    /// Its remaining hashes in the buffer.
    buffered: Range<usize>,
    /// Its remaining hashes in the spill.
    spilled: Range<u64>,
}

/// Returns the hash of a key.
pub fn hash(key: &str) -> u64 {
    XxHash3_64::oneshot(key.as_bytes())
}

impl<S: Read + Write + Seek> Keys<S> {
    /// Starts collecting for a new response. The spill must be empty, and is used only if there are many keys.
    pub fn new(spill: S) -> Self {
        Self::with_runs_of(RUN, spill)
    }

    fn with_runs_of(most: usize, spill: S) -> Self {
        Self { collected: Vec::with_capacity(most), most, spill, spilled: 0 }
    }

    /// Adds a key.
    pub fn add(&mut self, key: &str) -> Result<()> {
        if self.collected.len() == self.most {
            self.spill_run()?;
        }
        self.collected.push(hash(key));
        Ok(())
    }

    fn spill_run(&mut self) -> Result<()> {
        self.collected.sort_unstable();
        let mut bytes = Vec::with_capacity(CALL * HASH);
        for hashes in self.collected.chunks(CALL) {
            bytes.clear();
            hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.to_le_bytes()));
            self.spill.write_all(&bytes)?;
        }
        self.spilled += self.collected.len() as u64;
        self.collected.clear();
        Ok(())
    }

    /// Starts the merge after the last key.
    pub fn finish(mut self) -> Result<Merge<S>> {
        let runs = if self.spilled == 0 {
            self.collected.sort_unstable();
            vec![Run { buffered: 0..self.collected.len(), spilled: 0..0 }]
        } else {
            self.spill_run()?;
            let end = |start: u64| (start + self.most as u64).min(self.spilled);
            let starts = (0..self.spilled).step_by(self.most);
            let runs: Vec<Run> = starts.map(|start| Run { buffered: 0..0, spilled: start..end(start) }).collect();
            // More runs than hashes in a run would mean more than four billion keys.
            self.collected.resize(self.most.max(runs.len()), 0);
            runs
        };
        let Self { collected: buffer, most, spill, .. } = self;
        let mut merge = Merge { spill, buffer, runs, least: BinaryHeap::new(), last: None, most };
        for run in 0..merge.runs.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }
}

impl<S: Read + Seek> Merge<S> {
    /// Returns the next hashes that occur more than once, in ascending order and without repetitions: at most as many
    /// as fit in a run, and none at the end.
    pub fn candidates(&mut self) -> Result<Vec<u64>> {
        let mut candidates = Vec::new();
        while let Some(Reverse((hash, run))) = self.least.pop() {
            self.advance(run)?;
            if self.last.replace(hash) == Some(hash) && candidates.last() != Some(&hash) {
                candidates.push(hash);
                if candidates.len() == self.most {
                    break;
                }
            }
        }
        Ok(candidates)
    }

    /// Adds a run's next hash to the heap, and reads more of the run if its part of the buffer is empty.
    fn advance(&mut self, run: usize) -> Result<()> {
        let share = self.buffer.len() / self.runs.len();
        let Run { buffered, spilled } = &mut self.runs[run];
        if buffered.start == buffered.end && spilled.start < spilled.end {
            let count = spilled.clone().take(share).count();
            *buffered = run * share..run * share + count;
            let mut bytes = [0; CALL * HASH];
            self.spill.seek(SeekFrom::Start(spilled.start * HASH as u64))?;
            for hashes in self.buffer[buffered.clone()].chunks_mut(CALL) {
                let bytes = &mut bytes[..hashes.len() * HASH];
                self.spill.read_exact(bytes)?;
                for (hash, bytes) in hashes.iter_mut().zip(bytes.as_chunks().0) {
                    *hash = u64::from_le_bytes(*bytes);
                }
            }
            spilled.start += count as u64;
        }
        if let Some(place) = buffered.next() {
            self.least.push(Reverse((self.buffer[place], run)));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "../../tests/unit/table/duplicates.rs"]
mod tests;
