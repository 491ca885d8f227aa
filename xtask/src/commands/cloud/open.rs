//! `cargo xtask open`: opens the Airflow UI and signs in.

use std::io::{IsTerminal, stdout};

use anyhow::{Result, ensure};
use contract::Exit;
use serde_json::json;

use crate::cli::Open;
use crate::commands::common::{configured, print};
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::open;

pub(super) fn run(args: &Open) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    terminal::step("Requesting a login token");
    let login = open::login(configured.settings(), &variables)?;
    let page = format!("https://{}/", login.host);
    let json = args.common.json;
    // Without a browser, the URL is printed only on a terminal, because files and logs must not contain the token.
    let opened = !args.print && open::browse(&login)?;
    let shown = args.print || (!opened && !json && stdout().is_terminal());
    let value = json!({ "page": page, "opened": opened, "login": args.print.then(|| login.url()) });
    print(json, &value, || match (shown, opened) {
        (true, _) => format!("{}\n", login.url()),
        (false, true) => format!("Opened {page} in your browser.\n"),
        (false, false) => String::new(),
    })?;
    let failure = || Failure::new("no browser was found, and the login token is printed only on request");
    ensure!(opened || shown, failure().hint("pass --print for a URL with the login token, or set BROWSER"));
    Ok(Exit::Done)
}
