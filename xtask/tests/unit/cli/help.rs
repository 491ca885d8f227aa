use std::collections::BTreeSet;

use super::*;
use crate::cli::Cli;

#[test]
fn every_command_is_in_one_group() {
    let command = Cli::command();
    let commands: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.split(' ')).collect();
    assert_eq!(grouped.len(), commands.len());
    assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), commands.into_iter().collect());
}
