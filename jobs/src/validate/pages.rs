//! The pages of one column chunk for the `parquet` crate's column reader: only those that Redshift reads (V1 data pages,
//! PLAIN or with a dictionary), and none that claims more memory or rows than its bytes can contain.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::refusal::Refusal;

/// The largest page that is decompressed. The transformation's pages have about a megabyte.
const PAGE_BYTES: usize = 128 << 20;

/// Snappy needs at least three bytes for 64, so a page that claims more than this many times its size is corrupt.
const SNAPPY_RATIO: usize = 22;

pub(super) struct Pages {
    inner: SerializedPageReader<Bytes>,
    file: Bytes,
    /// The offset of the next page header in the file; `None` after an empty page.
    header: Option<usize>,
    snappy: bool,
    optional: bool,
    has_dictionary: bool,
    rows: u64,
}

impl Pages {
    pub(super) fn new(file: &Bytes, chunk: &ColumnChunkMetaData, rows: u64) -> Result<Self, Refusal> {
        // The crate would allocate the size in the page header, so it gets the chunk as if it were not compressed.
        let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let inner = SerializedPageReader::new(Arc::new(file.clone()), &plain, rows as usize, None)?;
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        Ok(Self {
            inner,
            file: file.clone(),
            header: usize::try_from(start).ok(),
            snappy: chunk.compression() == Compression::SNAPPY,
            optional: chunk.column_descr().max_def_level() > 0,
            has_dictionary: false,
            rows,
        })
    }

    /// Decompresses a page. Its size must match its header, because readers allocate that many bytes.
    fn unpacked(&mut self, page: Bytes) -> Result<Bytes, Refusal> {
        let header = self.header.map(|start| self.file.get(start..).and_then(uncompressed_size));
        // The crate returns a slice of the file, and the next header follows it.
        let end = (page.as_ptr() as usize).checked_sub(self.file.as_ptr() as usize).map(|start| start + page.len());
        self.header = end.filter(|_| !page.is_empty());
        let page = self.decompressed(page)?;
        match header {
            Some(size) if size != Some(page.len()) => {
                Err(Refusal::corrupt(format!("a page of {} bytes, but its header claims {size:?}", page.len())))
            }
            _ => Ok(page),
        }
    }

    fn decompressed(&self, page: Bytes) -> Result<Bytes, Refusal> {
        if !self.snappy || page.is_empty() {
            return Ok(page);
        }
        let broken = |error: snap::Error| Refusal::corrupt(format!("a page that cannot be decompressed: {error}"));
        let bytes = snap::raw::decompress_len(&page).map_err(broken)?;
        if bytes > PAGE_BYTES.min(page.len().saturating_mul(SNAPPY_RATIO)) {
            let problem = format!("a page of {bytes} bytes in {}; the limit is {PAGE_BYTES}", page.len());
            return Err(Refusal::corrupt(problem));
        }
        Ok(snap::raw::Decoder::new().decompress_vec(&page).map_err(broken)?.into())
    }

    fn checked(&mut self, page: Page) -> Result<Page, Refusal> {
        let dictionary = |encoding| matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        match page {
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                let buf = self.unpacked(buf)?;
                if encoding != Encoding::PLAIN && encoding != Encoding::PLAIN_DICTIONARY {
                    return Err(foreign(encoding));
                }
                if num_values as usize > buf.len() {
                    let problem = format!("a dictionary of {num_values} values in {} bytes", buf.len());
                    return Err(Refusal::corrupt(problem));
                }
                self.has_dictionary = true;
                Ok(Page::DictionaryPage { buf, num_values, encoding, is_sorted })
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
                if encoding != Encoding::PLAIN && !dictionary(encoding) {
                    return Err(foreign(encoding));
                }
                if self.optional && def_level_encoding != Encoding::RLE {
                    return Err(foreign(def_level_encoding));
                }
                if dictionary(encoding) && !self.has_dictionary {
                    return Err(Refusal::corrupt("a page without its dictionary"));
                }
                self.rows = self.rows.checked_sub(u64::from(num_values)).ok_or_else(|| {
                    Refusal::new("row_count", "the column's pages have more values than the row group has rows")
                })?;
                let buf = self.unpacked(buf)?;
                Ok(Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics })
            }
            Page::DataPageV2 { .. } => Refusal::of("encoding", "a V2 data page, but Redshift reads Parquet 1"),
        }
    }
}

/// Returns the second field of a page header, `uncompressed_page_size`: Thrift's compact protocol writes each of the
/// first fields as 0x15 (the next field, an `i32`) and a zigzag varint.
fn uncompressed_size(header: &[u8]) -> Option<usize> {
    let (_, rest) = varint(header.strip_prefix(&[0x15])?)?;
    let (size, _) = varint(rest.strip_prefix(&[0x15])?)?;
    (size % 2 == 0).then_some(size / 2)
}

/// Reads an unsigned number of at most five bytes, with seven bits in each; also returns the bytes after it.
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    let number = bytes[..=last].iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    Some((number, &bytes[last + 1..]))
}

fn foreign(encoding: Encoding) -> Refusal {
    Refusal::new("encoding", format!("encoding {encoding}, but Redshift reads only PLAIN and dictionaries"))
}

impl Iterator for Pages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        let page = self.inner.get_next_page()?;
        Ok(page.map(|page| self.checked(page)).transpose()?)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.inner.skip_next_page()
    }
}
