//! Lists the pinned versions of the repository, and compares those that Dependabot does not see with their registries.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use crate::edge::{files, git, web};
use crate::failure::Failure;
use crate::workflow::{self, Watch};

/// Returns one line for each file and watcher. With `online`, also requests the newest versions.
///
/// # Errors
/// If a version has no watcher, a watcher no version, or, with `online`, a version is out of date or a registry does
/// not respond.
pub fn list(online: bool) -> Result<Vec<[String; 3]>> {
    let root = files::root();
    let mut texts = Vec::new();
    for path in git::tracked(&root)? {
        // Deleted files are still listed; binary files have no pins.
        let bytes = files::bytes(&root.join(&path)).unwrap_or_default();
        texts.extend(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(|text| (path, text)));
    }
    let pins = workflow::found(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())))?;
    let (listed, problems) = workflow::watched(&pins)?;
    let failure = || {
        let failure = Failure::new(format!("the list of pinned versions has problems\n{}", problems.join("\n")));
        failure.hint("correct `WATCHED` in `xtask/src/workflow/inventory.rs`, or the folders in `dependabot.rs`")
    };
    ensure!(problems.is_empty(), failure());
    if online {
        let (mut responses, mut old) = (BTreeMap::new(), Vec::new());
        let today = chrono::Utc::now().date_naive();
        for (pin, watch) in &listed {
            let Watch::Nightly(registry) = *watch else { continue };
            let url = workflow::url(pin, registry);
            if !responses.contains_key(&url) {
                let place = || format!("cannot compare `{}` ({}:{}) with its registry", pin.name, pin.path, pin.line);
                responses.insert(url.clone(), web::fetch(&url, &[]).with_context(place)?.text);
            }
            let newest = workflow::newer(pin, registry, &responses[&url], today);
            if let Some(newest) = newest.map_err(|why| Failure::new(format!("{url}: {why}")))? {
                old.push(format!(
                    "{}:{}: `{}` is {}; the newest is {newest}",
                    pin.path, pin.line, pin.name, pin.version
                ));
            }
        }
        ensure!(old.is_empty(), Failure::new(format!("versions are out of date\n{}", old.join("\n"))));
    }
    Ok(workflow::table(&listed))
}
