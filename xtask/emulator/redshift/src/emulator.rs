//! An emulator in the process of a test: a server on a free port of loopback, stopped when the value is dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::credentials::Issued;
use crate::data_api::{DataApi, DataApiSettings, Fault};
use crate::engine::{Engine, EngineSettings, User};
use crate::http::{Services, serve};
use crate::identity::{Identities, Identity};
use crate::journal::Journal;
use crate::serverless::{Serverless, Warehouse};
use crate::wire::{Endpoint, WireSettings};

/// What an emulator serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The database.
    pub engine: EngineSettings,
    /// The Data API.
    pub data_api: DataApiSettings,
    /// The workgroup.
    pub warehouse: Warehouse,
    /// The callers.
    pub identities: Identities,
    /// The endpoint for PostgreSQL's wire protocol, if it is started.
    pub wire: Option<WireSettings>,
    /// Where refusals are recorded.
    pub journal: Journal,
    /// The port of both APIs on 127.0.0.1; 0 selects a free one.
    pub port: u16,
}

impl Settings {
    /// A workgroup in front of a database of PostgreSQL, where every caller becomes the same user.
    pub fn new(postgres: impl Into<String>, workgroup: &str, database: &str, caller: User) -> Self {
        let data_api = DataApiSettings {
            workgroups: vec![workgroup.to_owned()],
            databases: vec![database.to_owned()],
            ..DataApiSettings::default()
        };
        Self {
            engine: EngineSettings::new(postgres),
            data_api,
            warehouse: Warehouse::named(workgroup, database),
            identities: Identities::Everyone(Identity::becoming(caller)),
            wire: None,
            journal: Journal::default(),
            port: 0,
        }
    }
}

/// A running emulator.
pub struct Emulator {
    runtime: Option<Runtime>,
    services: Arc<Services>,
    engine: Engine,
    url: String,
    journal: Journal,
    issued: Issued,
    wire: Option<(Endpoint, SocketAddr)>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts it. It cannot be started or dropped inside an asynchronous function.
    pub fn start(settings: Settings) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().context("no runtime")?;
        let (journal, issued) = (settings.journal, Issued::default());
        let (services, engine, url, wire) = runtime.block_on(async {
            let engine = Engine::open(settings.engine).await?;
            let services = Arc::new(Services {
                data_api: DataApi::new(engine.clone(), settings.data_api, journal.clone()),
                serverless: Serverless::new(settings.warehouse, issued.clone(), engine.clone()),
                identities: settings.identities,
            });
            let listener = TcpListener::bind(("127.0.0.1", settings.port)).await.context("no free port")?;
            let url = format!("http://{}", listener.local_addr()?);
            tokio::spawn(serve(listener, Arc::clone(&services)));
            let mut wire = None;
            if let Some(settings) = settings.wire {
                let endpoint = Endpoint::new(engine.clone(), issued.clone(), journal.clone(), settings)?;
                let address = endpoint.listen().await?;
                services.serverless.change(|warehouse| warehouse.endpoint.1 = address.port());
                wire = Some((endpoint, address));
            }
            anyhow::Ok((services, engine, url, wire))
        })?;
        Ok(Self { runtime: Some(runtime), services, engine, url, journal, issued, wire })
    }

    /// The URL of both APIs.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of the endpoint for PostgreSQL's wire protocol, and the certificate of its CA as PEM.
    pub fn wire(&self) -> Option<(SocketAddr, &str)> {
        self.wire.as_ref().map(|(endpoint, address)| (*address, endpoint.ca()))
    }

    /// The passwords that the endpoint accepts.
    pub fn issued(&self) -> &Issued {
        &self.issued
    }

    /// What the Data API and the endpoint for the wire protocol refused.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The engine behind the APIs.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The runtime of its tasks; sessions of the engine must be used in it.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        Ok(self.runtime.as_ref().context("the emulator is stopped")?.block_on(future))
    }

    /// The service of workgroup and namespace.
    pub fn serverless(&self) -> &Serverless {
        &self.services.serverless
    }

    /// Sets the faults for the next requests to the Data API, which are counted from 0 again.
    pub fn meets(&self, plan: impl FnMut(usize, &str) -> Fault + Send + 'static) {
        self.services.data_api.meets(plan);
    }

    /// The names of the Data API's operations since the last call.
    pub fn operations(&self) -> Vec<String> {
        self.services.data_api.operations()
    }

    /// The number of requests of each operation of the Data API.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.services.data_api.counts()
    }

    /// From now on, statements that start like this fail.
    pub fn refuses(&self, start: &'static str) {
        self.services.data_api.refuses(start);
    }

    /// All started statements, in order.
    pub fn statements(&self) -> Vec<String> {
        self.services.data_api.statements()
    }

    /// Forgets all client tokens, as the service does after eight hours.
    pub fn forget_tokens(&self) {
        self.services.data_api.forget_tokens();
    }

    /// Waits until all started statements have finished.
    pub fn until_idle(&self) {
        self.services.data_api.until_idle();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.until_idle();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
