//! The local imports in Python files, resolved like Python's path finder resolves them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The folder that Airflow searches for DAGs and their modules.
pub const FOLDER: &str = "dags/";

/// An import statement: `import module`, or `from module import names`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The line number, starting at 1.
    pub line: u32,
    /// The number of leading dots.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub level: u32,
    /// The module after the dots; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// Submodules, or names that the module defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Whether the file works without the module: `ImportError` is caught, or the import is only for type checkers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

fn is_zero(level: &u32) -> bool {
    *level == 0
}

pub fn is_python(key: &str) -> bool {
    key.starts_with(FOLDER) && key.ends_with(".py")
}

/// Returns the packages that contain a file, outermost first.
fn packages(key: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = key.trim_start_matches(FOLDER).split('/').collect();
    parts.pop();
    parts
}

impl Import {
    /// Returns the absolute module name; `None` if the dots lead outside the folder.
    fn absolute(&self, file: &str) -> Option<Vec<String>> {
        let around = packages(file);
        let base = match self.level as usize {
            0 => &[],
            // The first dot is the file's package; a top-level file has none.
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

/// What a module name resolves to.
enum Module {
    File(String),
    /// A folder without `__init__.py`.
    Namespace,
}

/// The importable files, and the top-level names of their modules.
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

    /// Finds a module like `importlib.machinery.FileFinder`: a package takes precedence over a module, and a module
    /// over a folder. A module cannot have submodules.
    fn find(&self, module: &[String]) -> Option<Module> {
        // Most imports refer to other packages.
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

    /// Returns the files that a file's imports execute, without the file itself.
    pub(super) fn needs(&self, file: &str, imports: &[Import]) -> BTreeSet<String> {
        let own = packages(file);
        let mut found = BTreeSet::new();
        for module in imports.iter().flat_map(|import| self.targets(file, import)) {
            for length in 1..=module.len() {
                let part = &module[..length];
                // The packages that contain this file are executed before it.
                let around = length < module.len() && own.iter().take(length).eq(part.iter());
                if let (false, Some(Module::File(key))) = (around, self.find(part)) {
                    found.insert(key);
                }
            }
        }
        found.remove(file);
        found
    }

    /// Returns the modules that a statement imports: `from a import b` is `a.b` if that is a module, otherwise `a`.
    fn targets(&self, file: &str, import: &Import) -> Vec<Vec<String>> {
        let Some(module) = import.absolute(file) else { return Vec::new() };
        let below = import.names.iter().map(|name| [&module[..], std::slice::from_ref(name)].concat());
        let mut targets: Vec<_> = below.filter(|whole| self.find(whole).is_some()).collect();
        if targets.len() < import.names.len() || import.names.is_empty() {
            targets.push(module);
        }
        targets
    }

    /// Returns the problem with an import of a local module, if there is one.
    fn problem(&self, file: &str, import: &Import) -> Option<String> {
        let Some(module) = import.absolute(file) else {
            return Some("the relative import leads outside the DAGs folder".to_owned());
        };
        let local = import.level > 0 || self.find(module.get(..1)?).is_some();
        match self.find(&module) {
            None if local && !module.is_empty() => Some(format!("the module `{}` does not exist", module.join("."))),
            Some(Module::Namespace) => {
                let below = |name: &&String| self.find(&[&module[..], std::slice::from_ref(name)].concat()).is_none();
                let missing = import.names.iter().find(below)?;
                Some(format!("the module `{}.{missing}` does not exist", module.join(".")))
            }
            _ => None,
        }
    }
}

/// Returns the local imports that would fail, as `file:line: problem`. `new` contains the keys in the folder, `old`
/// those in the manifest: importing a module that exists only in `old` is also a problem, while other names may be
/// packages that Airflow provides. `others` contains the keys of objects that do not belong to the sync.
pub fn check(
    new: &BTreeSet<String>,
    imports: &BTreeMap<String, Vec<Import>>,
    old: &BTreeSet<String>,
    others: &BTreeSet<String>,
) -> Vec<String> {
    let now = Modules::of(new.union(others));
    let before = Modules::of(old.iter());
    let mut problems = Vec::new();
    // Python prefers `a.py` to a folder `a` without `__init__.py`: while both exist, it finds only one of them.
    let hidden = |module: &String, others: &BTreeSet<String>| {
        let folder = format!("{}/", module.strip_suffix(".py").filter(|_| is_python(module))?);
        let is_replaced = others.iter().any(|key| key.starts_with(&folder) && is_python(key));
        (is_replaced && !others.contains(&format!("{folder}__init__.py"))).then(|| {
            format!("{module}: the file and the folder `{folder}` replace each other; add an `__init__.py` to the folder first")
        })
    };
    problems.extend(old.difference(new).filter_map(|module| hidden(module, new)));
    problems.extend(new.difference(old).filter_map(|module| hidden(module, old)));
    for (file, import) in imports.iter().flat_map(|(file, list)| list.iter().map(move |import| (file, import))) {
        let gone = || {
            let module = import.absolute(file)?;
            (before.find(&module).is_some() && now.find(&module).is_none())
                .then(|| format!("the module `{}` no longer exists", module.join(".")))
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

#[cfg(test)]
#[path = "../../tests/unit/sync/imports.rs"]
mod tests;
