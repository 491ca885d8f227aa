//! One page: its header, which is not believed, and its bytes as they were before compression.

use flate2::Crc;

use super::refusal::{Code, Refusal};
use super::thrift::{Broken, Field, Thrift};

/// The largest page that is unpacked. Ours end at about a megabyte.
const PAGE_BYTES: usize = 128 << 20;

pub(super) const DATA: i64 = 0;
pub(super) const DICTIONARY: i64 = 2;
pub(super) const DATA_V2: i64 = 3;

pub(super) const PLAIN: i64 = 0;
pub(super) const PLAIN_DICTIONARY: i64 = 2;
pub(super) const RLE: i64 = 3;
pub(super) const BIT_PACKED: i64 = 4;
pub(super) const RLE_DICTIONARY: i64 = 8;

pub(super) fn corrupt(problem: impl Into<String>) -> Refusal {
    Refusal::new(Code::Corrupt, problem)
}

fn broken(broken: Broken) -> Refusal {
    corrupt(format!("a page's header cannot be read: {}", broken.0))
}

pub(super) fn too_early() -> Refusal {
    corrupt("a page ends too early")
}

/// What stands before a page.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) kind: i64,
    pub(super) packed: usize,
    size: usize,
    crc: Option<i64>,
    pub(super) values: usize,
    pub(super) encoding: i64,
    /// Those of levels, of which a flat column has one at most: definition, repetition.
    pub(super) levels: [i64; 2],
}

impl Header {
    pub(super) fn read(thrift: &mut Thrift<'_>) -> Result<Self, Refusal> {
        let (mut kind, mut size, mut packed, mut crc) = (-1, -1, -1, None);
        let (mut values, mut encoding, mut levels) = (0, -1, [-1; 2]);
        let read = thrift.fields(|id, field| {
            match id {
                1 => kind = field.integer()?,
                2 => size = field.integer()?,
                3 => packed = field.integer()?,
                4 => crc = Some(field.integer()?),
                // The same two fields begin a data page's header and a dictionary's.
                5 | 7 => field.fields(|inner, field| {
                    match inner {
                        1 => values = field.integer()?,
                        2 => encoding = field.integer()?,
                        3 if id == 5 => levels[0] = field.integer()?,
                        4 if id == 5 => levels[1] = field.integer()?,
                        3 => drop(field.truth()?),
                        5 if id == 5 => field.fields(statistics)?,
                        _ => {}
                    }
                    Ok::<(), Broken>(())
                })?,
                6 => return Err(Broken("it describes a page of an index")),
                8 => field.fields(second)?,
                _ => {}
            }
            Ok::<(), Broken>(())
        });
        read.map_err(broken)?;
        let length = |value: i64| usize::try_from(value).ok().filter(|value| i32::try_from(*value).is_ok());
        match (length(packed), length(size), length(values)) {
            (Some(packed), Some(size), Some(values)) => Ok(Self { kind, packed, size, crc, values, encoding, levels }),
            _ => Err(corrupt("a page of no possible size")),
        }
    }

    pub(super) fn foreign(&self) -> Refusal {
        let problem = format!("encoding {} of a page, Redshift reads those of Parquet 1", self.encoding);
        Refusal::new(Code::Encoding, problem)
    }

    /// The checksum is of the bytes as they lie in the file; few writers give one.
    pub(super) fn checked(&self, packed: &[u8]) -> Result<(), Refusal> {
        let Some(expected) = self.crc else { return Ok(()) };
        let mut crc = Crc::new();
        crc.update(packed);
        if crc.sum() == expected as u32 { Ok(()) } else { Err(corrupt("a page whose checksum is another")) }
    }

    /// Fills `bytes` with the page as it was before compression.
    pub(super) fn unpack(&self, packed: &[u8], snappy: bool, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
        if self.size > PAGE_BYTES {
            return Err(corrupt(format!("a page of {} bytes, at most {PAGE_BYTES} are read", self.size)));
        }
        bytes.clear();
        if !snappy {
            bytes.extend_from_slice(packed);
        } else if self.size > 0 {
            // Three bytes of snappy make 64 at most, so a page that claims more is not worth the memory.
            if self.size / 22 > packed.len() || snap::raw::decompress_len(packed) != Ok(self.size) {
                return Err(corrupt("a page that does not unpack to the size it claims"));
            }
            bytes.resize(self.size, 0);
            let unpacked = snap::raw::Decoder::new().decompress(packed, bytes);
            unpacked.map_err(|error| corrupt(format!("a page that cannot be unpacked: {error}")))?;
        }
        if bytes.len() == self.size { Ok(()) } else { Err(corrupt("a page of another size than it claims")) }
    }
}

/// What a page of the second version has before it. Such a page is refused later, with its own words.
fn second(id: i64, field: &mut Field<'_, '_>) -> Result<(), Broken> {
    match id {
        1..=6 => field.integer().map(drop),
        7 => field.truth().map(drop),
        8 => field.fields(statistics),
        _ => Ok(()),
    }
}

/// Statistics of a page or of a chunk are not believed, but what they are made of is looked at: two readers must not find
/// their end in two places.
pub(super) fn statistics(id: i64, field: &mut Field<'_, '_>) -> Result<(), Broken> {
    match id {
        1 | 2 | 5 | 6 => field.binary().map(drop),
        3 | 4 | 9 => field.integer().map(drop),
        7 | 8 => field.truth().map(drop),
        _ => Err(Broken("statistics with a field that they have not")),
    }
}
