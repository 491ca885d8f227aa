use std::net::IpAddr;

use super::*;
use crate::settings::{self, Document, Source, resolve};

fn place() -> Place {
    Place { id: "r1".to_owned(), dir: "/r".into(), iam: 6, ministack: 1, moto: 2, airflow: 3, redshift: 4, wire: 5 }
}

fn settings() -> Settings {
    let own = Document { file: "dev.yaml", text: include_str!("../../../infra/settings/dev.yaml") };
    resolve("dev", own, None, &Variables::new()).expect("dev has no problems").settings
}

fn addresses(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split_once("://").map(|_| text.clone()).into_iter().collect(),
        Value::Object(object) => object.values().flat_map(addresses).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_address_is_on_this_machine() {
    let place = place();
    let urls = BTreeMap::from([("spacex".to_owned(), "http://127.0.0.1:6".to_owned())]);
    let jobs = place.jobs(&settings(), "000000000000", &urls, &[]);
    let values = [
        jobs,
        json!(place.ministack()),
        json!(place.redshift(&settings(), "000000000000")),
        json!(place.moto("000000000000")),
        json!(place.airflow("eu-west-1", Path::new("/bin"), "s")),
    ];
    let addresses: Vec<String> = values.iter().flat_map(addresses).collect();
    assert!(addresses.len() > 12, "{addresses:?}");
    for address in addresses {
        let url: url::Url = address.parse().expect("a URL");
        let host = url.host_str().expect("a host");
        let is_loopback = host.parse().is_ok_and(|host: IpAddr| host.is_loopback());
        assert!(is_loopback || host == "localhost", "{address}");
    }
    for (name, value) in place.aws("eu-west-1", ADMINISTRATOR).iter().filter(|(name, _)| name.contains("KEY")) {
        assert_eq!(value, ADMINISTRATOR, "{name}");
    }
}

#[test]
fn the_jobs_of_each_source_have_its_url_and_the_keys_of_their_definition() {
    let mut settings = settings();
    let shop = Source { secret: Some("/dpstack/shop".to_owned()), ..Source::default() };
    settings.sources.extend([("shop".to_owned(), shop), ("zoo".to_owned(), Source::default())]);
    let urls = [("spacex", "s3://lake/sample"), ("shop", "http://127.0.0.1:6")];
    let urls = urls.map(|(name, url)| (name.to_owned(), url.to_owned())).into();
    let jobs = place().jobs(&settings, "000000000000", &urls, &[]);
    let expected = json!({
        "/contracts/shop.yaml": {"SOURCE_URL": "http://127.0.0.1:6"},
        "/contracts/spacex.yaml": {"SOURCE_URL": "s3://lake/sample"},
    });
    assert_eq!(jobs["contracts"], expected);
    let keys =
        ["ingestion-job", "ingestion-job-source-shop"].map(|name| &jobs["environment"][name]["AWS_ACCESS_KEY_ID"]);
    assert_eq!(keys, ["ingestion", "ingestion"]);
    assert!(jobs["environment"]["ingestion-job"].get("SOURCE_URL").is_none());
}

#[test]
fn every_change_of_the_dbt_project_applies() {
    let files = [
        include_str!("../../../dbt/models/marts/dim_rockets.sql"),
        include_str!("../../../dbt/models/marts/dim_rockets.yml"),
    ];
    for ((file, old, new), text) in CHANGES.into_iter().zip(files) {
        assert!(text.matches(old).count() == 1 && old != new, "{file} does not contain `{old}` once");
    }
}

#[test]
fn only_ids_of_rehearsals_are_ids() {
    assert!(is_id(&id("20261126T203000", "0123456789abcdef")));
    for name in ["my-notes", "20261126T203000", "20261126T203000-xyzw", "20261126-203000-abcd", "lock", ""] {
        assert!(!is_id(name), "{name}");
    }
}

#[test]
fn the_dot_env_file_is_read_unchanged() {
    let variables = place().aws("eu-west-1", ADMINISTRATOR);
    let read = settings::dot_env("env", &dot_env(&variables)).expect("a .env file");
    let read: BTreeMap<_, _> = read.into_iter().map(|(name, variable)| (name, variable.value)).collect();
    assert_eq!(read, variables);
}
