use super::super::inventory::{Pinned, Registry, found, newer, url, watched};

fn pins(path: &str, text: &str) -> Vec<String> {
    let pins = found([(path, text)]).expect("patterns");
    pins.into_iter().map(|pin| format!("{}:{} {}", pin.line, pin.name, pin.version)).collect()
}

fn pinned(path: &str, name: &str, version: &str) -> Pinned {
    Pinned { path: path.into(), line: 1, name: name.into(), version: version.into() }
}

#[test]
fn every_way_to_write_a_version_is_found() {
    let (digest, commit) = ("sha256:".to_owned() + &"a".repeat(64), "0123456789".repeat(4));
    for (path, text, pin) in [
        ("a.yaml", format!("  base: python:3.12-slim@{digest}"), format!("1:python:3.12-slim {digest}")),
        ("a.rs", format!("const IMAGE: &str = \"registry/x@{digest}\";"), format!("1:registry/x {digest}")),
        ("a.rs", "const UV: &str = \"uv==0.13.9\";".into(), "1:uv 0.13.9".into()),
        ("a.in", "moto[server]==5.2.5".into(), "1:moto 5.2.5".into()),
        ("a.yml", format!("- uses: a/b@{commit} # v1.0.0"), format!("1:a/b {commit}")),
        ("a.rs", format!("(\"a/b\", \"{commit}\", \"v1\")"), format!("1:a/b {commit}")),
        ("a.rs", "pub(super) const RUST: &str = \"1.95.0\";".into(), "1:RUST 1.95.0".into()),
        ("a.py", "VERSION = \"1.5.33\"".into(), "1:VERSION 1.5.33".into()),
        ("package.json", "\"@a/b\": \"1.6.0\"".into(), "1:@a/b 1.6.0".into()),
        ("compose.yaml", "image: ${NAME:-apache/airflow:3.0.6}".into(), "1:apache/airflow 3.0.6".into()),
        ("a.yml", "RUSTUP_TOOLCHAIN: 1.95.0".into(), "1:RUSTUP_TOOLCHAIN 1.95.0".into()),
        ("a.rs", "\"rustup toolchain install 1.95.0 --x\"".into(), "1:toolchain 1.95.0".into()),
        ("a.yaml", "runs-on: ubuntu-24.04".into(), "1:ubuntu 24.04".into()),
        ("a/tests/requirements.txt", "pandas==2.3.3".into(), "1:pandas 2.3.3".into()),
    ] {
        assert_eq!(pins(path, &text).join("\n"), pin, "{text}");
    }
    for path in ["README.md", "a/tests/it/main.rs"] {
        assert_eq!(pins(path, "uv==0.13.9"), Vec::<String>::new());
    }
}

#[test]
fn a_version_without_a_watcher_and_a_watcher_without_a_version_are_reported() {
    let uv = pinned("xtask/src/edge/python.rs", "uv", "0.13.9");
    let unread = pinned("tools/requirements.in", "uv", "0.13.9");
    let seen = pinned("xtask/ci/requirements.in", "zizmor", "1.32.0");
    let below = pinned("xtask/tests/it/needs_docker/plain/requirements.txt", "pandas", "2.3.3");
    let pins = [uv, unread, seen, below];
    let (listed, problems) = watched(&pins).expect("patterns");
    assert_eq!(listed.len(), 3);
    assert!(
        problems[..2]
            == [
                "xtask/src/edge/python.rs:1: nothing reports a newer version of `uv` (0.13.9)",
                "tools/requirements.in: Dependabot's `uv` does not read this folder"
            ],
        "{problems:?}"
    );
    assert!(problems[2..].iter().all(|problem| problem.ends_with(" matches no version")) && problems.len() > 20);
}

#[test]
fn a_newer_version_counts_after_a_week() {
    let today = "2026-11-20".parse().expect("a date");
    let image = pinned("infra/settings/dev.yaml", "rust:1.95-slim-bookworm", "sha256:aa");
    assert_eq!(
        url(&image, Registry::DockerHub),
        "https://hub.docker.com/v2/repositories/library/rust/tags/1.95-slim-bookworm"
    );
    let tag = |digest: &str, date: &str| format!(r#"{{"digest": "{digest}", "last_updated": "{date}T01:02:03.4Z"}}"#);
    let of = |text: &str| newer(&image, Registry::DockerHub, text, today);
    assert_eq!(of(&tag("sha256:bb", "2026-11-13")), Ok(Some("sha256:bb".to_owned())));
    assert_eq!((of(&tag("sha256:bb", "2026-11-14")), of(&tag("sha256:aa", "2026-01-01"))), (Ok(None), Ok(None)));
    let rust = pinned("xtask/src/workflow/model.rs", "RUST", "1.95.0");
    let channel =
        "date = \"2026-10-01\"\n[pkg.cargo]\nversion = \"0.97.0 (a)\"\n\n[pkg.rust]\nversion = \"1.96.0 (b)\"\n";
    assert_eq!(newer(&rust, Registry::Rust, channel, today), Ok(Some("1.96.0".to_owned())));
    assert_eq!(newer(&rust, Registry::Rust, &channel.replace("1.96.0", "1.95.0"), today), Ok(None));
    assert!(of("{}").is_err() && newer(&rust, Registry::Rust, "<html>", today).is_err());
}
