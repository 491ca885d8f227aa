//! `cargo xtask build-images`: builds the two images, and pushes those that ECR does not have.

use std::io::IsTerminal;

use anyhow::Result;
use contract::Exit;
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::BuildImages;
use crate::edge::docker::Progress;
use crate::edge::terminal;
use crate::flows::configure;
use crate::flows::images::{self, BuildProgress, BuiltImage, ImageRequest};
use crate::image::{ImagePlan, Package};
use crate::ui::{self, Align};

pub(super) fn run(args: &BuildImages) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let settings = configure::module(args.which.env.as_deref(), &variables)?.settings().clone();
    let (image, registry) = (args.image.clone(), args.registry.clone());
    let request = ImageRequest { image, push: args.push, registry, no_cache: args.no_cache, settings, variables };
    let plans = images::plan(&request)?;
    if args.dry_run {
        terminal::say(&if args.json { planned_json(&plans)? } else { planned(&plans) })?;
        return Ok(Exit::Done);
    }
    let made = images::apply(&request, &plans, &mut Shown::default())?;
    terminal::say(&if args.json { format!("{}\n", serde_json::to_string(&made)?) } else { table(&made) })?;
    Ok(Exit::Done)
}

fn planned_json(plans: &[ImagePlan]) -> Result<String> {
    let plan = |plan: &ImagePlan| {
        let package = |package: &Package| format!("{}@{}", package.name, package.version);
        let packages: Vec<String> = plan.packages.iter().map(package).collect();
        json!({ "image": plan.name, "key": plan.key(), "inputs": plan.inputs, "packages": packages })
    };
    Ok(format!("{}\n", serde_json::to_string(&plans.iter().map(plan).collect::<Vec<_>>())?))
}

fn planned(plans: &[ImagePlan]) -> String {
    let head = [("image", Align::Left), ("key", Align::Left), ("files", Align::Right), ("packages", Align::Right)];
    let row = |plan: &ImagePlan| {
        let (files, packages) = (plan.inputs.files.len().to_string(), plan.packages.len().to_string());
        vec![plan.name.to_owned(), plan.key().short().to_owned(), files, packages]
    };
    ui::columns(&head, plans.iter().map(row).collect())
}

fn table(made: &[BuiltImage]) -> String {
    let head = [
        ("image", Align::Left),
        ("key", Align::Left),
        ("built", Align::Left),
        ("pushed", Align::Left),
        ("size", Align::Right),
        ("seconds", Align::Right),
    ];
    let row = |made: &BuiltImage| {
        let pushed = match (&made.pushed, &made.digest) {
            (Some(sent), _) if sent.layers == 0 => "no new layer".to_owned(),
            (Some(sent), _) => {
                format!("{} of {} layers, {}", sent.layers, sent.layers + sent.known, HumanBytes(sent.bytes))
            }
            (None, Some(_)) => "already in ECR".to_owned(),
            (None, None) => "-".to_owned(),
        };
        let built = if made.built { "yes" } else { "cached" }.to_owned();
        let size = made.size.map_or_else(|| "-".to_owned(), |size| HumanBytes(size).to_string());
        vec![made.image.clone(), made.key[..12].to_owned(), built, pushed, size, format!("{:.1}", made.seconds)]
    };
    let uris: String = made.iter().map(|made| format!("{}\n", made.uri)).collect();
    format!("{}\n{uris}", ui::columns(&head, made.iter().map(row).collect()))
}

/// A progress bar for each layer in a terminal; plain lines elsewhere.
#[derive(Default)]
struct Shown {
    bars: Vec<(u64, ProgressBar)>,
    all: MultiProgress,
}

impl Shown {
    fn bar(&mut self, of: &str, total: u64) -> &ProgressBar {
        let at = self.bars.iter().position(|(size, _)| *size == total).unwrap_or_else(|| {
            let style = ProgressStyle::with_template("   {prefix} {bar:30} {bytes:>10} of {total_bytes}");
            let bar = self.all.add(ProgressBar::new(total).with_prefix(of.to_owned()));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bars.push((total, bar));
            self.bars.len() - 1
        });
        &self.bars[at].1
    }

    fn clear(&mut self) {
        self.bars.drain(..).for_each(|(_, bar)| bar.finish_and_clear());
    }
}

impl BuildProgress for Shown {
    fn step(&mut self, words: &str) {
        self.clear();
        terminal::step(words);
    }

    fn line(&mut self, words: &str) {
        if !std::io::stderr().is_terminal() || words.starts_with("Step ") {
            eprintln!("   {words}");
        }
    }

    fn progress(&mut self, of: &str, progress: &Progress) {
        if std::io::stderr().is_terminal() {
            progress.iter().for_each(|(total, current)| self.bar(of, *total).set_position(*current));
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.clear();
    }
}
