//! An answer arrives in pieces of any size; this finds its records without ever holding more than one piece and one
//! record.

#[cfg(test)]
mod tests;

use std::fmt;

use contract::{Answer as Shape, without_bom};
use serde_json::de::{Deserializer, StrRead};
use serde_json::value::RawValue;

/// The largest record: more is no record but a mistake, and memory stays bounded. Redshift's SUPER ends at 16 MB.
const MOST: usize = 64 << 20;

/// Finds the records of one answer. Feed it with [`Answer::push`], then call [`Answer::step`] until it wants more.
#[derive(Debug)]
pub struct Answer {
    shape: Shape,
    state: State,
    text: String,
    /// The first bytes of a character whose rest has not come.
    partial: Vec<u8>,
    /// Where in `text` the next unread byte is.
    at: usize,
    /// How many bytes of the answer lie before `text`.
    before: u64,
    /// How long `text` must be before looking for the record's end again: doubling keeps huge records linear.
    wait_for: usize,
    ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Start,
    First,
    Element,
    After,
    Tail,
}

/// What [`Answer::step`] found.
#[derive(Debug, PartialEq)]
pub enum Step<'a, T> {
    /// One record: what was read from it, if it could be read, and its JSON, which is sound either way.
    Record(Option<T>, &'a str),
    /// Nothing yet: push more, or say that there is no more.
    More,
    /// The answer is complete.
    End,
}

/// Why an answer is not JSON of the expected shape.
#[derive(Debug, PartialEq)]
pub enum AnswerError {
    /// It ends too early: perhaps the connection was cut.
    Cut {
        /// How many bytes there were.
        bytes: u64,
    },
    /// It is something else.
    Invalid {
        /// Bytes before the mistake.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { bytes } => write!(f, "the JSON ends too early, after {bytes} bytes"),
            Self::Invalid { offset, problem } => write!(f, "invalid JSON at byte {offset}: {problem}"),
        }
    }
}

impl std::error::Error for AnswerError {}

impl Answer {
    /// For an answer of this shape.
    pub fn new(shape: Shape) -> Self {
        let (text, partial) = (String::new(), Vec::new());
        Self { shape, state: State::Start, text, partial, at: 0, before: 0, wait_for: 0, ended: false }
    }

    /// The next piece.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), AnswerError> {
        self.text.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        let joined;
        let piece = if self.partial.is_empty() {
            piece
        } else {
            joined = [self.partial.as_slice(), piece].concat();
            &joined
        };
        let (good, rest) = match std::str::from_utf8(piece) {
            Ok(text) => (text, &[][..]),
            Err(error) if error.error_len().is_none() => {
                let (good, rest) = piece.split_at(error.valid_up_to());
                (std::str::from_utf8(good).unwrap_or_default(), rest)
            }
            Err(error) => {
                let offset = self.before + (self.text.len() + error.valid_up_to()) as u64;
                return Err(AnswerError::Invalid { offset, problem: "not UTF-8".to_owned() });
            }
        };
        let first = self.state == State::Start && self.before == 0 && self.text.is_empty();
        let kept = if first { without_bom(good) } else { good };
        self.before += (good.len() - kept.len()) as u64;
        self.text.push_str(kept);
        self.partial = rest.to_vec();
        Ok(())
    }

    /// There is no more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next record, read by `read` in the same pass that finds its end.
    ///
    /// # Errors
    /// When the answer is cut short or is not JSON of the expected shape.
    pub fn step<'a, T>(
        &'a mut self,
        read: impl FnOnce(&mut Deserializer<StrRead<'a>>) -> serde_json::Result<T>,
    ) -> Result<Step<'a, T>, AnswerError> {
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
        self.state = if self.shape == Shape::List { State::After } else { State::Tail };
        self.at += length;
        Ok(Step::Record(value, &rest[..length]))
    }

    /// Goes to the next record's first byte; a step instead where there is none.
    fn seek<T>(&mut self) -> Result<Option<Step<'static, T>>, AnswerError> {
        loop {
            let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\n', '\r']);
            self.at = self.text.len() - rest.len();
            let Some(&byte) = rest.as_bytes().first() else {
                return match (self.ended, self.state) {
                    (false, _) => Ok(Some(Step::More)),
                    (true, State::Tail) if self.partial.is_empty() => Ok(Some(Step::End)),
                    (true, _) => Err(AnswerError::Cut { bytes: self.offset() + self.partial.len() as u64 }),
                };
            };
            self.state = match (self.state, byte) {
                (State::Start, b'[') if self.shape == Shape::List => self.pass(State::First),
                (State::Start, b'{') if self.shape == Shape::Object => State::Element,
                (State::Start, _) => return Err(self.invalid(self.not_this_shape(byte))),
                (State::First | State::After, b']') => self.pass(State::Tail),
                (State::First, _) => State::Element,
                (State::After, b',') => self.pass(State::Element),
                (State::After, _) => return Err(self.invalid("expected `,` or `]` after a record".to_owned())),
                (State::Tail, _) => return Err(self.invalid("something follows the end".to_owned())),
                (State::Element, _) => return Ok(None),
            };
        }
    }

    fn pass(&mut self, next: State) -> State {
        self.at += 1;
        next
    }

    fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    fn invalid(&self, problem: String) -> AnswerError {
        AnswerError::Invalid { offset: self.offset(), problem }
    }

    fn not_this_shape(&self, byte: u8) -> String {
        let wanted = match self.shape {
            Shape::List => "an array of records",
            Shape::Object => "one object",
        };
        let start: String = self.text[self.at..].chars().take(60).collect();
        let guess = if byte == b'<' { " (an HTML or XML page)" } else { "" };
        format!("expected {wanted}, found `{}`{guess}", start.trim_end().replace('\n', " "))
    }
}

/// Whether a record that ends with the text is complete: a number may go on in the next piece.
fn shows_its_end(text: &str) -> bool {
    text.ends_with(['}', ']', '"'])
}

/// The length of the record that `rest` begins with, by grammar alone, or `None` while its end has not come. This
/// second look is taken only where reading failed: at the end of a piece, and at a record that does not fit.
fn record_length(rest: &str, ended: bool, offset: u64) -> Result<Option<usize>, AnswerError> {
    let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
    let (found, length) = (values.next(), values.byte_offset());
    let number_at_end = rest.ends_with(|end: char| end.is_ascii_digit() || "+-.eE".contains(end));
    match found {
        Some(Ok(_)) if ended || length < rest.len() || shows_its_end(rest) => Ok(Some(length)),
        // A mistake at the very end may only be a number that goes on (`2.` + `5`), so it waits like an end.
        Some(Err(error)) if !(error.is_eof() || number_at_end && place(rest, &error) >= rest.len()) => {
            let offset = offset + place(rest, &error).saturating_sub(1) as u64;
            let problem = error.to_string();
            let problem = problem.rsplit_once(" at line ").map_or(problem.as_str(), |(problem, _)| problem);
            Err(AnswerError::Invalid { offset, problem: problem.to_owned() })
        }
        _ if ended => Err(AnswerError::Cut { bytes: offset + rest.len() as u64 }),
        _ if rest.len() > MOST => {
            Err(AnswerError::Invalid { offset, problem: format!("a record of more than {} MiB", MOST >> 20) })
        }
        _ => Ok(None),
    }
}

/// How many bytes of `json` serde_json had read when it found the mistake.
fn place(json: &str, error: &serde_json::Error) -> usize {
    let lines = json.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>() + error.column()
}
