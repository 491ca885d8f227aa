//! The records of a stored answer, one after the other, unpacked if it came packed.

use std::io::Write;
use std::mem;

use anyhow::Result;
use bytes::Bytes;
use contract::Collection;
use flate2::write::MultiGzDecoder;

use super::fetch::{Fetched, Target};
use crate::edge::lake::Reader;
use crate::failure::Failure;
use crate::table::{Answer, AnswerError, Record, RecordReader, Step};

/// Compressed bytes that are unpacked at once: gzip grows at most about a thousandfold, so memory stays bounded.
const UNPACK: usize = 64 << 10;

/// Reads a stored answer from its beginning.
pub(super) struct Records<'r> {
    pub(super) reader: &'r RecordReader,
    answer: Answer,
    pieces: Pieces,
    /// Whether a cut body would have been noticed when it came.
    delimited: bool,
    place: String,
}

impl<'r> Records<'r> {
    pub(super) fn open(reader: &'r RecordReader, collection: &Collection, to: &Target<'_>, fetched: &Fetched) -> Self {
        Self {
            reader,
            answer: Answer::new(collection.answer),
            pieces: Pieces::new(to.lake.read(&fetched.raw.key, fetched.raw.bytes), fetched.gzip),
            delimited: fetched.delimited,
            place: to.lake.location(&fetched.raw.key),
        }
    }

    /// Gives the next record and its JSON to `take`; false at the end.
    ///
    /// # Errors
    /// Refused when the answer is not what the contract describes; temporary when it was cut off, or the lake cannot
    /// be reached; else what `take` says.
    pub(super) async fn next(&mut self, take: &mut Take<'_>) -> Result<bool> {
        let reader = self.reader;
        loop {
            match self.answer.step(|json| reader.read_next(json)) {
                Ok(Step::Record(record, json)) => {
                    take(record.unwrap_or_else(|| reader.read(json)), json)?;
                    return Ok(true);
                }
                Ok(Step::End) => return Ok(false),
                Ok(Step::More) => {}
                Err(error) => return Err(self.not_json(error)),
            }
            match self.pieces.next().await {
                Ok(Some(piece)) => self.answer.push(&piece).map_err(|error| self.not_json(error))?,
                Ok(None) => self.answer.end(),
                Err(error) => return Err(self.unreadable(error)),
            }
        }
    }

    fn not_json(&self, error: AnswerError) -> anyhow::Error {
        let failure = match error {
            // Without a length or chunks HTTP cannot tell a cut body from a whole one.
            AnswerError::Cut { .. } if !self.delimited => Failure::temporary("the answer was cut off").because(error),
            _ => Failure::refused("the answer is not the JSON that the contract describes")
                .because(error)
                .hint(format!("the bytes as they came: {}", self.place)),
        };
        failure.into()
    }

    fn unreadable(&self, error: anyhow::Error) -> anyhow::Error {
        if !error.is::<std::io::Error>() {
            return error;
        }
        // As with JSON: where HTTP could not tell, bytes that end too early were probably cut off.
        if !self.delimited {
            return Failure::temporary("the answer was cut off").because(error).into();
        }
        let failure = Failure::refused("the answer says that it is gzip, but cannot be unpacked").because(error);
        failure.hint(format!("the bytes as they came: {}", self.place)).into()
    }
}

/// What is done with a record.
pub(super) type Take<'t> = dyn FnMut(Record<'_>, &str) -> Result<()> + Send + 't;

/// An answer's bytes in pieces, unpacked if they came packed.
struct Pieces {
    reader: Reader,
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    packed: Bytes,
}

impl Pieces {
    fn new(reader: Reader, gzip: bool) -> Self {
        Self { reader, gunzip: gzip.then(|| MultiGzDecoder::new(Vec::new())), packed: Bytes::new() }
    }

    /// An error of unpacking is a plain [`std::io::Error`].
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(gunzip) = &mut self.gunzip else { return self.reader.next().await };
        loop {
            if self.packed.is_empty() {
                match self.reader.next().await? {
                    Some(bytes) => self.packed = bytes,
                    None => {
                        gunzip.try_finish()?;
                        let rest = mem::take(gunzip.get_mut());
                        return Ok((!rest.is_empty()).then(|| rest.into()));
                    }
                }
            }
            let some = self.packed.split_to(self.packed.len().min(UNPACK));
            gunzip.write_all(&some)?;
            let unpacked = mem::take(gunzip.get_mut());
            if !unpacked.is_empty() {
                return Ok(Some(unpacked.into()));
            }
        }
    }
}
