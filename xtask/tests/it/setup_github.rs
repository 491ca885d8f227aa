//! `cargo xtask setup-github` with a stand-in for `gh` and GitHub's API (`setup_github/gh.py`).

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const ENV: &str =
    "AWS_ACCOUNT_ID=123456789012\nAWS_ACCESS_KEY_ID=a-canary-key\nAWS_SECRET_ACCESS_KEY=a-canary-secret\n";

/// A repository at GitHub, and a folder with `gh` for it.
struct GitHub(TempDir);

impl GitHub {
    /// A new repository, public and of an organisation.
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let own = Self(tempfile::tempdir().expect("a folder"));
        let mut state = json!({
            "repository": {
                "full_name": "acme/dpworld", "private": false, "owner": { "type": "Organization" },
                "permissions": { "admin": true },
            },
            "plan": "free", "user": 583_231, "people": [583_231, 7, 8],
            "token": { "default_workflow_permissions": "write", "can_approve_pull_request_reviews": true },
            "environments": {}, "rulesets": [], "secrets": {}, "variables": {}, "writes": [],
        });
        change(&mut state);
        fs::write(own.path("state"), state.to_string()).expect("written");
        fs::write(own.path("dot-env"), ENV).expect("written");
        let gh = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/setup_github/gh.py");
        symlink(gh, own.path("gh")).expect("linked");
        own
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let path = std::env::var("PATH").expect("a path");
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin:{path}", self.0.path().display()));
        command.env("HOME", self.0.path()).env("GH_STATE", self.path("state"));
        command.arg("setup-github").args(arguments).arg("--dot-env").arg(self.path("dot-env"));
        command
    }

    /// Runs the command, which succeeds; returns its standard output.
    #[track_caller]
    fn shows(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("xtask starts");
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "{out}{err}");
        assert!(!format!("{out}{err}").contains("canary"), "{out}{err}");
        out
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("state")).expect("the state")).expect("JSON")
    }

    /// The state without the log of the writes, and the writes.
    fn split(&self) -> (Value, Vec<String>) {
        let mut state = self.state();
        let writes = serde_json::from_value(state["writes"].take()).expect("the writes");
        (state, writes)
    }
}

fn fails(output: &Output, message: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains(message), "{stderr}");
}

/// Returns the parameters of a rule in the only ruleset.
fn rule<'s>(state: &'s Value, kind: &str) -> Option<&'s Value> {
    state["rulesets"][0]["rules"].as_array()?.iter().find(|rule| rule["type"] == kind).map(|rule| &rule["parameters"])
}

fn reviewers<'s>(state: &'s Value, environment: &str) -> Option<&'s Value> {
    let rules = state["environments"][environment]["value"]["protection_rules"].as_array()?;
    rules.iter().find(|rule| rule["type"] == "required_reviewers")
}

#[test]
fn a_new_repository_gets_what_the_plan_shows_and_nothing_twice() {
    let github = GitHub::new(|_| {});
    let before = github.state();
    let shown = github.shows(&["--env", "dev"]);
    assert_eq!(github.state(), before, "only --run writes");
    let planned: Vec<&str> = shown.lines().filter(|line| line.starts_with("+ ")).collect();
    assert!(planned.contains(&"+ environment `dev`: only for `main`"), "{shown}");
    assert!(shown.contains("! Write .github/CODEOWNERS") || Path::new("../.github/CODEOWNERS").exists(), "{shown}");

    github.shows(&["--env", "dev", "--run"]);
    let (state, writes) = github.split();
    assert_eq!(writes.len(), planned.len(), "{writes:#?}\n{planned:#?}");
    assert!(writes.last().is_some_and(|last| last.contains("actions/variables")), "deployments start then: {writes:?}");
    assert!(!writes.join("\n").contains("canary"), "{writes:?}");
    assert_eq!(state["variables"], json!({ "AWS_ACCOUNT_ID_DEV": "123456789012" }));
    let keys =
        ["dev", "dev-build", "dev-plan"].map(|name| state["secrets"][format!("{name}/AWS_ACCESS_KEY_ID")].clone());
    assert_eq!(keys, ["a-canary-key", "a-canary-key", "a-canary-key"]);
    assert_eq!(state["token"]["default_workflow_permissions"], "read");
    let checks = rule(&state, "required_status_checks").expect("a rule");
    assert_eq!(checks["required_status_checks"], json!([{ "context": "required" }]));
    assert_eq!(rule(&state, "pull_request").expect("a rule")["require_code_owner_review"], true);
    for kind in ["deletion", "non_fast_forward", "merge_queue"] {
        assert!(rule(&state, kind).is_some(), "{kind}");
    }

    github.shows(&["--env", "prod", "--run"]);
    let (state, writes) = github.split();
    let prod = reviewers(&state, "prod").expect("reviewers");
    assert_eq!(
        (&prod["reviewers"][0]["reviewer"]["id"], &prod["prevent_self_review"]),
        (&583_231.into(), &true.into())
    );
    let branches = |name: &str| state["environments"][name]["branches"].clone();
    for name in ["dev", "dev-build", "prod", "prod-build", "prod-plan"] {
        assert_eq!(branches(name), json!(["main"]), "{name}");
    }
    assert_eq!(branches("dev-plan"), json!([]), "pull requests are planned");
    assert!(!state["secrets"].to_string().contains("prod"), "its jobs become roles");

    for module in ["dev", "prod"] {
        let shown = github.shows(&["--env", module, "--run"]);
        assert!(shown.contains("Nothing to do."), "{shown}");
    }
    assert_eq!(github.split(), (state, writes));
    assert!(github.shows(&[]).contains("Nothing to do."), "every module");
    assert!(github.shows(&["--env", "prod"]).contains("    GithubEnvironment=prod"), "the command for the roles");
}

#[test]
fn stricter_rules_stay() {
    let policy = json!({ "protected_branches": true, "custom_branch_policies": false });
    let people = json!([7, 8].map(|id| json!({ "type": "User", "reviewer": { "id": id } })));
    let rules = json!([
        { "type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": true, "do_not_enforce_on_create": false,
            "required_status_checks": [{ "context": "legal", "integration_id": 3 }],
        } },
        { "type": "pull_request", "parameters": { "required_approving_review_count": 2, "require_code_owner_review": true } },
        { "type": "merge_queue", "parameters": { "merge_method": "MERGE" } },
        { "type": "required_signatures" },
    ]);
    let other = json!({ "id": 2, "name": "releases", "enforcement": "active", "rules": [] });
    let github = GitHub::new(|state| {
        let rules_of_prod = json!([
            { "type": "wait_timer", "wait_timer": 30 },
            { "type": "required_reviewers", "prevent_self_review": true, "reviewers": people },
        ]);
        let prod = json!({ "name": "prod", "protection_rules": rules_of_prod, "deployment_branch_policy": policy });
        state["environments"] = json!({ "prod": { "value": prod, "branches": [] } });
        let conditions = json!({ "ref_name": { "include": ["~ALL"], "exclude": [] } });
        state["rulesets"] = json!([
            { "id": 1, "name": "main", "target": "branch", "enforcement": "active", "conditions": conditions,
              "bypass_actors": [{ "actor_id": 5 }], "rules": rules },
            other,
        ]);
    });
    let before = github.state();
    github.shows(&["--env", "prod", "--run"]);
    let state = github.state();
    assert_eq!(state["environments"]["prod"], before["environments"]["prod"]);
    let of_name = |name: &str| state["rulesets"].as_array().expect("rulesets").iter().find(|one| one["name"] == name);
    assert_eq!(of_name("releases"), Some(&other));
    let mut main = of_name("main").expect("ours").clone();
    for kept in ["conditions", "bypass_actors", "target"] {
        assert_eq!(main[kept], before["rulesets"][0][kept]);
    }
    let mut rules = main["rules"].take();
    let of_kind = |rules: &Value, kind: &str| {
        rules.as_array().expect("rules").iter().find(|rule| rule["type"] == kind).expect("a rule")["parameters"].clone()
    };
    let checks = of_kind(&rules, "required_status_checks");
    let both = json!([{ "context": "legal", "integration_id": 3 }, { "context": "required" }]);
    assert_eq!(
        (&checks["required_status_checks"], &checks["strict_required_status_checks_policy"]),
        (&both, &true.into())
    );
    assert_eq!(of_kind(&rules, "pull_request")["required_approving_review_count"], 2);
    assert_eq!(of_kind(&rules, "merge_queue"), json!({ "merge_method": "MERGE" }));
    let kinds =
        rules.as_array_mut().expect("rules").iter().filter_map(|rule| rule["type"].as_str()).collect::<Vec<_>>();
    assert!(
        ["required_signatures", "deletion", "non_fast_forward"].iter().all(|kind| kinds.contains(kind)),
        "{kinds:?}"
    );
}

#[test]
fn a_user_has_no_merge_queue_and_can_merge_and_deploy_alone() {
    let github = GitHub::new(|state| state["repository"]["owner"]["type"] = "User".into());
    let shown = github.shows(&["--env", "prod", "--run"]);
    assert!(shown.contains("! You are the only reviewer of `prod`"), "{shown}");
    let state = github.state();
    assert_eq!(rule(&state, "merge_queue"), None);
    assert_eq!(rule(&state, "pull_request").expect("a rule")["required_approving_review_count"], 0);
    assert_eq!(reviewers(&state, "prod").expect("reviewers")["prevent_self_review"], false);
    assert!(github.shows(&["--env", "prod"]).contains("Nothing to do."));
}

#[test]
fn what_the_plan_at_github_does_not_offer_is_named_and_the_rest_is_done() {
    let github = GitHub::new(|state| state["repository"]["private"] = true.into());
    let shown = github.shows(&["--env", "prod", "--run"]);
    for note in ["! GitHub has no rulesets for private repositories", "! GitHub refuses reviewers for `prod`"] {
        assert!(shown.contains(note), "{note}\n{shown}");
    }
    let (state, _) = github.split();
    assert_eq!((reviewers(&state, "prod"), &state["rulesets"]), (None, &json!([])));
    assert_eq!(state["environments"]["prod"]["branches"], json!(["main"]));
    assert_eq!(state["variables"]["AWS_ACCOUNT_ID_PROD"], "123456789012");
    assert!(github.shows(&["--env", "prod", "--run"]).contains("! GitHub refuses reviewers for `prod`"));
    assert_eq!(github.split().0, state);

    // Rulesets, but neither merge queues nor reviewers.
    let github = GitHub::new(|state| {
        state["repository"] = json!({ "private": true, "full_name": "a/b", "permissions": { "admin": true },
            "owner": { "type": "Organization" } });
        state["plan"] = "team".into();
        state["without"] = json!(["merge_queue"]);
    });
    let shown = github.shows(&["--env", "dev", "--run"]);
    assert!(shown.contains("! GitHub has no merge queue for this repository"), "{shown}");
    let state = github.state();
    assert!(rule(&state, "merge_queue").is_none() && rule(&state, "required_status_checks").is_some(), "{state}");
}

#[test]
fn an_interrupted_run_is_completed_by_the_next_one() {
    let complete = GitHub::new(|_| {});
    complete.shows(&["--env", "prod", "--run"]);
    let (expected, writes) = complete.split();
    assert!(writes.len() > 8, "{writes:?}");
    for number in 1..=writes.len() {
        let github = GitHub::new(|_| {});
        let output = github.command(&["--env", "prod", "--run"]).env("GH_FAIL", number.to_string()).output();
        fails(&output.expect("xtask starts"), "Bad Gateway");
        assert_eq!(github.split().1.len(), number, "nothing follows a refusal");
        github.shows(&["--env", "prod", "--run"]);
        assert_eq!(github.split().0, expected, "after the write {number}");
    }
}

#[test]
fn wrong_input_is_reported_before_anything_is_changed() {
    let github = GitHub::new(|_| {});
    fs::write(github.path("dot-env"), "AWS_ACCESS_KEY_ID=a-canary-key\n").expect("written");
    let run = |arguments: &[&str]| github.command(arguments).output().expect("xtask starts");
    fails(&run(&["--env", "dev", "--run"]), "`AWS_SECRET_ACCESS_KEY` is not set");
    fails(&run(&["--run"]), "hint: pass --env dev");
    fails(&run(&["--env", "rehearse"]), "hint: known modules: dev, prod");
    assert_eq!(github.split().1, [""; 0]);
    let reader = GitHub::new(|state| state["repository"]["permissions"]["admin"] = false.into());
    fails(&reader.command(&[]).output().expect("xtask starts"), "you do not administer `acme/dpworld`");
    fs::remove_file(reader.path("gh")).expect("removed");
    fails(&reader.command(&[]).env("PATH", reader.0.path()).output().expect("xtask starts"), "`gh` is not installed");
}
