//! The compact protocol of Thrift, as far as Parquet uses it: fields are taken as they come, whatever is not asked for
//! is skipped, and no length in the bytes is believed before the bytes are there.
//!
//! The specification: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// How deep skipped values may lie in each other.
const DEPTH: u32 = 32;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

/// Bytes that are being read.
#[derive(Clone, Debug)]
pub(super) struct Thrift<'b> {
    /// What has not been read yet.
    pub(super) rest: &'b [u8],
}

/// A field of a structure, before its value is read.
#[derive(Debug)]
pub(super) struct Field<'t, 'b> {
    thrift: &'t mut Thrift<'b>,
    kind: u8,
    taken: bool,
}

impl<'b> Thrift<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    fn bytes(&mut self, count: usize) -> Result<&'b [u8], Broken> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Broken("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken("a number of more than 64 bits"))
    }

    fn integer(&mut self) -> Result<i64, Broken> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn length(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.varint()?).map_err(|_| Broken("a length beyond all memory"))
    }

    /// Reads a structure; what `take` leaves of a field is skipped.
    pub(super) fn fields<E: From<Broken>>(
        &mut self,
        mut take: impl FnMut(i64, &mut Field<'_, 'b>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            let kind = head & 0x0f;
            if head == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id.saturating_add(i64::from(delta)),
            };
            let mut field = Field { thrift: self, kind, taken: false };
            take(id, &mut field)?;
            if !field.taken {
                self.skip(kind, true, DEPTH)?;
            }
        }
    }

    /// The kind of a list's elements and how many there are; each takes a byte at least.
    fn list(&mut self) -> Result<(u8, usize), Broken> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.length()?,
            count => usize::from(count),
        };
        if count > self.rest.len() {
            return Err(Broken("a list longer than the bytes"));
        }
        Ok((head & 0x0f, count))
    }

    fn skip(&mut self, kind: u8, in_field: bool, depth: u32) -> Result<(), Broken> {
        let depth = depth.checked_sub(1).ok_or(Broken("values too deep in each other"))?;
        match kind {
            // A field's truth is in its kind.
            TRUE | FALSE if in_field => {}
            TRUE | FALSE | BYTE => drop(self.byte()?),
            4..=I64 => drop(self.varint()?),
            DOUBLE => drop(self.bytes(8)?),
            UUID => drop(self.bytes(16)?),
            BINARY => {
                let length = self.length()?;
                self.bytes(length)?;
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip(kind, false, depth))?;
            }
            MAP => {
                let count = self.length()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..count {
                        self.skip(kinds >> 4, false, depth)?;
                        self.skip(kinds & 0x0f, false, depth)?;
                    }
                }
            }
            STRUCT => loop {
                let head = self.byte()?;
                if head == 0 {
                    break;
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 0x0f, true, depth)?;
            },
            _ => return Err(Broken("a value of no known kind")),
        }
        Ok(())
    }
}

impl<'b> Field<'_, 'b> {
    fn of(&mut self, kinds: std::ops::RangeInclusive<u8>) -> Result<&mut Thrift<'b>, Broken> {
        if !kinds.contains(&self.kind) {
            return Err(Broken("a field of another kind than the format's"));
        }
        self.taken = true;
        Ok(self.thrift)
    }

    /// A whole number of up to 64 bits.
    pub(super) fn integer(&mut self) -> Result<i64, Broken> {
        if self.kind == BYTE {
            return self.of(BYTE..=BYTE)?.byte().map(|byte| i64::from(byte.cast_signed()));
        }
        self.of(4..=I64)?.integer()
    }

    pub(super) fn truth(&mut self) -> Result<bool, Broken> {
        self.of(TRUE..=FALSE)?;
        Ok(self.kind == TRUE)
    }

    pub(super) fn binary(&mut self) -> Result<&'b [u8], Broken> {
        let thrift = self.of(BINARY..=BINARY)?;
        let length = thrift.length()?;
        thrift.bytes(length)
    }

    pub(super) fn fields<E: From<Broken>>(
        &mut self,
        take: impl FnMut(i64, &mut Field<'_, 'b>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.of(STRUCT..=STRUCT)?.fields(take)
    }

    /// A list of structures: how many there are is told first.
    pub(super) fn structs<E: From<Broken>>(
        &mut self,
        mut each: impl FnMut(usize, &mut Thrift<'b>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let thrift = self.of(LIST..=LIST)?;
        let (kind, count) = thrift.list()?;
        if kind != STRUCT && count > 0 {
            return Err(Broken("a list of other things than the format's").into());
        }
        for index in 0..count {
            each(index, thrift)?;
        }
        Ok(count)
    }

    pub(super) fn integers(&mut self, mut each: impl FnMut(i64)) -> Result<(), Broken> {
        let thrift = self.of(LIST..=LIST)?;
        let (kind, count) = thrift.list()?;
        if !(4..=I64).contains(&kind) && count > 0 {
            return Err(Broken("a list of other things than the format's"));
        }
        for _ in 0..count {
            each(thrift.integer()?);
        }
        Ok(())
    }

    /// A list of texts.
    pub(super) fn binaries(&mut self, mut each: impl FnMut(&'b [u8])) -> Result<(), Broken> {
        let thrift = self.of(LIST..=LIST)?;
        let (kind, count) = thrift.list()?;
        if kind != BINARY && count > 0 {
            return Err(Broken("a list of other things than the format's"));
        }
        for _ in 0..count {
            let length = thrift.length()?;
            each(thrift.bytes(length)?);
        }
        Ok(())
    }
}
