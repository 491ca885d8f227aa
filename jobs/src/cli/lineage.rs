//! The options that say where lineage goes, under the names that OpenLineage's own clients read, and what of a job's
//! end it tells.

use std::collections::BTreeMap;

use clap::Args;
use contract::{Contract, RunId};

use super::{Common, Ending};
use crate::edge::lake::Lake;
use crate::edge::openlineage::Collector;
use crate::flows::lineage::Lineage;
use crate::lineage::{RunEvents, State, Subject, Written};

/// Where lineage goes beside the lake.
#[derive(Args, Debug)]
pub struct To {
    /// A server that collects OpenLineage events
    #[arg(long, env = "OPENLINEAGE_URL", value_name = "URL", hide_env_values = true)]
    openlineage_url: Option<String>,
    /// Its path for events (default: api/v1/lineage)
    #[arg(long, env = "OPENLINEAGE_ENDPOINT", value_name = "PATH")]
    openlineage_endpoint: Option<String>,
    /// Its API key
    #[arg(long, env = "OPENLINEAGE_API_KEY", value_name = "KEY", hide_env_values = true)]
    openlineage_api_key: Option<String>,
    /// The namespace of the jobs (default: dpworld)
    #[arg(long, env = "OPENLINEAGE_NAMESPACE", value_name = "NAME")]
    openlineage_namespace: Option<String>,
}

impl To {
    /// Tells that a run has begun.
    pub fn begin(&self, story: RunEvents, lake: &Lake, key: String) -> Lineage {
        let collector = given(&self.openlineage_url).and_then(|url| {
            let endpoint = given(&self.openlineage_endpoint).unwrap_or("api/v1/lineage");
            let collector = Collector::new(url, endpoint, given(&self.openlineage_api_key));
            collector.inspect_err(|error| tracing::warn!("{error:#}; lineage goes to the lake alone")).ok()
        });
        Lineage::begin(story, lake.clone(), key, collector)
    }
}

impl Common {
    /// What lineage is about.
    pub fn subject<'s>(&'s self, contract: &'s Contract, collections: Vec<&'s str>, run: &'s RunId) -> Subject<'s> {
        Subject {
            namespace: given(&self.lineage.openlineage_namespace).unwrap_or("dpworld"),
            contract,
            collections,
            run,
            lake_url: &self.lake_url,
        }
    }
}

/// An empty variable, as AWS Batch passes a parameter without a value, names nothing.
fn given(option: &Option<String>) -> Option<&str> {
    option.as_deref().filter(|text| !text.is_empty())
}

/// Tells how a run ended, if it got as far as to have begun.
pub async fn tell<T>(
    lineage: Option<&Lineage>,
    ending: Ending<'_, T>,
    written: impl Fn(&T) -> BTreeMap<String, Written>,
) {
    let Some(lineage) = lineage else { return };
    match ending {
        Ending::Done(report) => lineage.end(State::Complete(&written(report))).await,
        Ending::Failed(error) => lineage.end(State::Fail(&format!("{error:#}"))).await,
        Ending::Stopped => lineage.end(State::Abort).await,
    }
}
