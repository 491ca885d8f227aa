use super::*;

#[test]
fn the_accepting_command_repeats_the_run_without_a_login() {
    let id: RunId = "local-1".parse().expect("a run ID");
    let command =
        |arguments: &[&str], is_new| accept_with(arguments.iter().map(OsString::from), &id, is_new).expect("a command");
    let url = "https://user:canary-p@ss@host.example:8080/v4";
    let expected = "cargo xtask local --source https://host.example:8080/v4 --run-id local-1 --accept 'REASON'";
    assert_eq!(command(&["local", "--source", url], true), expected);
    let expected = r"cargo xtask local --source=https://host.example:8080/v4 --dir '' 'it'\''s here' --accept 'REASON'";
    assert_eq!(command(&["local", &format!("--source={url}"), "--dir", "", "it's here"], false), expected);
    let unchanged = "cargo xtask local --source http://host/a@b --accept 'REASON'";
    assert_eq!(
        command(&["local", "--source", "http://host/a@b"], false).replace('\'', ""),
        unchanged.replace('\'', "")
    );
}
