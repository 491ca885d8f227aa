//! Relays the messages of a session. Statements are translated, errors get Redshift's text, and the type of SUPER columns its
//! number; all other messages pass through unchanged. A client that disconnects has its statement cancelled.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio_postgres::error::SqlState;

use super::backend::{self, Backend};
use super::frame::Frame;
use super::plan::{self, Plan};
use super::{Shared, rules};
use crate::errors::{Reported, in_redshift};
use crate::journal::Event;
use crate::sql::Transaction;

/// The number of the type SUPER.
const SUPER: u32 = 4000;
/// The number of PostgreSQL's jsonb.
const JSONB: u32 = 3802;

pub struct Session<'a> {
    pub user: String,
    pub shared: &'a Shared,
}

impl Session<'_> {
    /// How much longer a text takes.
    fn delay(&self, text: &str) -> Option<Duration> {
        let (slow, time) = self.shared.slow_statement.as_ref()?;
        text.contains(slow).then_some(*time)
    }
}

/// A statement of the client.
#[derive(Clone, Default)]
struct Statement {
    text: String,
    /// The command tag that replaces PostgreSQL's.
    tag: Option<String>,
}

/// What PostgreSQL will answer next.
enum Expected {
    Parsed(Statement),
    Completed(Statement, Instant),
    Ready,
}

/// What both directions share.
struct State {
    /// The transaction status of the last ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one.
    status: u8,
    expected: VecDeque<Expected>,
}

/// Relays until one side closes the connection.
pub async fn run<S>(client: BufReader<S>, backend: Backend, session: Session<'_>) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Backend { stream, process, secret, address, .. } = backend;
    let (client_in, client_out) = tokio::io::split(client);
    let (backend_in, backend_out) = stream.into_inner().into_split();
    let state = Mutex::new(State { status: b'I', expected: VecDeque::new() });
    tokio::select! {
        closed = upstream(BufReader::new(client_in), backend_out, &state, &session) => {
            closed?;
            let running = lock(&state).expected.iter().find_map(|expected| match expected {
                Expected::Completed(statement, since) => Some((statement.text.clone(), since.elapsed())),
                _ => None,
            });
            if let Some((statement, time)) = running
                && !session.shared.disabled().0.contains(rules::CLIENT_TIMEOUT)
            {
                backend::cancel(&address, process, secret).await?;
                let message = format!(
                    "the client closed its connection after {:.1} s of a statement, which was cancelled [rule {}]",
                    time.as_secs_f64(), rules::CLIENT_TIMEOUT
                );
                let user = session.user;
                session.shared.journal.record(Event { rule: rules::CLIENT_TIMEOUT.to_owned(), message, statement, user });
            }
            Ok(())
        }
        closed = downstream(BufReader::new(backend_in), BufWriter::new(client_out), &state, &session) => closed,
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From the client to PostgreSQL, until the client ends the session or disconnects.
async fn upstream<R, W>(mut client: R, mut backend: W, state: &Mutex<State>, session: &Session<'_>) -> Result<()>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut statements, mut portals, mut ahead) = (BTreeMap::new(), BTreeMap::new(), VecDeque::new());
    loop {
        // A client that times out may close its socket without a message, and without the end of the TLS session.
        let next = if ahead.is_empty() { Frame::read(&mut client).await } else { Ok(ahead.pop_front()) };
        let Ok(Some(frame)) = next else { return Ok(()) };
        let mut delay = None;
        let frame = match frame.tag {
            b'Q' => {
                let (text, _) = Frame::text(&frame.body)?;
                let plans = plans(text, state, session);
                delay = session.delay(text);
                let mut state = lock(state);
                for plan in &plans {
                    let statement = Statement { text: text.to_owned(), tag: plan.tag.clone() };
                    state.expected.push_back(Expected::Completed(statement, Instant::now()));
                }
                state.expected.push_back(Expected::Ready);
                Frame::new(b'Q', terminated(&joined(&plans)))
            }
            b'P' => {
                let (name, rest) = Frame::text(&frame.body)?;
                let (text, types) = Frame::text(rest)?;
                let plans = plans(text, state, session);
                let tag = plans.last().and_then(|plan| plan.tag.clone());
                let statement = Statement { text: text.to_owned(), tag };
                statements.insert(name.to_owned(), statement.clone());
                lock(state).expected.push_back(Expected::Parsed(statement));
                let body = [terminated(name), terminated(&joined(&plans)), types.to_vec()].concat();
                Frame::new(b'P', body)
            }
            b'B' => {
                let (portal, rest) = Frame::text(&frame.body)?;
                let (name, _) = Frame::text(rest)?;
                portals.insert(portal.to_owned(), statements.get(name).cloned().unwrap_or_default());
                frame
            }
            b'E' => {
                let (portal, _) = Frame::text(&frame.body)?;
                let statement = portals.get(portal).cloned().unwrap_or_default();
                delay = session.delay(&statement.text);
                lock(state).expected.push_back(Expected::Completed(statement, Instant::now()));
                frame
            }
            b'S' => {
                lock(state).expected.push_back(Expected::Ready);
                frame
            }
            _ => frame,
        };
        if let Some(time) = delay
            && !stays(&mut client, time, &mut ahead).await
            && !session.shared.disabled().0.contains(rules::CLIENT_TIMEOUT)
        {
            return Ok(());
        }
        backend.write_all(&frame.encoded()).await?;
        if frame.tag == b'X' {
            return Ok(());
        }
    }
}

/// Waits, and reads what the client sends in the meantime; returns whether it stays connected.
async fn stays<R: AsyncBufRead + Unpin>(client: &mut R, time: Duration, ahead: &mut VecDeque<Frame>) -> bool {
    let end = tokio::time::Instant::now() + time;
    while let Ok(received) = tokio::time::timeout_at(end, client.fill_buf()).await {
        if !received.is_ok_and(|bytes| !bytes.is_empty()) {
            return false;
        }
        let Ok(Some(frame)) = Frame::read(client).await else { return false };
        ahead.push_back(frame);
    }
    true
}

fn plans(text: &str, state: &Mutex<State>, session: &Session<'_>) -> Vec<Plan> {
    let transaction = if lock(state).status == b'I' { Transaction::Autocommit } else { Transaction::Block };
    plan::plans(text, transaction, session.shared.disabled())
}

fn joined(plans: &[Plan]) -> String {
    plans.iter().map(|plan| plan.sql.as_str()).collect::<Vec<_>>().join(";\n")
}

fn terminated(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\0"].concat()
}

/// From PostgreSQL to the client.
async fn downstream<R, W>(
    mut backend: BufReader<R>,
    mut client: BufWriter<W>,
    state: &Mutex<State>,
    session: &Session<'_>,
) -> Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    while let Some(mut frame) = Frame::read(&mut backend).await? {
        match frame.tag {
            b'T' => number_of_super(&mut frame.body),
            b'1' => drop(lock(state).expected.pop_front()),
            b'C' => {
                if let Some(Expected::Completed(Statement { tag: Some(tag), .. }, _)) = lock(state).expected.pop_front()
                {
                    frame.body = terminated(&tag);
                }
            }
            b'I' | b's' => drop(lock(state).expected.pop_front()),
            b'E' => {
                let statement = failed(&mut lock(state).expected);
                frame = reported(&frame, statement, session);
            }
            b'Z' => {
                let mut state = lock(state);
                state.status = frame.body.first().copied().unwrap_or(b'I');
                state.expected.pop_front();
            }
            _ => {}
        }
        client.write_all(&frame.encoded()).await?;
        if backend.buffer().is_empty() {
            client.flush().await?;
        }
    }
    Ok(client.flush().await?)
}

/// The statement that failed. PostgreSQL answers nothing else until the next Sync.
fn failed(expected: &mut VecDeque<Expected>) -> String {
    let mut text = String::new();
    while !matches!(expected.front(), None | Some(Expected::Ready)) {
        if let Some(Expected::Parsed(statement) | Expected::Completed(statement, _)) = expected.pop_front()
            && text.is_empty()
        {
            text = statement.text;
        }
    }
    text
}

/// An ErrorResponse of Redshift: its message, and the fields that a version 8.0 has.
fn reported(frame: &Frame, statement: String, session: &Session<'_>) -> Frame {
    let fields = frame.fields();
    let field = |kind: u8| fields.iter().find(|(own, _)| *own == kind).map_or("", |(_, text)| text.as_str());
    let mut reported = in_redshift(field(b'M'), field(b'C'), Some(field(b'n')));
    if reported.sqlstate == SqlState::T_R_SERIALIZATION_FAILURE.code() {
        let conflict = session.shared.engine.conflict();
        let rule = conflict.rule.unwrap_or_default();
        reported = Reported {
            message: format!("{} [rule {rule}]", conflict.message),
            sqlstate: conflict.sqlstate,
            rule: Some(rule),
        };
    }
    let Reported { message, sqlstate, rule } = reported;
    session.shared.journal.record(Event {
        rule: rule.unwrap_or_default(),
        message: message.clone(),
        statement,
        user: session.user.clone(),
    });
    let mut kept = vec![(b'S', field(b'S')), (b'C', sqlstate.as_str()), (b'M', message.as_str())];
    kept.extend([b'D', b'H', b'P'].map(|kind| (kind, field(kind))).into_iter().filter(|(_, text)| !text.is_empty()));
    Frame::error(&kept)
}

/// In a RowDescription, replaces the number of jsonb by that of SUPER.
fn number_of_super(body: &mut [u8]) {
    let mut position = 2;
    while let Some(length) = body.get(position..).and_then(|rest| rest.iter().position(|byte| *byte == 0)) {
        // After the name: the table (4 bytes), the column (2), and the type (4).
        let place = position + length + 7;
        let Some(number) = body.get_mut(place..place + 4) else { return };
        if *number == JSONB.to_be_bytes() {
            number.copy_from_slice(&SUPER.to_be_bytes());
        }
        position = place + 12;
    }
}

#[cfg(test)]
#[path = "../../tests/unit/wire/relay.rs"]
mod tests;
