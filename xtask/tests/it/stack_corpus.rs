//! The program rejects every malformed template folder in `tests/stack_corpus` with the expected message, and every
//! settings module gives values for all parameters of the real templates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack_corpus")
}

fn templates(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_clear().current_dir(folder()).args(["templates", "--dot-env", "/dev/null"]).args(arguments);
    command.output().expect("xtask starts")
}

#[test]
fn every_folder_is_refused_with_its_message() {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder()).expect("the corpus").flatten().map(|e| e.path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() >= 20, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.file_name().and_then(|name| name.to_str()).expect("a name");
        let output = templates(&["--env", "dev", "--folder", name]);
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
        assert!(output.stdout.is_empty(), "{name}");
        let wanted = case.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&wanted, &stderr).expect("written");
        }
        let wanted = fs::read_to_string(wanted).unwrap_or_default();
        if stderr != wanted {
            wrong.push(format!("== {name}\n-- wanted\n{wanted}\n-- stderr\n{stderr}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_real_templates_are_valid_for_every_module() {
    for module in ["dev", "prod", "rehearse"] {
        let output = templates(&["--env", module, "--json"]);
        assert!(output.status.success(), "{module}: {}", String::from_utf8_lossy(&output.stderr));
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let levels = serde_json::json!([
            ["monitoring", "registry", "storage"],
            ["network"],
            ["warehouse"],
            ["compute"],
            ["orchestration"],
        ]);
        assert_eq!(found["levels"], levels);
        let parameters = &found["parameters"];
        assert_eq!(parameters["compute"]["IngestionImageDigest"], "image:ingestion-image");
        assert_eq!(parameters["orchestration"]["RequirementsVersion"], "object:requirements.txt");
        assert_eq!(parameters["compute"]["CopyRoleArn"], "output:warehouse.CopyRoleArn");
        let nats = if module == "prod" { "3" } else { "1" };
        assert_eq!(parameters["network"]["NatGateways"], nats);
        // With OIDC for GitHub's jobs, their stack has the boundary; `dev` uses keys, so its account does not have this stack.
        let boundary = match module {
            "dev" => "",
            "prod" => "dpstack-prod-stacks-boundary",
            _ => "dpstack-stacks-boundary",
        };
        for stack in ["network", "warehouse", "compute", "orchestration"] {
            assert_eq!(parameters[stack]["BoundaryName"], boundary, "{stack}");
        }
        assert_eq!(parameters["network"]["Zones"], "eu-west-1a,eu-west-1b,eu-west-1c");
    }
}

#[test]
fn the_template_of_githubs_roles_is_valid_for_the_settings_with_oidc() {
    let folder = ["--folder", "../../../infra/github", "--json"];
    let output = templates(&[&["--env", "prod"][..], &folder].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["levels"], serde_json::json!([["ci"]]));
    assert_eq!(found["parameters"]["ci"]["GithubSubject"], "repo:example-org/dpworld");
    let output = templates(&[&["--env", "dev"][..], &folder].concat());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && stderr.contains("Parameters.GithubSubject"), "{stderr}");
}
