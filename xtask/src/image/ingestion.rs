//! The ingestion image: one static executable that contains the programs, the contracts of all sources, and the public
//! CA certificates. It has no shell, libraries or package manager.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::packages::{CargoTree, manifest};
use super::plan::{INGESTION, ImagePlan, Inputs, Toolchain};
use super::tree::{Node, Tree};
use crate::failure::Failure;
use crate::settings::CONTRACTS;

/// Returns the image's root file system without the executable: the contracts and what every program needs.
fn rootfs(repository: &Tree) -> Tree {
    let mut tree = Tree::default();
    // The default path of rustls; `SSL_CERT_FILE` overrides it.
    tree.file("rootfs/etc/ssl/certs/ca-certificates.crt", certificates());
    tree.file("rootfs/etc/passwd", "root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/tmp:/none\n");
    tree.file("rootfs/etc/group", "root:x:0:\nnonroot:x:65532:\n");
    // Fargate mounts a volume here, with the owner and mode of this folder.
    tree.put("rootfs/tmp", Node::Folder(0o1777));
    for program in ["transformation", "copy", "report"] {
        tree.put(&format!("rootfs/usr/local/bin/{program}"), Node::Link("jobs".to_owned()));
    }
    for (path, node) in repository.iter() {
        let contract = path.strip_prefix(CONTRACTS).and_then(|file| file.strip_prefix('/'));
        if let (Some(file), Node::File(_, bytes)) = (contract.filter(|file| file.ends_with(".yaml")), node) {
            tree.file(&format!("rootfs/contracts/{file}"), bytes.as_slice());
        }
    }
    tree
}

/// Returns Mozilla's root certificates as PEM, always in the same order.
fn certificates() -> String {
    let mut certificates: Vec<String> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| {
            // 48 bytes are encoded as a line of 64 characters.
            let lines: String = der.chunks(48).map(|bytes| format!("{}\n", STANDARD.encode(bytes))).collect();
            format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
        })
        .collect();
    certificates.sort();
    certificates.concat()
}

/// Plans the image from the repository's files and cargo's dependency tree; `root` is the repository folder, as cargo
/// prints it. `certificates` (a company's CA certificates, which cargo trusts in addition to the public ones) and
/// `proxies` (build arguments) are used only if the programs are compiled in Docker.
pub fn ingestion(
    repository: &Tree,
    (cargo, root): (&CargoTree, &str),
    toolchain: &Toolchain,
    platform: &str,
    certificates: &str,
    proxies: BTreeMap<String, String>,
) -> Result<ImagePlan, Failure> {
    let lock = repository.text("Cargo.lock").ok_or_else(|| Failure::new("`Cargo.lock` not found"))?;
    let crates = cargo.folders(root);
    let manifests: Vec<String> =
        crates.iter().map(|folder| format!("{folder}/Cargo.toml")).chain(["Cargo.toml".to_owned()]).collect();
    let sources = repository.only(|path| {
        let of_crate = |folder: &String| {
            path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with("/src/") || rest == "/build.rs")
        };
        path.starts_with(CONTRACTS)
            || path.starts_with(".cargo/")
            || path == "rust-toolchain.toml"
            || crates.iter().any(of_crate)
    });
    let mut context = rootfs(repository);
    let dockerfile = "jobs/Dockerfile";
    context.file(dockerfile, repository.text(dockerfile).unwrap_or_default());
    // Instead of the text of Cargo.lock and the manifests, the key contains the entries that affect the image, crate by
    // crate: development dependencies and xtask's dependencies are not in the image.
    let mut arguments = cargo.inputs(lock)?;
    for path in &manifests {
        arguments.insert(path.clone(), manifest(path, repository.text(path).unwrap_or_default())?);
    }
    let Toolchain { rustc, target, c, flags, image } = toolchain;
    let compiler = [("RUSTC", rustc), ("CC", c), ("TARGET", target), ("RUSTFLAGS", flags)];
    arguments.extend(compiler.map(|(name, value)| (name.to_owned(), value.clone())));
    let inputs = Inputs {
        files: context.clone().with(sources.clone()).fingerprints(),
        arguments,
        target: if image.is_some() { "compiled" } else { "host" }.to_owned(),
        platform: platform.to_owned(),
        base: image.clone(),
    };
    let (mut passing, mut here) = (BTreeMap::new(), None);
    match image {
        Some(builder) => {
            let is_manifest = |path: &str| path == "Cargo.lock" || manifests.iter().any(|manifest| manifest == path);
            context = context.with(sources).with(repository.only(is_manifest));
            // Not part of the key: Cargo.lock has every crate's checksum, so the certificates do not affect the image.
            context.file("certificates.pem", certificates);
            passing = proxies;
            let more = [("BASE", builder), ("TARGET", target), ("RUSTFLAGS", flags)];
            passing.extend(more.map(|(name, value)| (name.to_owned(), value.clone())));
        }
        None => here = Some(toolchain.clone()),
    }
    let packages = cargo.packages(lock)?;
    Ok(ImagePlan { name: INGESTION, inputs, context, dockerfile, packages, passing, here })
}
