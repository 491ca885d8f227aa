//! `cargo xtask build-images`: builds the two images, and pushes those that ECR does not have.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use anyhow::Result;
use contract::Exit;
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressFinish, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::BuildImages;
use crate::commands::common::{configured, print};
use crate::edge::docker::Progress;
use crate::edge::terminal;
use crate::flows::images::{self, BuildProgress, BuiltImage, ImageRequest};
use crate::image::{ImagePlan, Package, short};
use crate::ui;
use crate::ui::Align::{Left, Right};

pub(super) fn run(args: &BuildImages) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let settings = configured.settings().clone();
    let request = ImageRequest {
        image: args.image.clone(),
        push: args.push,
        registry: args.registry.clone(),
        no_cache: args.no_cache,
        save: args.save.clone(),
        from: args.from.clone(),
        expect: args.expect.clone(),
        settings,
        variables,
    };
    let plans = images::plan(&request)?;
    if args.dry_run {
        let values: Vec<Value> = plans.iter().map(plan_value).collect();
        return print(args.common.json, &values, || plan_table(&plans));
    }
    let built = images::apply(&request, &plans, &mut Shown::default())?;
    print(args.common.json, &built, || table(&built))
}

fn plan_value(plan: &ImagePlan) -> Value {
    let package = |package: &Package| format!("{}@{}", package.name, package.version);
    let packages: Vec<String> = plan.packages.iter().map(package).collect();
    json!({ "image": plan.name, "key": plan.key(), "inputs": plan.inputs, "packages": packages })
}

fn plan_table(plans: &[ImagePlan]) -> String {
    let head = [("image", Left), ("key", Left), ("files", Right), ("packages", Right)];
    let row = |plan: &ImagePlan| {
        let (files, packages) = (plan.inputs.files.len().to_string(), plan.packages.len().to_string());
        vec![plan.name.to_owned(), short(&plan.key()).to_owned(), files, packages]
    };
    ui::columns(&head, plans.iter().map(row).collect())
}

fn table(images: &[BuiltImage]) -> String {
    let head = [("image", Left), ("key", Left), ("built", Left), ("pushed", Left), ("size", Right), ("seconds", Right)];
    let row = |image: &BuiltImage| {
        let pushed = match (&image.pushed, &image.digest) {
            (Some(pushed), _) if pushed.layers == 0 => "no new layers".to_owned(),
            (Some(pushed), _) => {
                format!("{} of {} layers, {}", pushed.layers, pushed.layers + pushed.known, HumanBytes(pushed.bytes))
            }
            (None, Some(_)) => "already in ECR".to_owned(),
            (None, None) => "-".to_owned(),
        };
        let built = if image.built { "yes" } else { "cached" }.to_owned();
        let size = image.size.map_or_else(|| "-".to_owned(), |size| HumanBytes(size).to_string());
        vec![image.image.clone(), short(&image.key).to_owned(), built, pushed, size, format!("{:.1}", image.seconds)]
    };
    let uris: String = images.iter().map(|image| format!("{}\n", image.uri)).collect();
    format!("{}\n{uris}", ui::columns(&head, images.iter().map(row).collect()))
}

/// A progress bar for each layer, by size, on a terminal; otherwise, plain lines. A dropped bar disappears.
#[derive(Default)]
struct Shown {
    bars: BTreeMap<u64, ProgressBar>,
    all: MultiProgress,
}

impl Shown {
    fn bar(&mut self, of: &str, total: u64) -> &ProgressBar {
        self.bars.entry(total).or_insert_with(|| {
            let style = ProgressStyle::with_template("   {prefix} {bar:30} {bytes:>10} of {total_bytes}");
            let bar = ProgressBar::new(total).with_prefix(of.to_owned()).with_finish(ProgressFinish::AndClear);
            let bar = self.all.add(bar);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        })
    }
}

impl BuildProgress for Shown {
    fn step(&mut self, title: &str) {
        self.bars.clear();
        terminal::step(title);
    }

    fn line(&mut self, line: &str) {
        if !std::io::stderr().is_terminal() || line.starts_with("Step ") {
            eprintln!("   {line}");
        }
    }

    fn progress(&mut self, of: &str, progress: &Progress) {
        if std::io::stderr().is_terminal() {
            progress.iter().for_each(|(total, current)| self.bar(of, *total).set_position(*current));
        }
    }
}
