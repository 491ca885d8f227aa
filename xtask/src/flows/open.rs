//! Opens the Airflow UI: checks that it is reachable, creates a login token, and starts a browser.
//!
//! Anyone with the token can sign in, and every user of the machine can read command lines. Therefore, the browser
//! opens a file that only its owner can read; it redirects to the UI and is removed a few seconds later.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use contract::Exit;

use crate::edge::aws::Aws;
use crate::edge::mwaa::{Login, Mwaa};
use crate::edge::{files, web};
use crate::failure::Failure;
use crate::settings::{Settings, Variables, Webserver};

/// The file's folder, inside the repository: a sandboxed browser can access neither hidden folders nor the user's /tmp.
const FOLDER: &str = "target/open";
/// How long the browser has to read the file: its command often exits before the browser starts.
const READING: Duration = Duration::from_secs(5);

/// Creates a login token. Fails if the environment is missing, not ready, or unreachable from this machine.
pub fn login(settings: &Settings, variables: &Variables) -> Result<Login> {
    let aws = Aws::for_settings(settings, variables)?;
    ensure!(!aws.is_unsupported("MWAA"), "the AWS endpoint is an emulator without Airflow");
    let (mwaa, name) = (Mwaa::new(&aws.config), &settings.airflow.environment);
    let missing = || Failure::new(format!("the environment `{name}` does not exist")).hint("run `cargo xtask deploy`");
    let environment = aws.wait(mwaa.environment(name))?.with_context(missing)?;
    let hint = "run `cargo xtask status` to check it; creating it takes about 30 minutes";
    let status = environment.status().map_or("", |status| status.as_str());
    let state = || Failure::new(format!("the environment `{name}` is {status}")).hint(hint);
    // During an update, the old environment still responds.
    let url = environment.webserver_url().unwrap_or_default();
    ensure!(!url.is_empty() && !status.starts_with("CREAT"), state());
    if let Err(error) = web::is_reachable(url) {
        let failure = Failure::new(format!("cannot reach the Airflow UI from this machine: {error}"));
        bail!(if settings.airflow.webserver == Webserver::Private {
            failure.hint(
                "its web server is private (`airflow.webserver` in the settings) and reachable only from inside the VPC, for \
                 example through a VPN; `cargo xtask run --direct` and `cargo xtask logs` do not need Airflow",
            )
        } else {
            failure.exit(Exit::TempFail).hint("check the network, then run the same command again")
        });
    }
    aws.wait(mwaa.login(name))
}

/// Opens the UI in a browser; returns false if no browser is available.
pub fn browse(login: &Login) -> Result<bool> {
    let path = files::folder(&files::root().join(FOLDER))?.join("airflow.html");
    files::write_secret(&path, &page(&login.url()))?;
    let opened = web::open_in_browser(&path, READING);
    files::remove(&path)?;
    Ok(opened)
}

fn page(url: &str) -> String {
    let quoted = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={quoted}\"><title>Airflow</title>\n"
    )
}

#[cfg(test)]
#[path = "../../tests/unit/flows/open.rs"]
mod tests;
