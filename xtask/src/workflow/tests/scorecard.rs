//! The checks of OpenSSF Scorecard that files alone decide (github.com/ossf/scorecard, docs/checks.md). Not among them: SAST and
//! Signed-Releases and SBOM, which look for services and releases; Packaging, which looks for a package.

use super::super::dependabot::KEPT;
use super::{jobs, made, runs, workflows};

#[test]
fn token_permissions_nothing_at_the_top_and_no_write_to_contents_or_packages() {
    for file in workflows() {
        assert!(file.text.contains("\npermissions: {}\n"), "{}", file.path);
        for (id, job) in jobs(&file) {
            let scopes = job["permissions"].as_mapping().expect("permissions");
            let writes = scopes.iter().filter(|(_, level)| level.as_str() == Some("write"));
            // Scorecard counts these as harmless, and those that are left out as nothing.
            let harmless = ["id-token", "issues", "pull-requests"];
            let names: Vec<_> = writes.filter_map(|(scope, _)| scope.as_str()).collect();
            assert!(names.iter().all(|name| harmless.contains(name)), "{id}: {names:?}");
        }
    }
}

#[test]
fn pinned_dependencies_by_hash_in_workflows_images_and_installations() {
    for file in workflows() {
        for line in file.text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses: ")) {
            let commit = line.split('@').nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
        }
        // What Scorecard looks for in a shell: downloads that run, and packages without hashes.
        let bad = ["curl", "wget", "pip install", "npm install", "npm i ", "go install", "cargo install"];
        for run in jobs(&file).into_iter().flat_map(|(_, job)| runs(job)) {
            assert!(!bad.iter().any(|word| run.contains(word)), "{run}");
        }
    }
    for text in [include_str!("../../../../dbt/Dockerfile"), include_str!("../../../../jobs/Dockerfile")] {
        let stages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
        let names: Vec<&str> = stages.iter().filter_map(|stage| Some(stage.split_once(" AS ")?.1)).collect();
        // A base by argument gets its digest from the settings, whose rule wants one.
        let unpinned = stages.iter().filter(|stage| {
            let base = stage.split(' ').next().unwrap_or_default();
            !(base.contains(['@', '$']) || base == "scratch" || names.contains(&base))
        });
        assert_eq!(unpinned.collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}

#[test]
fn dangerous_workflow_no_stranger_is_checked_out_with_a_token_and_nothing_is_injected() {
    for file in workflows() {
        assert!(["pull_request_target", "workflow_run"].iter().all(|trigger| file.value["on"].get(trigger).is_none()));
        for run in jobs(&file).into_iter().flat_map(|(_, job)| runs(job)) {
            assert!(!run.contains("${{"), "{run}");
        }
    }
}

#[test]
fn ci_tests_run_on_every_pull_request() {
    let ci = workflows().remove(0);
    assert_eq!(ci.value["on"]["pull_request"]["branches"][0], "main");
    let (_, check) = jobs(&ci).remove(0);
    assert!(check.get("if").is_none() && runs(check).contains(&"cargo xtask test --all --require-all"));
}

#[test]
fn dependency_update_tool_looks_at_every_folder_with_something_to_update() {
    let dependabot = made().pop().expect("it is the last");
    assert_eq!(dependabot.path, ".github/dependabot.yml");
    let updates = dependabot.value["updates"].as_sequence().expect("updates");
    assert_eq!(updates.len(), KEPT.len());
    assert!(updates.iter().all(|update| update["cooldown"]["default-days"].as_u64() >= Some(7)));
    let ecosystems: Vec<_> = KEPT.iter().map(|(name, _)| *name).collect();
    assert_eq!(ecosystems, ["cargo", "pip", "npm", "docker", "github-actions"]);
}
