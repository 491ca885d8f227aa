//! Tests that the superuser's password is not readable by others.

use super::*;

/// Replaces `initdb`: records the file of `--pwfile`, and fails.
const INITDB: &str = r#"#!/bin/sh
for word in "$@"; do case "$word" in --pwfile=*) file="${word#*=}" ;; esac; done
{ stat -c '%a %U' "$file"; cat "$file"; } > "$HOME/seen"
exit 1
"#;

#[test]
fn only_the_user_of_initdb_can_read_the_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let user = server_user().expect("a user");
    let home = home(folder.path(), user.as_deref()).expect("a home");
    // `install` writes the program: a file that is still open for writing cannot be executed, and a program that another test
    // is starting has the open files of this one.
    let (script, initdb) = (folder.path().join("script"), home.join("initdb"));
    fs::write(&script, INITDB).expect("written");
    let installed = Command::new("install").args(["-m", "755"]).args([&script, &initdb]).status();
    assert!(installed.expect("install starts").success());
    let (programs, password) = (home.clone(), "canary".to_owned());
    let mut server = Server { programs, home: home.clone(), user: user.clone(), port: 0, password: password.into() };
    let failed = server.start().expect_err("it is not PostgreSQL's initdb");
    let own = User::from_uid(Uid::effective()).expect("readable").map(|user| user.name);
    let owner = user.or(own).expect("a name");
    let seen = fs::read_to_string(home.join("seen")).unwrap_or_else(|_| panic!("{failed:#}"));
    let files = fs::read_dir(&home).expect("readable").count();
    fs::remove_dir_all(home).expect("removed");
    assert_eq!(seen, format!("600 {owner}\ncanary"));
    assert_eq!(files, 2, "the password remains next to `initdb` and `seen`");
    assert!(!format!("{failed:#}").contains("canary"), "{failed:#}");
}
