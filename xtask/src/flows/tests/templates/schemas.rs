//! Compares the resource type table with the CloudFormation registry schemas that cfn-lint ships.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::edge::files;
use crate::stack::{RESOURCE_TYPES, ResourceType};

/// cfn-lint's schemas in a Python environment.
const SCHEMAS: &str = "site-packages/cfnlint/data/schemas";
/// One of the regions that are deployed to; a type's schema may differ between regions.
const REGION: &str = "eu-west-1";

/// Returns the differences for all types.
pub(super) fn differences(python: &Path) -> Result<Vec<String>> {
    let library = files::list(&python.join("lib"))?.pop();
    let folder = library.context("the Python environment contains no library folder")?.join(SCHEMAS);
    let index = read(&folder.join(format!("providers/{REGION}.json")))?;
    let mut found = Vec::new();
    for kind in RESOURCE_TYPES.iter().filter(|kind| kind.name.starts_with("AWS::")) {
        let missing = || format!("cfn-lint has no schema for the type `{}`", kind.name);
        let hash = index[kind.name].as_str().with_context(missing)?;
        found.extend(difference(kind, &read(&folder.join(format!("resources/{hash}.json")))?));
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Value> {
    let bytes = files::bytes(file)?.with_context(|| format!("the file `{}` does not exist", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("`{}` is not valid JSON", file.display()))
}

/// Returns the differences for one type.
fn difference(kind: &ResourceType, schema: &Value) -> Option<String> {
    let paths = |key: &str| -> BTreeSet<&str> {
        let paths = schema[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        paths.map(|path| path.trim_start_matches("/properties/")).collect()
    };
    let mut found = Vec::new();
    for (key, known) in [("createOnlyProperties", kind.fixed), ("conditionalCreateOnlyProperties", kind.perhaps)] {
        let (known, actual): (BTreeSet<&str>, _) = (known.iter().copied().collect(), paths(key));
        found.extend(actual.difference(&known).map(|path| format!("{key} also has {path}")));
        found.extend(known.difference(&actual).map(|path| format!("{key} does not have {path}")));
    }
    let named = kind.named_by.and_then(|path| path.split('/').next());
    let missing = named.filter(|name| schema["properties"].get(name).is_none());
    found.extend(missing.map(|name| format!("property {name} does not exist")));
    (!found.is_empty()).then(|| format!("{}: {}", kind.name, found.join("; ")))
}

#[cfg(test)]
#[path = "../../../../tests/unit/flows/tests/schemas.rs"]
mod tests;
