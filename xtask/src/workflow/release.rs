//! `release.yml`: publishes a release when its tag is pushed. The job that builds has no credentials, and those that sign and
//! publish run no code of the repository.

use indexmap::IndexMap;

use super::build::LINES;
use super::ci::INSTALL_RUST;
use super::model::{Concurrency, Job, Permission, RELEASES, Triggers, Workflow};
use super::step::{COMPILE_LIGHT, Step};

/// The folder and artifact of the files.
const FILES: &str = "release";
/// Files, each with its bill of materials.
const CONTENTS: [(&str, &str); 3] = [
    ("xtask-x86_64-unknown-linux-gnu", "xtask.cdx.json"),
    ("ingestion-image.tar", "ingestion-image.cdx.json"),
    ("dbt-image.tar", "dbt-image.cdx.json"),
];

/// Also without attestations, but not if one of them failed.
const PUBLISHED: &str = "!failure() && !cancelled()";

pub(super) fn workflow() -> Workflow {
    let job =
        |name: &str, why, minutes| Job { name: name.to_owned(), why, timeout_minutes: Some(minutes), ..Job::default() };
    let tag = "${{ github.ref_name }}";
    let [light, full] = [("compile xtask", COMPILE_LIGHT), ("compile xtask with AWS clients", LINES[0])];
    let [light, full] = [light, full].map(|(name, line)| Step::line(name, line));
    let files = Step::xtask("build the files", "release-files --tag $TAG --dir release").with_env("TAG", tag);
    let build = Job {
        permissions: vec![Permission::CONTENTS],
        steps: vec![
            Step::checkout_history(),
            Step::line("Rust", INSTALL_RUST),
            light,
            full,
            files,
            Step::keep(FILES, FILES),
        ],
        ..job("build", "Builds the files, without credentials, from a commit of `main` with this version.", 90)
    };
    let bills = CONTENTS.map(|(file, bill)| {
        let [file, bill] = [file, bill].map(|name| format!("{FILES}/{name}"));
        Step::attest(&format!("attest the contents of {file}"), [("subject-path", &file), ("sbom-path", &bill)])
    });
    let provenance = Step::attest("attest the provenance", [("subject-checksums", "release/SHA256SUMS")]);
    let attest = Job {
        needs: vec!["build".to_owned()],
        // For private repositories, GitHub stores attestations only with Enterprise Cloud.
        condition: Some("!github.event.repository.private".to_owned()),
        permissions: vec![Permission::SIGN, Permission::ATTEST],
        steps: [Step::fetch(FILES, FILES), provenance].into_iter().chain(bills).collect(),
        ..job("attest", "Signs where the files come from, and what the images and the program contain.", 15)
    };
    let create = "gh release create \"$TAG\" --verify-tag --notes-file release/CHANGES.md release/*";
    let create =
        Step::line("create the release", create).with_env("TAG", tag).with_env("GH_TOKEN", "${{ github.token }}");
    let publish = Job {
        needs: vec!["build".to_owned(), "attest".to_owned()],
        condition: Some(PUBLISHED.to_owned()),
        permissions: vec![Permission::PUBLISH],
        steps: vec![Step::fetch(FILES, FILES), create.with_env("GH_REPO", "${{ github.repository }}")],
        ..job("publish", "Creates the release, without the repository's code.", 15)
    };
    Workflow {
        id: "release",
        why: &[
            "Publishes a release when its tag is pushed: programs, images, bills of materials, checksums, attestations.",
        ],
        on: Triggers { push: Some(RELEASES), ..Triggers::default() },
        concurrency: Some(Concurrency::queued("release")),
        jobs: IndexMap::from(
            [("build", build), ("attest", attest), ("publish", publish)].map(|(id, job)| (id.to_owned(), job)),
        ),
    }
}
