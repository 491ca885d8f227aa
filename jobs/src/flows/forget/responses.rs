//! Reads the records of stored responses, and cuts some of them out.

use std::io::Write;

use anyhow::Result;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::edge::lake::{Lake, Upload};
use crate::receipt::Object;
use crate::secrets::Secrets;
use crate::table::{Gunzip, Response, ResponseError, Step};

/// Reads the records of a response; copies it without those that `keeps` rejects, and with what `around` returns for the
/// text around them.
pub(super) async fn pass(
    lake: &Lake,
    (key, size): (&str, u64),
    response: Response,
    to: Option<Upload>,
    keeps: &mut (dyn FnMut(&str) -> bool + Send),
    around: &mut (dyn FnMut(&str) -> String + Send),
) -> Result<Result<Option<Object>, ResponseError>> {
    let is_gzip = key.ends_with(".gz");
    let mut gunzip = Gunzip::of(is_gzip);
    let mut gzip = is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::default()));
    let mut cut = Cut { response, window: Vec::new(), base: 0, done: 0, is_first: true, has_kept: false };
    let (mut to, mut reader) = (to, lake.read(key, size));
    loop {
        let piece = reader.next().await?;
        let is_last = piece.is_none();
        let (plain, unpacked) = match (&mut gunzip, piece) {
            (None, piece) => (piece.unwrap_or_default(), Ok(())),
            (Some(gunzip), piece) => {
                let (plain, unpacked) = gunzip.push(piece.as_deref());
                (plain.into(), unpacked)
            }
        };
        let out = match cut.push(&plain, is_last && unpacked.is_ok(), keeps, around) {
            Ok(out) => out,
            Err(error) => return Ok(Err(error)),
        };
        unpacked?;
        if let Some(to) = &mut to {
            let out = match &mut gzip {
                None => out,
                Some(gzip) => {
                    gzip.write_all(&out)?;
                    std::mem::take(gzip.get_mut())
                }
            };
            to.write(Bytes::from(out)).await?;
        }
        if is_last {
            break;
        }
    }
    let Some(mut to) = to else { return Ok(Ok(None)) };
    if let Some(gzip) = gzip {
        to.write(gzip.finish()?.into()).await?;
    }
    Ok(Ok(Some(to.finish().await?)))
}

/// Replaces texts in the strings and numbers of the JSON around records, but not in names.
pub(super) fn without(json: &str, texts: &Secrets) -> String {
    let (mut out, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(start) = rest.find(|char: char| char == '"' || char == '-' || char.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        rest = from;
        let Some(Ok(value)) = Deserializer::from_str(from).into_iter::<&RawValue>().next() else { break };
        let value = value.get();
        rest = &from[value.len()..];
        let corrected = texts.hidden(value);
        match value.starts_with('"') {
            _ if corrected == value || rest.trim_start().starts_with(':') => out.push_str(value),
            true if serde_json::from_str::<IgnoredAny>(&corrected).is_ok() => out.push_str(&corrected),
            true => out.push_str("\"***\""),
            false => out.push('0'),
        }
    }
    out + rest
}

/// Cuts records out of a response.
struct Cut {
    response: Response,
    /// The bytes that are not decided yet.
    window: Vec<u8>,
    /// The position of the window in the response.
    base: u64,
    /// The end of the last record.
    done: u64,
    is_first: bool,
    has_kept: bool,
}

impl Cut {
    /// Adds bytes; returns those to keep so far.
    fn push(
        &mut self,
        piece: &[u8],
        is_last: bool,
        keeps: &mut (dyn FnMut(&str) -> bool + Send),
        around: &mut (dyn FnMut(&str) -> String + Send),
    ) -> Result<Vec<u8>, ResponseError> {
        let mut out = Vec::new();
        self.window.extend_from_slice(piece);
        self.response.push(piece)?;
        if is_last {
            self.response.end();
        }
        while let Step::Record(_, json) = self.response.step(|json| IgnoredAny::deserialize(json))? {
            let (length, is_kept) = (json.len(), keeps(json));
            let end = (self.response.position() - self.base) as usize;
            let (before, start) = ((self.done - self.base) as usize, end - length);
            let before = around(&String::from_utf8_lossy(&self.window[before..start]));
            // The text before the first record starts the list; any other separates two records.
            if self.is_first || is_kept && self.has_kept {
                out.extend_from_slice(before.as_bytes());
            }
            if is_kept {
                out.extend_from_slice(&self.window[start..end]);
            }
            (self.is_first, self.has_kept) = (false, self.has_kept || is_kept);
            self.window.drain(..end);
            self.base += end as u64;
            self.done = self.base;
        }
        if is_last {
            out.extend_from_slice(around(&String::from_utf8_lossy(&self.window)).as_bytes());
        }
        Ok(out)
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/flows/forget.rs"]
mod tests;
