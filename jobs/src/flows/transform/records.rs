//! Reads a response's records one by one as its bytes arrive, decompressed if necessary.

use std::error::Error;
use std::mem;

use anyhow::Result;
use bytes::Bytes;
use contract::{Collection, Format, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::fetch::Form;
use crate::failure::Failure;
use crate::table::{Gunzip, Record, RecordReader, Redactor, Response, ResponseError, Step};

pub(super) type Take<'t> = dyn FnMut(Record<'_>, &str) -> Result<()> + Send + 't;

pub(super) struct Records<'r> {
    reader: &'r RecordReader,
    redactor: Option<&'r Redactor>,
    response: Response,
    gunzip: Option<Gunzip>,
    bytes: Bytes,
    form: Form,
    is_lines: bool,
    place: String,
}

impl<'r> Records<'r> {
    /// Creates a reader for the records of a response; `place` is the location of the bytes as received.
    pub(super) fn new(
        (reader, redactor): (&'r RecordReader, Option<&'r Redactor>),
        (collection, request): (&Collection, &Request),
        form: Form,
        place: String,
    ) -> Self {
        Self {
            reader,
            redactor,
            response: Response::new(collection.answer, request),
            gunzip: Gunzip::of(form.gzip),
            bytes: Bytes::new(),
            form,
            is_lines: request.format == Some(Format::Ndjson),
            place,
        }
    }

    /// Sets the next bytes, once [`Records::read`] has consumed the previous ones.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.bytes = bytes;
    }

    /// Reads some records; returns false if it needs more bytes.
    /// The failure is temporary if the response is incomplete.
    pub(super) fn read(&mut self, take: &mut Take<'_>) -> Result<bool> {
        if self.bytes.is_empty() {
            return Ok(false);
        }
        let piece = match &mut self.gunzip {
            None => mem::take(&mut self.bytes),
            Some(gunzip) => {
                let packed = self.bytes.split_to(self.bytes.len().min(Gunzip::PIECE));
                let (piece, unpacked) = gunzip.push(Some(&packed));
                unpacked.map_err(|error| self.not_gzip(error))?;
                piece.into()
            }
        };
        self.records(&piece, take)?;
        Ok(true)
    }

    /// Reads the remaining records after the last bytes; returns the fields beside the records.
    pub(super) fn end(mut self, take: &mut Take<'_>) -> Result<Value> {
        if let Some(gunzip) = &mut self.gunzip {
            let (rest, unpacked) = gunzip.push(None);
            unpacked.map_err(|error| self.not_gzip(error))?;
            self.records(&rest, take)?;
        }
        self.response.end();
        self.records(&[], take)?;
        // The last line may be missing.
        if self.is_lines && !self.form.delimited {
            let failure = Failure::temporary("the response may be incomplete: HTTP does not delimit it");
            return Err(failure.hint("lines without a length, chunks or HTTP/2 cannot be loaded").into());
        }
        Ok(self.response.envelope())
    }

    fn records(&mut self, piece: &[u8], take: &mut Take<'_>) -> Result<()> {
        self.response.push(piece).map_err(|error| self.not_json(error))?;
        let (reader, redactor) = (self.reader, self.redactor);
        loop {
            let step = self.response.step(|json| match redactor {
                None => reader.read_next(json).map(Some),
                Some(_) => IgnoredAny::deserialize(json).map(|_| None),
            });
            match (step, redactor) {
                (Ok(Step::Record(_, json)), Some(redactor)) => {
                    let json = redactor.redact(json);
                    take(reader.read(&json), &json)?;
                }
                (Ok(Step::Record(record, json)), None) => {
                    take(record.flatten().unwrap_or_else(|| reader.read(json)), json)?;
                }
                (Ok(Step::More | Step::End), _) => return Ok(()),
                (Err(error), _) => return Err(self.not_json(error)),
            }
        }
    }

    fn not_json(&self, error: ResponseError) -> anyhow::Error {
        let cut = matches!(error, ResponseError::Cut { .. });
        self.failed(cut, "the response is not the JSON that the contract describes", error)
    }

    fn not_gzip(&self, error: std::io::Error) -> anyhow::Error {
        self.failed(true, "the response is declared as gzip, but cannot be decompressed", error)
    }

    /// Returns a failure, which is temporary if the connection may have been cut: without a length or chunks, HTTP
    /// cannot detect an incomplete body.
    fn failed(&self, may_be_cut: bool, message: &str, error: impl Error + Send + Sync + 'static) -> anyhow::Error {
        if may_be_cut && !self.form.delimited {
            return Failure::temporary("the response is incomplete").because(error).into();
        }
        Failure::refused(message).because(error).hint(format!("inspect the original response: {}", self.place)).into()
    }
}
