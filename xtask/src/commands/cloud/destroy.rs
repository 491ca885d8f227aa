//! `cargo xtask destroy`: creates a plan, shows it, asks for confirmation, and deletes the stacks.

use anyhow::{Result, bail, ensure};
use contract::Exit;
use serde_json::json;

use super::stacks;
use crate::cli::Destroy;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::failure::Failure;
use crate::flows::destroy::{self, Destruction};

pub(super) fn run(args: &Destroy) -> Result<Exit> {
    terminal::until_interrupted(stacks::INTERRUPTED, || destroy(args))
}

fn destroy(args: &Destroy) -> Result<Exit> {
    let ready = destroy::plan(stacks::request(&args.scope, None)?, args.delete_data)?;
    let json = args.scope.common.json;
    if !json {
        terminal::print(&ready.plan.to_string())?;
    }
    let applies = !ready.is_empty();
    if applies {
        confirm(args, &ready)?;
        let lines: Vec<_> = ready.names().map(|name| (name.to_owned(), String::new(), 0)).collect();
        let mut tree = Tree::new(&lines);
        ready.apply(&mut |progress| drop(stacks::show(&mut tree, progress)))?;
    }
    let value = json!({ "applied": applies, "plan": ready.plan });
    print(json, &value, || if applies { "Deleted.\n".to_owned() } else { String::new() })
}

/// Asks for confirmation. In production, the user must type the stack prefix, even with `--yes`.
fn confirm(args: &Destroy, ready: &Destruction) -> Result<()> {
    let Some(prefix) = ready.required_confirmation() else {
        return if args.yes { Ok(()) } else { stacks::confirm("Delete all of this?", "pass --yes") };
    };
    let hint = format!("in production, pass --confirm {prefix}");
    let question = format!("This is a production deployment. Type `{prefix}` to delete it");
    let Some(typed) = args.confirm.clone().or_else(|| terminal::prompt(&question)) else {
        bail!(stacks::not_a_terminal(&hint))
    };
    let failure = || Failure::new(format!("nothing was changed: `{typed}` does not match `{prefix}`"));
    ensure!(typed == prefix, failure().hint(hint));
    Ok(())
}
