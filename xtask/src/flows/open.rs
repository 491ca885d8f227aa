//! The way into Airflow's pages: the environment, whether it can be reached from here, a fresh token, and a browser.
//!
//! The token lets its bearer in, so it goes where nobody else looks. A command line does not: every user of the machine can
//! read it. A browser is given a file that only its owner can read, and which leads on to the page; it is gone seconds later.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use contract::Exit;

use crate::edge::aws::Aws;
use crate::edge::mwaa::{Login, Mwaa};
use crate::edge::{browser, files, web};
use crate::failure::Failure;
use crate::settings::{Settings, Variables, Webserver};

/// Where the file lies, from the root: a browser that is kept in a cage sees no hidden folder and no other's /tmp.
const FOLDER: &str = "target/open";
/// How long a browser that was asked has to read the file: the command often ends before the browser begins.
const READING: Duration = Duration::from_secs(5);

/// Airflow's host, once it is sure that it can be reached from here.
///
/// # Errors
/// When there is no environment, it does not work, or cannot be reached.
pub fn look(settings: &Settings, aws: &Aws) -> Result<String> {
    if aws.is_unanswered("MWAA") {
        bail!("an emulator answers here, which has no Airflow");
    }
    let name = &settings.airflow.environment;
    let found = aws.wait(Mwaa::new(&aws.config).environment(name))?;
    let missing = || Failure::new(format!("there is no environment `{name}`")).hint("cargo xtask deploy");
    let environment = found.with_context(missing)?;
    let hint = "`cargo xtask status` looks; making one takes half an hour";
    let state = || Failure::new(format!("the environment `{name}` is {}", environment.status)).hint(hint);
    // While it is updated the old one answers.
    ensure!(!environment.url.is_empty() && !environment.status.starts_with("CREAT"), state());
    if let Err(why) = web::is_reachable(&environment.url) {
        let failure = Failure::new(format!("Airflow's pages cannot be reached from here: {why}"));
        bail!(if settings.airflow.webserver == Webserver::Private {
            failure.hint(
                "its web server is private (`airflow.webserver` in the settings): it opens only from inside the VPC, such as \
                 by a VPN; `cargo xtask run --direct` and `cargo xtask logs` need no Airflow",
            )
        } else {
            failure.exit(Exit::TempFail).hint("check the network, then run the same command again")
        });
    }
    Ok(environment.url)
}

/// A fresh token.
pub fn login(settings: &Settings, variables: &Variables) -> Result<Login> {
    let aws = Aws::of(settings, variables)?;
    look(settings, &aws)?;
    aws.wait(Mwaa::new(&aws.config).login(&settings.airflow.environment))
}

/// Has a browser go there; false where there is none.
pub fn browse(login: &Login) -> Result<bool> {
    let path = files::folder(&files::root().join(FOLDER))?.join("airflow.html");
    files::write_secret(&path, &page(&login.url()))?;
    let opened = browser::browse(&path, READING);
    files::remove(&path)?;
    Ok(opened)
}

/// A page that leads on, and tells nobody from where.
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
