//! Reads the templates in a folder and connects them to the settings.

use std::path::Path;

use anyhow::Result;

use crate::edge::files;
use crate::settings::{self, Document, Problem, Problems, Settings};
use crate::stack::{self, Dependencies, FOLDER, Template};

/// Reads and connects the templates in `infra/`, or in a different folder. Fails with all problems in the templates or,
/// if there are none, in their dependencies.
pub fn read(folder: Option<&Path>, of: &Settings) -> Result<(Vec<Template>, Dependencies)> {
    let root = files::root();
    let (folder, shown) = match folder {
        Some(folder) => (folder.to_owned(), folder.display().to_string()),
        None => (root.join(FOLDER), FOLDER.to_owned()),
    };
    let (mut templates, mut problems) = (Vec::new(), Vec::new());
    let mut paths = files::list(&folder)?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    paths.sort();
    for path in paths {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = format!("{shown}/{name}.yaml");
        let read = settings::text_of(&file, &files::bytes(&path)?.unwrap_or_default())
            .map_err(|problems| problems.list)
            .and_then(|text| Template::parse(&name, Document { file: &file, text: &text }));
        match read {
            Ok(template) => templates.push(template),
            Err(found) => problems.extend(found),
        }
    }
    if templates.is_empty() && problems.is_empty() {
        problems.push(Problem::of(&shown, None, "contains no templates (*.yaml)"));
    }
    if !problems.is_empty() {
        return Err(Problems { of: "templates".to_owned(), list: problems }.into());
    }
    let templates = stack::per_source(templates, of);
    let dependencies = stack::connect(&templates, &stack::settings(of))?;
    Ok((templates, dependencies))
}
