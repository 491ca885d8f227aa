//! A module imports only from lower floors. The floors are those in ARCHITECTURE.md; this test reads every `use` and
//! every path in the sources and compares them with the tables below.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The modules of a crate. A module may use modules on lower floors; files inside one module may use each other, except
/// in `edge`, `commands` and `flows`, where each file is a separate module.
struct Crate {
    sources: &'static str,
    /// The floors from the lowest to the highest. Only the floors before `first_impure` are pure: no I/O, no clock, no
    /// environment.
    floors: &'static [&'static [&'static str]],
    first_impure: &'static str,
}

const XTASK: Crate = Crate {
    sources: "xtask/src",
    floors: &[
        &["conformance", "digest", "lines", "pipeline", "propose", "release", "ui"],
        &["cli", "dbt", "settings", "sync", "verdict"],
        &["doctor", "image", "report", "stack", "warehouse"],
        &["plan", "platform", "run", "workflow"],
        &["rehearsal"],
        &["edge"],
        &[
            "flows/account",
            "flows/configure",
            "flows/lint",
            "flows/marts",
            "flows/open",
            "flows/pins",
            "flows/release",
            "flows/warehouse",
        ],
        &[
            "flows/conform",
            "flows/doctor",
            "flows/generated",
            "flows/images",
            "flows/local",
            "flows/run",
            "flows/stacks",
            "flows/templates",
        ],
        &[
            "flows/forget",
            "flows/new_env",
            "flows/new_source",
            "flows/release_files",
            "flows/report",
            "flows/sync",
            "flows/workflows",
        ],
        &["flows/deploy", "flows/tests"],
        &["flows/preflight", "flows/recover", "flows/status"],
        &["flows/destroy", "flows/rehearse"],
        &["commands/common"],
        &["commands"],
        &["main"],
    ],
    first_impure: "edge",
};

const JOBS: Crate = Crate {
    sources: "jobs/src",
    floors: &[
        &["limits", "pagination", "receipt", "secrets"],
        &["clean", "request"],
        &["table"],
        &["load", "validate"],
        &["incremental", "lineage", "report"],
        &["page"],
        &["edge"],
        &["flows"],
        &["cli"],
        &["lib"],
        &["bin"],
    ],
    first_impure: "edge",
};

/// Folders whose files are separate modules.
const APART: [&str; 3] = ["edge", "commands", "flows"];

impl Crate {
    /// Returns the floor of a module, from 0.
    fn floor(&self, module: &str) -> Option<usize> {
        self.floors.iter().position(|floor| floor.contains(&module))
    }

    /// Returns the floor of a file or of a path inside the crate: that of `flows/deploy`, for example, if it has one,
    /// otherwise that of `flows`.
    fn floor_of(&self, path: &[String]) -> Option<usize> {
        let file = path.get(1).and_then(|second| self.floor(&format!("{}/{second}", path[0])));
        file.or_else(|| self.floor(&path[0]))
    }

    fn is_pure(&self, floor: usize) -> bool {
        self.floor(self.first_impure).is_some_and(|impure| floor < impure)
    }
}

/// Crates that pure modules must not use, because they do I/O.
const IMPURE: [&str; 21] = [
    "aws_config",
    "aws_sdk_batch",
    "aws_sdk_cloudformation",
    "aws_sdk_cloudwatchlogs",
    "aws_sdk_ecr",
    "aws_sdk_mwaa",
    "aws_sdk_redshiftdata",
    "aws_sdk_redshiftserverless",
    "aws_sdk_s3",
    "aws_sdk_sts",
    "aws_smithy_http_client",
    "backon",
    "bollard",
    "indicatif",
    "nix",
    "object_store",
    "reqwest",
    "tempfile",
    "tokio",
    "tokio_postgres",
    "xshell",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Returns every path in a file as its segments, with `use` trees expanded and `self` and `super` resolved.
#[derive(Default)]
struct Paths {
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                self.tree(&before, &path.tree);
            }
            syn::UseTree::Name(name) => drop(self.found.insert([before, &[name.ident.to_string()]].concat())),
            syn::UseTree::Rename(name) => drop(self.found.insert([before, &[name.ident.to_string()]].concat())),
            syn::UseTree::Glob(_) => drop(self.found.insert(before.to_vec())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        // A file's own tests may use any module.
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.found.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// Returns `edge/warehouse/postgres` for `src/edge/warehouse/postgres.rs`.
fn module_of(sources: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(sources).expect("below the sources").with_extension("");
    relative.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

/// Returns the path from the crate's root, if it is inside the crate.
fn inside(module: &[String], path: &[String]) -> Option<Vec<String>> {
    match path.first().map(String::as_str) {
        Some("crate" | "jobs") => Some(path[1..].to_vec()),
        Some("super") => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            let kept = module.len().checked_sub(ups)?;
            Some([&module[..kept], &path[ups..]].concat())
        }
        Some("self") => Some([module, &path[1..]].concat()),
        _ => None,
    }
}

fn check(house: &Crate) -> Vec<String> {
    let folder = root().join(house.sources);
    let (mut files, mut broken) = (Vec::new(), Vec::new());
    sources(&folder, &mut files);
    for file in files {
        let module = module_of(&folder, &file);
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        // A folder's own file, such as `flows.rs`, only declares its modules.
        if module.len() == 1 && module[0] == "flows" {
            continue;
        }
        let Some(own) = house.floor_of(&module) else {
            broken.push(format!("{name} is on no floor: add it to the table and to ARCHITECTURE.md"));
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file");
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(&text).expect("Rust"));
        for path in paths.found {
            if house.is_pure(own) && path.first().is_some_and(|name| IMPURE.contains(&name.as_str())) {
                broken.push(format!("{name} is pure and must not use `{}`", path[0]));
            }
            let Some(target) = inside(&module, &path).filter(|target| !target.is_empty()) else { continue };
            let Some(other) = house.floor_of(&target) else { continue };
            let apart = APART.contains(&target[0].as_str()) && module.len() > 1 && target.len() > 1;
            let is_file = |target: &[String]| folder.join(&target[0]).join(format!("{}.rs", target[1])).exists();
            let same = module[0] == target[0] && !(apart && target[1] != module[1] && is_file(&target));
            if !same && other >= own {
                broken.push(format!("{name} (floor {own}) uses {} (floor {other})", target.join("::")));
            }
        }
    }
    broken
}

#[test]
fn modules_import_downward_only() {
    let broken = [check(&XTASK), check(&JOBS)].concat();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn xtask_and_jobs_share_only_contract_and_connect() {
    for (manifest, forbidden) in [
        ("xtask/Cargo.toml", "jobs"),
        ("jobs/Cargo.toml", "xtask"),
        ("jobs/connect/Cargo.toml", "jobs"),
        ("jobs/connect/Cargo.toml", "xtask"),
        ("jobs/contract/Cargo.toml", "jobs"),
        ("jobs/contract/Cargo.toml", "connect"),
    ] {
        let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
        let named = text
            .lines()
            .any(|line| line.starts_with(&format!("{forbidden}.")) || line.starts_with(&format!("{forbidden} ")));
        assert!(!named, "{manifest} depends on `{forbidden}`");
    }
}

#[test]
fn pure_modules_enable_the_bans_of_clippy_toml() {
    for house in [&XTASK, &JOBS] {
        for module in
            house.floors.iter().take_while(|floor| !floor.contains(&house.first_impure)).flat_map(|floor| *floor)
        {
            let text = fs::read_to_string(root().join(house.sources).join(format!("{module}.rs"))).expect("a module");
            let on = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";
            assert!(text.contains(on), "{}/{module}.rs lacks {on}", house.sources);
        }
    }
    let text = fs::read_to_string(root().join("jobs/contract/src/lib.rs")).expect("the contract");
    assert!(text.contains("#![deny(clippy::disallowed_methods, clippy::disallowed_types)]"));
}

#[test]
fn the_check_finds_violations() {
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_str("use crate::{edge::lake, load::*}; fn f() { super::x::y(); }").expect("Rust"));
    let found: Vec<String> = paths.found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::edge::lake", "crate::load", "super::x::y"]);
    let upside_down = Crate { floors: &[&["stack"], &["settings"], &["edge"]], ..XTASK };
    assert!(check(&upside_down).iter().any(|line| line.contains("uses settings::")), "an import upwards is found");
    let module = ["edge".to_owned(), "warehouse".to_owned(), "postgres".to_owned()];
    let path = ["super".to_owned(), "super".to_owned(), "lake".to_owned()];
    assert_eq!(inside(&module, &path).map(|path| path.join("::")).as_deref(), Some("edge::lake"));
}
