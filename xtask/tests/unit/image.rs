//! Tests that every input changes the key, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};

use super::packages::requirements;
use super::*;

const LOCK: &str = "version = 4\n\
    [[package]]\nname = \"jobs\"\nversion = \"0.1.0\"\ndependencies = [\"bytes\", \"rcgen\"]\n\
    [[package]]\nname = \"bytes\"\nversion = \"1.2.3\"\nchecksum = \"aaaaaaaaaa\"\n\
    [[package]]\nname = \"rcgen\"\nversion = \"0.14.0\"\nchecksum = \"dddddddddd\"\n\
    [[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\n";
const WORKSPACE: &str = "[workspace]\nmembers = [\"jobs\"]\n[workspace.package]\nedition = \"2024\"\n\
    [workspace.dependencies]\nrcgen = \"0.14\"\n[profile.dev]\ndebug = 1\n[profile.release]\npanic = \"abort\"\n";
const MANIFEST: &str = "[package]\nname = \"jobs\"\n[dependencies]\nbytes.workspace = true\n\
    [dev-dependencies]\nrcgen.workspace = true\n";

fn cargo() -> CargoTree {
    let local = "jobs v0.1.0 (/repository/jobs)\ncontract v0.1.0 (/repository/jobs/contract)";
    CargoTree {
        linked: format!("{local}\nbytes v1.2.3\n"),
        compiled: format!("{local}\nbytes v1.2.3 default,std\ncc v1.0.0 \n"),
    }
}

fn repository() -> Tree {
    let mut tree = Tree::default();
    for path in [
        ".cargo/config.toml",
        "jobs/Dockerfile",
        "jobs/src/lib.rs",
        "jobs/src/bin/jobs.rs",
        "jobs/contracts/spacex.yaml",
        "jobs/contracts/README.md",
        "jobs/contract/src/lib.rs",
        "dbt/Dockerfile",
        "dbt/dbt_project.yml",
        "dbt/packages.yml",
        "dbt/profiles.yml",
        "dbt/lineage.py",
        "dbt/run.py",
        "dbt/models/a.sql",
        "dbt/macros/b.sql",
        "dbt/tests/c.sql",
        "dbt/snapshots/d.sql",
        "dbt/packages/dbt_utils/e.sql",
        "dbt/seeds/f.csv",
    ] {
        tree.file(path, format!("the text of {path}"));
    }
    tree.file("Cargo.lock", LOCK);
    tree.file("Cargo.toml", WORKSPACE);
    tree.file("jobs/Cargo.toml", MANIFEST);
    tree.file("jobs/contract/Cargo.toml", "[package]\nname = \"contract\"\n");
    tree.file("dbt/requirements.txt", "dbt-core==1.11.14 --hash=sha256:aa\n");
    tree
}

fn toolchain(image: Option<&str>) -> Toolchain {
    let [rustc, target, flags] = ["rustc 1.95.0", "x86_64-unknown-linux-gnu", "-C a"].map(str::to_owned);
    Toolchain { rustc, target, c: "cc 12.2.0".to_owned(), flags, image: image.map(str::to_owned) }
}

fn plan(repository: &Tree, cargo: &CargoTree, toolchain: &Toolchain, platform: &str) -> ImagePlan {
    ingestion(repository, (cargo, "/repository"), toolchain, platform, "", BTreeMap::new()).expect("a plan")
}

fn programs(repository: &Tree, toolchain: &Toolchain, platform: &str) -> String {
    plan(repository, &cargo(), toolchain, platform).key()
}

fn marts(repository: &Tree, base: &str, platform: &str, certificates: &str, index: &str) -> String {
    let passing = BTreeMap::from([("PIP_INDEX_URL".to_owned(), index.to_owned())]);
    dbt(repository, base, platform, certificates, passing).expect("a plan").key()
}

fn changed(path: &str, node: Node) -> Tree {
    let mut tree = repository();
    tree.put(path, node);
    tree
}

fn edited(path: &str, text: &str, from: &str, to: &str) -> Tree {
    let new = text.replacen(from, to, 1);
    assert_ne!(new, text, "{path} has no `{from}`");
    changed(path, Node::File(0o644, new.into_bytes()))
}

#[test]
fn every_input_of_the_ingestion_image_changes_its_key() {
    let (host, platform) = (toolchain(None), "linux/amd64");
    let key = programs(&repository(), &host, platform);
    assert_eq!(key, programs(&repository(), &host, platform));
    assert_eq!(key.as_str().len(), 64);

    let mut others = vec![
        programs(&repository(), &host, "linux/arm64"),
        programs(&repository(), &toolchain(Some("rust@sha256:1")), platform),
        programs(&repository(), &toolchain(Some("rust@sha256:2")), platform),
        programs(&repository(), &Toolchain { rustc: "rustc 1.96.0".to_owned(), ..host.clone() }, platform),
        programs(
            &repository(),
            &Toolchain { target: "x86_64-unknown-linux-musl".to_owned(), ..host.clone() },
            platform,
        ),
        programs(&repository(), &Toolchain { flags: String::new(), ..host.clone() }, platform),
        programs(&repository(), &Toolchain { c: "cc 13.1.0".to_owned(), ..host.clone() }, platform),
    ];
    for path in [
        ".cargo/config.toml",
        "jobs/Dockerfile",
        "jobs/src/lib.rs",
        "jobs/src/new.rs",
        "jobs/contracts/spacex.yaml",
        "jobs/contracts/launches.yaml",
        "jobs/contract/src/lib.rs",
    ] {
        others.push(programs(&changed(path, Node::File(0o644, b"other".to_vec())), &host, platform));
    }
    let moved = Node::File(0o755, b"the text of jobs/src/lib.rs".to_vec());
    others.push(programs(&changed("jobs/src/lib.rs", moved), &host, platform));
    for (path, text, from, to) in [
        ("Cargo.lock", LOCK, "aaaaaaaa", "bbbbbbbb"),
        ("Cargo.toml", WORKSPACE, "abort", "unwind"),
        ("Cargo.toml", WORKSPACE, "2024", "2021"),
        ("jobs/Cargo.toml", MANIFEST, "bytes.workspace", "bytes.version"),
    ] {
        others.push(programs(&edited(path, text, from, to), &host, platform));
    }
    for (from, to) in [("1.2.3 ", "1.2.4 "), ("std", "alloc"), ("cc v1.0.0", "cc v1.0.1")] {
        let cargo = CargoTree { compiled: cargo().compiled.replacen(from, to, 1), ..cargo() };
        others.push(plan(&repository(), &cargo, &host, platform).key());
    }
    let count = others.len();
    others.push(key);
    others.sort();
    others.dedup();
    assert_eq!(others.len(), count + 1, "every key is different");
}

#[test]
fn nothing_else_changes_the_ingestion_images_key() {
    let (host, platform) = (toolchain(None), "linux/amd64");
    let key = programs(&repository(), &host, platform);
    for path in
        ["README.md", "xtask/src/main.rs", "jobs/tests/it/main.rs", "jobs/sample/spacex/crew.json", "dbt/models/a.sql"]
    {
        assert_eq!(programs(&changed(path, Node::File(0o644, b"other".to_vec())), &host, platform), key, "{path}");
    }
    // A newer development dependency, another package's version, and what only other builds use.
    for (path, text, from, to) in [
        ("Cargo.lock", LOCK, "0.14.0", "0.15.0"),
        ("Cargo.lock", LOCK, "dddddddd", "eeeeeeee"),
        ("Cargo.lock", LOCK, "\"xtask\"\nversion = \"0.1.0\"", "\"xtask\"\nversion = \"0.2.0\""),
        ("Cargo.toml", WORKSPACE, "rcgen = \"0.14\"", "rcgen = \"0.15\""),
        ("Cargo.toml", WORKSPACE, "debug = 1", "debug = 2"),
        ("jobs/Cargo.toml", MANIFEST, "rcgen.workspace = true", "rcgen = \"0.15\""),
    ] {
        let other = edited(path, text, from, to);
        assert_eq!(programs(&other, &host, platform), key, "{path}: {from} -> {to}");
    }
    // Where the repository's folder is.
    let moved = |text: String| text.replace("/repository", "/home/me/platform");
    let cargo = CargoTree { linked: moved(cargo().linked), compiled: moved(cargo().compiled) };
    let plan = ingestion(&repository(), (&cargo, "/home/me/platform"), &host, platform, "", BTreeMap::new());
    assert_eq!(plan.expect("a plan").key(), key);
}

#[test]
fn every_input_of_the_dbt_image_changes_its_key_and_nothing_else_does() {
    let (base, platform) = ("python@sha256:1", "linux/amd64");
    let of = |tree: &Tree| marts(tree, base, platform, "", "https://pypi.org/simple");
    let key = of(&repository());
    let mut others = vec![
        marts(&repository(), "python@sha256:2", platform, "", "https://pypi.org/simple"),
        marts(&repository(), base, "linux/arm64", "", "https://pypi.org/simple"),
    ];
    for path in [
        "dbt/Dockerfile",
        "dbt/dbt_project.yml",
        "dbt/packages.yml",
        "dbt/profiles.yml",
        "dbt/lineage.py",
        "dbt/run.py",
        "dbt/models/a.sql",
        "dbt/models/new.sql",
        "dbt/macros/b.sql",
        "dbt/tests/c.sql",
        "dbt/snapshots/d.sql",
        "dbt/packages/dbt_utils/e.sql",
        "dbt/seeds/f.csv",
    ] {
        others.push(of(&changed(path, Node::File(0o644, b"other".to_vec()))));
    }
    let lock = Node::File(0o644, b"dbt-core==1.11.15 --hash=sha256:aa\n".to_vec());
    others.push(of(&changed("dbt/requirements.txt", lock)));
    let count = others.len();
    others.push(key.clone());
    others.sort();
    others.dedup();
    assert_eq!(others.len(), count + 1, "every key is different");

    for path in ["README.md", "jobs/src/lib.rs", "dbt/README.md", "dbt/requirements.in", "dbt/requirements-lint.txt"] {
        assert_eq!(of(&changed(path, Node::File(0o644, b"other".to_vec()))), key, "{path}");
    }
    // Where locked packages come from decides nothing that is in the image.
    assert_eq!(marts(&repository(), base, platform, "a company's", "https://mirror.example/simple"), key);
}

#[test]
fn the_root_file_system_is_what_a_program_needs_and_no_more() {
    let plan = plan(&repository(), &cargo(), &toolchain(None), "linux/amd64");
    let paths: Vec<&str> =
        plan.context.iter().map(|(path, _)| path).filter(|path| path.starts_with("rootfs/")).collect();
    assert_eq!(
        paths,
        [
            "rootfs/contracts",
            "rootfs/contracts/spacex.yaml",
            "rootfs/etc",
            "rootfs/etc/group",
            "rootfs/etc/passwd",
            "rootfs/etc/ssl",
            "rootfs/etc/ssl/certs",
            "rootfs/etc/ssl/certs/ca-certificates.crt",
            "rootfs/tmp",
            "rootfs/usr",
            "rootfs/usr/local",
            "rootfs/usr/local/bin",
            "rootfs/usr/local/bin/copy",
            "rootfs/usr/local/bin/report",
            "rootfs/usr/local/bin/transformation",
        ]
    );
    assert_eq!(plan.context.text("rootfs/contracts/spacex.yaml"), Some("the text of jobs/contracts/spacex.yaml"));
    let certificates = plan.context.text("rootfs/etc/ssl/certs/ca-certificates.crt").expect("text");
    assert!(certificates.matches("BEGIN CERTIFICATE").count() > 100);
    assert!(certificates.lines().all(|line| line.len() <= 64));
}

#[test]
fn a_bill_of_materials_names_every_package_and_is_the_same_for_the_same_packages() {
    let plan = dbt(&repository(), "python@sha256:1", "linux/amd64", "", BTreeMap::new()).expect("a plan");
    let text = plan.bill_of_materials();
    assert_eq!(text, plan.bill_of_materials());
    let serial = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON")["serialNumber"].clone();
    let number = serial(&text).as_str().map(str::to_owned).expect("a number");
    let parts: Vec<usize> = number.trim_start_matches("urn:uuid:").split('-').map(str::len).collect();
    assert_eq!((parts, &number[..9]), (vec![8, 4, 4, 4, 12], "urn:uuid:"));
    assert_ne!(serial(&bill_of_materials("container", "other", "", &[])), serial(&text));
    let bill: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(bill["bomFormat"], "CycloneDX");
    assert_eq!(bill["metadata"]["component"]["name"], DBT);
    assert_eq!(bill["components"][0]["purl"], "pkg:pypi/dbt-core@1.11.14");
    assert_eq!(bill["components"][0]["hashes"][0]["content"], "aa");
}

#[test]
fn an_archive_does_not_depend_on_the_order_of_additions() {
    let link = Node::Link("b/c.txt".to_owned());
    let (mut one, mut other) = (Tree::default(), Tree::default());
    one.file("a/b/c.txt", "c");
    one.put("a/link", link.clone());
    other.put("a/link", link);
    other.file("a/b/c.txt", "c");
    assert_eq!(one.tar().expect("an archive"), other.tar().expect("an archive"));
    assert_eq!(one.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["a", "a/b", "a/b/c.txt", "a/link"]);
}

#[test]
fn crates_are_those_of_cargo_tree_with_the_checksums_of_the_lock_file() {
    let lock = "version = 4\n[[package]]\nname = \"b\"\nversion = \"1.2.3\"\nchecksum = \"aa\"\n\
                [[package]]\nname = \"c\"\nversion = \"9.9.9\"\nchecksum = \"cc\"\n";
    let tree = CargoTree {
        linked: "a v0.1.0 (/home/me/a)\nb v1.2.3\nb v1.2.3 (*)\n".to_owned(),
        compiled: "a v0.1.0 (/home/me/a) \nb v1.2.3 default,std\nb v1.2.3 alloc (*)\n".to_owned(),
    };
    let found = tree.packages(lock).expect("a lock");
    let names: Vec<_> = found.iter().map(|package| (package.name.as_str(), package.sha256.as_deref())).collect();
    assert_eq!(names, [("a", None), ("b", Some("aa"))]);
    let inputs = tree.inputs(lock).expect("a lock");
    assert_eq!((inputs["crate a 0.1.0"].as_str(), inputs["crate b 1.2.3"].as_str()), ("", "aa default,std alloc"));
    assert_eq!(tree.folders("/home/me"), BTreeSet::from(["a".to_owned()]));
    assert!(tree.packages("nonsense").is_err());
}

#[test]
fn a_requirement_without_hash_or_version_is_refused() {
    let lock = "# by uv\nagate==1.9.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via dbt\nbabel[x]==2.18.0 --hash=sha256:cc\n";
    let found = requirements(lock).expect("a lock");
    assert_eq!(found[0], Package { kind: "pypi", name: "agate".into(), version: "1.9.1".into(), sha256: None });
    assert_eq!(found[1].sha256.as_deref(), Some("cc"));
    for wrong in ["agate", "agate==1.0", "agate>=1.0 --hash=sha256:aa", "-e ."] {
        assert!(requirements(wrong).is_err(), "{wrong}");
    }
}
