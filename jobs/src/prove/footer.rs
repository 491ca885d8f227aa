//! The file's two ends and its footer: what the row groups are, and that they can be what they say.
//!
//! The `parquet` crate is asked last. It takes a footer's word for the number of a schema's children and the size of a
//! page, asserts that offsets are not negative, and descends into schemas as deep as they go: a footer that lies would
//! take the process with it. What passes here is flat and of the table's width, and has room for all that it claims.

use parquet::file::metadata::ParquetMetaDataReader;

use super::chunk::{self, Chunk, Told};
use super::refusal::{Code, Refusal};
use super::schema::{self, FileColumn};
use super::target::Target;
use super::thrift::{Broken, Field, Thrift};

/// `PAR1` at both ends; `PARE` where the footer is encrypted.
pub(super) const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";

/// The largest footer that is read: what is kept of one takes several times its bytes. Ours have some hundred kilobytes
/// at most.
const FOOTER_BYTES: u32 = 8 << 20;

/// Rows that one row group may have: what is kept for each of them while a group is read stays bounded. Ours close
/// after about a megabyte.
const GROUP_ROWS: u64 = 1 << 24;

/// What the footer says.
#[derive(Debug)]
pub(super) struct Footer<'b> {
    pub(super) rows: u64,
    pub(super) columns: Vec<FileColumn>,
    pub(super) groups: Vec<Group<'b>>,
    bytes: &'b [u8],
}

/// A row group.
#[derive(Debug)]
pub(super) struct Group<'b> {
    pub(super) rows: u64,
    /// One for each column.
    pub(super) chunks: Vec<Chunk<'b>>,
}

/// Finds the footer and reads it, refusing at the first thing that is wrong.
pub(super) fn read<'b>(file: &'b [u8], target: &Target) -> Result<Footer<'b>, Refusal> {
    let (pages, footer) = split(file)?;
    let mut thrift = Thrift::new(footer);
    let (mut rows, mut columns, mut groups, mut encrypted) = (None, None, None, false);
    // The schema comes before the row groups, whose columns cannot be told otherwise.
    thrift.fields(|id, field| {
        match id {
            2 => columns = Some(schema::check(field, target)?),
            3 => rows = Some(count(field.integer()?)?),
            4 => groups = Some(row_groups(field, columns.as_ref().ok_or(Broken("its schema is missing"))?)?),
            8 => encrypted = true,
            _ => {}
        }
        Ok::<(), Refusal>(())
    })?;
    let (Some(rows), Some(columns), Some(told)) = (rows, columns, groups) else {
        return Err(Broken("a field is missing").into());
    };
    if !thrift.rest.is_empty() {
        return Err(Broken("something follows its end").into());
    }
    if encrypted || told.iter().any(|(_, chunks)| chunks.iter().any(|chunk| chunk.encrypted)) {
        return Err(Refusal::new(Code::Encrypted, "its columns are encrypted"));
    }
    let in_groups = told.iter().fold(0_u64, |sum, (rows, _)| sum.saturating_add(*rows));
    if in_groups != rows {
        let problem = format!("{rows} rows by the footer, {in_groups} by its row groups");
        return Err(Refusal::new(Code::RowCount, problem));
    }
    let mut left = pages.len();
    let mut groups = Vec::new();
    for (index, (rows, chunks)) in told.into_iter().enumerate() {
        let placed = group(file, pages, rows, &chunks, &columns, &mut left);
        groups.push(placed.map_err(|refusal| refusal.in_group(index))?);
    }
    Ok(Footer { rows, columns, groups, bytes: footer })
}

impl Footer<'_> {
    /// What the `parquet` crate says of the parts that nothing here reads, statistics and the writer's name among them.
    pub(super) fn read_again(&self) -> Result<(), Refusal> {
        match ParquetMetaDataReader::decode_metadata(self.bytes) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal::new(Code::Footer, format!("the footer cannot be read: {error}"))),
        }
    }
}

/// The bytes before the footer, and the footer.
fn split(file: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let starts = |magic: &[u8]| file.starts_with(magic);
    if file.len() < 12 {
        let problem = format!("{} bytes are no Parquet file", file.len());
        return Err(Refusal::new(Code::NotParquet, problem));
    }
    if starts(ENCRYPTED) && file.ends_with(ENCRYPTED) {
        return Err(Refusal::new(Code::Encrypted, "its footer is encrypted"));
    }
    if !starts(MAGIC) {
        return Err(Refusal::new(Code::NotParquet, "it does not begin with `PAR1`"));
    }
    if !file.ends_with(MAGIC) {
        return Err(Refusal::new(Code::Truncated, "it does not end with `PAR1`"));
    }
    let (rest, tail) = file.split_at(file.len() - 8);
    let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let start = usize::try_from(length).ok().and_then(|length| rest.len().checked_sub(length));
    match start.filter(|start| *start >= MAGIC.len() && (1..=FOOTER_BYTES).contains(&length)) {
        Some(start) => Ok(rest.split_at(start)),
        None => {
            let problem = format!("a footer of {length} bytes in a file of {}, at most {FOOTER_BYTES}", file.len());
            Err(Refusal::new(Code::Footer, problem))
        }
    }
}

fn count(value: i64) -> Result<u64, Broken> {
    u64::try_from(value).map_err(|_| Broken("a negative number of rows"))
}

fn row_groups(list: &mut Field<'_, '_>, columns: &[FileColumn]) -> Result<Vec<(u64, Vec<Told>)>, Refusal> {
    let mut groups = Vec::new();
    list.structs(|_, thrift| {
        let (mut rows, mut chunks) = (None, Vec::new());
        thrift.fields(|id, field| {
            match id {
                1 => {
                    field.structs(|_, thrift| {
                        if chunks.len() == columns.len() {
                            return Err(Broken("a row group with more columns than the schema"));
                        }
                        let mut told = Told::default();
                        thrift.fields(|id, field| told.take(id, field))?;
                        chunks.push(told);
                        Ok::<(), Broken>(())
                    })?;
                }
                3 => rows = Some(count(field.integer()?)?),
                _ => {}
            }
            Ok::<(), Broken>(())
        })?;
        if chunks.len() != columns.len() {
            return Err(Broken("a row group with fewer columns than the schema"));
        }
        groups.push((rows.ok_or(Broken("a row group does not tell its rows"))?, chunks));
        Ok(())
    })?;
    Ok(groups)
}

/// Checks a row group's chunks and finds their pages. `left` counts down the bytes that no chunk has claimed, so that
/// chunks which share pages cannot make a small file long.
fn group<'b>(
    file: &'b [u8],
    pages: &'b [u8],
    rows: u64,
    told: &[Told],
    columns: &[FileColumn],
    left: &mut usize,
) -> Result<Group<'b>, Refusal> {
    let mut chunks = Vec::with_capacity(told.len());
    for (told, column) in told.iter().zip(columns) {
        let named = |refusal: Refusal| refusal.in_column(&column.name);
        told.check(column).map_err(named)?;
        let values = u64::try_from(told.values).unwrap_or(0);
        if values != rows {
            let problem = format!("{rows} rows by the row group, {} by column `{}`", told.values, column.name);
            let refusal = Refusal::new(Code::RowCount, problem);
            // With more values than rows it is the row group that has lost some.
            return Err(if values > rows { refusal } else { named(refusal) });
        }
        chunks.push(chunk::place(file, pages.len(), rows, told, left).map_err(named)?);
    }
    if rows > GROUP_ROWS {
        return Err(Refusal::new(
            Code::RowCount,
            format!("{rows} rows in one row group, at most {GROUP_ROWS} are read"),
        ));
    }
    Ok(Group { rows, chunks })
}
