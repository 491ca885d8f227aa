//! The commands that use AWS or Docker; `commands/cloud/<name>.rs` implements `cargo xtask <name>`.

mod build_images;
mod conform;
mod deploy;
mod destroy;
mod diff;
mod doctor;
mod forget;
mod logs;
mod open;
mod recover;
mod rehearse;
mod release_files;
mod report;
mod run;
mod stacks;
mod sync_dags;
mod upload_sample;
mod warehouse_init;

use anyhow::Result;
use contract::Exit;

use crate::cli::Cloud;
use crate::flows::{preflight, status};

pub fn run(command: Cloud) -> Result<Exit> {
    match command {
        Cloud::Doctor(args) => doctor::run(&args),
        Cloud::BuildImages(args) => build_images::run(&args),
        Cloud::ReleaseFiles(args) => release_files::run(&args),
        Cloud::SyncDags(args) => sync_dags::run(&args),
        Cloud::UploadSample(args) => upload_sample::run(&args),
        Cloud::Deploy(args) => deploy::run(&args),
        Cloud::Diff(args) => diff::run(&args),
        Cloud::Preflight(args) => stacks::report(&args.common, |request| preflight::lines(request, args.change_sets)),
        Cloud::Status(args) => stacks::report(&args.common, |request| status::lines(request, args.drift)),
        Cloud::Recover(args) => recover::run(&args),
        Cloud::Destroy(args) => destroy::run(&args),
        Cloud::Forget(args) => forget::run(&args),
        Cloud::Run(args) => run::run(&args),
        Cloud::Logs(args) => logs::run(&args),
        Cloud::Report(args) => report::run(&args),
        Cloud::Open(args) => open::run(&args),
        Cloud::Rehearse(args) => rehearse::run(&args),
        Cloud::WarehouseInit(args) => warehouse_init::run(&args),
        Cloud::Conform(args) => conform::run(&args),
    }
}
