//! Two more sources in the copy of the repository: two invented APIs, from `new-source` to the settings. Only YAML and SQL
//! are written.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{command, repository};
use crate::support::apis;

/// What a person edits in the proposed contract of the orders: its address, and how it is asked.
const EDITS: [(&str, &str); 2] = [
    ("base_url: https://api.example.com\n", "base_url: {url}/v2\n"),
    (
        "\ncollections:\n",
        "request:\n  auth:\n    type: oauth2_client_credentials\n    access_token_url: {url}/oauth/token\n    \
         client_id: {secret: SHOP_CLIENT_ID}\n    client_secret: {secret: SHOP_CLIENT_SECRET}\n\ncollections:\n",
    ),
];

/// The lines of the settings.
const SETTINGS: &str = "
sources:
  stations: {}
  shop:
    secret: /dpstack/shop
";

/// Prints the numbers of all versions of all objects, of all log lines, and of those with a secret.
const SEARCH: &str = "
import gzip, sys, botocore.session
keys = {'aws_access_key_id': 'test', 'aws_secret_access_key': 'test'}
session = botocore.session.get_session()
client = lambda name, port: session.create_client(
    name, region_name='eu-west-1', endpoint_url='http://127.0.0.1:' + port, **keys)
s3, logs = client('s3', sys.argv[1]), client('logs', sys.argv[2])
objects, lines = [], []
for bucket in s3.list_buckets()['Buckets']:
    for page in s3.get_paginator('list_object_versions').paginate(Bucket=bucket['Name']):
        for one in page.get('Versions', []):
            version = {key: one[key] for key in ('Key', 'VersionId')}
            body = s3.get_object(Bucket=bucket['Name'], **version)['Body'].read()
            objects.append(gzip.decompress(body) if one['Key'].endswith('.gz') else body)
for group in logs.describe_log_groups()['logGroups']:
    for page in logs.get_paginator('filter_log_events').paginate(logGroupName=group['logGroupName']):
        lines.extend(event['message'].encode() for event in page['events'])
print(len(objects), len(lines), sum(b'canary' in text.lower() for text in objects + lines))
";

/// Returns the numbers of objects, of log lines, and of those that contain a secret.
pub(super) fn search(state: &serde_json::Value) -> [u64; 3] {
    let port = |server: &str| state["place"][server].to_string();
    let python = repository().join("target/python/ministack/bin/python");
    let output = Command::new(python).args(["-c", SEARCH, &port("ministack"), &port("moto")]).output();
    let output = output.expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let numbers: Vec<u64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}

/// Sources in the copy, which are removed when this value is dropped.
pub(super) struct Sources {
    written: Vec<PathBuf>,
    settings: String,
}

impl Sources {
    pub(super) fn add() -> Self {
        let settings = repository().join("infra/settings/rehearse.yaml");
        let before = fs::read_to_string(&settings).expect("settings");
        let mut sources = Self { written: Vec::new(), settings: before };
        let samples = tempfile::tempdir().expect("a folder");
        for (number, page) in apis::pages_of_orders().iter().enumerate() {
            fs::write(samples.path().join(format!("orders-{number}.json")), page.to_string()).expect("written");
        }
        let stations = apis::stations() + "/api/stations?limit=10&offset=0";
        sources.propose("stations", &["--url", &stations]);
        sources.propose("shop", &["--sample", &samples.path().display().to_string()]);
        let contract = repository().join("jobs/contracts/shop.yaml");
        let (url, mut text) = (apis::orders(), fs::read_to_string(&contract).expect("a contract"));
        for (old, new) in EDITS {
            assert!(text.contains(old), "{text}");
            text = text.replacen(old, &new.replace("{url}", &url), 1);
        }
        fs::write(&contract, text).expect("written");
        fs::write(&settings, sources.settings.clone() + SETTINGS).expect("written");
        sources
    }

    #[track_caller]
    fn propose(&mut self, source: &str, samples: &[&str]) {
        let output = command(&[&["new-source", source, "--json"], samples].concat()).output().expect("xtask starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let proposed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let files = proposed["files"].as_array().expect("files").iter();
        self.written.extend(files.map(|file| repository().join(file.as_str().expect("a path"))));
        assert!(
            self.written.iter().all(|file| [".yaml", ".yml", ".sql"]
                .iter()
                .any(|end| { file.to_str().is_some_and(|file| file.ends_with(end)) })),
            "{:?}",
            self.written
        );
    }
}

impl Drop for Sources {
    fn drop(&mut self) {
        self.written.iter().for_each(|file| drop(fs::remove_file(file)));
        drop(fs::write(repository().join("infra/settings/rehearse.yaml"), &self.settings));
    }
}
