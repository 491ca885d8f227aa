//! Local platforms for tests, driven through the program.

pub(crate) mod account;
pub(crate) mod apis;
#[path = "../../../jobs/connect/tests/support/aws.rs"]
pub(crate) mod aws;
pub(crate) mod copy;
pub(crate) mod entry;
pub(crate) mod http;
pub(crate) mod images;
#[path = "../../../jobs/connect/tests/support/logins.rs"]
pub(crate) mod logins;
pub(crate) mod proxy;
pub(crate) mod s3;

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A platform in a folder; its database is stopped when this value is dropped.
pub(crate) struct Local {
    dir: tempfile::TempDir,
}

impl Local {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("platform")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("local").args(arguments).arg("--dir").arg(self.path());
        // Variables that a user may have set; none may have an effect or appear in the output.
        command.env("AWS_ACCESS_KEY_ID", "AKIACANARYCANARYCANA").env("AWS_SECRET_ACCESS_KEY", "canary-secret");
        command.env("LAKE_URL", "s3://canary").env("WAREHOUSE_URL", "postgres://canary").env("RUN_ID", "canary");
        command.output().expect("xtask starts")
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat());
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {message}");
        assert!(!message.contains("canary"), "{message}");
        serde_json::from_slice(&output.stdout).expect("one JSON value on standard output")
    }

    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.command(&["reset"]);
    }
}
