//! `cargo xtask open`: Airflow's pages, signed in.

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
    terminal::step("Asking for a login token");
    let login = open::login(&settings, &variables)?;
    let page = format!("https://{}/", login.host);
    // Where there is no browser, a person at the terminal may take the address to one; a file or a log must not keep it.
    let opened = !args.print && open::browse(&login)?;
    let shown = args.print || (!opened && !args.json && terminal::is_seen());
    if args.json {
        let address = args.print.then(|| login.url());
        terminal::say(&format!("{}\n", json!({ "page": page, "opened": opened, "login": address })))?;
    } else if shown {
        terminal::say(&format!("{}\n", login.url()))?;
    } else if opened {
        terminal::say(&format!("{page} is in your browser.\n"))?;
    }
    if !opened && !shown {
        let failure = Failure::new("there is no browser here, and the login token is shown to nobody who did not ask");
        bail!(failure.hint("say --print for an address that signs in whoever has it, or set BROWSER"));
    }
    Ok(Exit::Done)
}
