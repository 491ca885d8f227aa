//! dbt staging models of a source: one per table, with the live rows and their tests.

use contract::{Contract, SYSTEM_COLUMNS, Table};

use super::sources::{plain, text};

/// Renders the models in `models/staging/<source>/`, each as a file's name and its text.
pub fn staging(contract: &Contract) -> Vec<(String, String)> {
    let files = |table: &Table<'_>| {
        let model = format!("stg_{}__{}", contract.source, table.name);
        [(format!("{model}.sql"), sql(&contract.source, table)), (format!("{model}.yml"), yaml(&model, table))]
    };
    contract.tables().iter().flat_map(files).collect()
}

/// Returns the columns of a model, each with its name in the table: `id` gets the name of the table, too.
fn columns<'c>(table: &Table<'c>) -> Vec<(&'c str, String)> {
    let taken = |name: &str| table.columns.iter().any(|column| column.name == name);
    let renamed = |name: &'c str| {
        let long = format!("{}_id", table.name.strip_suffix('s').unwrap_or(table.name));
        (name, if name == "id" && !taken(&long) { long } else { name.to_owned() })
    };
    let own: Vec<(&str, String)> = table.columns.iter().map(|column| renamed(column.name)).collect();
    let is_own = |name: &str| own.iter().any(|(_, to)| to == name);
    let load = [("_run_id", "run_id"), ("_loaded_at", "loaded_at_utc")];
    let load = load.map(|(from, to)| (from, if is_own(to) { format!("load_{to}") } else { to.to_owned() }));
    own.into_iter().chain(load).collect()
}

fn sql(source: &str, table: &Table<'_>) -> String {
    let line = |(from, to): (&str, String)| if from == to { to } else { format!("{from} as {to}") };
    let lines: Vec<String> = columns(table).into_iter().map(line).collect();
    format!(
        "with source as (\n    select * from {{{{ source('{source}', '{}') }}}}\n),\n\nrenamed as (\n    select\n        \
         {}\n    from source\n    where _deleted_at is null\n)\n\nselect * from renamed\n",
        table.name,
        lines.join(",\n        ")
    )
}

fn yaml(model: &str, table: &Table<'_>) -> String {
    let names = columns(table);
    let name = |own: &str| names.iter().find(|(from, _)| *from == own).map_or_else(String::new, |(_, to)| to.clone());
    let mut yaml = format!("models:\n  - name: {model}\n    description: {}\n", text(table.doc));
    if table.child.is_some() {
        let key: Vec<String> = table.key.iter().map(|own| name(own)).collect();
        yaml += &format!(
            "    data_tests:\n      - dbt_utils.unique_combination_of_columns: {{arguments: {{combination_of_columns: [{}]}}}}\n",
            key.join(", ")
        );
    }
    yaml += "    columns:\n";
    let load = SYSTEM_COLUMNS.iter().filter(|column| ["_run_id", "_loaded_at"].contains(&column.name));
    for column in table.columns.iter().chain(load) {
        yaml += &format!("      - name: {}\n        description: {}\n", plain(&name(column.name)), text(column.doc));
        if table.key == [column.name] {
            yaml += "        data_tests: [not_null, unique]\n";
        }
    }
    yaml
}

#[cfg(test)]
#[path = "../../tests/unit/dbt/staging.rs"]
mod tests;
