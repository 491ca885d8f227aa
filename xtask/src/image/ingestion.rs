//! The ingestion image: two static programs in one file, the certificates of the public web, and nothing else; no
//! shell, no libraries, no package manager.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::Inputs;
use super::lock::crates;
use super::tree::{Node, Tree};
use super::{INGESTION, ImagePlan};
use crate::failure::Failure;

/// What compiles the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler, as `rustc -vV` tells it.
    pub rustc: String,
    /// The target, such as `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// The C compiler's version, and the SHA-256 of its library where that is linked in. Empty in an image, which has both.
    pub c: String,
    /// Compiler flags that decide what comes out.
    pub flags: String,
    /// The image that it lies in, by digest; none for this machine's own.
    pub image: Option<String>,
}

/// The files that the programs are compiled from. `Cargo.lock` is not among them: xtask's packages are in it too, and
/// what concerns the programs is in the key package by package.
fn is_source(path: &str) -> bool {
    let folders = ["jobs/src/", "jobs/contracts/", "jobs/contract/src/", ".cargo/"];
    let files = ["Cargo.toml", "jobs/Cargo.toml", "jobs/contract/Cargo.toml", "rust-toolchain.toml"];
    folders.iter().any(|folder| path.starts_with(folder)) || files.contains(&path)
}

/// The image's file system but for the program.
fn rootfs() -> Tree {
    let mut tree = Tree::default();
    // rustls finds them here; SSL_CERT_FILE names another file, for a company's own.
    tree.file("rootfs/etc/ssl/certs/ca-certificates.crt", certificates());
    tree.file("rootfs/etc/passwd", "root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/tmp:/none\n");
    tree.file("rootfs/etc/group", "root:x:0:\nnonroot:x:65532:\n");
    // Fargate mounts a volume here that takes over owner and mode of what it covers.
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

/// The plan from the repository's files. Where the programs are compiled in Docker, `certificates` are a company's own, which
/// cargo trusts there beside the public ones, and `proxies` are the build arguments with its proxies.
pub fn ingestion(
    repository: &Tree,
    toolchain: &Toolchain,
    platform: &str,
    certificates: &str,
    proxies: BTreeMap<String, String>,
) -> Result<ImagePlan, Failure> {
    let lock = repository.text("Cargo.lock").ok_or_else(|| Failure::new("there is no Cargo.lock"))?;
    let packages = crates(lock, "jobs")?;
    let sources = repository.only(is_source);
    let mut context = rootfs();
    let dockerfile = "jobs/Dockerfile";
    context.file(dockerfile, repository.text(dockerfile).unwrap_or_default());
    let target = if toolchain.image.is_some() { "compiled" } else { "host" };
    if toolchain.image.is_some() {
        context = context.with(sources.clone());
        context.file("Cargo.lock", lock);
    }
    let mut arguments = BTreeMap::new();
    let given = [
        ("RUSTC", &toolchain.rustc),
        ("CC", &toolchain.c),
        ("TARGET", &toolchain.target),
        ("RUSTFLAGS", &toolchain.flags),
    ];
    for (name, value) in given {
        arguments.insert(name.to_owned(), value.clone());
    }
    for package in &packages {
        let sha256 = package.sha256.clone().unwrap_or_default();
        arguments.insert(format!("crate {} {}", package.name, package.version), sha256);
    }
    let files = Inputs::files(&context.clone().with(sources));
    let inputs = Inputs {
        files,
        arguments,
        target: target.to_owned(),
        platform: platform.to_owned(),
        base: toolchain.image.clone(),
    };
    let (mut passing, mut here) = (BTreeMap::new(), None);
    match &toolchain.image {
        Some(compiler) => {
            // Not in the key: Cargo.lock has every crate's hash, so they decide nothing that is in the image.
            context.file("certificates.pem", certificates);
            passing = proxies;
            passing.insert("BASE".to_owned(), compiler.clone());
            passing.insert("TARGET".to_owned(), toolchain.target.clone());
            passing.insert("RUSTFLAGS".to_owned(), toolchain.flags.clone());
        }
        None => here = Some(toolchain.clone()),
    }
    Ok(ImagePlan { name: INGESTION, inputs, context, dockerfile, packages, passing, here })
}
