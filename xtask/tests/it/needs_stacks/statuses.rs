//! The calls that each command sends for each status of a stack: never one that AWS rejects in that status.

use std::thread;

use super::stub::Stub;
use super::{FIRST, account, folder, text};

/// A status with the calls of `deploy`, `recover` and `destroy`; none if the command refuses to run.
///
/// The source is the pages that `stack/status.rs` names; the calls are repeated here by hand.
type Row = (&'static str, Option<&'static [&'static str]>, Option<&'static [&'static str]>, &'static [&'static str]);

const CREATE: &[&str] = &["CreateChangeSet", "ExecuteChangeSet"];
const RECREATE: &[&str] = &["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"];
const DELETE: &[&str] = &["DeleteStack"];

const TABLE: [Row; 23] = [
    ("CREATE_COMPLETE", Some(CREATE), Some(&[]), DELETE),
    ("CREATE_FAILED", None, Some(DELETE), DELETE),
    ("CREATE_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("DELETE_COMPLETE", Some(CREATE), Some(&[]), &[]),
    ("DELETE_FAILED", None, Some(&["DeleteStack -Topic"]), DELETE),
    ("DELETE_IN_PROGRESS", Some(CREATE), Some(&[]), &[]),
    ("IMPORT_COMPLETE", Some(CREATE), Some(&[]), DELETE),
    ("IMPORT_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("IMPORT_ROLLBACK_COMPLETE", Some(CREATE), Some(&[]), DELETE),
    ("IMPORT_ROLLBACK_FAILED", None, None, DELETE),
    ("IMPORT_ROLLBACK_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("REVIEW_IN_PROGRESS", Some(RECREATE), Some(DELETE), DELETE),
    ("ROLLBACK_COMPLETE", Some(RECREATE), Some(DELETE), DELETE),
    ("ROLLBACK_FAILED", None, Some(DELETE), DELETE),
    ("ROLLBACK_IN_PROGRESS", Some(RECREATE), Some(DELETE), DELETE),
    ("UPDATE_COMPLETE", Some(CREATE), Some(&[]), DELETE),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("UPDATE_FAILED", None, Some(&["RollbackStack"]), DELETE),
    ("UPDATE_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_COMPLETE", Some(CREATE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
    ("UPDATE_ROLLBACK_FAILED", None, Some(&["ContinueUpdateRollback -Topic"]), DELETE),
    ("UPDATE_ROLLBACK_IN_PROGRESS", Some(CREATE), Some(&[]), DELETE),
];

/// Runs a command on a stack in a status and compares its calls with the table; returns the new status and the output.
#[track_caller]
fn sends(command: &str, more: &[&str], status: &str, expected: Option<&[&str]>) -> (String, String) {
    let (account, one) = (account(), folder(&[("first", FIRST)]));
    let stub = Stub::start(&account.number, status);
    let arguments = [&[command, "--folder", text(one.path())], more].concat();
    let ran = account.run_by(&stub.endpoint, &arguments);
    let code = if expected.is_some() { Some(0) } else { Some(1) };
    assert_eq!(ran.code, code, "{command} {status}: {}", ran.stderr);
    assert_eq!(stub.calls(), expected.unwrap_or_default(), "{command} {status}: {}", ran.stderr);
    (stub.status(), ran.stderr)
}

/// Checks all rows, some in parallel: the commands spend most of the time between two polls.
fn each_row(row: impl Fn(&Row) + Sync) {
    thread::scope(|scope| {
        for rows in TABLE.chunks(6) {
            scope.spawn(|| rows.iter().for_each(&row));
        }
    });
}

#[test]
fn deploy_sends_only_valid_calls_in_each_status() {
    each_row(|&(status, deploys, _, _)| {
        let (after, output) = sends("deploy", &["--yes"], status, deploys);
        match deploys {
            Some(_) => assert!(["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&after.as_str()), "{status}: {after}"),
            None => {
                assert!(output.contains("nothing was changed: the stack `DataPlatform-first` is "), "{output}");
                let by_hand = status == "IMPORT_ROLLBACK_FAILED";
                let next = if by_hand { "console" } else { "`cargo xtask recover`" };
                assert!(output.contains(status) && output.contains(next), "{status}: {output}");
                assert_eq!(after, status);
            }
        }
    });
}

/// An existing stack is not changed; a stack that needs `recover` is an error, as without `--create-only`.
#[test]
fn create_only_changes_no_existing_stack() {
    each_row(|&(status, deploys, _, _)| {
        let is_absent = ["DELETE_COMPLETE", "DELETE_IN_PROGRESS"].contains(&status);
        let creates = if deploys == Some(CREATE) && !is_absent { Some(&[][..]) } else { deploys };
        let (after, output) = sends("deploy", &["--create-only", "--yes"], status, creates);
        if creates.is_none() {
            assert_eq!(after, status, "{output}");
        }
    });
}

#[test]
fn recover_sends_only_valid_calls_in_each_status() {
    each_row(|&(status, _, recovers, _)| {
        let (after, output) =
            sends("recover", &["--stack", "first", "--retain", "Topic", "--skip", "Topic"], status, recovers);
        match recovers {
            Some(["DeleteStack" | "DeleteStack -Topic"]) => assert_eq!(after, "DELETE_COMPLETE", "{status}"),
            Some(_) => assert!(after.ends_with("_COMPLETE"), "{status}: {after}"),
            None => assert!(output.contains("is IMPORT_ROLLBACK_FAILED") && output.contains("console"), "{output}"),
        }
    });
}

#[test]
fn destroy_sends_only_valid_calls_in_each_status() {
    each_row(|&(status, _, _, destroys)| {
        let (after, _) = sends("destroy", &["--yes"], status, Some(destroys));
        assert_eq!(after, "DELETE_COMPLETE", "{status}");
    });
}
