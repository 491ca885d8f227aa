//! An empty database for a test, dropped with this value.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::Builder;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use url::Url;

pub struct Database(String);

impl Database {
    pub fn fresh() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("e_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        on_server("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        Self(name)
    }

    pub fn url(&self) -> String {
        within(&self.0)
    }

    /// Runs statements as the superuser, without the emulator.
    pub fn run(&self, sql: &str) {
        on_server(&self.0, sql);
    }

    /// Returns the first column of the last statement's rows.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        on_server(&self.0, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        on_server("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.0));
    }
}

fn within(database: &str) -> String {
    let Ok(url) = std::env::var("TEST_WAREHOUSE_POSTGRES") else {
        panic!(
            "this test needs TEST_WAREHOUSE_POSTGRES, the URL of a PostgreSQL server: run it with `cargo xtask test`"
        );
    };
    let mut url = Url::parse(&url).expect("TEST_WAREHOUSE_POSTGRES is a URL");
    url.set_path(database);
    url.into()
}

fn on_server(database: &str, sql: &str) -> Vec<String> {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&within(database), NoTls).await.expect("PostgreSQL");
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        drop(client);
        let _ = connection.await;
        let text = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        messages.into_iter().filter_map(text).collect()
    })
}
