//! What Python files import of each other: found as Python's own path finder does, in a set of files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Tree;

/// Where Airflow looks for DAGs and for the modules that they import.
pub const FOLDER: &str = "dags/";

/// One statement: `import module`, or `from module import names`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Where it stands, from 1.
    pub line: u32,
    /// How many dots it begins with.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub level: u32,
    /// What follows them, which may be nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Modules below it, or what it defines; only Python could tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The file goes on without it: `ImportError` is caught, or it is for type checkers alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// It stands in a function that does not run when the file is imported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lazy: bool,
}

/// What has to be there of a module for a file to be imported, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Nothing: the import comes later, or the file goes on without it.
    Nothing,
    /// The module: `import module`.
    Module,
    /// Its own content too: `from module import name`.
    Content,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_zero(level: &u32) -> bool {
    *level == 0
}

/// Whether a key is that of a Python file.
pub fn is_python(key: &str) -> bool {
    key.starts_with(FOLDER) && key.ends_with(".py")
}

/// The packages around a file, outermost first.
fn packages(key: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = key.trim_start_matches(FOLDER).split('/').collect();
    parts.pop();
    parts
}

impl Import {
    /// The module by its whole name; none where the dots lead out of the folder.
    fn absolute(&self, file: &str) -> Option<Vec<String>> {
        let around = packages(file);
        let base = match self.level as usize {
            0 => &[],
            // The first dot is the package around the file; one at the top is in none.
            dots => around.get(..=around.len().checked_sub(dots)?)?,
        };
        let below = self.module.split('.').filter(|part| !part.is_empty());
        Some(base.iter().copied().chain(below).map(str::to_owned).collect())
    }

    fn shown(&self) -> String {
        let module = format!("{}{}", ".".repeat(self.level as usize), self.module);
        if self.names.is_empty() {
            format!("import {module}")
        } else {
            format!("from {module} import {}", self.names.join(", "))
        }
    }
}

/// What one name is.
enum Module {
    /// A file that runs when it is imported.
    File(String),
    /// A folder without `__init__.py`.
    Namespace,
}

/// The files that can be imported, and the first names of their modules.
pub(super) struct Modules<'k> {
    files: BTreeSet<&'k str>,
    names: BTreeSet<&'k str>,
}

impl<'k> Modules<'k> {
    pub(super) fn of(keys: impl Iterator<Item = &'k String>) -> Self {
        let files: BTreeSet<&str> = keys.filter(|key| is_python(key)).map(String::as_str).collect();
        let first = |key: &&'k str| key.trim_start_matches(FOLDER).split(['/', '.']).next();
        Self { names: files.iter().filter_map(first).collect(), files }
    }

    /// As `importlib.machinery.FileFinder`: a package comes before a module, that before a folder. Nothing is below a module.
    fn find(&self, module: &[String]) -> Option<Module> {
        // Most of what is imported lies elsewhere.
        if module.first().is_some_and(|first| !self.names.contains(first.as_str())) {
            return None;
        }
        let path = format!("{FOLDER}{}", module.join("/"));
        let outer = module.split_last().map_or(&[][..], |(_, outer)| outer);
        if !outer.is_empty() && matches!(self.find(outer)?, Module::File(file) if !file.ends_with("/__init__.py")) {
            return None;
        }
        let files = [format!("{path}/__init__.py"), format!("{path}.py")];
        if let Some(file) = files.into_iter().find(|file| self.files.contains(file.as_str())) {
            return Some(Module::File(file));
        }
        let folder = format!("{path}/");
        let inside = self.files.range(folder.as_str()..).next().is_some_and(|key| key.starts_with(&folder));
        inside.then_some(Module::Namespace)
    }

    /// The files that a file's imports are about, itself not among them, and what it needs of each.
    pub(super) fn needs(&self, file: &str, imports: &[Import]) -> BTreeMap<String, Need> {
        let own = packages(file);
        let mut found = BTreeMap::new();
        for (import, (module, content)) in
            imports.iter().flat_map(|one| self.targets(file, one).map(move |to| (one, to)))
        {
            for length in 1..=module.len() {
                let part = &module[..length];
                // Whoever runs this file has run the packages around it.
                let around = length < module.len() && own.iter().take(length).eq(part.iter());
                let (false, Some(Module::File(key))) = (around, self.find(part)) else { continue };
                let need = match (import.lazy || import.optional, content && length == module.len()) {
                    (true, _) => Need::Nothing,
                    (false, false) => Need::Module,
                    (false, true) => Need::Content,
                };
                let known = found.entry(key).or_insert(need);
                *known = need.max(*known);
            }
        }
        found.remove(file);
        found
    }

    /// The modules that a statement is about, and whether it takes more of each than that it is there: `from a import b` is
    /// about `a.b` where that is one, else about what `a` has of that name.
    fn targets(&self, file: &str, import: &Import) -> impl Iterator<Item = (Vec<String>, bool)> + use<> {
        let mut targets = Vec::new();
        if let Some(module) = import.absolute(file) {
            let below = |name: &String| [&module[..], std::slice::from_ref(name)].concat();
            targets.extend(
                import.names.iter().map(below).filter(|whole| self.find(whole).is_some()).map(|to| (to, false)),
            );
            let content = targets.len() < import.names.len();
            if content || import.names.is_empty() {
                targets.push((module, content));
            }
        }
        targets.into_iter()
    }

    /// What is wrong with an import, where it is one of a local module.
    fn problem(&self, file: &str, import: &Import) -> Option<String> {
        let Some(module) = import.absolute(file) else {
            return Some("leads out of the DAGs' packages".to_owned());
        };
        let local = import.level > 0 || self.find(module.get(..1)?).is_some();
        match self.find(&module) {
            None if local && !module.is_empty() => Some(format!("there is no module `{}`", module.join("."))),
            Some(Module::Namespace) => {
                let below = |name: &&String| self.find(&[&module[..], std::slice::from_ref(name)].concat()).is_none();
                let missing = import.names.iter().find(below)?;
                Some(format!("there is no module `{}.{missing}`", module.join(".")))
            }
            _ => None,
        }
    }
}

/// The imports of local modules that would not be there, as `file:line: what`. `ours` are the keys that are ours now:
/// what they have and the tree has not is no longer there, where else it could be a package of Airflow's. `others` are
/// foreign keys, which stay.
pub fn check(
    tree: &Tree,
    imports: &BTreeMap<String, Vec<Import>>,
    ours: &BTreeSet<String>,
    others: &BTreeSet<String>,
) -> Vec<String> {
    let now = Modules::of(tree.keys().chain(others));
    let before = Modules::of(ours.iter());
    let mut problems = Vec::new();
    // Python looks for `a.py` before a folder `a` without `__init__.py`, so that while both are there only one is found.
    let folder = |key: &str| key.strip_suffix(".py").map(|stem| (format!("{stem}/"), format!("{stem}/__init__.py")));
    let hidden = |module: &String, others: &BTreeSet<&String>| {
        let (inside, package) = folder(module).filter(|_| is_python(module))?;
        let python = |key: &&&String| key.starts_with(&inside) && is_python(key);
        (!others.contains(&package) && others.iter().find(python).is_some()).then(|| {
            format!("{module}: it and the folder `{inside}` take turns; give the folder an `__init__.py` first")
        })
    };
    let (new, old): (BTreeSet<&String>, BTreeSet<&String>) = (tree.keys().collect(), ours.iter().collect());
    problems.extend(old.difference(&new).filter_map(|module| hidden(module, &new)));
    problems.extend(new.difference(&old).filter_map(|module| hidden(module, &old)));
    for (file, import) in imports.iter().flat_map(|(file, list)| list.iter().map(move |import| (file, import))) {
        let gone = || {
            let module = import.absolute(file)?;
            (before.find(&module).is_some() && now.find(&module).is_none())
                .then(|| format!("the module `{}` is no longer there", module.join(".")))
        };
        if import.optional {
            continue;
        }
        if let Some(problem) = now.problem(file, import).or_else(gone) {
            problems.push(format!("{file}:{}: `{}`: {problem}", import.line, import.shown()));
        }
    }
    problems
}
