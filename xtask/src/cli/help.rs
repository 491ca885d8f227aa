//! The top-level help of `cargo xtask`, grouped by task, because clap supports only one list of subcommands.

use clap::{Command, CommandFactory, FromArgMatches};

const GROUPS: [(&str, &str); 7] = [
    ("Local", "local new-source rehearse"),
    (
        "Build and deploy",
        "preflight build-images diff deploy sync-dags upload-sample warehouse-init new-env setup-github",
    ),
    ("Operate", "status run logs report open forget recover destroy"),
    ("Inspect", "doctor settings templates prices conform"),
    ("Generate", "ci-gen dag-settings dbt-sources settings-schema"),
    ("Check", "test lint pins"),
    ("Release", "release release-files"),
];

/// Parses the command line; on `--help` or a usage error, prints the text and exits.
pub fn parse<T: CommandFactory + FromArgMatches>() -> T {
    let matches = grouped(T::command()).get_matches();
    T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn grouped(command: Command) -> Command {
    let mut commands = String::new();
    for (title, names) in GROUPS {
        commands += &format!("\n\x1b[1;4m{title}:\x1b[0m\n");
        for name in names.split(' ') {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            commands += &format!("  \x1b[1m{name:<15}\x1b[0m  {about}\n");
        }
    }
    let more = "`cargo xtask <COMMAND> --help` describes a command and its options.";
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{commands}\n\x1b[1;4mOptions:\x1b[0m\n{{options}}\n\n{more}"
    ))
}

#[cfg(test)]
#[path = "../../tests/unit/cli/help.rs"]
mod tests;
