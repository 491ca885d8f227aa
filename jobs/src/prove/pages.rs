//! A chunk's pages become its values, one page in memory at a time: V1 data pages, PLAIN or with a dictionary,
//! uncompressed or snappy. Everything else has been, or is here, refused.
//!
//! Rows come in runs, so the time this takes follows the bytes that are there and not the rows that they claim.

use super::chunk::Chunk;
use super::hybrid::Hybrid;
use super::page::{BIT_PACKED, DATA, DATA_V2, DICTIONARY, Header, PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY};
use super::page::{corrupt, too_early};
use super::refusal::{Code, Refusal};
use super::thrift::Thrift;

/// How values lie in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One bit each.
    Bits,
    /// So many bytes each.
    Fixed(usize),
    /// Four bytes of length, then as many bytes.
    Measured,
}

/// A column's shape, and whether its rows may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    pub(super) optional: bool,
}

/// Takes the rows of a chunk in their order. Values are bytes as PLAIN has them, without their length; a truth is one
/// byte, 0 or 1.
pub(super) trait Sink {
    /// A dictionary, before any row; a chunk has one at most.
    fn dictionary(&mut self, dictionary: &Dictionary);
    /// So many rows are null.
    fn nulls(&mut self, rows: usize);
    /// One row has this value.
    fn value(&mut self, value: &[u8]);
    /// So many rows have this value of the dictionary.
    fn entry(&mut self, index: usize, value: &[u8], rows: usize);
}

/// Walks over a chunk's pages and gives every row to the sink.
pub(super) fn walk(chunk: &Chunk<'_>, layout: Layout, rows: u64, sink: &mut impl Sink) -> Result<(), Refusal> {
    let mut thrift = Thrift::new(chunk.pages);
    let (mut dictionary, mut unpacked, mut seen) = (None, Vec::new(), None);
    while !thrift.rest.is_empty() {
        let at = chunk.pages.len() - thrift.rest.len();
        let header = Header::read(&mut thrift)?;
        let (packed, rest) = thrift.rest.split_at_checked(header.packed).ok_or_else(too_early)?;
        thrift.rest = rest;
        header.checked(packed)?;
        match header.kind {
            DICTIONARY if at == 0 && chunk.data > 0 => {
                let mut bytes = Vec::new();
                header.unpack(packed, chunk.snappy, &mut bytes)?;
                if header.encoding != PLAIN && header.encoding != PLAIN_DICTIONARY {
                    return Err(header.foreign());
                }
                let found = Dictionary::new(bytes, header.values, layout.shape)?;
                sink.dictionary(&found);
                dictionary = Some(found);
            }
            DATA if seen.is_some() || at == chunk.data => {
                header.unpack(packed, chunk.snappy, &mut unpacked)?;
                let seen = seen.insert(seen.unwrap_or(0_u64).saturating_add(header.values as u64));
                if *seen > rows {
                    return Err(Refusal::new(
                        Code::RowCount,
                        format!("{seen} values or more, the row group has {rows} rows"),
                    ));
                }
                give(&header, &unpacked, layout, dictionary.as_ref(), sink)?;
            }
            DATA_V2 => return Err(Refusal::new(Code::Encoding, "a V2 data page, Redshift reads Parquet 1")),
            _ => return Err(corrupt("a page that is not where the footer says, or of no known kind")),
        }
    }
    let seen = seen.unwrap_or(0);
    if seen != rows {
        return Err(corrupt(format!("its pages have {seen} values, the row group has {rows} rows")));
    }
    Ok(())
}

/// Gives the rows of one data page to the sink.
fn give(
    header: &Header,
    page: &[u8],
    layout: Layout,
    dictionary: Option<&Dictionary>,
    sink: &mut impl Sink,
) -> Result<(), Refusal> {
    let (mut present, mut page) = (None, page);
    // Where there are no levels some writers still say BIT_PACKED of them.
    let known = header.levels.iter().all(|levels| [RLE, BIT_PACKED].contains(levels));
    if !known || layout.optional && header.levels[0] != RLE {
        let problem = format!("encodings {:?} of levels, only RLE is read", header.levels);
        return Err(Refusal::new(Code::Encoding, problem));
    }
    if layout.optional {
        let (length, rest) = page.split_first_chunk().ok_or_else(too_early)?;
        let (levels, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(too_early)?;
        present = Some(Hybrid::new(levels, 1)?);
        page = rest;
    }
    let mut values = match (header.encoding, dictionary) {
        (PLAIN, _) => Values::Plain { rest: page, bit: 0, shape: layout.shape },
        (PLAIN_DICTIONARY | RLE_DICTIONARY, None) => return Err(corrupt("a page without its dictionary")),
        (PLAIN_DICTIONARY | RLE_DICTIONARY, Some(dictionary)) => {
            // A page of nulls alone may leave out even the width.
            let (width, rest) = page.split_first().unwrap_or((&0, &[]));
            Values::Indices { indices: Hybrid::new(rest, *width)?, dictionary }
        }
        _ => return Err(header.foreign()),
    };
    let mut left = header.values;
    while left > 0 {
        let (level, rows) = present.as_mut().map_or(Ok((1, left)), |present| present.next(left))?;
        match level {
            0 => sink.nulls(rows),
            1 => values.give(rows, sink)?,
            _ => return Err(corrupt("a level that the column has not")),
        }
        left -= rows;
    }
    values.end()
}

/// The values of a data page that have not been given yet.
enum Values<'p> {
    Plain { rest: &'p [u8], bit: usize, shape: Shape },
    Indices { indices: Hybrid<'p>, dictionary: &'p Dictionary },
}

impl Values<'_> {
    fn give(&mut self, rows: usize, sink: &mut impl Sink) -> Result<(), Refusal> {
        match self {
            Self::Plain { rest, bit, shape: Shape::Bits } => {
                for _ in 0..rows {
                    let byte = rest.get(*bit / 8).ok_or_else(too_early)?;
                    sink.value(&[byte >> (*bit % 8) & 1]);
                    *bit += 1;
                }
            }
            Self::Plain { rest, shape, .. } => {
                for _ in 0..rows {
                    sink.value(plain(rest, *shape)?);
                }
            }
            Self::Indices { indices, dictionary } => {
                let mut left = rows;
                while left > 0 {
                    let (index, rows) = indices.next(left)?;
                    let index = index as usize;
                    let value = dictionary.get(index).ok_or_else(|| corrupt("a value that the dictionary has not"))?;
                    sink.entry(index, value, rows);
                    left -= rows;
                }
            }
        }
        Ok(())
    }

    /// A page has no bytes that belong to no value.
    fn end(&self) -> Result<(), Refusal> {
        match self {
            Self::Plain { rest, bit, .. } if rest.len() > bit.div_ceil(8) => {
                Err(corrupt("a page with more bytes than values"))
            }
            _ => Ok(()),
        }
    }
}

/// The next value of a PLAIN page.
fn plain<'p>(rest: &mut &'p [u8], shape: Shape) -> Result<&'p [u8], Refusal> {
    let length = match shape {
        Shape::Bits => 1,
        Shape::Fixed(length) => length,
        Shape::Measured => {
            let (length, after) = rest.split_first_chunk().ok_or_else(too_early)?;
            *rest = after;
            u32::from_le_bytes(*length) as usize
        }
    };
    let (value, after) = rest.split_at_checked(length).ok_or_else(too_early)?;
    *rest = after;
    Ok(value)
}

/// A dictionary page and where each of its values lies in it.
pub(super) struct Dictionary {
    bytes: Vec<u8>,
    places: Vec<(u32, u32)>,
}

impl Dictionary {
    fn new(bytes: Vec<u8>, values: usize, shape: Shape) -> Result<Self, Refusal> {
        let (mut rest, mut places) = (bytes.as_slice(), Vec::new());
        // Nobody writes truths this way, and values of no bytes at all could be without end.
        if matches!(shape, Shape::Bits | Shape::Fixed(0)) {
            return Err(Refusal::new(Code::Encoding, "a dictionary of truths"));
        }
        for _ in 0..values {
            let value = plain(&mut rest, shape)?;
            let end = bytes.len() - rest.len();
            // A page is far below 2^32 bytes.
            places.push(((end - value.len()) as u32, end as u32));
        }
        if !rest.is_empty() {
            return Err(corrupt("a dictionary with more bytes than values"));
        }
        Ok(Self { bytes, places })
    }

    /// Each value, used or not.
    pub(super) fn values(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.places.iter().map(|(start, end)| &self.bytes[*start as usize..*end as usize])
    }

    fn get(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.places.get(index)?;
        self.bytes.get(start as usize..end as usize)
    }
}
