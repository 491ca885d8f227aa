//! AWS SDK configuration: the region, credentials and endpoints of a deployment.

mod identity;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use connect::aws::{Identity, Overrides, endpoint, load};
use tokio::runtime::{Builder, Runtime};

pub use self::identity::caller;
use self::identity::identity;
use crate::settings::{NO_ACCOUNT, Settings, Variables, confined, given};

/// SDK IDs of services that the emulator does not support: MiniStack does not implement Redshift, and its MWAA does not
/// return environments created by CloudFormation.
const NOT_EMULATED: [&str; 3] = ["Redshift Data", "Redshift Serverless", "MWAA"];

/// SDK configuration, and the async runtime for SDK calls.
#[derive(Debug)]
pub struct Aws {
    pub config: SdkConfig,
    runtime: Runtime,
}

impl Aws {
    /// Reads credentials, region and endpoints from the environment, `.env` or the SDK's defaults. Sends no requests.
    pub fn open(variables: &Variables, region: Option<&str>) -> Result<Self> {
        Self::with(variables, region, false)
    }

    fn with(variables: &Variables, region: Option<&str>, confined: bool) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the async runtime")?;
        let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| given(variables, name));
        let identity = match identity(variables, confined)? {
            Identity::Default if confined => Identity::None,
            identity => identity,
        };
        let known = |name: &String| Some((name.clone(), given(variables, name)?.to_owned()));
        let overrides = Overrides {
            region: region.or(named).map(str::to_owned),
            identity,
            variables: variables.keys().filter_map(known).collect::<BTreeMap<_, _>>(),
            confined,
        };
        let config = runtime.block_on(load(overrides))?;
        Ok(Self { config, runtime })
    }

    /// Like [`Self::open`], in a deployment's region; the placeholder account allows only endpoints on this machine.
    pub fn for_settings(settings: &Settings, variables: &Variables) -> Result<Self> {
        let is_confined = settings.account.as_deref() == Some(NO_ACCOUNT);
        if is_confined {
            confined(variables)?;
        }
        Self::with(variables, Some(&settings.region), is_confined)
    }

    /// Whether a service's calls would reach an emulator without it. A service's own endpoint counts as supported.
    pub fn is_unsupported(&self, service_id: &'static str) -> bool {
        // Without a service-specific endpoint, the SDK returns the global one.
        let found = endpoint(&self.config, service_id);
        let is_separate = found.is_some_and(|found| Some(found.as_str()) != self.config.endpoint_url());
        self.is_emulated() && !is_separate && NOT_EMULATED.contains(&service_id)
    }

    /// Whether calls are sent to an emulator.
    pub fn is_emulated(&self) -> bool {
        self.emulator().is_some()
    }

    /// Returns the emulator's host and port. An `http://` endpoint is an emulator, because AWS itself requires TLS.
    pub fn emulator(&self) -> Option<String> {
        let host = self.config.endpoint_url()?.strip_prefix("http://")?;
        Some(host.trim_end_matches('/').to_owned())
    }

    /// Blocks until the calls are complete.
    pub fn wait<T>(&self, calls: impl Future<Output = T>) -> T {
        self.runtime.block_on(calls)
    }
}
