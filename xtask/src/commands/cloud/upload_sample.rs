//! `cargo xtask upload-sample`: uploads the sample responses to the lake.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use crate::cli::UploadSample;
use crate::commands::common::{configured, print};
use crate::flows::stacks;
use crate::flows::sync::sample;

pub(super) fn run(args: &UploadSample) -> Result<Exit> {
    let (configured, variables) = configured(&args.common)?;
    let settings = configured.settings();
    let sample = sample::plan(settings, &variables, &sample::folder())?;
    if !args.dry_run {
        stacks::check_owner(&configured.module, settings, &variables)?;
        sample::apply(&sample, settings)?;
    }
    let (plan, bucket) = (&sample.plan, &sample.bucket);
    let value = json!({ "applied": !args.dry_run, "bucket": bucket, "plan": plan });
    print(args.common.json, &value, || {
        let (verb, count) = (if args.dry_run { "to upload" } else { "uploaded" }, plan.steps().count());
        format!("{plan}{count} {verb}, {} unchanged, in `{bucket}`.\n", plan.keep.len())
    })
}
