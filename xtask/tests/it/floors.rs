//! A module imports downward only. The floors are those of ARCHITECTURE.md; this reads every `use` and every path in
//! the sources and holds them against the table below.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// A crate's modules by floor. A module may use those of lower floors; siblings inside one module may use each other,
/// but for `edge`, `commands` and `flows`, whose files must not know each other.
struct House {
    sources: &'static str,
    floors: &'static [(&'static str, u8)],
}

const XTASK: House = House {
    sources: "xtask/src",
    floors: &[
        ("main", 5),
        ("cli", 5),
        ("commands", 4),
        ("flows", 3),
        ("edge", 2),
        ("dbt", 1),
        ("doctor", 1),
        ("image", 1),
        ("lines", 1),
        ("page", 1),
        ("pipeline", 1),
        ("plan", 1),
        ("platform", 1),
        ("rehearsal", 1),
        ("report", 1),
        ("run", 1),
        ("settings", 1),
        ("stack", 1),
        ("sync", 1),
        ("ui", 1),
        ("verdict", 1),
        ("warehouse", 1),
        ("workflow", 1),
        ("failure", 0),
    ],
};

const JOBS: House = House {
    sources: "jobs/src",
    floors: &[
        ("lib", 5),
        ("bin", 5),
        ("cli", 5),
        ("flows", 3),
        ("edge", 2),
        ("clean", 1),
        ("lineage", 1),
        ("load", 1),
        ("pagination", 1),
        ("validate", 1),
        ("receipt", 1),
        ("table", 1),
        ("failure", 0),
        ("limits", 0),
    ],
};

/// What a lower floor may use of its own floor or above, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("commands", "cli", "a command takes its own options, which are plain types"),
    ("flows/doctor", "flows/configure", "the settings are one of the things to look at"),
    ("flows/generated", "flows/configure", "what the DAGs know comes from the settings"),
    ("flows/tests", "flows/configure", "templates are checked for the settings' regions, an image built on their base"),
    ("flows/tests", "flows/lint", "the workflows' linters are those of the crates as well"),
    ("flows/tests", "flows/workflows", "the template of their roles is one of the templates"),
    ("flows/workflows", "flows/configure", "the workflows are made from the settings"),
    ("flows/workflows", "flows/templates", "the stack of their roles is wired like the others"),
    ("flows/tests", "flows/local", "the tests' database is made like the local one"),
    ("flows/tests", "flows/marts", "one suite is of the marts"),
    ("flows/local", "flows/marts", "a local run ends with its marts"),
    ("flows/local", "flows/warehouse", "a local run makes its warehouse ready like any other"),
    ("flows/tests", "flows/warehouse", "so does the tests' database"),
    ("flows/deploy", "flows/account", "nothing is written to another account than the settings'"),
    ("flows/deploy", "flows/configure", "a deployment begins with its settings"),
    ("flows/deploy", "flows/generated", "the warehouse is made ready for the contract's source"),
    ("flows/deploy", "flows/images", "images are part of a deployment"),
    ("flows/deploy", "flows/stacks", "so are stacks"),
    ("flows/deploy", "flows/sync", "so are the DAGs"),
    ("flows/deploy", "flows/templates", "stacks are read from their templates"),
    ("flows/deploy", "flows/warehouse", "the warehouse is made ready like any other"),
    ("flows/destroy", "flows/account", "nothing is deleted in another account than the settings'"),
    ("flows/destroy", "flows/deploy", "what is to end is said like what is to be made"),
    ("flows/destroy", "flows/rescue", "both go through stack after stack"),
    ("flows/destroy", "flows/stacks", "a deployment ends stack by stack"),
    ("flows/destroy", "flows/templates", "the wires say which goes first"),
    ("flows/rescue", "flows/account", "nothing is written to another account than the settings'"),
    ("flows/rescue", "flows/deploy", "what is to be rescued is said like what is to be made"),
    ("flows/rescue", "flows/stacks", "it is stacks that are rescued"),
    ("flows/rescue", "flows/templates", "the templates say which stacks there are"),
    ("flows/status", "flows/account", "another account's deployment is not looked at by mistake"),
    ("flows/status", "flows/deploy", "a deployment is held against what would be made"),
    ("flows/status", "flows/stacks", "stacks are among what is looked at"),
    ("flows/status", "flows/sync", "so are the DAGs in their bucket"),
    ("flows/status", "flows/templates", "the templates say which stacks there are"),
    ("flows/images", "flows/account", "nothing is written to another account than the settings'"),
    ("flows/run", "flows/account", "no run is begun in another account than the settings'"),
    ("flows/rehearse", "flows/configure", "a rehearsal has settings of its own"),
    ("flows/rehearse", "flows/deploy", "it deploys as anybody does"),
    ("flows/rehearse", "flows/local", "its warehouse is a server like the local one"),
    ("flows/rehearse", "flows/run", "it runs as anybody does"),
    ("flows/rehearse", "flows/status", "and looks at what it has made"),
    ("flows/rehearse", "flows/sync", "the sample goes into its lake"),
    ("flows/rehearse", "flows/warehouse", "its warehouse is made ready like any other"),
    ("rehearsal", "dbt", "what dbt left is part of what a rehearsal came to"),
    ("rehearsal", "report", "its tables are shown as a local run's"),
    ("rehearsal", "run", "so is its run"),
    ("rehearsal", "settings", "its names are the settings'"),
    ("rehearsal", "ui", "a summary is a table"),
    ("rehearsal", "verdict", "so is what `status` says"),
    ("flows/sync", "flows/generated", "one of the DAGs' files is made from the settings"),
    ("flows/sync", "flows/account", "nothing is written to another account than the settings'"),
    ("validate", "receipt", "a file is validated against its receipt"),
    ("validate", "table", "the files' schema is the table's"),
    ("table", "clean", "a cell is cleaned before it is in a row"),
    ("table", "receipt", "hexadecimal is written in one place"),
    ("lineage", "load", "a loaded column has the warehouse's type"),
    ("lineage", "receipt", "what was written is what a receipt counts"),
    ("lineage", "table", "the files' columns are the table's"),
    ("load", "receipt", "the counts to assert are the receipt's"),
    ("load", "table", "a stage has the columns of the files"),
    ("plan", "settings", "what a test plans is wired with the settings"),
    ("plan", "stack", "a plan is of stacks"),
    ("plan", "sync", "hashes are written in one place"),
    ("verdict", "ui", "a report is a table"),
    ("platform", "settings", "it is a deployment's settings that it renders"),
    ("doctor", "settings", "where images are compiled is a setting"),
    ("doctor", "ui", "its report is a table"),
    ("page", "report", "the page tells the run's values"),
    ("page", "dbt", "the page tells dbt's results"),
    ("report", "dbt", "a report tells dbt's results"),
    ("workflow", "settings", "how a deployment is let in is a setting"),
    ("workflow", "stack", "its tests hold the jobs against the roles' template"),
    ("run", "lines", "a job's containers log to streams"),
    ("run", "settings", "queue and job definitions are settings"),
    ("run", "ui", "what a run came to is a table"),
    ("stack", "settings", "parameters are values of the settings, and problems are told alike"),
    ("report", "ui", "a report is text with a table in it"),
];

/// Folders whose files must not use each other.
const APART: [&str; 3] = ["edge", "commands", "flows"];

/// Crates that pure modules must not know, because they touch the world.
const WORLDLY: [&str; 21] = [
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

/// Every path of a file as its segments, with `use` trees spelled out and `self` and `super` resolved.
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
        // A file's own tests may look around.
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

/// `edge/warehouse/postgres` for `src/edge/warehouse/postgres.rs`.
fn module_of(sources: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(sources).expect("below the sources").with_extension("");
    relative.iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

/// The path from the crate's root, if it is one inside the crate.
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

fn check(house: &House) -> Vec<String> {
    let folder = root().join(house.sources);
    let floor = |name: &str| house.floors.iter().find_map(|(module, floor)| (*module == name).then_some(*floor));
    let (mut files, mut broken) = (Vec::new(), Vec::new());
    sources(&folder, &mut files);
    for file in files {
        let module = module_of(&folder, &file);
        // As in `visit_item_mod`; in `flows` it is the suites.
        if module.last().is_some_and(|last| last == "tests") && module[0] != "flows" {
            continue;
        }
        let Some(own) = floor(&module[0]) else {
            broken.push(format!("{} is on no floor; add it to the table and to ARCHITECTURE.md", file.display()));
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file");
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(&text).expect("Rust"));
        for path in paths.found {
            if own <= 1 && path.first().is_some_and(|name| WORLDLY.contains(&name.as_str())) {
                broken.push(format!("{} is pure and must not use `{}`", file.display(), path[0]));
            }
            let Some(target) = inside(&module, &path).filter(|target| !target.is_empty()) else { continue };
            let Some(other) = floor(&target[0]) else { continue };
            let names =
                |parts: &[String]| (parts[0].clone(), parts.iter().take(2).cloned().collect::<Vec<_>>().join("/"));
            let ((own_top, own_file), (top, other_file)) = (names(&module), names(&target));
            let allowed = ALLOWED
                .iter()
                .any(|(from, to, _)| (*from == own_top || *from == own_file) && (*to == top || *to == other_file));
            let apart = own_top == top && APART.contains(&top.as_str()) && module.len() > 1;
            let neighbours = apart
                && target.len() > 1
                && target[1] != module[1]
                && folder.join(&top).join(format!("{}.rs", target[1])).exists();
            let upward = own_top != top && other >= own && own != 5;
            if (upward || neighbours) && !allowed {
                broken.push(format!("{} (floor {own}) uses {} (floor {other})", file.display(), target.join("::")));
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
fn xtask_and_jobs_meet_in_the_contract_only() {
    for (manifest, forbidden) in
        [("xtask/Cargo.toml", "jobs"), ("jobs/Cargo.toml", "xtask"), ("jobs/contract/Cargo.toml", "jobs")]
    {
        let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
        let named = text
            .lines()
            .any(|line| line.starts_with(&format!("{forbidden}.")) || line.starts_with(&format!("{forbidden} ")));
        assert!(!named, "{manifest} depends on `{forbidden}`");
    }
}

#[test]
fn pure_modules_switch_the_bans_of_clippy_toml_on() {
    for house in [&XTASK, &JOBS] {
        for (module, _) in house.floors.iter().filter(|(_, floor)| *floor <= 1) {
            let text = fs::read_to_string(root().join(house.sources).join(format!("{module}.rs"))).expect("a module");
            let on = "#![deny(clippy::disallowed_methods, clippy::disallowed_types)]";
            assert!(text.contains(on), "{}/{module}.rs lacks {on}", house.sources);
        }
    }
    let text = fs::read_to_string(root().join("jobs/contract/src/lib.rs")).expect("the contract");
    assert!(text.contains("#![deny(clippy::disallowed_methods, clippy::disallowed_types)]"));
}

#[test]
fn the_check_sees_what_it_should() {
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_str("use crate::{edge::lake, load::*}; fn f() { super::x::y(); }").expect("Rust"));
    let found: Vec<String> = paths.found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["crate::edge::lake", "crate::load", "super::x::y"]);
    let module = ["edge".to_owned(), "warehouse".to_owned(), "postgres".to_owned()];
    let path = ["super".to_owned(), "super".to_owned(), "lake".to_owned()];
    assert_eq!(inside(&module, &path).map(|path| path.join("::")).as_deref(), Some("edge::lake"));
}
