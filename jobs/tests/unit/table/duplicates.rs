//! Unit tests of `src/table/duplicates.rs`.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::*;

/// Returns the candidates, in calls of at most `most`, and the duplicates found by counting all hashes.
fn both(most: usize, keys: &[u32]) -> (Vec<u64>, Vec<u64>) {
    let (mut collecting, mut counts) = (Keys::with_runs_of(most, Cursor::<Vec<u8>>::default()), BTreeMap::new());
    for key in keys {
        collecting.add(&key.to_string()).expect("memory does not fail");
        assert!(collecting.collected.capacity() == most, "the collected hashes must not grow");
        *counts.entry(hash(&key.to_string())).or_insert(0) += 1;
    }
    let (mut merge, mut candidates) = (collecting.finish().expect("memory does not fail"), Vec::new());
    loop {
        let more = merge.candidates().expect("memory does not fail");
        assert!(more.len() <= most && merge.buffer.len() <= most.max(keys.len() / most + 1));
        if more.is_empty() {
            break;
        }
        candidates.extend(more);
    }
    candidates.dedup();
    (candidates, counts.into_iter().filter(|(_, count)| *count > 1).map(|(hash, _)| hash).collect())
}

#[test]
fn duplicates_are_found_in_any_run_and_nothing_else() {
    for most in [1, 2, 3, 7, 64, 4096] {
        for count in [0, 1, 2, 6, 7, 8, 63, 64, 65, 1000] {
            let apart: Vec<u32> = (0..count).collect();
            assert_eq!(both(most, &apart), (vec![], vec![]), "{count} keys in runs of {most}");
            // The first again at the very end, often in another run; one three times; every key twice.
            let first_again = [&apart[..], &[0]].concat();
            let thrice = [&[500_000, 500_000], &apart[..], &[500_000]].concat();
            let all_twice = [&apart[..], &apart].concat();
            for keys in [first_again, thrice, all_twice] {
                let (candidates, duplicates) = both(most, &keys);
                assert_eq!(candidates, duplicates, "{} keys in runs of {most}", keys.len());
            }
        }
    }
}

#[test]
fn a_million_keys_take_the_room_of_one_run() {
    let mut keys = Keys::new(Cursor::<Vec<u8>>::default());
    for key in (0..1_000_000).chain([123_456]) {
        keys.add(&key.to_string()).expect("memory does not fail");
    }
    assert_eq!(keys.collected.capacity(), RUN);
    let mut merge = keys.finish().expect("memory does not fail");
    assert_eq!((merge.runs.len(), merge.buffer.capacity()), (16, RUN));
    assert_eq!(merge.candidates().expect("memory does not fail"), [hash("123456")]);
    assert!(merge.candidates().expect("memory does not fail").is_empty());
}
