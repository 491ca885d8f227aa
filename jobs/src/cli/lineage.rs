//! The lineage options, which have the same names as in OpenLineage's own clients.

use clap::Args;
use contract::{Contract, RunId};

use super::{Common, given};
use crate::edge::lake::Lake;
use crate::edge::openlineage::Collector;
use crate::flows::lineage::Lineage;
use crate::lineage::{RunEvents, Subject};

/// The lineage collector. It does not implement `Debug`, because the URL and the key are secrets.
#[derive(Args)]
pub struct To {
    /// The URL of a server that collects OpenLineage events
    #[arg(long, env = "OPENLINEAGE_URL", value_name = "URL", hide_env_values = true)]
    openlineage_url: Option<String>,
    /// The path on the server that receives events (default: api/v1/lineage)
    #[arg(long, env = "OPENLINEAGE_ENDPOINT", value_name = "PATH")]
    openlineage_endpoint: Option<String>,
    /// The server's API key
    #[arg(long, env = "OPENLINEAGE_API_KEY", value_name = "KEY", hide_env_values = true)]
    openlineage_api_key: Option<String>,
    /// The job namespace (default: dpworld)
    #[arg(long, env = "OPENLINEAGE_NAMESPACE", value_name = "NAME")]
    openlineage_namespace: Option<String>,
}

impl To {
    pub fn start(&self, events: RunEvents, lake: &Lake, key: String) -> Lineage {
        let collector = given(&self.openlineage_url).and_then(|url| {
            let endpoint = given(&self.openlineage_endpoint).unwrap_or("api/v1/lineage");
            let collector = Collector::new(url, endpoint, given(&self.openlineage_api_key));
            collector.inspect_err(|error| tracing::warn!("{error:#}; lineage is written only to the lake")).ok()
        });
        Lineage::start(events, lake.clone(), key, collector)
    }
}

impl Common {
    pub fn subject<'s>(&'s self, contract: &'s Contract, collections: Vec<&'s str>, run: &'s RunId) -> Subject<'s> {
        Subject {
            namespace: given(&self.lineage.openlineage_namespace).unwrap_or("dpworld"),
            contract,
            collections,
            run,
            lake_url: &self.base.lake_url,
        }
    }
}
