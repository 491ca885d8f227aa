//! `cargo xtask diff`: shows the changes that a deployment would make.

use anyhow::Result;
use contract::Exit;
use serde_json::json;

use super::stacks;
use crate::cli::Scope;
use crate::commands::common::print;
use crate::flows::deploy;

pub(super) fn run(scope: &Scope) -> Result<Exit> {
    let plan = deploy::plan(stacks::request(scope, None)?)?.plan;
    let value = json!({ "digest": plan.digest(), "idle": plan.is_idle(), "plan": plan });
    print(scope.common.json, &value, || plan.to_string())
}
