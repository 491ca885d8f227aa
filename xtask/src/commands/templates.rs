//! `cargo xtask templates`: lists the templates, the source of every parameter, and the deployment order.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::Templates;
use crate::commands::common::{configured, print};
use crate::flows::templates;
use crate::stack::{Dependencies, Source, Template};
use crate::ui::{self, Align};

pub(super) fn run(args: &Templates) -> Result<Exit> {
    let (configured, _) = configured(&args.common)?;
    let (read, dependencies) = templates::read(args.folder.as_deref(), configured.settings())?;
    let value = json!({ "levels": dependencies.levels, "parameters": dependencies.stacks });
    print(args.common.json, &value, || table(&read, &dependencies))
}

fn table(read: &[Template], dependencies: &Dependencies) -> String {
    let head = [
        ("level", Align::Right),
        ("stack", Align::Left),
        ("resources", Align::Right),
        ("bytes", Align::Right),
        ("settings", Align::Right),
        ("depends on", Align::Left),
    ];
    let row = |(level, stack): (usize, &String)| {
        let template = read.iter().find(|template| template.name == *stack)?;
        let sources = dependencies.stacks.get(stack)?;
        let settings = sources.values().filter(|source| matches!(source, Source::Setting(_))).count();
        let built = sources.values().filter_map(|source| match source {
            Source::Image(_) | Source::Object(_) => Some(source.to_string()),
            _ => None,
        });
        let needs: Vec<String> = dependencies.needs(stack).into_iter().map(str::to_owned).chain(built).collect();
        Some(vec![
            (level + 1).to_string(),
            stack.clone(),
            template.resources.len().to_string(),
            template.text.len().to_string(),
            settings.to_string(),
            needs.join(", "),
        ])
    };
    let levels = dependencies.levels.iter().enumerate();
    let stacks = levels.flat_map(|(level, stacks)| stacks.iter().map(move |stack| (level, stack)));
    ui::columns(&head, stacks.filter_map(row).collect())
}
