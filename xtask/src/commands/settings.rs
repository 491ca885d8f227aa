//! `cargo xtask settings`: validates the settings, and prints every value with its origin.

use anyhow::Result;
use contract::Exit;
use serde_json::json;
use serde_yaml::Value;

use crate::cli::SettingsArgs;
use crate::commands::common::print;
use crate::edge::terminal;
use crate::flows::configure::{self, Configured};
use crate::settings::{Override, shortened};
use crate::ui::{self, Align};

pub(super) fn run(args: &SettingsArgs) -> Result<Exit> {
    let variables = configure::variables(args.common.dot_env.as_deref())?;
    let configured = match &args.file {
        Some(path) => configure::file(path, &variables)?,
        None => configure::module(args.common.env.as_deref(), &variables)?,
    };
    terminal::warnings(&configured.resolved.warnings);
    let (settings, text) = (configured.settings(), table(&configured)?);
    let (buckets, roles, overridden) = (settings.buckets(), settings.roles(), &configured.resolved.overridden);
    let value = json!({"settings": settings, "overridden": overridden, "buckets": buckets, "roles": roles});
    print(args.common.json, &value, || text)
}

fn table(configured: &Configured) -> Result<String> {
    let mut rows = Vec::new();
    // A YAML mapping preserves the order of the keys.
    leaves(&serde_yaml::to_value(configured.settings())?, "", &mut rows);
    for row in &mut rows {
        if let Some(Override { variable, origin }) = configured.resolved.overridden.get(&row[0]) {
            row[1] += &format!("   ({variable} from {origin})");
        }
    }
    let head = [("key", Align::Left), ("value", Align::Left)];
    Ok(format!("{}\n{}: no problems\n", ui::columns(&head, rows), configured.file))
}

/// Collects the keys and values, one pair per row. Long values are shortened; `--json` prints them in full.
fn leaves(value: &Value, path: &str, rows: &mut Vec<Vec<String>>) {
    let text =
        |value: &Value| serde_yaml::to_string(value).unwrap_or_default().trim_end().trim_matches('\'').to_owned();
    let shown = match value {
        Value::Mapping(members) => {
            for (key, value) in members {
                let key = key.as_str().unwrap_or_default();
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                leaves(value, &path, rows);
            }
            return;
        }
        Value::Null => "-".to_owned(),
        Value::Sequence(list) if list.is_empty() => "none".to_owned(),
        Value::Sequence(list) => list.iter().map(text).collect::<Vec<_>>().join(" "),
        other => text(other),
    };
    rows.push(vec![path.to_owned(), shortened(shown, 50)]);
}
