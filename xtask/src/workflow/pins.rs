//! Actions by commit. The committed files say which, so that an update bot's change is current the moment it is made; the
//! table below is what a file gets that names an action for the first time, and what half a bump is known by.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

/// The commits of released tags, read from the actions' own repositories.
const RELEASED: [(&str, &str, &str); 6] = [
    ("Swatinem/rust-cache", "6323deb102c322ba6fcbdcafc7e3dddab59af2b6", "v2.9.2"),
    ("actions/checkout", "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    ("actions/download-artifact", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    ("actions/github-script", "ed597411d8f924073f98dfc5c65a23a2325f34cd", "v8.0.0"),
    ("actions/upload-artifact", "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    ("aws-actions/configure-aws-credentials", "e6de054238d6b7531b4efff3b6587d9aade6a06c", "v6.2.3"),
];

/// Annotated tags that look like commits. Git follows them, GitHub runs them, and whoever compares a pin with a commit finds
/// another one.
const TAG_OBJECTS: [&str; 2] = ["63fed3e2fecf6f7b51dc6f043341b79ef82a9ae7", "451ce2a72e8d729a59ebeaacab82dbce58e7af4c"];

/// An action at a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// `owner/name`.
    pub action: String,
    /// 40 hexadecimal digits.
    pub commit: String,
    /// The release that the commit is, as `v1.2.3`.
    pub version: String,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.action, self.commit)
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The pin of every action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, Pin>);

impl Default for Pins {
    fn default() -> Self {
        let pin = |(action, commit, version): (&str, &str, &str)| {
            let pin = Pin { action: action.to_owned(), commit: commit.to_owned(), version: version.to_owned() };
            (action.to_owned(), pin)
        };
        Self(RELEASED.map(pin).into())
    }
}

impl Pins {
    /// The pin of an action of the table.
    ///
    /// # Panics
    /// For an action that is not in the table; every workflow is made in every test.
    pub(super) fn of(&self, action: &str) -> Pin {
        self.0[action].clone()
    }
}

/// The pins that files have, over those of the table; and what is wrong with them, by file and line.
pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> (Pins, Vec<String>) {
    let (mut pins, mut first, mut wrong) = (Pins::default(), BTreeMap::<String, Pin>::new(), Vec::new());
    for (file, text) in files {
        for (index, line) in text.lines().enumerate() {
            let Some(uses) = line.trim_start().trim_start_matches("- ").strip_prefix("uses:") else { continue };
            let place = format!("{file}:{}", index + 1);
            match pin(uses.trim()) {
                Err(why) => wrong.push(format!("{place}: {why}")),
                Ok(pin) => match first.get(&pin.action) {
                    Some(other) if *other != pin => {
                        wrong.push(format!("{place}: `{}` is {other} # {} above", pin.action, other.version));
                    }
                    Some(_) => {}
                    None => drop(first.insert(pin.action.clone(), pin)),
                },
            }
        }
    }
    pins.0.extend(first);
    (pins, wrong)
}

/// `owner/name@commit # v1.2.3`.
fn pin(uses: &str) -> Result<Pin, String> {
    let (reference, comment) = uses.split_once(" # ").unwrap_or((uses, ""));
    let (action, commit) = reference.trim().split_once('@').ok_or_else(|| format!("`{reference}` names no commit"))?;
    let (commit, version) = (commit.trim(), comment.trim());
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if commit.len() != 40 || !commit.chars().all(hexadecimal) {
        return Err(format!("`{action}` is at `{commit}`, which is no commit of 40 hexadecimal digits"));
    }
    if TAG_OBJECTS.contains(&commit) {
        return Err(format!("`{action}` is at a tag's own object; write the commit that the tag points to"));
    }
    let mut numbers = version.strip_prefix('v').unwrap_or_default().split('.');
    let number =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let three = [numbers.next(), numbers.next(), numbers.next()].into_iter().all(number);
    if !three || numbers.next().is_some() {
        return Err(format!("`{action}` needs the commit's release as a comment: `# v1.2.3`"));
    }
    let known = RELEASED.iter().find(|(name, _, _)| *name == action);
    let (_, released, name) = known.ok_or_else(|| format!("`{action}` is no action that the workflows use"))?;
    if (commit == *released) != (version == *name) {
        return Err(format!("`{action}` is bumped by half: {name} is {released}"));
    }
    Ok(Pin { action: action.to_owned(), commit: commit.to_owned(), version: version.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1";
    const OTHER: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_whole_bump_is_taken_and_anything_less_is_not() {
        let told = |line: &str| read([("a.yml", line)]).1.join("");
        assert_eq!(told(&format!("- uses: {CHECKOUT} # v7.0.1")), "");
        assert_eq!(told(&format!("  uses: actions/checkout@{OTHER} # v7.0.2")), "");
        for (line, why) in [
            (format!("uses: actions/checkout@{OTHER} # v7.0.1"), "bumped by half"),
            (format!("uses: {CHECKOUT} # v7.0.2"), "bumped by half"),
            (format!("uses: {CHECKOUT}"), "as a comment"),
            (format!("uses: {CHECKOUT} # v7"), "as a comment"),
            (format!("uses: {CHECKOUT} # the newest"), "as a comment"),
            ("uses: actions/checkout@v7.0.1 # v7.0.1".to_owned(), "no commit"),
            ("uses: actions/checkout@3D3C42E5AAC5BA805825DA76410C181273BA90B1 # v7.0.1".to_owned(), "no commit"),
            ("uses: ./.github/actions/own".to_owned(), "names no commit"),
            (format!("uses: somebody/else@{OTHER} # v1.0.0"), "no action that the workflows use"),
            (format!("uses: Swatinem/rust-cache@{} # v2.9.2", TAG_OBJECTS[0]), "a tag's own object"),
            (format!("uses: aws-actions/configure-aws-credentials@{} # v6.0.0", TAG_OBJECTS[1]), "a tag's own object"),
        ] {
            assert!(told(&line).contains(why), "{line}: {}", told(&line));
        }
    }

    #[test]
    fn all_files_have_an_action_at_one_commit() {
        let bumped = format!("uses: actions/checkout@{OTHER} # v7.0.2");
        let (pins, wrong) = read([("a.yml", bumped.as_str()), ("b.yml", bumped.as_str())]);
        assert_eq!((pins.of("actions/checkout").commit.as_str(), wrong), (OTHER, Vec::new()));
        let (_, wrong) = read([("a.yml", bumped.as_str()), ("b.yml", &format!("\nuses: {CHECKOUT} # v7.0.1"))]);
        assert!(wrong[0].starts_with("b.yml:2: `actions/checkout` is actions/checkout@0123"), "{wrong:?}");
    }
}
