//! Finds the records of a response in pieces of any size; memory holds at most one piece and one record.

mod fields;

use contract::{Answer, Format, Request, without_bom, without_place};
use serde_json::Value;
use serde_json::de::{Deserializer, StrRead};
use serde_json::value::RawValue;

use fields::Fields;

/// The largest record, which bounds memory. Redshift's SUPER holds at most 16 MB.
const MOST: usize = 64 << 20;

/// Finds the records of a response: after [`Response::push`], call [`Response::step`] until [`Step::More`].
#[derive(Debug)]
pub struct Response {
    shape: Shape,
    /// The objects around the records.
    around: Fields,
    state: State,
    text: String,
    /// The first bytes of a character that is not complete yet.
    partial: Vec<u8>,
    /// The position of the next unread byte in `text`.
    at: usize,
    /// The number of bytes of the response before `text`.
    before: u64,
    /// The length of `text` at which to search for the record's end again; doubling keeps the search linear.
    wait_for: usize,
    ended: bool,
}

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    List,
    Object,
    Lines,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    /// Before the first field of an object around the records, or its end.
    FirstField,
    Field,
    /// After a field of such an object.
    AfterField,
    First,
    Element,
    After,
    Tail,
}

/// The result of [`Response::step`].
#[derive(Debug, PartialEq)]
pub enum Step<'a, T> {
    /// One record: the value, if it could be read, and its JSON, which is valid in either case.
    Record(Option<T>, &'a str),
    /// No record is complete yet: more bytes, or the end of the response, must follow.
    More,
    /// The response is complete.
    End,
}

/// Why a response is not JSON of the expected shape.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ResponseError {
    /// It is incomplete: the connection may have been cut.
    #[error("the JSON is incomplete after {bytes} bytes")]
    Cut {
        /// The number of bytes received.
        bytes: u64,
    },
    /// It is not JSON, or has a different shape.
    #[error("invalid JSON at byte {offset}: {problem}")]
    Invalid {
        /// The number of bytes before the error.
        offset: u64,
        /// The error.
        problem: String,
    },
}

impl Response {
    /// Creates a parser for a response to this request: a list of records, or one.
    pub fn new(answer: Answer, request: &Request) -> Self {
        let shape = match (answer, request.format) {
            (_, Some(Format::Ndjson)) => Shape::Lines,
            (Answer::List, _) => Shape::List,
            (Answer::Object, _) => Shape::Object,
        };
        let (around, text, partial) = (Fields::new(request.records_at.as_deref()), String::new(), Vec::new());
        Self { shape, around, state: State::Start, text, partial, at: 0, before: 0, wait_for: 0, ended: false }
    }

    /// Returns the fields beside the records, in the objects around them, without those that are longer than 64 KiB.
    pub fn envelope(self) -> Value {
        self.around.kept
    }

    /// Adds the next piece.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), ResponseError> {
        self.text.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        let joined = (!self.partial.is_empty()).then(|| [self.partial.as_slice(), piece].concat());
        let piece = joined.as_deref().unwrap_or(piece);
        let (good, rest) = match std::str::from_utf8(piece) {
            Ok(text) => (text, &[][..]),
            Err(error) if error.error_len().is_none() => {
                let (good, rest) = piece.split_at(error.valid_up_to());
                (std::str::from_utf8(good).unwrap_or_default(), rest)
            }
            Err(error) => {
                let offset = self.before + (self.text.len() + error.valid_up_to()) as u64;
                return Err(ResponseError::Invalid { offset, problem: "not UTF-8".to_owned() });
            }
        };
        let first = self.state == State::Start && self.before == 0 && self.text.is_empty();
        let kept = if first { without_bom(good) } else { good };
        self.before += (good.len() - kept.len()) as u64;
        self.text.push_str(kept);
        self.partial = rest.to_vec();
        Ok(())
    }

    /// Returns the number of bytes of the response up to the end of the last record.
    pub fn position(&self) -> u64 {
        self.offset()
    }

    /// Marks the end of the response.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Returns the next record. `read` reads it in the same pass that finds its end.
    pub fn step<'a, T>(
        &'a mut self,
        read: impl FnOnce(&mut Deserializer<StrRead<'a>>) -> serde_json::Result<T>,
    ) -> Result<Step<'a, T>, ResponseError> {
        if let Some(step) = self.seek()? {
            return Ok(step);
        }
        if !self.ended && self.text.len() < self.wait_for {
            return Ok(Step::More);
        }
        let rest = &self.text[self.at..];
        let mut values = Deserializer::from_str(rest);
        let value = read(&mut values).ok();
        let found = value.is_some().then(|| values.into_iter::<&RawValue>().byte_offset());
        let length = match found.filter(|length| self.ended || *length < rest.len() || shows_its_end(rest)) {
            Some(length) => length,
            None => match record_length(rest, self.ended, self.before + self.at as u64)? {
                Some(length) => length,
                None => {
                    self.wait_for = rest.len() * 2;
                    return Ok(Step::More);
                }
            },
        };
        self.wait_for = 0;
        self.state = if self.shape == Shape::Object { self.after_records() } else { State::After };
        self.at += length;
        Ok(Step::Record(value, &rest[..length]))
    }

    /// Moves to the first byte of the next record, or returns the step to report if there is no record.
    fn seek<T>(&mut self) -> Result<Option<Step<'static, T>>, ResponseError> {
        loop {
            let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\n', '\r']);
            self.at = self.text.len() - rest.len();
            let Some(&byte) = rest.as_bytes().first() else {
                let may_end = self.state == State::Tail
                    || self.shape == Shape::Lines && matches!(self.state, State::Start | State::After);
                return match self.ended {
                    false => Ok(Some(Step::More)),
                    true if may_end && self.partial.is_empty() => Ok(Some(Step::End)),
                    true => Err(ResponseError::Cut { bytes: self.offset() + self.partial.len() as u64 }),
                };
            };
            self.state = match (self.state, byte) {
                (State::Start, b'{') if self.around.are_expected() => self.enter(),
                (State::Start, _) if !self.around.are_expected() => self.records(byte)?,
                (State::Start, _) => return Err(self.invalid(self.not_this_shape(byte))),
                (State::FirstField | State::AfterField, b'}') => {
                    self.at += 1;
                    if self.around.close() { State::AfterField } else { self.whole()? }
                }
                (State::AfterField, b',') => self.pass(State::Field),
                (State::AfterField, _) => return Err(self.invalid("expected `,` or `}` after a field".to_owned())),
                (State::FirstField | State::Field, _) => match self.field()? {
                    Some(next) => next,
                    None => return Ok(Some(Step::More)),
                },
                (State::First | State::After, b']') if self.shape == Shape::List => {
                    self.at += 1;
                    self.after_records()
                }
                (State::First, _) => State::Element,
                (State::After, b',') if self.shape == Shape::List => self.pass(State::Element),
                (State::After, _) if self.shape == Shape::Lines => State::Element,
                (State::After, _) => return Err(self.invalid("expected `,` or `]` after a record".to_owned())),
                (State::Tail, _) => return Err(self.invalid("unexpected text after the end".to_owned())),
                (State::Element, _) => return Ok(None),
            };
        }
    }

    /// Enters the list, or returns the state before the only record.
    fn records(&mut self, byte: u8) -> Result<State, ResponseError> {
        match (self.shape, byte) {
            (Shape::List, b'[') => Ok(self.pass(State::First)),
            (Shape::Object, b'{') | (Shape::Lines, _) => Ok(State::Element),
            _ => Err(self.invalid(self.not_this_shape(byte))),
        }
    }

    fn after_records(&self) -> State {
        if self.around.is_inside() { State::AfterField } else { State::Tail }
    }

    /// Reads a field of an object around the records: enters it, or keeps its value. Returns `None` if more bytes are
    /// needed.
    fn field(&mut self) -> Result<Option<State>, ResponseError> {
        if !self.ended && self.text.len() < self.wait_for {
            return Ok(None);
        }
        let (rest, offset) = (&self.text[self.at..], self.offset());
        let Some((name, value_at)) = fields::name(rest, self.ended, offset)? else {
            let length = rest.len();
            return Ok(self.wait(length));
        };
        let value = &rest[value_at..];
        let byte = value.as_bytes()[0];
        let may_be_null = byte == b'n';
        if self.around.leads(&name) && !may_be_null {
            self.at += value_at;
            self.wait_for = 0;
            return match self.around.follow() {
                true => self.records(byte).map(Some),
                false if byte == b'{' => Ok(Some(self.enter())),
                false => Err(self.invalid(self.not_this_shape(byte))),
            };
        }
        if self.around.repeats(&name) {
            return Err(self.invalid(format!("`{name}` appears twice")));
        }
        let Some(length) = record_length(value, self.ended, offset + value_at as u64)? else {
            let length = rest.len();
            return Ok(self.wait(length));
        };
        self.around.keep(&name, &value[..length]);
        self.at += value_at + length;
        self.wait_for = 0;
        Ok(Some(State::AfterField))
    }

    /// Enters an object around the records.
    fn enter(&mut self) -> State {
        self.around.open();
        self.pass(State::FirstField)
    }

    fn wait(&mut self, length: usize) -> Option<State> {
        self.wait_for = length * 2;
        None
    }

    /// Returns the state after the outermost object, which must have contained the records.
    fn whole(&self) -> Result<State, ResponseError> {
        match self.around.missing(self.shape == Shape::List) {
            None => Ok(State::Tail),
            Some(problem) => Err(self.invalid(problem)),
        }
    }

    fn pass(&mut self, next: State) -> State {
        self.at += 1;
        next
    }

    fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    fn invalid(&self, problem: String) -> ResponseError {
        ResponseError::Invalid { offset: self.offset(), problem }
    }

    fn not_this_shape(&self, byte: u8) -> String {
        let expected = match self.shape {
            _ if self.around.are_expected() => "an object around the records",
            Shape::List => "an array of records",
            Shape::Object => "one object",
            Shape::Lines => "one record per line",
        };
        let start: String = self.text[self.at..].chars().take(60).collect();
        let guess = match byte {
            b'<' => " (an HTML or XML page)",
            b'{' if self.shape == Shape::List => {
                " (`records_at` in the contract is the path of the records in an object)"
            }
            _ => "",
        };
        format!("expected {expected}, found `{}`{guess}", start.trim_end().replace('\n', " "))
    }
}

/// Returns whether a record at the end of the text is complete: a number may continue in the next piece.
fn shows_its_end(text: &str) -> bool {
    text.ends_with(['}', ']', '"'])
}

/// Returns the length of the record at the start of `rest` by grammar alone, or `None` while it is incomplete. Needed
/// only where reading failed: at the end of a piece, and for a record that does not match the contract.
fn record_length(rest: &str, ended: bool, offset: u64) -> Result<Option<usize>, ResponseError> {
    let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
    let (found, length) = (values.next(), values.byte_offset());
    let number_at_end = rest.ends_with(|end: char| end.is_ascii_digit() || "+-.eE".contains(end));
    match found {
        Some(Ok(_)) if ended || length < rest.len() || shows_its_end(rest) => Ok(Some(length)),
        // An error at the end may be a number that continues (`2.` + `5`), so more bytes are needed.
        Some(Err(error)) if !(error.is_eof() || number_at_end && position(rest, &error) >= rest.len()) => {
            let offset = offset + position(rest, &error).saturating_sub(1) as u64;
            Err(ResponseError::Invalid { offset, problem: without_place(&error.to_string()) })
        }
        _ if ended => Err(ResponseError::Cut { bytes: offset + rest.len() as u64 }),
        _ if rest.len() > MOST => {
            Err(ResponseError::Invalid { offset, problem: format!("a record is larger than {} MiB", MOST >> 20) })
        }
        _ => Ok(None),
    }
}

/// Returns the number of bytes of `json` that serde_json had read when it found the error.
fn position(json: &str, error: &serde_json::Error) -> usize {
    let lines = json.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>() + error.column()
}

#[cfg(test)]
#[path = "../../tests/unit/table/response.rs"]
mod tests;
