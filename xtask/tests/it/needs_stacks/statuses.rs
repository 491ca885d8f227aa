//! Every status that a stack can have, and what each command sends from there: never a call that AWS must refuse.

use std::thread;

use super::stub::Stub;
use super::{FIRST, account, folder};

/// Statuses with what `deploy`, `recover` and `destroy` send; none where the command refuses.
///
/// Source: the same pages as `stack/status.rs` has; the calls are written down here once more, by hand.
type Row = (&'static str, Option<&'static [&'static str]>, Option<&'static [&'static str]>, &'static [&'static str]);

const MAKE: &[&str] = &["CreateChangeSet", "ExecuteChangeSet"];
const RECREATE: &[&str] = &["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"];
const DELETE: &[&str] = &["DeleteStack"];

const TABLE: [Row; 23] = [
    ("CREATE_COMPLETE", Some(MAKE), Some(&[]), DELETE),
    ("CREATE_FAILED", None, Some(DELETE), DELETE),
    ("CREATE_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("DELETE_COMPLETE", Some(MAKE), Some(&[]), &[]),
    ("DELETE_FAILED", None, Some(&["DeleteStack -Topic"]), DELETE),
    ("DELETE_IN_PROGRESS", Some(MAKE), Some(&[]), &[]),
    ("IMPORT_COMPLETE", Some(MAKE), Some(&[]), DELETE),
    ("IMPORT_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("IMPORT_ROLLBACK_COMPLETE", Some(MAKE), Some(&[]), DELETE),
    ("IMPORT_ROLLBACK_FAILED", None, None, DELETE),
    ("IMPORT_ROLLBACK_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("REVIEW_IN_PROGRESS", Some(RECREATE), Some(DELETE), DELETE),
    ("ROLLBACK_COMPLETE", Some(RECREATE), Some(DELETE), DELETE),
    ("ROLLBACK_FAILED", None, Some(DELETE), DELETE),
    ("ROLLBACK_IN_PROGRESS", Some(RECREATE), Some(DELETE), DELETE),
    ("UPDATE_COMPLETE", Some(MAKE), Some(&[]), DELETE),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("UPDATE_FAILED", None, Some(&["RollbackStack"]), DELETE),
    ("UPDATE_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_COMPLETE", Some(MAKE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_FAILED", None, Some(&["ContinueUpdateRollback -Topic"]), DELETE),
    ("UPDATE_ROLLBACK_IN_PROGRESS", Some(MAKE), Some(&[]), DELETE),
];

/// Runs a command against a stack in a status, holds its calls against the table, and says what it output.
#[track_caller]
fn sends(command: &str, more: &[&str], status: &str, wanted: Option<&[&str]>) -> (String, String) {
    let (account, one) = (account(), folder(&[("first", FIRST)]));
    let stub = Stub::start(&account.number, status);
    let arguments = [&[command, "--folder", one.path().to_str().expect("text")], more].concat();
    let ran = account.run_by(&stub.endpoint, &arguments);
    let ended = if wanted.is_some() { Some(0) } else { Some(1) };
    assert_eq!(ran.code, ended, "{command} {status}: {}", ran.stderr);
    assert_eq!(stub.asked(), wanted.unwrap_or_default(), "{command} {status}: {}", ran.stderr);
    (stub.status(), ran.stderr)
}

/// Every row, some at once: most of the time is spent between two looks.
fn each(row: impl Fn(&Row) + Sync) {
    thread::scope(|scope| {
        for rows in TABLE.chunks(6) {
            scope.spawn(|| rows.iter().for_each(&row));
        }
    });
}

#[test]
fn a_deployment_sends_no_doomed_call_from_any_status() {
    each(|&(status, deploys, _, _)| {
        let (after, said) = sends("deploy", &["--yes"], status, deploys);
        match deploys {
            Some(_) => assert!(["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&after.as_str()), "{status}: {after}"),
            None => {
                assert!(said.contains("nothing was changed: the stack `DataPlatform-first` is "), "{said}");
                let by_hand = status == "IMPORT_ROLLBACK_FAILED";
                let next = if by_hand { "console" } else { "`cargo xtask recover`" };
                assert!(said.contains(status) && said.contains(next), "{status}: {said}");
                assert_eq!(after, status);
            }
        }
    });
}

/// What is there is left as it is; one that is in a state from which nothing can be done is refused, as ever.
#[test]
fn a_deployment_that_only_creates_changes_no_stack_that_exists() {
    each(|&(status, deploys, _, _)| {
        let is_absent = ["DELETE_COMPLETE", "DELETE_IN_PROGRESS"].contains(&status);
        let creates = if deploys == Some(MAKE) && !is_absent { Some(&[][..]) } else { deploys };
        let (after, said) = sends("deploy", &["--create-only", "--yes"], status, creates);
        if creates.is_none() {
            assert_eq!(after, status, "{said}");
        }
    });
}

#[test]
fn a_recovery_sends_no_doomed_call_from_any_status() {
    each(|&(status, _, recovers, _)| {
        let (after, said) =
            sends("recover", &["--stack", "first", "--retain", "Topic", "--skip", "Topic"], status, recovers);
        match recovers {
            Some(["DeleteStack" | "DeleteStack -Topic"]) => assert_eq!(after, "DELETE_COMPLETE", "{status}"),
            Some(_) => assert!(after.ends_with("_COMPLETE"), "{status}: {after}"),
            None => assert!(said.contains("is IMPORT_ROLLBACK_FAILED") && said.contains("console"), "{said}"),
        }
    });
}

#[test]
fn an_end_sends_no_doomed_call_from_any_status() {
    each(|&(status, _, _, destroys)| {
        let (after, _) = sends("destroy", &["--yes"], status, Some(destroys));
        assert_eq!(after, "DELETE_COMPLETE", "{status}");
    });
}
