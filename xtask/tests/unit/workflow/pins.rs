use super::super::pins::{Pins, read};

const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1";
const OTHER: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn only_a_complete_update_is_accepted() {
    let errors = |line: &str| read([("a.yml", line)], Pins::new()).1.join("");
    assert_eq!(errors(&format!("- uses: {CHECKOUT} # v7.0.1")), "");
    assert_eq!(errors(&format!("  uses: actions/checkout@{OTHER} # v7.0.2")), "");
    for (line, why) in [
        (format!("uses: actions/checkout@{OTHER} # v7.0.1"), "only the commit or only the version"),
        (format!("uses: {CHECKOUT} # v7.0.2"), "only the commit or only the version"),
        (format!("uses: {CHECKOUT}"), "as a comment"),
        (format!("uses: {CHECKOUT} # v7"), "as a comment"),
        (format!("uses: {CHECKOUT} # latest"), "as a comment"),
        ("uses: actions/checkout@v7.0.1 # v7.0.1".to_owned(), "not a commit"),
        ("uses: actions/checkout@3D3C42E5AAC5BA805825DA76410C181273BA90B1 # v7.0.1".to_owned(), "not a commit"),
        ("uses: ./.github/actions/own".to_owned(), "is not pinned to a commit"),
        (format!("uses: other/action@{OTHER} # v1.0.0"), "not used by the generated workflows"),
    ] {
        assert!(errors(&line).contains(why), "{line}: {}", errors(&line));
    }
}

#[test]
fn all_files_have_an_action_at_one_commit() {
    let bumped = format!("uses: actions/checkout@{OTHER} # v7.0.2");
    let (pins, wrong) = read([("a.yml", bumped.as_str()), ("b.yml", bumped.as_str())], Pins::new());
    assert_eq!((pins["actions/checkout"].commit.as_str(), wrong), (OTHER, Vec::new()));
    let (_, wrong) =
        read([("a.yml", bumped.as_str()), ("b.yml", &format!("\nuses: {CHECKOUT} # v7.0.1"))], Pins::new());
    assert!(
        wrong[0].starts_with("b.yml:2: `actions/checkout` differs from an earlier pin, actions/checkout@0123"),
        "{wrong:?}"
    );
}
