//! `cargo xtask upload-sample`: uploads the sample responses to the lake.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::UploadSample;
use crate::edge::terminal;
use crate::flows::sync::sample;
use crate::flows::{configure, stacks};

pub(super) fn run(args: &UploadSample) -> Result<Exit> {
    let variables = configure::variables(args.which.dot_env.as_deref())?;
    let configured = configure::module(args.which.env.as_deref(), &variables)?;
    let settings = configured.settings().clone();
    let sample = sample::plan(&settings, &variables, &sample::folder())?;
    let plan = &sample.plan;
    if !args.dry_run {
        stacks::check_owner(&configured.module, &settings, &variables)?;
        sample.apply(&settings)?;
    }
    if args.json {
        let value = json!({ "applied": !args.dry_run, "bucket": sample.bucket, "plan": plan });
        terminal::say(&format!("{value}\n"))?;
    } else {
        let (verb, sent) = (if args.dry_run { "to upload" } else { "uploaded" }, plan.steps().count());
        let (kept, bucket) = (plan.keep.len(), &sample.bucket);
        terminal::say(&format!("{plan}{sent} {verb}, {kept} unchanged, in `{bucket}`.\n"))?;
    }
    Ok(Exit::Done)
}
