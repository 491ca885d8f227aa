//! Collects facts about this machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::configure::{self, Configured};
use crate::doctor::{Caller, Configuration, Facts, Setting};
use crate::edge::aws::{self, Aws};
use crate::edge::{docker, files, machine, postgres};
use crate::settings::{Origin, Override, Problems, Variables, given};

const LIMIT: Duration = Duration::from_secs(3);

/// Inspects everything once, within seconds and without changing anything.
pub fn facts(env: Option<&str>, dot_env: Option<&Path>) -> Result<Facts> {
    let root = files::root();
    // Invalid lines in `.env` are a settings problem; everything else is still inspected.
    let (variables, configured) = match configure::variables(dot_env) {
        Ok(variables) => {
            let configured = configure::module(env, &variables);
            (variables, configured)
        }
        Err(error) if error.is::<Problems>() => (Variables::new(), Err(error)),
        Err(error) => return Err(error),
    };
    let configuration = configured.map(configuration).map_err(|error| format!("{error:#}"));
    let region = configuration.as_ref().map_or("eu-west-1", |configuration| configuration.region.value.as_str());
    let caller = match Aws::open(&variables, Some(region)) {
        Ok(aws) => aws.wait(aws::caller(&aws.config, LIMIT)),
        Err(error) => Caller::Refused(format!("{error:#}")),
    };
    let refused = postgres::server_user().err();
    Ok(Facts {
        rust_required: env!("CARGO_PKG_RUST_VERSION").to_owned(),
        rustc: machine::first_line("rustc", &["--version"]),
        git: machine::first_line("git", &["--version"]),
        linker: machine::first_line("cc", &["--version"]),
        postgres: postgres::newest(),
        postgres_refused: refused.map(|error| error.to_string()),
        python: machine::first_line("python3", &["--version"]),
        venv: machine::first_line("python3", &["-c", "import venv, ensurepip"]).is_some(),
        uv: machine::first_line("uv", &["--version"]),
        engine: docker::engine(given(&variables, "DOCKER_HOST")),
        compilers: machine::compilers(),
        free_gib: machine::free_gib(&root),
        dot_env: machine::mode(dot_env.unwrap_or(&root.join(".env"))).map(|mode| (mode, has_secret(&variables))),
        sdk_region: given(&variables, "AWS_REGION").map(str::to_owned),
        configuration,
        caller,
    })
}

fn has_secret(variables: &Variables) -> bool {
    let secret = |name: &str| variables.get(name).is_some_and(|v| matches!(v.origin, Origin::DotEnv { .. }));
    let of_jobs = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "OPENLINEAGE_API_KEY"];
    let of_warehouses = ["PGPASSWORD", "LOADER_PASSWORD", "TRANSFORMER_PASSWORD", "READER_PASSWORD"];
    of_jobs.iter().chain(&of_warehouses).any(|name| secret(name) && given(variables, name).is_some())
}

fn configuration(found: Configured) -> Configuration {
    let (settings, overridden) = (&found.resolved.settings, &found.resolved.overridden);
    let setting = |key: &str, value: &str| {
        let from = overridden.get(key).map(|Override { variable, origin }| format!("{variable} in {origin}"));
        Setting { value: value.to_owned(), from: from.unwrap_or_else(|| found.file.clone()) }
    };
    Configuration {
        region: setting("region", &settings.region),
        account: settings.account.as_deref().map(|account| setting("account", account)),
        compile: settings.images.ingestion.compile,
        platform: settings.batch.platform,
        file: found.file.clone(),
    }
}
