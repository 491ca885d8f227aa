//! Rules for the whole repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn tracked() -> Vec<PathBuf> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    let names = String::from_utf8(output.stdout).expect("UTF-8 names");
    names.split('\0').filter(|name| !name.is_empty()).map(|name| root().join(name)).collect()
}

#[test]
fn no_secret_is_committed() {
    let mut found = Vec::new();
    for file in tracked() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            // An access key id has 20 characters and starts with AKIA or ASIA (IAM User Guide, "unique identifiers").
            let key = word.len() == 20 && ["AKIA", "ASIA"].iter().any(|start| word.starts_with(start));
            if key && !word.contains("CANARY") && !word.contains("EXAMPLE") {
                found.push(format!("{}: {word}", file.display()));
            }
        }
        if text.contains(concat!("-----BEGIN ", "PRIVATE KEY"))
            || text.contains(concat!("-----BEGIN RSA ", "PRIVATE KEY"))
        {
            found.push(format!("{}: a private key", file.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_env_file_is_committed_and_git_ignores_it() {
    assert!(!tracked().iter().any(|file| file.file_name().is_some_and(|name| name == ".env")));
    let ignored = Command::new("git").args(["check-ignore", "-q", ".env"]).current_dir(root()).status().expect("git");
    assert!(ignored.success());
}

/// A crate with different features in two of these builds would be compiled twice, and so would all crates that depend
/// on it.
#[test]
fn every_build_compiles_a_crate_with_the_same_features() {
    let features = |select: &[&str]| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut tree = Command::new(cargo);
        tree.args(["tree", "--locked", "--edges", "normal,build", "--prefix", "none"]).args(select);
        let output = tree.args(["--format", "{p} {f}", "--no-dedupe"]).current_dir(root()).output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let mut crates = BTreeMap::<(String, String), BTreeSet<String>>::new();
        // A blank line separates the members.
        for line in text.lines().filter(|line| !line.is_empty() && !line.contains("(/")) {
            let mut words = line.splitn(3, ' ').map(str::to_owned);
            let name = (words.next().expect("a name"), words.next().expect("a version"));
            crates.entry(name).or_default().insert(words.next().unwrap_or_default());
        }
        crates
    };
    // The two builds of `cargo xtask local`, the first command with the feature `cloud`, the tests, and the fuzz targets.
    let builds: [&[&str]; 5] = [
        &["--package", "xtask"],
        &["--package", "jobs", "--no-default-features"],
        &["--package", "xtask", "--features", "cloud"],
        &["--workspace", "--features", "xtask/cloud"],
        &["--package", "jobs-fuzz", "--features", "libfuzzer"],
    ];
    let trees = builds.map(|build| (build, features(build)));
    let (mut seen, mut apart) = (BTreeMap::new(), Vec::new());
    for (build, tree) in &trees {
        for (name, features) in tree {
            let (first, others) = *seen.entry(name).or_insert((build, features));
            // A build that has one more variant, of a build script, reuses the other.
            if !features.is_subset(others) && !others.is_subset(features) {
                apart.push(format!("{name:?}: {others:?} in {first:?}, {features:?} in {build:?}"));
            }
        }
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
    let aws = trees[1].1.keys().filter(|(name, _)| name.starts_with("aws-")).collect::<Vec<_>>();
    assert!(aws.is_empty(), "the jobs of `cargo xtask local` need no {aws:?}");
}

/// Otherwise cargo would change `Cargo.lock`.
#[test]
fn every_call_of_cargo_passes_locked() {
    const VERBS: [&str; 9] = ["bench", "build", "check", "clippy", "doc", "fuzz", "run", "test", "tree"];
    let (mut calls, mut wrong) = (0, Vec::new());
    for file in tracked() {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_rust = name.ends_with(".rs");
        let runs = [".yml", ".yaml", ".sh", ".toml"].iter().any(|end| name.ends_with(end));
        if !(is_rust || runs || name == "Dockerfile" || file.ends_with(".ci/run")) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        // In Rust: `cmd!` calls and argument lists that select a package; elsewhere: shell commands.
        let program = if is_rust { "{cargo} " } else { "cargo " };
        let of_shell = text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| {
            let call = line.split_once(program)?.1;
            let verb = call.split([' ', '"']).next()?;
            (VERBS.contains(&verb) || verb == "{verb}").then_some(call)
        });
        let of_lists = text.split("args([").skip(1).filter_map(|rest| {
            let list = rest.split(']').next()?;
            let verb = list.split(',').next()?.trim_matches('"');
            (is_rust && list.contains("\"--package\"") && (VERBS.contains(&verb) || verb == "verb")).then_some(list)
        });
        for call in of_shell.chain(of_lists) {
            calls += 1;
            if !call.contains("--locked") {
                wrong.push(format!("{}: {}", file.display(), call.trim()));
            }
        }
    }
    assert!(wrong.is_empty() && calls > 10, "{calls} calls; without --locked:\n{}", wrong.join("\n"));
}

/// Runs `cargo xtask` with a manifest that needs a crate that is not in `Cargo.lock`.
#[test]
fn a_lock_that_does_not_match_is_an_error_and_is_not_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    };
    let package = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let config = std::fs::read_to_string(root().join(".cargo/config.toml")).expect("cargo's configuration");
    let lock = "version = 4\n\n[[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\n";
    write(".cargo/config.toml", &config);
    write("Cargo.lock", lock);
    write("Cargo.toml", &format!("{}\n[dependencies]\nother = {{ path = \"other\" }}\n", package("xtask")));
    write("src/main.rs", "fn main() {}\n");
    write("other/Cargo.toml", &package("other"));
    write("other/src/lib.rs", "");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(["xtask", "local"]).current_dir(folder.path()).output().expect("cargo");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && words.contains("--locked"), "{words}");
    assert_eq!(std::fs::read_to_string(folder.path().join("Cargo.lock")).expect("the lock"), lock);
}

#[test]
fn every_workspace_dependency_is_used() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let section = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("dependencies");
    let members: Vec<String> =
        ["xtask", "xtask/emulator/redshift", "jobs", "jobs/connect", "jobs/contract", "jobs/fuzz"]
            .iter()
            .map(|member| std::fs::read_to_string(root().join(member).join("Cargo.toml")).expect("a member"))
            .collect();
    for line in section.lines().filter(|line| line.contains(" = ") && !line.starts_with(['#', ' '])) {
        let name = line.split(" = ").next().expect("a name");
        let ways = [format!("\n{name}.workspace = true"), format!("\n{name} = {{ workspace = true")];
        let used = members.iter().any(|text| ways.iter().any(|way| text.contains(way)));
        assert!(used, "no member uses `{name}`");
    }
}

/// MWAA with a private web server downloads nothing; MWAA also searches comments for these words.
#[test]
fn requirements_of_airflow_are_pinned_and_have_no_urls() {
    let text = std::fs::read_to_string(root().join("dags/requirements.txt")).expect("the requirements");
    for words in ["-c ", "--constraint ", "://"] {
        assert!(!text.contains(words), "`{words}` in dags/requirements.txt");
    }
    let packages: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(!packages.is_empty() && packages.iter().all(|line| line.contains("==")), "{packages:?}");
    let tested =
        std::fs::read_to_string(root().join("dags/tests/requirements.in")).expect("the requirements of the tests");
    assert!(packages.iter().all(|line| tested.lines().any(|other| other == *line)), "{packages:?} are tested");
}

/// dbt-redshift passes `connect_timeout` to redshift_connector as `timeout`, which remains the socket timeout for every
/// statement (redshift_connector 2.1, `core.py`). A longer statement would fail, and the error is not retried.
#[test]
fn dbt_statements_on_redshift_have_no_timeout() {
    let text = std::fs::read_to_string(root().join("dbt/profiles.yml")).expect("profiles");
    let profiles: serde_json::Value = serde_yaml::from_str(&text).expect("YAML");
    let outputs = profiles["dpworld"]["outputs"].as_object().expect("outputs");
    let redshift: Vec<_> = outputs.iter().filter(|(_, output)| output["type"] == "redshift").collect();
    assert_eq!(redshift.len(), 2);
    for (name, output) in redshift {
        assert_eq!(output.get("connect_timeout"), None, "{name}");
    }
}

/// `connect` determines how AWS is reached. A host's domain depends on the partition, so no other module builds its name.
#[test]
fn only_connect_determines_how_aws_is_reached() {
    const OURS: [&str; 4] =
        ["aws_config::defaults", "aws_config::load", "AmazonS3Builder::new", "AmazonS3Builder::from_env"];
    let violation = |line: &str| {
        let builds_host = line.split_once("amazonaws.com").is_some_and(|(before, _)| before.contains('}'));
        builds_host || OURS.iter().any(|ours| line.contains(ours))
    };
    for line in ["let config = aws_config::defaults(latest)", "format!(\"s3.{region}.amazonaws.com\")"] {
        assert!(violation(line), "{line}");
    }
    let sources = |path: &PathBuf| {
        let is_in = |folder: &str| path.starts_with(root().join(folder));
        path.extension().is_some_and(|end| end == "rs") && (is_in("xtask/src") || is_in("jobs/src"))
    };
    let mut read = 0;
    for path in tracked().iter().filter(|path| sources(path)) {
        let text = std::fs::read_to_string(path).expect("a source file");
        read += 1;
        for (index, line) in text.lines().enumerate() {
            assert!(!violation(line), "{}:{}: {line}", path.display(), index + 1);
        }
    }
    assert!(read > 200, "{read} files");
}

#[test]
fn no_program_is_committed() {
    // ELF, Mach-O, Windows, Java, WebAssembly, `ar` and ZIP files.
    let starts: [&[u8]; 7] =
        [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"MZ", b"\xca\xfe\xba\xbe", b"\0asm", b"!<arch>", b"PK\x03\x04"];
    let is_program = |file: &PathBuf| {
        let bytes = std::fs::read(file).unwrap_or_default();
        starts.iter().any(|start| bytes.starts_with(start))
    };
    assert_eq!(tracked().into_iter().filter(is_program).collect::<Vec<_>>(), Vec::<PathBuf>::new());
}
