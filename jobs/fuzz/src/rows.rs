//! A response becomes the same rows however it is split into pieces, every record is counted, and every row can be
//! loaded.

use std::sync::OnceLock;

use contract::{Answer as Shape, Collection, Contract, Request, Table};
use jobs::table::{Encoder, Record, RecordReader, Response, ResponseError, Step};
use serde_json::value::RawValue;

use crate::parquet::{accepted, encoded};

/// Checks the property. The first byte selects a collection, and the second how the rest (the response) is split into
/// pieces.
///
/// # Panics
/// If the pieces change the result, a record is lost or added, or COPY would reject a row.
pub fn rows(bytes: &[u8]) {
    let [choice, size, body @ ..] = bytes else { return };
    let sources = sources();
    let source = &sources[usize::from(*choice) % sources.len()];
    let complete = read(source, body, body.len());
    for size in [1, 2 + usize::from(*size)] {
        let pieces = read(source, body, size);
        match (&complete, &pieces) {
            // The message contains the bytes so far, and bytes that are not UTF-8 are found before an earlier error.
            (Err(ResponseError::Invalid { offset, .. }), Err(ResponseError::Invalid { offset: other, .. })) => {
                assert!(offset == other || std::str::from_utf8(body).is_err(), "{complete:?}, in pieces {pieces:?}");
            }
            _ => assert_eq!(complete, pieces, "pieces of {size}"),
        }
    }
    assert_eq!(complete.as_ref().ok().map(|found| found.texts.clone()), sound(source.collection.answer, body));
}

/// Returns the records as serde_json alone reads them.
fn sound(shape: Shape, body: &[u8]) -> Option<Vec<String>> {
    let owned = |raw: &RawValue| raw.get().to_owned();
    // A byte order mark is skipped; serde_json rejects it.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match shape {
        Shape::List => Some(serde_json::from_slice::<Vec<&RawValue>>(body).ok()?.into_iter().map(owned).collect()),
        Shape::Object => {
            let record: &RawValue = serde_json::from_slice(body).ok()?;
            record.get().starts_with('{').then(|| vec![owned(record)])
        }
    }
}

/// The result for a response; compared as a whole.
#[derive(Debug, Default, PartialEq)]
struct Found {
    texts: Vec<String>,
    records: Vec<String>,
    files: Vec<Vec<u8>>,
}

fn read(source: &Source, body: &[u8], size: usize) -> Result<Found, ResponseError> {
    let (mut response, mut found) = (Response::new(source.collection.answer, &Request::default()), Found::default());
    let mut quarantine = Encoder::for_quarantine().expect("a schema");
    let mut pieces = body.chunks(size.max(1));
    loop {
        match response.step(|json| source.reader.read_next(json))? {
            Step::Record(record, json) => {
                let record = record.unwrap_or_else(|| source.reader.read(json));
                let number = found.records.len() as u64 + 1;
                accounted(source, &record, json);
                if record.reasons.is_empty() {
                    found.files.extend(files(source, &record));
                } else {
                    let key = source.reader.key_of(&record);
                    let added = quarantine.append_quarantined(number, key.as_deref(), &record.reasons, json);
                    added.expect("any record can be quarantined");
                }
                found.texts.push(json.to_owned());
                found.records.push(format!("{record:?}"));
            }
            Step::End => break,
            Step::More => match pieces.next() {
                Some(piece) => response.push(piece)?,
                None => response.end(),
            },
        }
    }
    found.files.push(quarantine.finish().expect("any record can be quarantined").concat());
    Ok(found)
}

/// Checks that `read = rows + quarantined + dropped`, and that every row has its key.
fn accounted(source: &Source, record: &Record<'_>, json: &str) {
    assert_eq!(format!("{record:?}"), format!("{:?}", source.reader.read(json)), "read twice, and not the same");
    if !record.reasons.is_empty() {
        assert!(record.reasons.iter().all(|reason| !reason.is_empty()));
        return;
    }
    assert!(source.reader.key_of(record).is_some(), "a row without its key");
    for child in &record.children {
        assert_eq!(child.read, child.rows.len() as u64 + child.dropped);
        for row in &child.rows {
            assert_eq!(row.cells[0], record.row.cells[source.key], "not its parent's key");
        }
    }
}

/// Encodes one record as the tables' files.
fn files(source: &Source, record: &Record<'_>) -> Vec<Vec<u8>> {
    let own = std::iter::once(vec![&record.row]);
    let rows = own.chain(record.children.iter().map(|child| child.rows.iter().collect()));
    let file = |(table, rows): (&Table<'_>, Vec<_>)| {
        let file = encoded(table, &rows);
        accepted(table, &file, &rows);
        file.to_vec()
    };
    source.tables.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()).map(file).collect()
}

struct Source {
    collection: &'static Collection,
    tables: Vec<Table<'static>>,
    reader: RecordReader,
    /// The index of the key column.
    key: usize,
}

/// Returns the collections of a synthetic contract and of the real one.
fn sources() -> &'static [Source] {
    static CONTRACTS: OnceLock<[Contract; 2]> = OnceLock::new();
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let contracts = CONTRACTS.get_or_init(|| {
            [include_str!("nasty.yaml"), include_str!("../../contracts/spacex.yaml")]
                .map(|text| Contract::parse(text, "a contract").unwrap_or_else(|error| panic!("{error}")))
        });
        let collections =
            contracts.iter().flat_map(|contract| contract.collections.iter().map(move |of| (contract, of)));
        let source =
            |(contract, (name, collection)): (&'static Contract, (&'static String, &'static Collection))| Source {
                collection,
                tables: contract.tables_of(name, collection),
                reader: RecordReader::new(contract, name, collection),
                key: collection.columns.get_index_of(&collection.key).expect("a key"),
            };
        collections.map(source).collect()
    })
}
