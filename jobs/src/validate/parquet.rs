//! Checks whether Redshift's COPY … FORMAT PARQUET accepts a Parquet file for a table.
//!
//! The `parquet` crate reads the file, and every value is checked: statistics may be missing, truncated or wrong. The
//! crate may panic on a corrupt footer; the process then ends before anything is written.

use bytes::Bytes;
use contract::Type;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};

use super::pages::Pages;
use super::refusal::Refusal;
use super::{schema, values};
use crate::limits::{self, FIXED_BYTES};
use crate::table::FileColumn;

/// `PAR1` at both ends; `PARE` where the footer is encrypted.
const MAGIC: &[u8] = b"PAR1";

/// The size of the magic at both ends and of the footer's length.
const SHORTEST: usize = 12;

/// Maximum rows in a row group, which bounds memory. The transformation closes a row group after about a megabyte.
const GROUP_ROWS: u64 = 1 << 24;

/// COPY is documented to decompress columnar files by `.gz`, `.snappy` and `.bz2`; others are rejected to be safe.
const COMPRESSED: [&str; 8] = [".gz", ".snappy", ".bz2", ".zst", ".zstd", ".lzo", ".lz4", ".deflate"];

/// Checks a file, given its object key and bytes, and returns its row count.
///
/// Returns the first defect: in the name, the footer or the schema; then, row group by row group, in the first
/// defective row (in its leftmost column), or a row that is too large in total.
pub fn parquet(columns: &[FileColumn<'_>], key: &str, bytes: &Bytes) -> Result<u64, Refusal> {
    file_name(key)?;
    ends(bytes)?;
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(bytes)
        .map_err(|error| Refusal::new("footer", format!("the footer cannot be read: {error}")))?;
    schema::check(metadata.file_metadata().schema(), columns)?;
    let total = metadata.file_metadata().num_rows();
    let in_groups = metadata
        .row_groups()
        .iter()
        .try_fold(0_i64, |sum, group| sum.checked_add(group.num_rows()).filter(|_| group.num_rows() >= 0));
    if in_groups != Some(total) {
        let problem = format!("{total} rows according to the footer, but {in_groups:?} in its row groups");
        return Refusal::of("row_count", problem);
    }
    // Chunks must not share bytes: otherwise a small file could have the values of a large one.
    let mut left = bytes.len();
    let mut before = 0;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows().unsigned_abs();
        let checked = row_group(columns, bytes, group, rows, &mut left);
        checked.map_err(|refusal| {
            let row = refusal.row.map(|row| before + row);
            Refusal { row, row_group: Some(index), ..refusal }
        })?;
        before += rows;
    }
    Ok(before)
}

/// Rejects a key that ends like a compressed file (in any case), or that Spectrum skips as hidden.
fn file_name(key: &str) -> Result<(), Refusal> {
    let name = key.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    if let Some(end) = COMPRESSED.iter().find(|end| lower.ends_with(*end)) {
        return Refusal::of("file_name", format!("the name `{name}` ends in `{end}`, so COPY would decompress it"));
    }
    if name.is_empty() || name.starts_with(['_', '.', '#']) || name.ends_with('~') {
        return Refusal::of("file_name", format!("the name `{name}` marks a hidden file, which COPY may skip"));
    }
    Ok(())
}

fn ends(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() < SHORTEST {
        return Refusal::of("not_parquet", format!("{} bytes are not a Parquet file", bytes.len()));
    }
    if !bytes.starts_with(MAGIC) {
        return Refusal::of("not_parquet", "it does not start with `PAR1`");
    }
    if !bytes.ends_with(MAGIC) {
        return Refusal::of("truncated", "it does not end with `PAR1`");
    }
    Ok(())
}

/// Checks the values of one row group; row numbers are relative to the group.
fn row_group(
    columns: &[FileColumn<'_>],
    file: &Bytes,
    group: &RowGroupMetaData,
    rows: u64,
    left: &mut usize,
) -> Result<(), Refusal> {
    if rows > GROUP_ROWS {
        return Refusal::of("row_count", format!("{rows} rows in one row group; the limit is {GROUP_ROWS}"));
    }
    for (column, found) in columns.iter().zip(group.columns()) {
        chunk(found, rows, file.len(), left).map_err(|refusal| refusal.in_column(column.0))?;
    }
    if rows == 0 {
        return Ok(());
    }
    let has_length = |kind: &Type| matches!(kind, Type::String(_) | Type::Json);
    let fixed = columns.iter().filter(|(_, kind, _)| !has_length(kind)).count() * FIXED_BYTES;
    let mut sizes = vec![fixed; rows as usize];
    let mut defects: Vec<Refusal> = Vec::new();
    for (column, found) in columns.iter().zip(group.columns()) {
        let defect = Pages::new(file, found, rows).and_then(|pages| values::check(column, found, pages, &mut sizes));
        let defect = defect.map_err(|refusal| refusal.in_column(column.0))?;
        defects.extend(defect.map(|refusal| refusal.in_column(column.0)));
    }
    // Of several defects in the first row, this is the leftmost.
    if let Some(refusal) = defects.into_iter().min_by_key(|refusal| refusal.row) {
        return Err(refusal);
    }
    let too_large = sizes.iter().zip(0..).find_map(|(bytes, row)| Some((row, limits::row(*bytes)?)));
    match too_large {
        Some((row, problem)) => Err(Refusal { row: Some(row), ..Refusal::new("row_size", problem) }),
        None => Ok(()),
    }
}

/// Checks the metadata of a column chunk. `left` counts down the bytes of the file that no chunk has claimed.
fn chunk(chunk: &ColumnChunkMetaData, rows: u64, file: usize, left: &mut usize) -> Result<(), Refusal> {
    let known = |encoding: &Encoding| {
        #[expect(deprecated, reason = "old writers name it for levels that do not exist")]
        let levels = matches!(encoding, Encoding::RLE | Encoding::BIT_PACKED);
        levels || matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY)
    };
    if let Some(encoding) = chunk.encodings().find(|encoding| !known(encoding)) {
        let problem = format!("encoding {encoding} is new in Parquet 2, but Redshift reads Parquet 1");
        return Refusal::of("encoding", problem);
    }
    if !matches!(chunk.compression(), Compression::UNCOMPRESSED | Compression::SNAPPY) {
        return Refusal::of("codec", format!("{}, but COPY is documented to read Snappy", chunk.compression()));
    }
    if chunk.file_path().is_some() {
        return Err(Refusal::corrupt("its pages are in another file"));
    }
    if u64::try_from(chunk.num_values()) != Ok(rows) {
        return Refusal::of("row_count", format!("{} values, but the row group has {rows} rows", chunk.num_values()));
    }
    if rows == 0 {
        return Ok(());
    }
    let data = chunk.data_page_offset();
    let start = chunk.dictionary_page_offset().unwrap_or(data);
    let size = usize::try_from(chunk.compressed_size()).ok();
    let end = usize::try_from(start).ok().zip(size).and_then(|(start, size)| start.checked_add(size));
    let inside = start >= MAGIC.len() as i64 && data >= start && end.is_some_and(|end| end <= file);
    let rest = left.checked_sub(size.unwrap_or(usize::MAX)).filter(|_| inside);
    *left = rest.ok_or_else(|| {
        let size = chunk.compressed_size();
        Refusal::corrupt(format!("{size} bytes of pages at offset {start} are outside the file"))
    })?;
    Ok(())
}
