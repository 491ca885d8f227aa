//! `new-source` in a copy of the repository: from files, and from a server.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};

use contract::Contract;
use serde_json::{Value, json};

/// Invented launches in the form of Launch Library 2: two pages, nested objects, lists of objects, nulls.
fn launches() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/new_source/launches").display().to_string()
}

/// Creates an empty repository.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("xtask")).expect("created");
    std::fs::write(folder.path().join("xtask/Cargo.toml"), "").expect("written");
    folder
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(root);
    command
}

fn run(root: &Path, arguments: &[&str]) -> Output {
    command(root, arguments).output().expect("xtask starts")
}

fn refused(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    message
}

fn text(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join(name)).unwrap_or_else(|_| panic!("{name} exists"))
}

fn contract(root: &Path, name: &str) -> Contract {
    Contract::parse(&text(root, &format!("jobs/contracts/{name}.yaml")), name).expect("a contract")
}

#[test]
fn a_launch_database_gives_a_contract_and_models_without_an_edit() {
    let (folder, samples) = (repository(), launches());
    let root = folder.path();
    let output = run(root, &["new-source", "launchlib", "--sample", &samples, "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(printed["files"].as_array().map(Vec::len), Some(8), "{printed}");
    assert_eq!(printed["settings"], "sources:\n  launchlib:\n    schedule: \"0 5 * * *\"\n");
    assert_eq!(printed["proposal"]["notes"], json!([]));

    let contract = contract(root, "launchlib");
    let launches = &contract.collections["launches"];
    assert_eq!((contract.base_url.as_str(), launches.path.as_str()), ("https://ll.example.org/2.2.0", "/launch/"));
    let request = serde_json::to_value(&launches.request).expect("JSON");
    let wanted = json!({
        "query": {"format": "json", "limit": "10"},
        "paginator": {"type": "json_link", "next_url_path": "next"},
        "records_at": "results",
        "total_path": "count",
    });
    assert!(wanted.as_object().expect("fields").iter().all(|(key, value)| request[key] == *value), "{request}");
    for (name, at, kind, required) in [
        ("id", "id", "string(128)", true),
        ("status_name", "status.name", "string(64)", true),
        ("net", "net", "timestamp", true),
        ("probability", "probability", "integer", false),
        ("rocket_configuration_name", "rocket.configuration.name", "string(32)", true),
        ("rocket_configuration_leo_capacity_kg", "rocket.configuration.leo_capacity_kg", "double", true),
        ("mission_orbit_abbrev", "mission.orbit.abbrev", "string(32)", false),
        ("pad_latitude", "pad.latitude", "string(32)", true),
        ("pad_location_country_code", "pad.location.country_code", "string(32)", true),
        ("vid_urls", "vidURLs", "json", true),
    ] {
        let column = launches.columns.get(name).unwrap_or_else(|| panic!("{name}"));
        let found = (column.path(name), column.kind.to_string(), column.required);
        assert_eq!(found, (at, kind.to_owned(), required), "{name}");
    }
    assert_eq!(launches.children.keys().collect::<Vec<_>>(), ["launch_program", "launch_info_urls"]);
    let model = text(root, "dbt/models/staging/launchlib/stg_launchlib__launches.sql");
    assert!(model.contains("source('launchlib', 'launches')"), "{model}");

    let check = ["new-source", "launchlib", "--check", "--sample", &samples];
    assert!(run(root, &check).status.success());
    assert!(run(root, &["dbt-sources", "--check"]).status.success(), "the sources file is up to date");
}

#[test]
fn existing_files_are_overwritten_only_with_force() {
    let (folder, samples) = (repository(), launches());
    let root = folder.path();
    let model = "dbt/models/staging/launchlib/stg_launchlib__launches.sql";
    std::fs::create_dir_all(root.join(model).parent().expect("a folder")).expect("created");
    std::fs::write(root.join(model), "mine").expect("written");
    let propose = ["new-source", "launchlib", "--sample", &samples];
    let message = refused(&run(root, &propose));
    assert!(message.contains(&format!("`{model}` exists; nothing was written")), "{message}");
    assert!(!root.join("jobs").exists() && text(root, model) == "mine");
    assert!(run(root, &[&propose[..], &["--force"]].concat()).status.success());
    assert_ne!(text(root, model), "mine");
}

#[test]
fn the_printed_load_finds_the_samples() {
    let (folder, samples) = (repository(), tempfile::tempdir().expect("a folder"));
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/new_source/zoo");
    std::fs::create_dir(samples.path().join("animals")).expect("created");
    for page in 1..=2 {
        let from = zoo.join(format!("animals-{page}.json"));
        std::fs::copy(from, samples.path().join(format!("animals/{page}.json"))).expect("copied");
    }
    for place in ["", "animals", "animals/1.json"] {
        let sample = samples.path().join(place).display().to_string();
        let output = run(folder.path(), &["new-source", "zoo", "--force", "--json", "--sample", &sample]);
        let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let load = printed["next"][0].as_str().expect("a command");
        assert!(load.contains(&format!(" --source {}", samples.path().display())), "{place}: {load}");
        assert!(!load.contains("/animals"), "{place}: {load}");
    }
}

#[test]
fn on_an_error_nothing_is_written() {
    let (folder, samples) = (repository(), launches());
    let root = folder.path();
    for (arguments, problem) in [
        (&["zoo", "--sample", &samples, "--key", "colour"][..], "launches: there is no column `colour`"),
        (&["zoo", "--sample", "missing.json"], "`missing.json` does not exist"),
        (&["select", "--sample", &samples], "is a reserved SQL word; choose a different name\nhint: pass another NAME"),
        (&["a-name", "--sample", &samples], "`a-name` is not a valid name"),
        (&["a_name_of_twenty_five_char", "--sample", &samples], "has more than 24 characters"),
        (&["zoo", "--sample", "xtask"], "the folders contain no .json"),
        (&["zoo", "--check", "--sample", &samples], "`jobs/contracts/zoo.yaml` does not exist"),
        (&["zoo", "--url", "zoo.example/a"], "is not a URL"),
        (&["zoo", "--url", "http://127.0.0.1:1/a?api_key=hush"], "the URL contains a secret: `api_key`"),
        (&["zoo", "--url", "http://127.0.0.1:1/a?private_token=hush"], "the URL contains a secret: `private_token`"),
        (&["zoo", "--url", "http://sk_hush@127.0.0.1:1/a"], "the URL contains a secret: `login`"),
        (&["zoo", "--url", "http://127.0.0.1:1/a", "--header", "X-Key"], "is not NAME=VARIABLE"),
        (&["zoo", "--url", "http://127.0.0.1:1/a", "--header", "X-Key=NOT_SET_HERE"], "`NOT_SET_HERE`"),
    ] {
        let message = refused(&run(root, &[&["new-source"], arguments].concat()));
        assert!(message.contains(problem), "{arguments:?}: {message}");
        assert!(!root.join("jobs").exists() && !root.join("dbt").exists(), "{arguments:?}");
    }
    let output = run(root, &["new-source", "zoo", "--sample", &samples, "--url", "http://h/a"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_contract_that_newer_samples_do_not_fit_fails_the_check() {
    let (folder, samples) = (repository(), launches());
    let root = folder.path();
    assert!(run(root, &["new-source", "launchlib", "--sample", &samples]).status.success());
    let page = std::fs::read_to_string(format!("{samples}/launches-1.json")).expect("a page");
    let newer = page.replacen("\"webcast_live\": false", "\"webcast_live\": null, \"crewed\": true", 1);
    let file = root.join("launches.json").display().to_string();
    std::fs::write(&file, newer.replacen("\"abbrev\": \"Success\"", "\"abbrev\": 7", 1)).expect("written");
    let output = run(root, &["new-source", "launchlib", "--check", "--sample", &file]);
    assert_eq!(output.status.code(), Some(1));
    let wanted = "\
launches.status_abbrev: 1 × number, but the column is a string(32)
launches.webcast_live: null or missing in 1 of 10 records, but required
launches: the contract has no column for `crewed` (boolean, 1 values)
jobs/contracts/launchlib.yaml: 3 differences
";
    assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
}

#[test]
fn every_contract_has_its_own_sources_file() {
    let (folder, samples) = (repository(), launches());
    let root = folder.path();
    assert!(run(root, &["new-source", "launchlib", "--sample", &samples]).status.success());
    let spacex = Path::new(env!("CARGO_MANIFEST_DIR")).join("../jobs/contracts/spacex.yaml");
    std::fs::copy(spacex, root.join("jobs/contracts/spacex.yaml")).expect("copied");
    let own = "dbt/models/staging/launchlib/__sources.yml";
    std::fs::write(root.join(own), "stale").expect("written");
    assert!(refused(&run(root, &["dbt-sources", "--check"])).contains(own));
    assert!(run(root, &["dbt-sources"]).status.success());
    assert!(
        text(root, own).contains("from jobs/contracts/launchlib.yaml, do not edit\n\nsources:\n  - name: launchlib\n")
    );
    assert!(text(root, "dbt/models/staging/spacex/__sources.yml").contains("  - name: spacex\n"));
}

/// Serves pages of animals with a `Link` header, for one token; returns its address and the requests that it received.
fn server() -> (String, Receiver<String>) {
    let server = tiny_http::Server::http("127.0.0.1:0").expect("a server");
    let base = format!("http://{}", server.server_addr().to_ip().expect("an address"));
    let (sender, requests) = channel();
    let own = base.clone();
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let url = request.url().to_owned();
            let header = |name: &'static str| {
                request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
            };
            let allowed = header("Authorization").as_deref() == Some("Bearer hush-token");
            let _ = sender.send(format!("{url} {}", header("X-Zone").unwrap_or_default()));
            let page: u64 = url.rsplit_once("page=").and_then(|(_, page)| page.parse().ok()).unwrap_or(1);
            let respond = |status: u16, text: &str, header: String| {
                let (name, value) = header.split_once(": ").expect("a header");
                let header = tiny_http::Header::from_bytes(name, value).expect("a header");
                tiny_http::Response::from_string(text).with_status_code(status).with_header(header)
            };
            let next = format!("Link: <{own}/v1/animals?size=2&page={}>; rel=\"next\"", page + 1);
            let response = match url.as_str() {
                _ if !allowed => respond(403, "no", "X-A: b".to_owned()),
                "/moved" => respond(302, "", format!("Location: {own}/v1/animals")),
                _ => respond(200, &format!(r#"[{{"id": {page}, "name": "Ada"}}, {{"id": {page}0}}]"#), next),
            };
            let _ = request.respond(response);
        }
    });
    (base, requests)
}

#[test]
fn a_url_is_requested_with_secrets_that_are_neither_arguments_nor_written() {
    let (folder, (base, requests)) = (repository(), server());
    let root = folder.path();
    let url = format!("{base}/v1/animals?size=2");
    let headers = ["--header", "Authorization=ZOO_TOKEN", "--header", "X-Zone=ZOO_ZONE"];
    let propose = |url: &str, more: &[&str]| {
        let arguments = [&["new-source", "zoo", "--url", url][..], &headers, more].concat();
        let mut command = command(root, &arguments);
        command.env("ZOO_TOKEN", "Bearer hush-token").env("ZOO_ZONE", "north \"1\"").output().expect("xtask starts")
    };
    let output = propose(&url, &[]);
    let printed = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert!(output.status.success(), "{printed}");
    assert!(
        printed.contains(
            "secret: /PROJECT/zoo # SSM parameter, or a secret's ARN: a JSON object with ZOO_TOKEN, ZOO_ZONE"
        ),
        "{printed}"
    );
    assert!(printed.contains("`ZOO_TOKEN` must contain the token alone"), "{printed}");
    let seen: Vec<String> = requests.try_iter().collect();
    let pages = ["", "&page=2", "&page=3"].map(|page| format!("/v1/animals?size=2{page} north \"1\""));
    assert_eq!(seen, pages, "three pages at most");

    let yaml = text(root, "jobs/contracts/zoo.yaml");
    for line in [
        "  auth: {type: bearer, token: {secret: ZOO_TOKEN}}\n",
        "  headers: {X-Zone: {secret: ZOO_ZONE}}\n",
        "      paginator: {type: header_link, links_next_key: next}\n",
        "      query: {size: 2}\n",
        "      id: {type: integer, required: true, doc: \"The `id` field.\"} # all 6 records\n",
    ] {
        assert!(yaml.contains(line), "{line}\n{yaml}");
    }
    assert!(!yaml.contains("hush") && !yaml.contains("north") && !printed.contains("hush"), "{yaml}{printed}");
    assert_eq!(contract(root, "zoo").base_url, format!("{base}/v1"));
    assert!(propose(&url, &["--check"]).status.success());
    let mut alone =
        command(root, &["new-source", "zoo", "--check", "--url", &url, "--header", "Authorization=ZOO_TOKEN"]);
    let output = alone.env("ZOO_TOKEN", "hush-token").output().expect("xtask starts");
    assert!(output.status.success(), "a token without a scheme");

    let message = refused(&propose(&format!("{base}/moved"), &["--force"]));
    assert!(message.contains(&format!("redirects to `{base}/v1/animals`")), "{message}");
    let output = run(root, &["new-source", "zoo", "--force", "--url", &url]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && message.contains("403"), "{message}");
    assert_eq!(text(root, "jobs/contracts/zoo.yaml"), yaml);
}

/// The page shows the samples, and what the command prints and writes for them.
#[test]
fn the_page_about_new_sources_is_a_real_transcript() {
    let page = include_str!("../../../docs/new-source.md");
    let folder = repository();
    let root = folder.path();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/new_source/zoo");
    for name in ["responses", "newer"] {
        std::fs::create_dir(root.join(name)).expect("created");
        for file in ["animals-1.json", "animals-2.json", "keepers.json"] {
            let text = std::fs::read_to_string(samples.join(file)).expect("a sample");
            assert!(page.contains(&format!("\n$ cat responses/{file}\n{text}")), "{text}");
            let text = if name == "newer" { text.replace("9.25", "\"9.25\", \"endangered\": true") } else { text };
            std::fs::write(root.join(name).join(file), text).expect("written");
        }
    }
    for (arguments, code) in [("zoo --sample responses", 0), ("zoo --check --sample newer", 1)] {
        let words: Vec<&str> = arguments.split(' ').collect();
        let output = run(root, &[&["new-source"], &words[..]].concat());
        assert_eq!(output.status.code(), Some(code));
        let block = format!("$ cargo xtask new-source {arguments}\n{}```\n", String::from_utf8_lossy(&output.stdout));
        assert!(page.contains(&block), "docs/new-source.md should have this:\n{block}");
    }
    let yaml = text(root, "jobs/contracts/zoo.yaml");
    let shown =
        yaml.split_once("collections:\n").and_then(|(_, rest)| rest.split_once("\n  keepers:")).expect("animals").0;
    assert!(page.contains(&format!("\ncollections:\n{shown}```\n")), "docs/new-source.md should have this:\n{shown}");
}
