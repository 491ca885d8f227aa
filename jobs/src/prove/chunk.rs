//! One column of a row group: what the footer says of it, and where its pages are.

use super::footer::MAGIC;
use super::page::statistics;
use super::refusal::{Code, Refusal};
use super::schema::FileColumn;
use super::thrift::{Broken, Field};

/// PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED and RLE_DICTIONARY by their numbers; RLE and BIT_PACKED are for levels.
const ENCODINGS: [i64; 5] = [0, 2, 3, 4, 8];

/// One column of a row group: its pages.
#[derive(Debug)]
pub(super) struct Chunk<'b> {
    pub(super) pages: &'b [u8],
    /// Where among `pages` the first data page begins; what lies before is the dictionary.
    pub(super) data: usize,
    pub(super) snappy: bool,
}

/// A chunk as its metadata tell it.
#[derive(Debug, Default)]
pub(super) struct Told {
    elsewhere: bool,
    pub(super) encrypted: bool,
    physical: i64,
    foreign_encoding: Option<i64>,
    path: Vec<u8>,
    codec: i64,
    pub(super) values: i64,
    size: i64,
    data: Option<i64>,
    dictionary: Option<i64>,
}

impl Told {
    pub(super) fn take(&mut self, id: i64, field: &mut Field<'_, '_>) -> Result<(), Broken> {
        match id {
            1 => self.elsewhere = true,
            3 => field.fields(|id, field| self.metadata(id, field))?,
            8 | 9 => self.encrypted = true,
            _ => {}
        }
        Ok(())
    }

    fn metadata(&mut self, id: i64, field: &mut Field<'_, '_>) -> Result<(), Broken> {
        match id {
            1 => self.physical = field.integer()?,
            2 => field.integers(|encoding| {
                if !ENCODINGS.contains(&encoding) {
                    self.foreign_encoding = Some(encoding);
                }
            })?,
            3 => field.binaries(|name| {
                if !self.path.is_empty() {
                    self.path.push(b'.');
                }
                self.path.extend_from_slice(name);
            })?,
            4 => self.codec = field.integer()?,
            5 => self.values = field.integer()?,
            6 | 10 => drop(field.integer()?),
            7 => self.size = field.integer()?,
            9 => self.data = Some(field.integer()?),
            11 => self.dictionary = Some(field.integer()?),
            12 => field.fields(statistics)?,
            _ => {}
        }
        Ok(())
    }

    /// What is wrong with the chunk by itself.
    pub(super) fn check(&self, column: &FileColumn) -> Result<(), Refusal> {
        let corrupt = |problem: String| Err(Refusal::new(Code::Corrupt, problem));
        if let Some(encoding) = self.foreign_encoding {
            let problem = format!("encoding {encoding} came with Parquet 2, Redshift reads Parquet 1");
            return Err(Refusal::new(Code::Encoding, problem));
        }
        if !(0..=1).contains(&self.codec) {
            let named = ["gzip", "LZO", "brotli", "LZ4", "zstd", "LZ4_RAW"];
            let index = usize::try_from(self.codec).ok().and_then(|codec| codec.checked_sub(2));
            let codec = index.and_then(|index| named.get(index)).map_or("a codec of no known kind", |name| name);
            return Err(Refusal::new(Code::Codec, format!("{codec}, COPY is documented to read snappy")));
        }
        if self.elsewhere {
            return corrupt("its pages are said to be in another file".to_owned());
        }
        if self.physical != column.physical || self.path != column.name.as_bytes() {
            let path = String::from_utf8_lossy(&self.path).into_owned();
            return corrupt(format!("the row group has `{path}` of physical type {} in its place", self.physical));
        }
        Ok(())
    }
}

/// The bytes of a chunk's pages: from the dictionary, if there is one, else from the first data page.
pub(super) fn place<'b>(
    file: &'b [u8],
    end: usize,
    rows: u64,
    told: &Told,
    left: &mut usize,
) -> Result<Chunk<'b>, Refusal> {
    let data = told.data.unwrap_or(-1);
    if (rows, told.size, data) == (0, 0, 0) {
        // A row group without rows has no pages, and then writers give no place for them.
        return Ok(Chunk { pages: &[], data: 0, snappy: false });
    }
    let start = told.dictionary.unwrap_or(data);
    let found = (|| {
        let (start, data) = (usize::try_from(start).ok()?, usize::try_from(data).ok()?);
        let size = usize::try_from(told.size).ok()?;
        let inside = start >= MAGIC.len() && data >= start && start.checked_add(size)? <= end;
        *left = left.checked_sub(size).filter(|_| inside)?;
        Some(Chunk { pages: file.get(start..start + size)?, data: data - start, snappy: told.codec == 1 })
    })();
    found.ok_or_else(|| {
        let problem = format!("{} bytes of pages at {start}, where the file has no room for them", told.size);
        Refusal::new(Code::Corrupt, problem)
    })
}
