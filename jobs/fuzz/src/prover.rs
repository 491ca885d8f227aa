//! Whatever the prover takes, another reader reads, and finds nothing in it that the table would not hold.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use jobs::prove::{self, Target};
use serde::Deserialize;

use crate::parquet::proved;

/// A file is refused, or read by the `parquet` crate with as many rows, the table's types and values within its bounds;
/// the tables are all those of `jobs/tests/copy_corpus`.
///
/// # Panics
/// When it is neither.
pub fn prover(bytes: &[u8]) {
    let file = Bytes::copy_from_slice(bytes);
    // Every table has other columns than the rest, so most are refused at their schema.
    for target in targets() {
        let _ = proved(target, &file);
    }
}

fn targets() -> &'static [Target] {
    static TARGETS: OnceLock<Vec<Target>> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let text = include_str!("../../tests/copy_corpus/verdicts.json");
        let verdicts: Verdicts = serde_json::from_str(text).expect("verdicts.json as it is described");
        verdicts.targets.into_values().map(target).collect()
    })
}

#[derive(Deserialize)]
struct Verdicts {
    targets: BTreeMap<String, Vec<Column>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    nullable: bool,
}

fn target(columns: Vec<Column>) -> Target {
    let column = |column: Column| prove::Column {
        kind: column.kind.parse().unwrap_or_else(|error| panic!("{error}")),
        name: column.name,
        nullable: column.nullable,
    };
    Target { columns: columns.into_iter().map(column).collect() }
}

/// Changes a file as libFuzzer would, mostly in its footer or in its pages alone, so that the length of the footer at its
/// end and the places of the pages stay true. `inner` is libFuzzer's own way: it takes bytes, how many of them count and
/// how many they may become, and gives how many they are.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    inner: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let length = size.checked_sub(8).and_then(|end| data.get(end..end + 4)?.try_into().ok()).map(u32::from_le_bytes);
    let start = length.and_then(|length| size.checked_sub(8)?.checked_sub(usize::try_from(length).ok()?));
    match (seed % 4, start.filter(|start| *start >= 4 && data.len() >= most)) {
        (1 | 2, Some(start)) => {
            let room = most - start - 8;
            let length = inner(&mut data[start..start + room], size - start - 8, room);
            let end = start + length;
            data[end..end + 4].copy_from_slice(&(length as u32).to_le_bytes());
            data[end + 4..end + 8].copy_from_slice(b"PAR1");
            end + 8
        }
        (3, Some(start)) if start > 4 => {
            // What becomes shorter keeps its old end, so that nothing behind it moves.
            inner(&mut data[4..start], start - 4, start - 4);
            size
        }
        _ => inner(data, size, most),
    }
}
