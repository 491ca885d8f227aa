//! Every rule of the wire protocol and of the catalog with a violation, which succeeds when the rule is switched off.

use std::thread::sleep;
use std::time::{Duration, Instant};

use redshift_emulator::wire::WireSettings;
use redshift_emulator::wire::rules::RULES;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use super::{Bench, text};

type Trip = fn(&Bench) -> Result<(), String>;

const TRIPS: &[(&str, Trip)] = &[
    ("require-ssl", |bench| {
        let mut config = bench.config("admin");
        let connected = bench.runtime.block_on(config.ssl_mode(SslMode::Disable).connect(NoTls));
        connected.map(|_| ()).map_err(|error| text(&error))
    }),
    ("client-timeout", |bench| {
        let session = bench.session("admin");
        let slow = "CREATE TABLE slow AS SELECT 1 AS n";
        let waited = bench.runtime.block_on(async {
            tokio::time::timeout(Duration::from_millis(300), session.client.simple_query(slow)).await
        });
        waited.expect_err("a slow statement");
        session.connection.abort();
        let (other, start) = (bench.session("admin"), Instant::now());
        while start.elapsed() < Duration::from_secs(10) {
            if other.query("SELECT n FROM slow").is_ok() {
                return Ok(());
            }
            let events = bench.emulator.journal().events();
            if let Some(event) = events.iter().find(|event| event.statement == slow) {
                return Err(event.message.clone());
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the statement was neither cancelled nor finished");
    }),
    ("superuser-system-view", |bench| {
        let session = bench.session("IAMR:dbt");
        session.query("SELECT diststyle FROM svv_table_info").map(|_| ())
    }),
    ("materialized-view-over-view", |bench| {
        let session = bench.session("admin");
        session.run("CREATE TABLE public.t (n int)");
        session.run("CREATE VIEW public.v AS SELECT n FROM public.t");
        session.query("CREATE MATERIALIZED VIEW public.m AS SELECT n FROM public.v").map(|_| ())
    }),
    ("late-binding-comment", |bench| {
        let session = bench.session("admin");
        session.run("CREATE TABLE public.t (n int)");
        session.run("CREATE VIEW public.v AS SELECT n FROM public.t WITH NO SCHEMA BINDING");
        session.run("COMMENT ON VIEW public.v IS 'a'");
        session.run("COMMENT ON TABLE public.t IS 'a'");
        session.run("COMMENT ON COLUMN public.t.n IS 'a'");
        session.query("COMMENT ON COLUMN public.v.n IS 'a'").map(|_| ())
    }),
];

fn bench(disabled: Option<&str>) -> Bench {
    Bench::with(|settings| {
        settings.engine.disabled.0.extend(disabled.map(str::to_owned));
        let slow_statement = Some(("TABLE slow".to_owned(), Duration::from_secs(2)));
        settings.wire = Some(WireSettings { slow_statement, ..WireSettings::default() });
    })
}

#[test]
fn every_rule_has_a_violation() {
    let tripped: Vec<&str> = TRIPS.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(tripped, RULES.iter().map(|rule| rule.id).collect::<Vec<_>>());
}

#[test]
fn each_violation_is_refused_with_the_rule_and_accepted_without_it() {
    for (rule, trip) in TRIPS {
        let error = trip(&bench(None)).expect_err(rule);
        assert!(error.ends_with(&format!("[rule {rule}]")), "{rule}: {error}");
        let accepted = trip(&bench(Some(rule)));
        assert_eq!(accepted, Ok(()), "{rule} is off");
    }
}

#[test]
fn a_grant_lets_a_user_read_a_view_of_superusers() {
    let bench = bench(None);
    let session = bench.session("IAMR:dbt");
    bench.database.run("GRANT SELECT ON svv_table_info, svv_mv_info TO \"IAMR:dbt\"");
    session.run("SELECT diststyle FROM svv_table_info");
    session.run("SELECT autorefresh FROM svv_mv_info");
    session.query("SELECT * FROM stv_locks").expect_err("no grant");
}
