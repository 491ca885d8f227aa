//! `cargo xtask pins`: lists every pinned version, and what reports a newer one.

use anyhow::Result;
use contract::Exit;

use crate::cli::Pins;
use crate::edge::terminal;
use crate::flows::pins;
use crate::ui::{self, Align};

pub(super) fn run(args: &Pins) -> Result<Exit> {
    let rows = pins::list(args.online)?;
    let head = [("file", Align::Left), ("versions", Align::Left), ("newer ones are reported by", Align::Left)];
    terminal::print(&ui::columns(&head, rows.into_iter().map(Vec::from).collect()))?;
    Ok(Exit::Done)
}
