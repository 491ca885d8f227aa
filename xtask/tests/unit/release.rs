use super::*;

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-02)\n\n- Old.\n";

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

#[test]
fn versions_are_three_numbers_and_compare_as_numbers() {
    assert!(version("0.10.0") > version("0.9.1") && version("1.0.0") > version("0.99.99"));
    assert_eq!(Version::newest("v0.9.0\nv0.10.0\nv1\nother\nv0.10.0-rc1"), Some(version("0.10.0")));
    assert_eq!((Version::newest("nightly"), version("1.2.3").tag().as_str()), (None, "v1.2.3"));
    for text in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "+1.2.3", "1.2.3-rc1", " 1.2.3"] {
        assert!(text.parse::<Version>().is_err(), "{text}");
    }
}

#[test]
fn the_unreleased_changes_become_those_of_the_version() {
    let text = changelog(CHANGELOG, version("0.2.0"), "2026-03-04").expect("changes");
    assert_eq!(text, CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 (2026-03-04)\n"));
    assert_eq!((notes(&text, version("0.2.0")), notes(&text, version("0.1.0"))), (Some("- New."), Some("- Old.")));
    assert!(changelog(&text, version("0.3.0"), "").expect_err("empty").to_string().contains("no unreleased changes"));
    assert!(changelog("# Changelog\n", version("0.3.0"), "").is_err());
}

#[test]
fn only_the_versions_of_the_workspace_and_its_members_change() {
    let manifest = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace.dependencies]\nx = { version = \"0.1.0\" }\n";
    let lock = "version = 4\n\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\nsource = \"registry\"\n\n\
                [[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\n";
    let (new, locked) = manifests(manifest, lock, version("0.2.0")).expect("a version");
    assert_eq!((current(manifest), current(&new)), (Some("0.1.0"), Some("0.2.0")));
    assert_eq!(new, manifest.replacen("version = \"0.1.0\"\ne", "version = \"0.2.0\"\ne", 1));
    assert_eq!(locked, lock.replace("\"xtask\"\nversion = \"0.1.0\"", "\"xtask\"\nversion = \"0.2.0\""));
    assert!(manifests("[package]\n", lock, version("0.2.0")).is_err());
}
