//! Tests the diagnoses of fictional machines.

use super::*;
use crate::settings::{Compile, Platform};

/// Returns a machine that has everything.
fn good() -> Facts {
    let setting = |value: &str| Setting { value: value.to_owned(), from: "infra/settings/dev.yaml".to_owned() };
    let text = |text: &str| Some(text.to_owned());
    Facts {
        rust_required: "1.94.1".to_owned(),
        rustc: text("rustc 1.95.0 (59807616e 2026-04-14)"),
        git: text("git version 2.39.5"),
        linker: text("cc (Debian 12.2.0) 12.2.0"),
        postgres: Some((15, "/usr/lib/postgresql/15/bin".into())),
        postgres_refused: None,
        python: text("Python 3.11.2"),
        venv: true,
        uv: text("uv 0.9.1"),
        engine: Engine::Running { version: "28.0.1".to_owned(), api: (1, 48), address: "unix:///x".to_owned() },
        compilers: Compilers {
            host: text("x86_64-unknown-linux-gnu"),
            targets: vec!["x86_64-unknown-linux-gnu".to_owned()],
            static_libc: true,
        },
        free_gib: Some(40),
        dot_env: Some((0o600, true)),
        configuration: Ok(Configuration {
            file: "infra/settings/dev.yaml".to_owned(),
            region: setting("eu-west-1"),
            account: Some(setting("123456789012")),
            compile: Compile::Auto,
            platform: Platform::X86,
        }),
        sdk_region: None,
        caller: Caller::Known {
            account: "123456789012".to_owned(),
            arn: "arn:aws:iam::123456789012:user/me".to_owned(),
        },
    }
}

fn of(check: &str, change: impl FnOnce(&mut Facts)) -> (State, String) {
    let mut facts = good();
    change(&mut facts);
    let one = diagnoses(&facts).into_iter().find(|one| one.check == check).expect("a diagnosis");
    assert_eq!(one.state == State::Green, one.fix.is_empty(), "only green has no fix: {one:?}");
    (one.state, one.found)
}

fn unreachable(configured: bool) -> Engine {
    Engine::Unreachable { address: "unix:///x".to_owned(), configured, why: "no engine is running".to_owned() }
}

#[test]
fn a_machine_that_has_everything_is_green() {
    let list = diagnoses(&good());
    assert!(list.iter().all(|one| one.state == State::Green), "{list:#?}");
    assert!(report(&list).ends_with("\nReady for everything.\n"));
}

#[test]
fn what_local_and_test_require_is_red() {
    for (check, change) in [
        ("rust", (|facts| facts.rustc = None) as fn(&mut Facts)),
        ("rust", |facts| facts.rustc = Some("rustc 1.94.0".to_owned())),
        ("git", |facts| facts.git = None),
        ("c linker", |facts| facts.linker = None),
        ("postgresql", |facts| facts.postgres_refused = Some("no user".to_owned())),
        ("python", |facts| (facts.python, facts.uv) = (None, None)),
        ("python", |facts| facts.python = Some("Python 3.9.2".to_owned())),
        ("python", |facts| (facts.venv, facts.uv) = (false, None)),
        ("disk", |facts| facts.free_gib = Some(0)),
    ] {
        assert_eq!(of(check, change).0, State::Red, "{check}");
    }
}

#[test]
fn what_they_do_not_require_is_yellow() {
    for (check, change) in [
        ("postgresql", (|facts| facts.postgres = None) as fn(&mut Facts)),
        ("postgresql", |facts| facts.postgres = Some((13, "/x".into()))),
        ("disk", |facts| facts.free_gib = Some(3)),
        ("docker", |facts| facts.engine = unreachable(false)),
        ("credentials", |facts| facts.caller = Caller::NoCredentials),
        ("credentials", |facts| facts.caller = Caller::NoResponse("no response within 3 seconds".to_owned())),
        (".env", |facts| facts.dot_env = Some((0o644, false))),
        ("region", |facts| facts.sdk_region = Some("us-east-1".to_owned())),
    ] {
        assert_eq!(of(check, change).0, State::Yellow, "{check}");
    }
    let old = Engine::Running { version: "19.3".to_owned(), api: (1, 40), address: "unix:///x".to_owned() };
    assert_eq!(
        of("docker", |facts| facts.engine = old),
        (State::Yellow, "19.3 supports only API 1.40, but 1.41 is required".to_owned())
    );
}

#[test]
fn a_wrong_configuration_is_red() {
    assert_eq!(of("docker", |facts| facts.engine = unreachable(true)).0, State::Red);
    assert_eq!(of("settings", |facts| facts.configuration = Err("x: 2 problems\n\na".to_owned())).1, "x: 2 problems");
    assert_eq!(of(".env", |facts| facts.dot_env = Some((0o640, true))).0, State::Red);
    assert_eq!(
        of("credentials", |facts| facts.caller = Caller::Refused("STS returned ExpiredToken".to_owned())).0,
        State::Red
    );
    let other = Caller::Known { account: "000000000000".to_owned(), arn: "arn:aws:iam::000000000000:root".to_owned() };
    let (state, found) = of("account", |facts| facts.caller = other);
    assert_eq!(
        (state, found.as_str()),
        (State::Red, "000000000000 is not 123456789012 (from infra/settings/dev.yaml)")
    );
}

#[test]
fn where_images_are_compiled_follows_the_table() {
    let choice = |compile, static_libc, engine: bool| {
        let compilers = Compilers { static_libc, ..good().compilers };
        match Choice::of(compile, Platform::X86, &compilers, engine) {
            Choice::Host(..) => "host",
            Choice::Docker(_) => "docker",
            Choice::Nowhere(_) => "nowhere",
        }
    };
    for (compile, static_libc, engine, expected) in [
        (Compile::Auto, true, true, "host"),
        (Compile::Auto, true, false, "host"),
        (Compile::Auto, false, true, "docker"),
        (Compile::Auto, false, false, "nowhere"),
        (Compile::Host, true, true, "host"),
        (Compile::Host, false, true, "nowhere"),
        (Compile::Docker, true, true, "docker"),
        (Compile::Docker, true, false, "nowhere"),
    ] {
        assert_eq!(choice(compile, static_libc, engine), expected, "{compile:?} {static_libc} {engine}");
    }
    let mut compilers = good().compilers;
    let arm = Choice::of(Compile::Auto, Platform::Arm64, &compilers, true);
    assert!(matches!(arm, Choice::Docker(_)), "another processor");
    compilers.targets.push("x86_64-unknown-linux-musl".to_owned());
    let musl = Choice::of(Compile::Auto, Platform::X86, &compilers, true);
    assert!(matches!(musl, Choice::Host("x86_64-unknown-linux-musl", _)), "{musl:?}");
}

#[test]
fn a_report_fits_a_terminal_of_80_columns() {
    let mut facts = good();
    (facts.rustc, facts.git, facts.linker, facts.postgres, facts.python) = (None, None, None, None, None);
    (facts.uv, facts.free_gib, facts.compilers.host, facts.engine) = (None, Some(0), None, unreachable(true));
    (facts.dot_env, facts.sdk_region) = (Some((0o644, true)), Some("us-east-1".to_owned()));
    facts.caller = Caller::Known { account: "1".to_owned(), arn: "arn".to_owned() };
    for engine in [unreachable(true), unreachable(false)] {
        facts.engine = engine;
        for line in report(&diagnoses(&facts)).lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
