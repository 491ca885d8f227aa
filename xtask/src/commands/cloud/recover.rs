//! `cargo xtask recover`: recovers failed stacks (continues the rollback, or deletes).

use anyhow::Result;
use contract::Exit;

use super::stacks;
use crate::cli::Recover;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::edge::tree::Tree;
use crate::flows::recover;
use crate::flows::stacks::Progress;

pub(super) fn run(args: &Recover) -> Result<Exit> {
    let request = stacks::request(&args.scope, None)?;
    let recovered = terminal::until_interrupted(stacks::INTERRUPTED, || {
        let mut tree = Tree::new(&[]);
        recover::recover(request, &args.retain, &args.skip, &mut |progress| match progress {
            Progress::Step(stack, message) => terminal::step(&format!("{stack}: {message}")),
            progress => drop(stacks::show(&mut tree, progress)),
        })
    })?;
    print(args.scope.common.json, &recovered, || {
        recovered.iter().map(|(stack, result)| format!("{stack} {result}\n")).collect()
    })
}
