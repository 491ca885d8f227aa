//! The ingestion image: two static programs in one file and the certificates of the public web; no shell, no libraries,
//! no package manager.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::Inputs;
use super::packages::{CargoTree, manifest};
use super::tree::{Node, Tree};
use super::{INGESTION, ImagePlan};
use crate::failure::Failure;

/// The compiler of the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler, as `rustc -vV` prints it.
    pub rustc: String,
    /// The target, such as `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// The C compiler's version and the SHA-256 of its library if that is linked in. Empty for an image, which contains both.
    pub c: String,
    /// RUSTFLAGS.
    pub flags: String,
    /// The image with the compiler, by digest; `None` to use the compiler of this machine.
    pub image: Option<String>,
}

/// The image's file system but for the program.
fn rootfs() -> Tree {
    let mut tree = Tree::default();
    // The default path of rustls; SSL_CERT_FILE names another file.
    tree.file("rootfs/etc/ssl/certs/ca-certificates.crt", certificates());
    tree.file("rootfs/etc/passwd", "root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/tmp:/none\n");
    tree.file("rootfs/etc/group", "root:x:0:\nnonroot:x:65532:\n");
    // Fargate mounts a volume here, with the owner and mode of this folder.
    tree.put("rootfs/tmp", Node::Folder(0o1777));
    for program in ["transformation", "copy"] {
        tree.put(&format!("rootfs/usr/local/bin/{program}"), Node::Link("jobs".to_owned()));
    }
    tree
}

/// Mozilla's roots as PEM, always in the same order.
fn certificates() -> String {
    let mut certificates: Vec<String> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| {
            let text = STANDARD.encode(der);
            let lines: Vec<&str> =
                text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
        })
        .collect();
    certificates.sort();
    certificates.concat()
}

/// The plan from the repository's files and cargo's dependency tree; `root` is the repository's folder, as cargo prints
/// it. Where the programs are compiled in Docker, `certificates` are a company's own, which cargo trusts there beside the
/// public ones, and `proxies` are the build arguments with its proxies.
pub fn ingestion(
    repository: &Tree,
    (cargo, root): (&CargoTree, &str),
    toolchain: &Toolchain,
    platform: &str,
    certificates: &str,
    proxies: BTreeMap<String, String>,
) -> Result<ImagePlan, Failure> {
    let lock = repository.text("Cargo.lock").ok_or_else(|| Failure::new("there is no Cargo.lock"))?;
    let crates = cargo.folders(root);
    let manifests: Vec<String> =
        crates.iter().map(|folder| format!("{folder}/Cargo.toml")).chain(["Cargo.toml".to_owned()]).collect();
    let sources = repository.only(|path| {
        let of_crate = |folder: &String| {
            path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with("/src/") || rest == "/build.rs")
        };
        path.starts_with("jobs/contracts/")
            || path.starts_with(".cargo/")
            || path == "rust-toolchain.toml"
            || crates.iter().any(of_crate)
    });
    let mut context = rootfs();
    let dockerfile = "jobs/Dockerfile";
    context.file(dockerfile, repository.text(dockerfile).unwrap_or_default());
    // The key has what Cargo.lock and the manifests decide, crate by crate, instead of their text: a development
    // dependency, or a package of xtask's, is not in the image.
    let mut arguments = cargo.inputs(lock)?;
    for path in &manifests {
        arguments.insert(path.clone(), manifest(path, repository.text(path).unwrap_or_default())?);
    }
    let given = [
        ("RUSTC", &toolchain.rustc),
        ("CC", &toolchain.c),
        ("TARGET", &toolchain.target),
        ("RUSTFLAGS", &toolchain.flags),
    ];
    arguments.extend(given.map(|(name, value)| (name.to_owned(), value.clone())));
    let target = if toolchain.image.is_some() { "compiled" } else { "host" };
    let inputs = Inputs {
        files: Inputs::files(&context.clone().with(sources.clone())),
        arguments,
        target: target.to_owned(),
        platform: platform.to_owned(),
        base: toolchain.image.clone(),
    };
    let (mut passing, mut here) = (BTreeMap::new(), None);
    match &toolchain.image {
        Some(compiler) => {
            let is_manifest = |path: &str| path == "Cargo.lock" || manifests.iter().any(|manifest| manifest == path);
            context = context.with(sources).with(repository.only(is_manifest));
            // Not in the key: Cargo.lock has every crate's hash, so they decide nothing that is in the image.
            context.file("certificates.pem", certificates);
            passing = proxies;
            passing.insert("BASE".to_owned(), compiler.clone());
            passing.insert("TARGET".to_owned(), toolchain.target.clone());
            passing.insert("RUSTFLAGS".to_owned(), toolchain.flags.clone());
        }
        None => here = Some(toolchain.clone()),
    }
    let packages = cargo.packages(lock)?;
    Ok(ImagePlan { name: INGESTION, inputs, context, dockerfile, packages, passing, here })
}
