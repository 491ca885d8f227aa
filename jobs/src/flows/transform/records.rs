//! The records of an answer, one after the other as its bytes come, unpacked if they come packed.

use std::io::Write;
use std::mem;

use anyhow::Result;
use bytes::Bytes;
use contract::Collection;
use flate2::write::MultiGzDecoder;

use super::fetch::Form;
use crate::failure::Failure;
use crate::table::{Record, RecordReader, Response, ResponseError, Step};

/// Compressed bytes that are unpacked at once: gzip grows at most about a thousandfold, so memory stays bounded.
const UNPACK: usize = 64 << 10;

/// What is done with a record and its JSON.
pub(super) type Take<'t> = dyn FnMut(Record<'_>, &str) -> Result<()> + Send + 't;

/// Reads one answer from its beginning, as its bytes come.
pub(super) struct Records<'r> {
    pub(super) reader: &'r RecordReader,
    response: Response,
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    /// What came and has not been read yet.
    bytes: Bytes,
    form: Form,
    place: String,
}

impl<'r> Records<'r> {
    /// `place` is where a person finds the bytes as they came.
    pub(super) fn new(reader: &'r RecordReader, collection: &Collection, form: Form, place: String) -> Self {
        Self {
            reader,
            response: Response::new(collection.answer),
            gunzip: form.gzip.then(|| MultiGzDecoder::new(Vec::new())),
            bytes: Bytes::new(),
            form,
            place,
        }
    }

    /// The next bytes, once [`Records::read`] has used up the last.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.bytes = bytes;
    }

    /// Reads on for a while; false when it wants more bytes.
    ///
    /// # Errors
    /// Refused when the answer is not what the contract describes; temporary when it was cut off; else what `take`
    /// says.
    pub(super) fn read(&mut self, take: &mut Take<'_>) -> Result<bool> {
        if self.bytes.is_empty() {
            return Ok(false);
        }
        let piece = match &mut self.gunzip {
            None => mem::take(&mut self.bytes),
            Some(gunzip) => {
                let packed = self.bytes.split_to(self.bytes.len().min(UNPACK));
                let unpacked = gunzip.write_all(&packed).map(|()| mem::take(gunzip.get_mut()));
                unpacked.map_err(|error| self.not_gzip(error))?.into()
            }
        };
        self.records(&piece, take)?;
        Ok(true)
    }

    /// There are no more bytes: reads the rest.
    ///
    /// # Errors
    /// As [`Records::read`].
    pub(super) fn end(&mut self, take: &mut Take<'_>) -> Result<()> {
        if let Some(gunzip) = &mut self.gunzip {
            let rest = gunzip.try_finish().map(|()| mem::take(gunzip.get_mut()));
            let rest = rest.map_err(|error| self.not_gzip(error))?;
            self.records(&rest, take)?;
        }
        self.response.end();
        self.records(&[], take)
    }

    fn records(&mut self, piece: &[u8], take: &mut Take<'_>) -> Result<()> {
        self.response.push(piece).map_err(|error| self.not_json(error))?;
        let reader = self.reader;
        loop {
            match self.response.step(|json| reader.read_next(json)) {
                Ok(Step::Record(record, json)) => take(record.unwrap_or_else(|| reader.read(json)), json)?,
                Ok(Step::More | Step::End) => return Ok(()),
                Err(error) => return Err(self.not_json(error)),
            }
        }
    }

    fn not_json(&self, error: ResponseError) -> anyhow::Error {
        let failure = match error {
            // Without a length or chunks HTTP cannot tell a cut body from a whole one.
            ResponseError::Cut { .. } if !self.form.delimited => {
                Failure::temporary("the answer was cut off").because(error)
            }
            _ => Failure::refused("the answer is not the JSON that the contract describes")
                .because(error)
                .hint(format!("the bytes as they came: {}", self.place)),
        };
        failure.into()
    }

    fn not_gzip(&self, error: std::io::Error) -> anyhow::Error {
        // As with JSON: where HTTP could not tell, bytes that end too early were probably cut off.
        if !self.form.delimited {
            return Failure::temporary("the answer was cut off").because(error).into();
        }
        let failure = Failure::refused("the answer says that it is gzip, but cannot be unpacked").because(error);
        failure.hint(format!("the bytes as they came: {}", self.place)).into()
    }
}
