//! `cargo xtask open`: the Airflow UI, signed in.

use anyhow::{Result, bail};
use contract::Exit;
use serde_json::json;

use crate::cli::Open;
use crate::edge::terminal;
use crate::failure::Failure;
use crate::flows::{configure, open};

pub(super) fn run(args: &Open) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let settings = configure::module(args.which.env.as_deref(), &variables)?.settings().clone();
    terminal::step("Requesting a login token");
    let login = open::login(&settings, &variables)?;
    let page = format!("https://{}/", login.host);
    // Without a browser the URL goes to the terminal only: a file or a log must not keep the token.
    let opened = !args.print && open::browse(&login)?;
    let shown = args.print || (!opened && !args.json && terminal::is_seen());
    if args.json {
        let address = args.print.then(|| login.url());
        terminal::say(&format!("{}\n", json!({ "page": page, "opened": opened, "login": address })))?;
    } else if shown {
        terminal::say(&format!("{}\n", login.url()))?;
    } else if opened {
        terminal::say(&format!("Opened {page} in your browser.\n"))?;
    }
    if !opened && !shown {
        let failure = Failure::new("found no browser, and the login token is printed only on request");
        bail!(failure.hint("pass --print for a URL with the login token, or set BROWSER"));
    }
    Ok(Exit::Done)
}
