//! Two more sources in the copy of the repository: two invented APIs, from `new-source` to the settings. Only YAML and SQL
//! are written.

use std::fs;
use std::path::PathBuf;

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
