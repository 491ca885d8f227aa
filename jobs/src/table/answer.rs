//! An answer arrives in pieces of any size; this finds its records without ever holding more than one piece and one
//! record.

use std::fmt;

use contract::Answer as Shape;
use serde_json::value::RawValue;

/// The largest record: more is no record but a mistake, and memory stays bounded. Redshift's SUPER ends at 16 MB.
const MOST: usize = 64 << 20;

/// Finds the records of one answer. Feed it with [`Answer::push`], then call [`Answer::step`] until it wants more.
#[derive(Debug)]
pub struct Answer {
    shape: Shape,
    state: State,
    buffer: Vec<u8>,
    /// Where in `buffer` the next unread byte is.
    at: usize,
    /// How many bytes of the answer lie before `buffer`.
    before: u64,
    /// How long `buffer` must be before looking for the record's end again: doubling keeps huge records linear.
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
pub enum Step<'a> {
    /// One record's JSON, valid as far as grammar and UTF-8 go.
    Record(&'a str),
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
        Self { shape, state: State::Start, buffer: Vec::new(), at: 0, before: 0, wait_for: 0, ended: false }
    }

    /// The next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// There is no more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next record.
    ///
    /// # Errors
    /// When the answer is cut short or is not JSON of the expected shape.
    pub fn step(&mut self) -> Result<Step<'_>, AnswerError> {
        loop {
            self.skip_space();
            let Some(&byte) = self.buffer.get(self.at) else {
                return match (self.ended, self.state) {
                    (false, _) => Ok(Step::More),
                    (true, State::Tail) => Ok(Step::End),
                    (true, _) => Err(AnswerError::Cut { bytes: self.offset() }),
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
                (State::Element, _) => match self.record_length()? {
                    None => return Ok(Step::More),
                    Some(length) => {
                        self.state = if self.shape == Shape::List { State::After } else { State::Tail };
                        let start = self.at;
                        self.at += length;
                        let record = std::str::from_utf8(&self.buffer[start..self.at]);
                        return record.map(Step::Record).map_err(|_| AnswerError::Invalid {
                            offset: self.before + start as u64,
                            problem: "not UTF-8".to_owned(),
                        });
                    }
                },
            };
        }
    }

    fn skip_space(&mut self) {
        while self.buffer.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
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
        let start = String::from_utf8_lossy(&self.buffer[self.at..]);
        let start: String = start.chars().take(60).collect();
        let guess = if byte == b'<' { " (an HTML or XML page)" } else { "" };
        format!("expected {wanted}, found `{}`{guess}", start.trim_end().replace('\n', " "))
    }

    /// The length of the record that begins here, or `None` while its end has not come.
    fn record_length(&mut self) -> Result<Option<usize>, AnswerError> {
        if !self.ended && self.buffer.len() < self.wait_for {
            return Ok(None);
        }
        let rest = &self.buffer[self.at..];
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<&RawValue>();
        let in_number = matches!(rest.last(), Some(b'+' | b'-' | b'.' | b'e' | b'E' | b'0'..=b'9'));
        let (found, length) = (values.next(), values.byte_offset());
        match found {
            // A number may go on in the next piece; everything else shows its own end.
            Some(Ok(_)) if length < rest.len() || self.ended || matches!(rest.last(), Some(b'}' | b']' | b'"')) => {
                self.wait_for = 0;
                Ok(Some(length))
            }
            // A mistake at the very end may only be a number that goes on (`2.` + `5`), so it waits like an end.
            Some(Err(error)) if !error.is_eof() && !(in_number && place(rest, &error) >= rest.len()) => {
                let offset = self.offset() + place(rest, &error).saturating_sub(1) as u64;
                let problem = error.to_string();
                let problem = problem.rsplit_once(" at line ").map_or(problem.as_str(), |(problem, _)| problem);
                Err(AnswerError::Invalid { offset, problem: problem.to_owned() })
            }
            _ if self.ended => Err(AnswerError::Cut { bytes: self.before + self.buffer.len() as u64 }),
            _ if rest.len() > MOST => Err(self.invalid(format!("a record of more than {} MiB", MOST >> 20))),
            _ => {
                self.wait_for = rest.len() * 2;
                Ok(None)
            }
        }
    }
}

/// How many bytes of `json` serde_json had read when it found the mistake.
fn place(json: &[u8], error: &serde_json::Error) -> usize {
    let lines = json.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    lines.map(<[u8]>::len).sum::<usize>() + error.column()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(shape: Shape, body: &[u8], piece: usize) -> Result<Vec<String>, AnswerError> {
        let (mut answer, mut found) = (Answer::new(shape), Vec::new());
        let mut pieces = body.chunks(piece.max(1));
        loop {
            match answer.step()? {
                Step::Record(json) => found.push(json.to_owned()),
                Step::End => return Ok(found),
                Step::More => match pieces.next() {
                    Some(piece) => answer.push(piece),
                    None => answer.end(),
                },
            }
        }
    }

    #[test]
    fn records_are_the_same_however_the_answer_is_cut_into_pieces() {
        let body = "[ {\"a\":\"é]}\\\"\"} , 12,\n[1,{}] ,null,\"x\"] \n".as_bytes();
        let whole = records(Shape::List, body, body.len()).expect("valid");
        assert_eq!(whole, ["{\"a\":\"é]}\\\"\"}", "12", "[1,{}]", "null", "\"x\""]);
        for piece in 1..body.len() {
            assert_eq!(records(Shape::List, body, piece).as_ref(), Ok(&whole), "pieces of {piece}");
        }
        assert_eq!(records(Shape::List, b"[]", 1), Ok(vec![]));
        assert_eq!(records(Shape::Object, b" {\"a\":1} ", 2), Ok(vec!["{\"a\":1}".to_owned()]));
    }

    #[test]
    fn a_cut_answer_is_told_apart_from_an_invalid_one_at_every_byte() {
        let body = br#"[{"a":[1,2.5],"b":"x\n"},{"c":null}]"#;
        for end in 0..body.len() {
            let cut = records(Shape::List, &body[..end], 7).expect_err("cut");
            assert_eq!(cut, AnswerError::Cut { bytes: end as u64 }, "cut at {end}");
        }
        for (bad, offset, problem) in [
            ("<html>", 0, "expected an array of records, found `<html>` (an HTML or XML page)"),
            ("Not Found", 0, "expected an array of records, found `Not Found`"),
            ("{}", 0, "expected an array of records, found `{}`"),
            ("[1 2]", 3, "expected `,` or `]` after a record"),
            ("[{\"a\" 1}]", 6, "expected `:`"),
            ("[1]x", 3, "something follows the end"),
            ("[1,]", 3, "expected value"),
            ("[\"\\q\"]", 3, "invalid escape"),
            ("[{\n\"a\" 1}]", 7, "expected `:`"),
        ] {
            let error = records(Shape::List, bad.as_bytes(), 100).expect_err(bad);
            assert_eq!(error, AnswerError::Invalid { offset, problem: problem.to_owned() }, "{bad}");
        }
        assert!(matches!(records(Shape::List, b"[\"\xff\"]", 9), Err(AnswerError::Invalid { .. })));
        assert!(matches!(records(Shape::Object, b"[]", 9), Err(AnswerError::Invalid { .. })));
    }
}
