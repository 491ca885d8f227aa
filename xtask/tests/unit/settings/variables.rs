use super::*;

fn read(text: &str) -> Vec<(String, String, Origin)> {
    let found = dot_env(".env", text).expect("good lines");
    found.into_iter().map(|(name, variable)| (name, variable.value, variable.origin)).collect()
}

fn values(text: &str) -> Vec<String> {
    read(text).into_iter().map(|(_, value, _)| value).collect()
}

fn refused(text: &str) -> Vec<(Option<usize>, String)> {
    let problems = dot_env("prod.env", text).expect_err("bad lines").list;
    assert!(problems.iter().all(|problem| problem.file == "prod.env" && !problem.to_string().contains("secret")));
    problems.into_iter().map(|problem| (problem.line, problem.fix)).collect()
}

#[test]
fn quotes_comments_and_export_are_read_with_their_lines() {
    let text = "# a comment\n\nA=1\nexport B='two words'\nC=\"three\nlines\"\nD=4 # four\nE=\n F = 6\nG= # seven\n";
    let wanted = [
        ("A", "1", 3),
        ("B", "two words", 4),
        ("C", "three\nlines", 5),
        ("D", "4", 7),
        ("E", "", 8),
        ("F", "6", 9),
        ("G", "", 10),
    ];
    let wanted = wanted.map(|(name, value, line)| {
        (name.to_owned(), value.to_owned(), Origin::DotEnv { file: ".env".to_owned(), line })
    });
    assert_eq!(read(text), wanted);
    assert_eq!(values("A=\"x\" # y\nB='x' #y\nC=a#b\nD=\"a # b\"\nexport=7\n"), ["x", "x", "a#b", "a # b", "7"]);
}

#[test]
fn values_are_not_substituted() {
    let values = values(
        "HOME_OF=x\nA=corr$ect-horse\nB=\"corr$ect horse\"\nC=r${HOME_OF}r\nD='r${HOME_OF} $1'\nE=a\\nb\\$c\n\
         F=\"a\\nb\\tc\\\\\"\nG=a'b\"c\nH=$HOME_OF\nI=\"it's\"\n",
    );
    let wanted = [
        "corr$ect-horse",
        "corr$ect horse",
        "r${HOME_OF}r",
        "r${HOME_OF} $1",
        "a\\nb\\$c",
        "a\\nb\\tc\\\\",
        "a'b\"c",
        "$HOME_OF",
        "x",
        "it's",
    ];
    assert_eq!(values, wanted);
}

#[test]
fn carriage_returns_are_part_of_the_line_end() {
    assert_eq!(values("A=1\r\nB='2' # two\r\nC=\"3\r\n4\"\r\n"), ["1", "2", "3\n4"]);
}

#[test]
fn bad_lines_are_reported_together_without_their_text() {
    let problems = refused("A=1\nthe secret word\nB=2\nC=a secret\n1D=secret\nE=\"x\" secret\nF='a'secret\nG=#secret");
    let lines: Vec<_> = problems.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(2), Some(4), Some(5), Some(6), Some(7), Some(8)], "{problems:?}");
    let fix = "has a value that starts with #; quote it, or put a space before a comment";
    assert_eq!(refused("A=1\nexport B=#secret # two\n"), [(Some(2), fix.to_owned())]);
    let problems = refused("A=1\nB='secret\nC=3\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].0 == Some(2) && problems[0].1.contains("never closed"), "{problems:?}");
}

#[test]
fn a_name_that_is_set_twice_is_refused_with_both_lines() {
    for text in ["A=secret\nB=1\nA=secret\n", "A=\nB=1\nexport A=secret\n", "A='secret'\nB=1\nA=\n"] {
        let problems = refused(text);
        let fix = "`A` is already set on line 1; remove one of the two lines".to_owned();
        assert_eq!(problems, [(Some(3), fix)], "{text}");
    }
}

#[test]
fn a_name_that_is_nearly_a_variable_is_refused() {
    for (name, meant) in [
        ("AWS_ACCOUNT", "AWS_ACCOUNT_ID"),
        ("AWS_ACOUNT_ID", "AWS_ACCOUNT_ID"),
        ("SETTING_MODULE", "SETTINGS_MODULE"),
        ("settings_module", "SETTINGS_MODULE"),
        ("LOADER_PASSWD", "LOADER_PASSWORD"),
    ] {
        let fix = format!("`{name}` is not a variable that anything reads; did you mean `{meant}`?");
        assert_eq!(refused(&format!("A=1\n{name}=secret\n")), [(Some(2), fix)]);
    }
    // Other tools have variables of their own.
    let others =
        "AWS_SESSION_TOKEN=x\nAWS_REGION=x\nAWS_ENDPOINT_URL=x\nPORT=1\nIMAGE_NAME=x\nDBT_TARGET=dev\nGH_TOKEN=x\n";
    assert_eq!(read(others).len(), 7);
}

#[test]
fn only_ascii_blanks_are_removed_from_a_value() {
    let values = values("A=abc\u{a0}\nB=abc\u{a0}#x\nC=\u{3000}y\u{3000} # z\n");
    assert_eq!(values, ["abc\u{a0}", "abc\u{a0}#x", "\u{3000}y\u{3000}"]);
    assert_eq!(refused("A=a\0b\n"), [(Some(1), "has a value with U+0000, which no variable can have".to_owned())]);
}
