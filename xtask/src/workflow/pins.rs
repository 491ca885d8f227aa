//! Actions pinned to commits. The commits in the committed files take precedence, so that a Dependabot update does not
//! require regenerating them; the table below contains the pins for actions that no file uses yet, and helps to detect
//! updates of only the commit or only the comment.

use std::collections::BTreeMap;

/// The commits of release tags, read from the actions' repositories.
const RELEASED: [(&str, &str, &str); 7] = [
    ("Swatinem/rust-cache", "6323deb102c322ba6fcbdcafc7e3dddab59af2b6", "v2.9.2"),
    ("actions/attest", "1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2"),
    ("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    ("actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    ("actions/github-script", "ed597411d8f924073f98dfc5c65a23a2325f34cd", "v8.0.0"),
    ("actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    ("aws-actions/configure-aws-credentials", "e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
];

/// An action (`owner/name`) pinned to the commit (40 hexadecimal digits) of a release (`v1.2.3`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    pub action: String,
    pub commit: String,
    pub version: String,
}

impl Pin {
    fn new(action: &str, commit: &str, version: &str) -> Self {
        Self { action: action.to_owned(), commit: commit.to_owned(), version: version.to_owned() }
    }
}

/// The pin of every action.
pub type Pins = BTreeMap<String, Pin>;

pub(super) fn released() -> Pins {
    RELEASED.map(|(action, commit, version)| (action.to_owned(), Pin::new(action, commit, version))).into()
}

/// Reads the pins from the files; the table provides the pins for actions that the files do not use, and `hooks` those of
/// the hooks. Also returns the errors, with file and line.
pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>, hooks: Pins) -> (Pins, Vec<String>) {
    let (mut pins, mut first, mut wrong) = (hooks, Pins::new(), Vec::new());
    pins.extend(released());
    for (file, text) in files {
        for (index, line) in text.lines().enumerate() {
            let Some(uses) = line.trim_start().trim_start_matches("- ").strip_prefix("uses:") else { continue };
            // A file of this repository, at the commit of the run.
            if uses.trim().starts_with("$/") {
                continue;
            }
            let place = format!("{file}:{}", index + 1);
            match pin(uses.trim(), &pins) {
                Err(why) => wrong.push(format!("{place}: {why}")),
                Ok(pin) => {
                    let other = first.entry(pin.action.clone()).or_insert(pin.clone());
                    if *other != pin {
                        let Pin { action, commit, version } = other;
                        let earlier = format!("{action}@{commit} # {version}");
                        wrong.push(format!("{place}: `{action}` differs from an earlier pin, {earlier}"));
                    }
                }
            }
        }
    }
    pins.extend(first);
    (pins, wrong)
}

/// Parses `owner/name@commit # v1.2.3`.
pub(super) fn parsed(uses: &str) -> Result<Pin, String> {
    let (reference, comment) = uses.split_once(" # ").unwrap_or((uses, ""));
    let (action, commit) =
        reference.trim().split_once('@').ok_or_else(|| format!("`{reference}` is not pinned to a commit"))?;
    let (commit, version) = (commit.trim(), comment.trim());
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if commit.len() != 40 || !commit.chars().all(hexadecimal) {
        return Err(format!("`{action}` is pinned to `{commit}`, which is not a commit hash (40 hexadecimal digits)"));
    }
    let numbers: Vec<&str> = version.strip_prefix('v').unwrap_or_default().split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if numbers.len() != 3 || !numbers.iter().all(is_number) {
        return Err(format!("`{action}` needs the commit's release as a comment: `# v1.2.3`"));
    }
    Ok(Pin::new(action, commit, version))
}

/// Parses the pin of an action that the generated workflows use, in `known`.
fn pin(uses: &str, known: &Pins) -> Result<Pin, String> {
    let pin = parsed(uses)?;
    let Pin { action, commit, version } = &pin;
    let released = known.get(action).ok_or_else(|| format!("`{action}` is not used by the generated workflows"))?;
    if (*commit == released.commit) != (*version == released.version) {
        let Pin { commit, version, .. } = released;
        return Err(format!("only the commit or only the version of `{action}` was updated: {version} is {commit}"));
    }
    Ok(pin)
}
