//! Whether a key comes twice in one answer of any length, in memory of one size.
//!
//! Only hashes of the keys are kept. They are gathered into a run; a full run is sorted and put on a shelf, and at the
//! end all runs are merged, so that equal hashes meet:
//!
//! ```text
//! keys ──hash──> [7 2 5 2] ──sort──> shelf: 2 2 5 7 | 1 3 7 9 | …  ──merge──> 2, 7: perhaps twice
//! ```
//!
//! Equal hashes are a suspicion and no proof: whoever asks reads the answer once more and looks at the keys themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Result;
use std::ops::Range;

use twox_hash::XxHash3_64;

/// Hashes in a run, half a megabyte of them. The same room serves gathering and, later, merging.
const RUN: usize = 64 << 10;
/// Hashes that go to the shelf or come back in one call.
const CALL: usize = 1024;
/// The bytes of a hash.
const HASH: usize = size_of::<u64>();

/// Where full runs lie until they are merged.
pub trait Shelf {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When there is no room for them.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<()>;
}

/// The keys of one answer, as they come.
#[derive(Debug)]
pub struct Keys<S> {
    gathered: Vec<u64>,
    /// How many hashes make a run.
    most: usize,
    shelf: S,
    /// How many hashes lie on the shelf.
    shelved: u64,
}

/// All keys of an answer, ready to be looked at in the order of their hashes.
#[derive(Debug)]
pub struct Merge<S> {
    shelf: S,
    /// Each run has an equal part of this room for what was read of it last.
    room: Vec<u64>,
    runs: Vec<Run>,
    /// The least hash of each run that has any left, and which run that is.
    least: BinaryHeap<Reverse<(u64, usize)>>,
    last: Option<u64>,
    most: usize,
}

#[derive(Debug)]
struct Run {
    /// What is left of it in the room.
    here: Range<usize>,
    /// What is left of it on the shelf, counted in hashes.
    there: Range<u64>,
}

/// The hash under which a key is suspected.
pub fn hash(key: &str) -> u64 {
    XxHash3_64::oneshot(key.as_bytes())
}

impl<S: Shelf> Keys<S> {
    /// For a new answer, with an empty shelf, which is used only if the keys are many.
    pub fn new(shelf: S) -> Self {
        Self::with_runs_of(RUN, shelf)
    }

    fn with_runs_of(most: usize, shelf: S) -> Self {
        Self { gathered: Vec::with_capacity(most), most, shelf, shelved: 0 }
    }

    /// Adds a key.
    ///
    /// # Errors
    /// When the shelf takes no more.
    pub fn add(&mut self, key: &str) -> Result<()> {
        if self.gathered.len() == self.most {
            self.shelve()?;
        }
        self.gathered.push(hash(key));
        Ok(())
    }

    fn shelve(&mut self) -> Result<()> {
        self.gathered.sort_unstable();
        let mut bytes = Vec::with_capacity(CALL * HASH);
        for hashes in self.gathered.chunks(CALL) {
            bytes.clear();
            hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.to_le_bytes()));
            self.shelf.append(&bytes)?;
        }
        self.shelved += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// There are no more keys.
    ///
    /// # Errors
    /// When the shelf fails.
    pub fn end(mut self) -> Result<Merge<S>> {
        let Self { shelved: 0, .. } = self else {
            self.shelve()?;
            return Merge::new(self.gathered, self.most, self.shelf, self.shelved);
        };
        self.gathered.sort_unstable();
        let run = Run { here: 0..self.gathered.len(), there: 0..0 };
        Merge::of(self.gathered, self.most, self.shelf, vec![run])
    }
}

impl<S: Shelf> Merge<S> {
    fn new(mut room: Vec<u64>, most: usize, shelf: S, shelved: u64) -> Result<Self> {
        let length = most as u64;
        let starts = (0..shelved).step_by(most);
        let runs: Vec<Run> =
            starts.map(|start| Run { here: 0..0, there: start..(start + length).min(shelved) }).collect();
        // More runs than a run has hashes would be more than four thousand million keys.
        room.resize(most.max(runs.len()), 0);
        Self::of(room, most, shelf, runs)
    }

    fn of(room: Vec<u64>, most: usize, shelf: S, runs: Vec<Run>) -> Result<Self> {
        let mut merge = Self { shelf, room, runs, least: BinaryHeap::new(), last: None, most };
        for run in 0..merge.runs.len() {
            merge.advance(run)?;
        }
        Ok(merge)
    }

    /// Hashes that come more than once, in ascending order and each once: the next of them, at most as many as a run
    /// has; none when all were told.
    ///
    /// # Errors
    /// When the shelf fails.
    pub fn suspects(&mut self) -> Result<Vec<u64>> {
        let mut suspects = Vec::new();
        while let Some(Reverse((hash, run))) = self.least.pop() {
            self.advance(run)?;
            if self.last.replace(hash) == Some(hash) && suspects.last() != Some(&hash) {
                suspects.push(hash);
                if suspects.len() == self.most {
                    break;
                }
            }
        }
        Ok(suspects)
    }

    /// Takes a run's next hash into the heap, reading on where the room has none of it left.
    fn advance(&mut self, run: usize) -> Result<()> {
        let share = self.room.len() / self.runs.len();
        let Run { here, there } = &mut self.runs[run];
        if here.start == here.end && there.start < there.end {
            let count = there.clone().take(share).count();
            *here = run * share..run * share + count;
            let (mut bytes, mut at) = ([0; CALL * HASH], there.start * HASH as u64);
            for hashes in self.room[here.clone()].chunks_mut(CALL) {
                let bytes = &mut bytes[..hashes.len() * HASH];
                self.shelf.read(at, bytes)?;
                at += bytes.len() as u64;
                for (hash, bytes) in hashes.iter_mut().zip(bytes.as_chunks().0) {
                    *hash = u64::from_le_bytes(*bytes);
                }
            }
            there.start += count as u64;
        }
        if let Some(place) = here.next() {
            self.least.push(Reverse((self.room[place], run)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Shelf for Vec<u8> {
        fn append(&mut self, bytes: &[u8]) -> Result<()> {
            self.extend_from_slice(bytes);
            Ok(())
        }

        fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
            let at = usize::try_from(at).expect("in memory");
            into.copy_from_slice(&self[at..at + into.len()]);
            Ok(())
        }
    }

    /// What is suspected, in calls of at most `most`, and what the sets of all hashes say.
    fn both(most: usize, keys: &[u32]) -> (Vec<u64>, Vec<u64>) {
        let (mut gathering, mut counts) = (Keys::with_runs_of(most, Vec::new()), BTreeMap::new());
        for key in keys {
            gathering.add(&key.to_string()).expect("a shelf in memory");
            assert!(gathering.gathered.capacity() == most, "what waits for the shelf must not grow");
            *counts.entry(hash(&key.to_string())).or_insert(0) += 1;
        }
        let (mut merge, mut suspects) = (gathering.end().expect("a shelf in memory"), Vec::new());
        loop {
            let more = merge.suspects().expect("a shelf in memory");
            assert!(more.len() <= most && merge.room.len() <= most.max(keys.len() / most + 1));
            if more.is_empty() {
                break;
            }
            suspects.extend(more);
        }
        suspects.dedup();
        (suspects, counts.into_iter().filter(|(_, count)| *count > 1).map(|(hash, _)| hash).collect())
    }

    #[test]
    fn twins_are_suspected_wherever_they_lie_and_nothing_else_is() {
        for most in [1, 2, 3, 7, 64, 4096] {
            for count in [0, 1, 2, 6, 7, 8, 63, 64, 65, 1000] {
                let apart: Vec<u32> = (0..count).collect();
                assert_eq!(both(most, &apart), (vec![], vec![]), "{count} keys in runs of {most}");
                // The first again at the very end, often in another run; one three times; every key twice.
                let first_again = [&apart[..], &[0]].concat();
                let thrice = [&[500_000, 500_000], &apart[..], &[500_000]].concat();
                let all_twice = [&apart[..], &apart].concat();
                for keys in [first_again, thrice, all_twice] {
                    let (suspects, twins) = both(most, &keys);
                    assert_eq!(suspects, twins, "{} keys in runs of {most}", keys.len());
                }
            }
        }
    }

    #[test]
    fn a_million_keys_take_the_room_of_one_run() {
        let mut keys = Keys::new(Vec::new());
        for key in (0..1_000_000).chain([123_456]) {
            keys.add(&key.to_string()).expect("a shelf in memory");
        }
        assert_eq!(keys.gathered.capacity(), RUN);
        let mut merge = keys.end().expect("a shelf in memory");
        assert_eq!((merge.runs.len(), merge.room.capacity()), (16, RUN));
        assert_eq!(merge.suspects().expect("a shelf in memory"), [hash("123456")]);
        assert!(merge.suspects().expect("a shelf in memory").is_empty());
    }
}
